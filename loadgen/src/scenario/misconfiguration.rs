//! Somebody adds a rule that blocks the United States from one path of an API. Three customers
//! there are cut off until the rule is taken back: the third published test of the scheduled
//! analyzer.

use std::time::Duration;

use super::{About, Scene, Story};
use crate::acl::Profile;
use crate::catalog::Catalog;
use crate::crew::{Band, Crew, Fate, Sources, Wish, Wishes};
use crate::kit::{self, API_CLIENTS};
use crate::plan::{Act, Audience, EventPlan};
use crate::population::{Custom, Habits, Noise, Target};
use crate::request::{Address, Client};
use crate::rules::{NEW_RULE, Verdict};
use crate::shape::Shape;

const BLOCKED_REQUESTS: f64 = 127.0;
const EVENT: Duration = Duration::from_secs(10 * 60);
const RATE: f64 = 1.0;
const PATH: &str = "/prod/app";

/// The customers make about a fifth of the traffic.
fn customers_rate() -> f64 {
    BLOCKED_REQUESTS / EVENT.as_secs_f64()
}

pub(super) struct Misconfiguration;

impl Story for Misconfiguration {
    fn about(&self) -> About {
        About::eventful(
            "misconfiguration",
            "a new rule, block-rule-test-waf, begins to block US traffic to /prod/app",
            RATE,
            EVENT,
        )
    }

    fn profile(&self) -> Profile {
        Profile::Api
    }

    fn background(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<Act> {
        let others = scene.people(1.0 - customers_rate(), Shape::Flat);
        let crew = Crew::Regulars(Habits::new(&CUSTOM, catalog));
        vec![Act::background(Audience::Everyone, scene.run, others, crew)]
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let sources = customers(catalog);
        let band = |catalog: &mut Catalog, verdict| Band {
            sources: sources.clone(),
            wishes: Wishes::one(Wish::post(catalog, PATH)),
            fate: Fate::Always(catalog.ruling(verdict)),
        };
        let allowed = band(catalog, Verdict::Allowed);
        let blocked = band(catalog, Verdict::NewRule);
        let pace = scene.people(customers_rate(), Shape::Flat);
        let length = scene.event.length_ns() as f64 / 1e9 / EVENT.as_secs_f64();
        let scale = scene.rate / RATE;
        let count = scene.count((BLOCKED_REQUESTS * scale * length).round() as u64);
        let target = scene.target;
        let only = Audience::Only(target);
        vec![EventPlan {
            addresses: sources.addresses(3),
            rule: Some(NEW_RULE.to_owned()),
            uris: vec![PATH.to_owned()],
            acts: vec![
                Act::background(Audience::AllBut(target), scene.run, pace, allowed.clone()),
                Act::background(only, scene.before(), pace, allowed.clone()),
                Act::background(only, scene.after(), pace, allowed),
                Act::event(target, scene.event, count, blocked),
            ],
            ..EventPlan::new(
                "misconfiguration",
                "a new rule blocks good traffic until it is taken back",
                target,
                scene.event,
            )
        }]
    }
}

/// Customers in the United States; nobody else there uses the API.
fn customers(catalog: &mut Catalog) -> Sources {
    let country = catalog.text("US");
    let client = |(host, kit)| Client {
        address: Address::V4([192, 0, 2, host].into()),
        country,
        kit,
    };
    let hosts = [(41, kit::PYTHON), (87, kit::OKHTTP), (140, kit::AXIOS)];
    Sources::Few(hosts.map(client).to_vec())
}

/// The users of the API, from begin to end.
pub(super) fn users(scene: &Scene, catalog: &mut Catalog) -> Vec<Act> {
    let crew = Crew::Regulars(Habits::new(&CUSTOM, catalog));
    let pace = scene.people(1.0, Shape::Flat);
    vec![Act::background(Audience::Everyone, scene.run, pace, crew)]
}

/// The other users of the API.
pub(crate) const CUSTOM: Custom<'static> = Custom {
    targets: TARGETS,
    target_weights: None,
    kits: API_CLIENTS,
    countries: COUNTRIES,
    noise: NOISE,
};

const TARGETS: &[Target<'static>] = &[
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
