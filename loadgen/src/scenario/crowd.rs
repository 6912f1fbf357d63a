//! Something made people curious: four times the usual visitors for a while, with the usual wishes.

use std::time::Duration;

use super::{About, Scene, Story, website};
use crate::catalog::Catalog;
use crate::crew::Crew;
use crate::plan::{Act, EventPlan};
use crate::shape::Shape;

/// Newcomers per regular visitor.
const FACTOR: f64 = 3.0;
/// Share of the event in which the crowd gathers, and in which it goes.
const RAMP: u64 = 10;

pub(super) struct Crowd;

impl Story for Crowd {
    fn about(&self) -> About {
        About::eventful(
            "crowd",
            "four times more people than usual come for a while; none of them is bad",
            3.0,
            Duration::from_secs(20 * 60),
        )
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let ramp_ns = (scene.event.length_ns() / RAMP).max(1);
        let pace = scene.surge(FACTOR, Shape::Plateau { ramp_ns });
        let crew = Crew::Newcomers(website::habits(catalog));
        vec![EventPlan {
            benign: true,
            acts: vec![Act::event(scene.target, scene.event, pace, crew)],
            ..EventPlan::new(
                "crowd",
                "a crowd of ordinary visitors",
                scene.target,
                scene.event,
            )
        }]
    }
}
