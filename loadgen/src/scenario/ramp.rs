//! A small network asks for more and more pages over an hour, too slowly for a step to be seen.

use std::time::Duration;

use super::{About, Scene, Story};
use crate::catalog::Catalog;
use crate::crew::{Band, Fate, Sources, Wish, Wishes};
use crate::kit;
use crate::network::Network;
use crate::plan::{Act, EventPlan};
use crate::rules::Verdict;
use crate::shape::Shape;

/// Times the normal traffic at the end.
const FACTOR: f64 = 8.0;
const NETWORK: Network = Network::v4([203, 0, 113, 128], 26);
const PATHS: [&str; 2] = ["/products/", "/search"];

pub(super) struct Ramp;

impl Story for Ramp {
    fn about(&self) -> About {
        About::eventful(
            "ramp",
            "64 addresses of one network climb from nothing to 8 times the normal traffic",
            3.0,
            Duration::from_secs(60 * 60),
        )
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let sources = Sources::many(
            catalog,
            &[NETWORK],
            64,
            &[("RO", 1)],
            &[(kit::PYTHON, 3), (kit::GO, 1)],
        );
        let pages = Wish::get(catalog, PATHS[0]).with_numbers(400);
        let searches = Wish::get(catalog, PATHS[1])
            .with_args(catalog, &["q="])
            .with_arg_numbers(10_000);
        let band = Band {
            wishes: Wishes::weighted(vec![(3, pages), (1, searches)]),
            fate: Fate::Always(catalog.ruling(Verdict::Allowed)),
            sources: sources.clone(),
        };
        let pace = scene.surge(FACTOR, Shape::Climb);
        vec![EventPlan {
            addresses: sources.addresses(64),
            acts: vec![Act::event(scene.target, scene.event, pace, band)],
            ..EventPlan::new(
                "ramp",
                "a network asks for more and more until it stops",
                scene.target,
                scene.event,
            )
        }]
    }
}
