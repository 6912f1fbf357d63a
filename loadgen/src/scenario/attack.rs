//! One address asks for administration pages a hundred times and is blocked by a managed rule: the
//! second published test of the scheduled analyzer.

use std::time::Duration;

use super::{About, Scene, Story, regular};
use crate::acl::Profile;
use crate::catalog::Catalog;
use crate::crew::{Band, Fate, Sources, Wish, Wishes};
use crate::kit;
use crate::plan::{Act, EventPlan};
use crate::rules::{Group, Verdict};

const REQUESTS: u64 = 100;

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

    fn background(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<Act> {
        regular::tester(scene, catalog)
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let sources = Sources::one(catalog, [203, 0, 113, 77], "NL", kit::PYTHON);
        let paths = PATHS.map(|path| Wish::get(catalog, path));
        let band = Band {
            wishes: Wishes::skewed(paths.to_vec()),
            fate: Fate::Always(catalog.ruling(Verdict::AdminPath)),
            sources: sources.clone(),
        };
        vec![EventPlan {
            addresses: sources.addresses(1),
            rule: Some(catalog.profile.rule_name(Group::AdminProtection)),
            inner_rule: Some("AdminProtection_URIPATH".to_owned()),
            uris: PATHS.map(str::to_owned).to_vec(),
            acts: vec![Act::event(
                scene.target,
                scene.event,
                scene.count(REQUESTS),
                band,
            )],
            ..EventPlan::new(
                "attack",
                "one address probes for administration pages and is blocked",
                scene.target,
                scene.event,
            )
        }]
    }
}
