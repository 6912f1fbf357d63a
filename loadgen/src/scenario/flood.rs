//! One address sends a hundred times the normal traffic, until a rate-based rule blocks it.

use std::time::Duration;

use super::{About, Scene, Story};
use crate::catalog::Catalog;
use crate::crew::{Band, Fate, Sources, Wish, Wishes};
use crate::kit;
use crate::plan::{Act, EventPlan};
use crate::rules::{RATE_LIMIT, RATE_RULE, Verdict};
use crate::shape::Shape;

const FACTOR: f64 = 100.0;
const PATHS: [&str; 2] = ["/search", "/"];
/// WAF estimates rates every few seconds and takes a while to act on them.
pub(crate) const REACTION_NS: u64 = 30_000_000_000;

pub(super) struct Flood;

impl Story for Flood {
    fn about(&self) -> About {
        About::eventful(
            "flood",
            "one address sends 100 times the normal traffic until a rate-based rule blocks it",
            3.0,
            Duration::from_secs(60),
        )
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let sources = Sources::one(catalog, [203, 0, 113, 45], "BR", kit::GO);
        let search = Wish::get(catalog, PATHS[0])
            .with_args(catalog, &["q="])
            .with_arg_numbers(1_000_000);
        let home = Wish::get(catalog, PATHS[1]);
        let (allowed, limited) = (
            catalog.ruling(Verdict::Allowed),
            catalog.ruling(Verdict::RateLimited),
        );
        let band = Band {
            sources: sources.clone(),
            wishes: Wishes::weighted(vec![(700, search), (300, home)]),
            fate: Fate::limited(RATE_LIMIT, REACTION_NS, allowed, limited),
        };
        let pace = scene.surge(FACTOR, Shape::Flat);
        vec![EventPlan {
            addresses: sources.addresses(1),
            rule: Some(RATE_RULE.to_owned()),
            uris: PATHS.map(str::to_owned).to_vec(),
            acts: vec![Act::event(scene.target, scene.event, pace, band)],
            ..EventPlan::new(
                "flood",
                "one address floods the site until a rate-based rule blocks it",
                scene.target,
                scene.event,
            )
        }]
    }
}
