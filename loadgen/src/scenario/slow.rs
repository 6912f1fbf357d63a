//! Four hundred addresses take the catalogue apart, each with so few requests that no limit for one
//! address notices: distributed, low and slow.

use std::time::Duration;

use super::{About, Scene, Story};
use crate::catalog::Catalog;
use crate::crew::{Band, Fate, Origins, Sources, Wish, Wishes};
use crate::kit;
use crate::network::Network;
use crate::plan::{Act, EventPlan};
use crate::rules::Verdict;

const ADDRESSES: u64 = 400;
const REQUESTS_EACH: u64 = 6;

pub(super) struct Slow;

impl Story for Slow {
    fn about(&self) -> About {
        About::eventful(
            "slow",
            "400 addresses read the whole catalogue, each a few requests in an hour",
            3.0,
            Duration::from_secs(60 * 60),
        )
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let sources = Sources::many(
            catalog,
            &[Network::v4([100, 64, 0, 0], 10)],
            ADDRESSES,
            &[("US", 3), ("BR", 2), ("IN", 2), ("ID", 1), ("VN", 1)],
            &[(kit::CHROME_WINDOWS, 3), (kit::CHROME_ANDROID, 1)],
        );
        let product = Wish::get(catalog, "/api/products/").with_numbers(400);
        let band = Band {
            wishes: Wishes::one(product),
            fate: Fate::Always(catalog.ruling(Verdict::Allowed)),
            sources: sources.taking(Origins::EachAnother),
        };
        let count = scene.count(ADDRESSES * REQUESTS_EACH);
        vec![EventPlan {
            acts: vec![Act::event(scene.target, scene.event, count, band)],
            ..EventPlan::new(
                "slow",
                "many addresses read the catalogue, each a little",
                scene.target,
                scene.event,
            )
        }]
    }
}
