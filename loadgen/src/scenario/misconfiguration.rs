//! Somebody adds a rule that blocks the United States from one path of an API. Three customers
//! there are cut off until the rule is taken back: the third published test of the scheduled
//! analyzer.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::{About, EventPlan, Role, Scene, Story};
use crate::acl::Profile;
use crate::dice::Dice;
use crate::kit::{self, API_CLIENTS};
use crate::pace::Pace;
use crate::population::{Custom, Habits, Noise, Regulars, Target};
use crate::request::{Actor, Client, Draft, Method, Numbered};
use crate::rules::{NEW_RULE, Verdict};
use crate::shape::Shape;
use crate::timeline::Part;

const BLOCKED_REQUESTS: u64 = 127;
const EVENT: Duration = Duration::from_secs(10 * 60);
const PATH: &str = "/prod/app";

/// Customers in the United States; nobody else there uses the API.
const CUSTOMERS: [Client; 3] = [
    Client::v4([192, 0, 2, 41], "US", kit::PYTHON),
    Client::v4([192, 0, 2, 87], "US", kit::OKHTTP),
    Client::v4([192, 0, 2, 140], "US", kit::AXIOS),
];

pub(super) struct Misconfiguration;

impl Story for Misconfiguration {
    fn about(&self) -> About {
        About::eventful(
            "misconfiguration",
            "a new rule, block-rule-test-waf, begins to block US traffic to /prod/app",
            1.0,
            EVENT,
        )
    }

    fn profile(&self) -> Profile {
        Profile::Api
    }

    fn cast(&self, scene: &Scene<'_>, role: Role) -> Vec<Part> {
        // The customers make about a fifth of the traffic.
        let customers_rate = BLOCKED_REQUESTS as f64 / EVENT.as_secs_f64();
        let others = scene.people(1.0 - customers_rate, Shape::Flat);
        let customers = scene.people(customers_rate, Shape::Flat);
        let allowed = Customers {
            verdict: Verdict::Allowed,
        };
        let mut parts = vec![Part::background(scene.run, others, Regulars(habits()))];
        if role == Role::Bystander {
            parts.push(Part::background(scene.run, customers, allowed));
            return parts;
        }
        let length = scene.event.length_ns() as f64 / 1e9 / EVENT.as_secs_f64();
        let count = scene.count((BLOCKED_REQUESTS as f64 * scene.scale() * length).round() as u64);
        let blocked = Customers {
            verdict: Verdict::NewRule,
        };
        parts.push(Part::background(scene.before(), customers, allowed));
        parts.push(Part::background(scene.after(), customers, allowed));
        parts.push(Part::event(scene.event, Pace::Even { count }, blocked));
        parts
    }

    fn event(&self, _scene: &Scene<'_>) -> Option<EventPlan> {
        Some(EventPlan {
            summary: "a new rule blocks good traffic until it is taken back".to_owned(),
            addresses: CUSTOMERS.iter().map(|client| client.address).collect(),
            rule: Some(NEW_RULE.to_owned()),
            uris: vec![PATH],
            ..EventPlan::default()
        })
    }
}

#[derive(Clone, Copy)]
struct Customers {
    verdict: Verdict,
}

impl Actor for Customers {
    fn act(&mut self, _since_ns: u64, dice: &mut Dice) -> Draft {
        Draft {
            client: CUSTOMERS[dice.index(CUSTOMERS.len())],
            method: Method::Post,
            uri: Numbered::plain(PATH),
            args: Numbered::plain(""),
            verdict: self.verdict,
        }
    }
}

/// The other users of the API.
fn habits() -> Arc<Habits> {
    static HABITS: LazyLock<Arc<Habits>> = LazyLock::new(|| {
        Habits::new(Custom {
            targets: TARGETS,
            kits: API_CLIENTS,
            countries: COUNTRIES,
            noise: NOISE,
        })
    });
    HABITS.clone()
}

const TARGETS: &[Target] = &[
    Target::get(PATH),
    Target::get("/prod/session"),
    Target::numbered("/prod/items/", 500),
    Target::post("/prod/orders"),
    Target::with_args("/prod/items", &["page=1", "page=2", "page=3", "sort=price"]),
    Target::numbered("/prod/orders/", 2_000),
    Target::get("/prod/status"),
    Target::post("/prod/session"),
    Target::get("/prod/prices"),
];

const COUNTRIES: &[(&str, u64)] = &[
    ("DE", 26),
    ("GB", 19),
    ("FR", 15),
    ("CA", 12),
    ("JP", 10),
    ("IN", 8),
    ("BR", 6),
    ("AU", 4),
];

const NOISE: &[Noise] = &[
    Noise {
        weight: 4,
        verdict: Verdict::ExploitablePath,
        kit: kit::GO,
        paths: &["/.env", "/.git/config", "/.aws/credentials"],
        args: "",
    },
    Noise {
        weight: 2,
        verdict: Verdict::WordPressPath,
        kit: kit::CURL,
        paths: &["/xmlrpc.php", "/wp-login.php"],
        args: "",
    },
    Noise {
        weight: 2,
        verdict: Verdict::NoUserAgent,
        kit: kit::NAMELESS,
        paths: &["/", "/prod/app"],
        args: "",
    },
    Noise {
        weight: 2,
        verdict: Verdict::BadReputation,
        kit: kit::CHROME_WINDOWS,
        paths: &["/", "/prod/session"],
        args: "",
    },
    Noise {
        weight: 1,
        verdict: Verdict::SqlInjection,
        kit: kit::PYTHON,
        paths: &["/prod/items"],
        args: "id=1%20or%201%3D1",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_decided_by_groups_that_the_acl_has() {
        for noise in NOISE {
            assert!(Profile::Api.can_decide(noise.verdict), "{noise:?}");
        }
    }
}
