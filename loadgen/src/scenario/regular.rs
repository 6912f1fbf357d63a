//! A function that a timer starts calls an API once in five minutes. Nothing else happens, and
//! nothing should be reported: the first published test of the scheduled analyzer.

use std::time::Duration;

use super::{About, EventPlan, Role, Scene, Story};
use crate::acl::Profile;
use crate::dice::Dice;
use crate::kit;
use crate::request::{Actor, Client, Draft, Method, Numbered};
use crate::rules::Verdict;
use crate::timeline::Part;

/// One request in five minutes.
pub(super) const TESTER_RATE: f64 = 1.0 / 300.0;

pub(super) struct Regular;

impl Story for Regular {
    fn about(&self) -> About {
        About::uneventful(
            "regular",
            "a test client calls an API once in 5 minutes, and nothing else happens",
            TESTER_RATE,
            Duration::from_secs(24 * 3_600),
        )
    }

    fn profile(&self) -> Profile {
        Profile::Api
    }

    fn cast(&self, scene: &Scene<'_>, _role: Role) -> Vec<Part> {
        vec![tester(scene)]
    }

    fn event(&self, _scene: &Scene<'_>) -> Option<EventPlan> {
        None
    }
}

/// The test client, from begin to end.
pub(super) fn tester(scene: &Scene<'_>) -> Part {
    Part::background(scene.run, scene.scheduled(), Tester)
}

struct Tester;

impl Actor for Tester {
    fn act(&mut self, _since_ns: u64, _dice: &mut Dice) -> Draft {
        Draft {
            client: Client::v4([192, 0, 2, 5], "US", kit::TESTER),
            method: Method::Get,
            uri: Numbered::plain("/prod/app"),
            args: Numbered::plain(""),
            verdict: Verdict::Allowed,
        }
    }
}
