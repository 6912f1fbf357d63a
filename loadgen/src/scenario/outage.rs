//! Requests stop and come back: the site was down, or its logs did not arrive.

use std::time::Duration;

use super::{About, EventPlan, Role, Scene, Story, website};
use crate::acl::Profile;
use crate::shape::Shape;
use crate::timeline::Part;

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

    fn profile(&self) -> Profile {
        Profile::Website
    }

    fn cast(&self, scene: &Scene<'_>, role: Role) -> Vec<Part> {
        let mut visitors = website::visitors(scene, Shape::Flat);
        if role == Role::Target {
            visitors.silence = Some(scene.event);
        }
        vec![visitors]
    }

    fn event(&self, _scene: &Scene<'_>) -> Option<EventPlan> {
        Some(EventPlan {
            summary: "requests stop and come back".to_owned(),
            ..EventPlan::default()
        })
    }
}
