//! Days and nights of a website's life, with the noise that is always there.

use std::time::Duration;

use super::{About, Scene, Story, website};
use crate::acl::Profile;
use crate::catalog::Catalog;
use crate::plan::{Act, EventPlan};
use crate::shape::Shape;

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

    fn background(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<Act> {
        website::visitors(scene, catalog, Shape::Calendar)
    }

    fn events(&self, _scene: &Scene, _catalog: &mut Catalog) -> Vec<EventPlan> {
        Vec::new()
    }
}
