//! Something made people curious: four times the usual visitors for a while, with the usual wishes.

use std::time::Duration;

use super::{About, EventPlan, Role, Scene, Story, website};
use crate::acl::Profile;
use crate::population::Newcomers;
use crate::shape::Shape;
use crate::timeline::Part;

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

    fn profile(&self) -> Profile {
        Profile::Website
    }

    fn cast(&self, scene: &Scene<'_>, role: Role) -> Vec<Part> {
        let mut parts = vec![website::visitors(scene, Shape::Flat)];
        if role == Role::Target {
            let ramp_ns = (scene.event.length_ns() / RAMP).max(1);
            let pace = scene.surge(FACTOR, Shape::Plateau { ramp_ns });
            parts.push(Part::event(scene.event, pace, Newcomers(website::habits())));
        }
        parts
    }

    fn event(&self, _scene: &Scene<'_>) -> Option<EventPlan> {
        Some(EventPlan {
            summary: "a crowd of ordinary visitors".to_owned(),
            benign: true,
            ..EventPlan::default()
        })
    }
}
