//! A scan, stolen credentials and a spoofed flood that overlap: one incident must not hide another.

use std::time::Duration;

use super::{About, Scene, Story, scan, spoofed, stuffing};
use crate::catalog::Catalog;
use crate::plan::EventPlan;

pub(super) struct Several;

impl Story for Several {
    fn about(&self) -> About {
        About::eventful(
            "several",
            "a scan, stolen credentials and a spoofed flood that overlap",
            3.0,
            Duration::from_secs(30 * 60),
        )
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let acts: [(&dyn Story, u64, u64); 3] = [
            (&scan::Scan, 0, 500),
            (&stuffing::Stuffing, 300, 1_000),
            (&spoofed::Spoofed, 600, 660),
        ];
        acts.into_iter()
            .flat_map(|(story, from, to)| story.events(&scene.excerpt(from, to), catalog))
            .collect()
    }
}
