//! Requests stop and come back: the site was down, or its logs did not arrive.

use std::time::Duration;

use super::{About, Scene, Story};
use crate::catalog::Catalog;
use crate::plan::{Effect, EventPlan};

pub(super) struct Outage;

impl Story for Outage {
    fn about(&self) -> About {
        About::eventful(
            "outage",
            "all traffic stops for a quarter of an hour and then returns",
            3.0,
            Duration::from_secs(15 * 60),
        )
    }

    fn events(&self, scene: &Scene, _catalog: &mut Catalog) -> Vec<EventPlan> {
        vec![EventPlan {
            effect: Effect::Silences,
            ..EventPlan::new(
                "outage",
                "requests stop and come back",
                scene.target,
                scene.event,
            )
        }]
    }
}
