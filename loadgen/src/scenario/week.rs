//! A week of a website's life: every hour of the day and every day of the week once.

use std::time::Duration;

use super::{About, Scene, Story, website};
use crate::acl::Profile;
use crate::catalog::Catalog;
use crate::plan::{Act, EventPlan};
use crate::shape::Shape;

pub(super) struct Week;

impl Story for Week {
    fn about(&self) -> About {
        About::uneventful(
            "week",
            "seven days and nights of a website, every hour and weekday once",
            0.1,
            Duration::from_secs(7 * 24 * 3_600),
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
