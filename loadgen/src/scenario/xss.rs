//! One address tries a script in the query string 150 times and is blocked by a managed rule: the
//! published test of metric anomaly detection.

use std::time::Duration;

use super::{About, Scene, Story};
use crate::catalog::Catalog;
use crate::crew::{Band, Fate, Sources, Wish, Wishes};
use crate::kit;
use crate::plan::{Act, EventPlan};
use crate::rules::{Group, Verdict};

const REQUESTS: u64 = 150;
const PATH: &str = "/";

pub(super) struct Xss;

impl Story for Xss {
    fn about(&self) -> About {
        About::eventful(
            "xss",
            "150 requests with a script in the query string, blocked by a managed rule group",
            1.0,
            Duration::from_secs(5 * 60),
        )
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let sources = Sources::one(catalog, [203, 0, 113, 21], "US", kit::CURL);
        let script = Wish::get(catalog, PATH)
            .with_args(catalog, &["test=<script>alert(\"hello\")</script>"]);
        let band = Band {
            sources: sources.clone(),
            wishes: Wishes::one(script),
            fate: Fate::Always(catalog.ruling(Verdict::CrossSiteScripting)),
        };
        vec![EventPlan {
            addresses: sources.addresses(1),
            rule: Some(catalog.profile.rule_name(Group::Common)),
            inner_rule: Some("CrossSiteScripting_QUERYARGUMENTS".to_owned()),
            uris: vec![PATH.to_owned()],
            acts: vec![Act::event(
                scene.target,
                scene.event,
                scene.count(REQUESTS),
                band,
            )],
            ..EventPlan::new(
                "xss",
                "one address tries cross-site scripting and is blocked",
                scene.target,
                scene.event,
            )
        }]
    }
}
