//! A flood in which no address comes twice: what a table of addresses must survive. The addresses are
//! of the range that is reserved (240.0.0.0/4).

use std::time::Duration;

use super::{About, Scene, Story};
use crate::catalog::Catalog;
use crate::crew::{Band, Fate, Origins, Sources, Wish, Wishes};
use crate::kit;
use crate::network::Network;
use crate::plan::{Act, EventPlan};
use crate::rules::Verdict;
use crate::shape::Shape;

const FACTOR: f64 = 60.0;

pub(super) struct Spoofed;

impl Story for Spoofed {
    fn about(&self) -> About {
        About::eventful(
            "spoofed",
            "60 times the normal traffic, every request from another address",
            3.0,
            Duration::from_secs(2 * 60),
        )
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let sources = Sources::many(
            catalog,
            &[Network::v4([240, 0, 0, 0], 4)],
            u64::MAX,
            &[
                ("US", 3),
                ("CN", 3),
                ("BR", 2),
                ("IN", 2),
                ("RU", 1),
                ("ID", 1),
            ],
            &[(kit::NAMELESS, 1), (kit::CHROME_WINDOWS, 1)],
        );
        let band = Band {
            sources: sources.taking(Origins::EachAnother),
            wishes: Wishes::one(Wish::get(catalog, "/")),
            fate: Fate::Always(catalog.ruling(Verdict::Allowed)),
        };
        let pace = scene.surge(FACTOR, Shape::Flat);
        vec![EventPlan {
            uris: vec!["/".to_owned()],
            acts: vec![Act::event(scene.target, scene.event, pace, band)],
            ..EventPlan::new(
                "spoofed",
                "a flood in which no address comes twice",
                scene.target,
                scene.event,
            )
        }]
    }
}
