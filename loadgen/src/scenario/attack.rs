//! One address asks for administration pages a hundred times and is blocked by a managed rule: the
//! second published test of the scheduled analyzer.

use std::time::Duration;

use super::{About, EventPlan, Role, Scene, Story, regular};
use crate::acl::Profile;
use crate::dice::Dice;
use crate::kit;
use crate::pace::Pace;
use crate::request::{Actor, Client, Draft, Method, Numbered};
use crate::rules::{Group, Verdict};
use crate::timeline::Part;

const REQUESTS: u64 = 100;
const PROBER: Client = Client::v4([203, 0, 113, 77], "NL", kit::PYTHON);

/// In order of popularity, the first by far.
const PATHS: [&str; 8] = [
    "/admin",
    "/admin/login",
    "/admin/config",
    "/admin/users",
    "/admin/console",
    "/admin/index.php",
    "/admin/backup",
    "/admin/api/keys",
];

pub(super) struct Attack;

impl Story for Attack {
    fn about(&self) -> About {
        About::eventful(
            "attack",
            "100 requests for /admin pages from one address, blocked by a managed rule group",
            regular::TESTER_RATE,
            Duration::from_secs(60),
        )
    }

    fn profile(&self) -> Profile {
        Profile::Api
    }

    fn cast(&self, scene: &Scene<'_>, role: Role) -> Vec<Part> {
        let mut parts = vec![regular::tester(scene)];
        if role == Role::Target {
            let count = scene.count(REQUESTS);
            parts.push(Part::event(scene.event, Pace::Even { count }, Prober));
        }
        parts
    }

    fn event(&self, _scene: &Scene<'_>) -> Option<EventPlan> {
        Some(EventPlan {
            summary: "one address probes for administration pages and is blocked".to_owned(),
            addresses: vec![PROBER.address],
            rule: Some(self.profile().rule_name(Group::AdminProtection)),
            inner_rule: Some("AdminProtection_URIPATH".to_owned()),
            uris: PATHS.to_vec(),
            ..EventPlan::default()
        })
    }
}

struct Prober;

impl Actor for Prober {
    fn act(&mut self, _since_ns: u64, dice: &mut Dice) -> Draft {
        let path = PATHS[dice.skewed(PATHS.len() as u64) as usize];
        Draft {
            client: PROBER,
            method: Method::Get,
            uri: Numbered::plain(path),
            args: Numbered::plain(""),
            verdict: Verdict::AdminPath,
        }
    }
}
