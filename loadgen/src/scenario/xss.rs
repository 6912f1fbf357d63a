//! One address tries a script in the query string 150 times and is blocked by a managed rule: the
//! published test of metric anomaly detection.

use std::time::Duration;

use super::{About, EventPlan, Role, Scene, Story, website};
use crate::acl::Profile;
use crate::dice::Dice;
use crate::kit;
use crate::pace::Pace;
use crate::request::{Actor, Client, Draft, Method, Numbered};
use crate::rules::{Group, Verdict};
use crate::shape::Shape;
use crate::timeline::Part;

const REQUESTS: u64 = 150;
const INJECTOR: Client = Client::v4([203, 0, 113, 21], "US", kit::CURL);
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

    fn profile(&self) -> Profile {
        Profile::Website
    }

    fn cast(&self, scene: &Scene<'_>, role: Role) -> Vec<Part> {
        let mut parts = vec![website::visitors(scene, Shape::Flat)];
        if role == Role::Target {
            let count = scene.count(REQUESTS);
            parts.push(Part::event(scene.event, Pace::Even { count }, Injector));
        }
        parts
    }

    fn event(&self, _scene: &Scene<'_>) -> Option<EventPlan> {
        Some(EventPlan {
            summary: "one address tries cross-site scripting and is blocked".to_owned(),
            addresses: vec![INJECTOR.address],
            rule: Some(self.profile().rule_name(Group::Common)),
            inner_rule: Some("CrossSiteScripting_QUERYARGUMENTS".to_owned()),
            uris: vec![PATH],
            ..EventPlan::default()
        })
    }
}

struct Injector;

impl Actor for Injector {
    fn act(&mut self, _since_ns: u64, _dice: &mut Dice) -> Draft {
        Draft {
            client: INJECTOR,
            method: Method::Get,
            uri: Numbered::plain(PATH),
            args: Numbered::plain("test=<script>alert(\"hello\")</script>"),
            verdict: Verdict::CrossSiteScripting,
        }
    }
}
