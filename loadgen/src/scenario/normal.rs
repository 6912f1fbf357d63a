//! Days and nights of a website's life, with the noise that is always there.

use std::time::Duration;

use super::{About, EventPlan, Role, Scene, Story, website};
use crate::acl::Profile;
use crate::shape::Shape;
use crate::timeline::Part;

pub(super) struct Normal;

impl Story for Normal {
    fn about(&self) -> About {
        About::uneventful(
            "normal",
            "a website's life with its daily and weekly rhythm, noise included",
            0.5,
            Duration::from_secs(24 * 3_600),
        )
    }

    fn profile(&self) -> Profile {
        Profile::Website
    }

    fn cast(&self, scene: &Scene<'_>, _role: Role) -> Vec<Part> {
        vec![website::visitors(scene, Shape::Calendar)]
    }

    fn event(&self, _scene: &Scene<'_>) -> Option<EventPlan> {
        None
    }
}
