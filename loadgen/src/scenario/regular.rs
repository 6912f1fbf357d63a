//! A function that a timer starts calls an API once in five minutes. Nothing else happens, and
//! nothing should be reported: the first published test of the scheduled analyzer.

use std::time::Duration;

use super::{About, Scene, Story};
use crate::acl::Profile;
use crate::catalog::Catalog;
use crate::crew::{Band, Fate, Sources, Wish, Wishes};
use crate::kit;
use crate::plan::{Act, Audience, EventPlan};
use crate::rules::Verdict;

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

    fn background(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<Act> {
        tester(scene, catalog)
    }

    fn events(&self, _scene: &Scene, _catalog: &mut Catalog) -> Vec<EventPlan> {
        Vec::new()
    }
}

/// The test client, from begin to end.
pub(super) fn tester(scene: &Scene, catalog: &mut Catalog) -> Vec<Act> {
    let band = Band {
        sources: Sources::one(catalog, [192, 0, 2, 5], "US", kit::TESTER),
        wishes: Wishes::one(Wish::get(catalog, "/prod/app")),
        fate: Fate::Always(catalog.ruling(Verdict::Allowed)),
    };
    vec![Act::background(
        Audience::Everyone,
        scene.run,
        scene.scheduled(),
        band,
    )]
}
