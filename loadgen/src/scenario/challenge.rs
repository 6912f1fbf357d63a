//! Clients without a token come in a wave: most get a silent challenge, those at the login page a
//! puzzle, and none solves them.

use std::time::Duration;

use super::{About, Scene, Story};
use crate::catalog::Catalog;
use crate::crew::{Band, Fate, Sources, Wish, Wishes};
use crate::kit;
use crate::network::Network;
use crate::plan::{Act, EventPlan};
use crate::rules::{CHALLENGE_RULE, Verdict};
use crate::shape::Shape;

const FACTOR: f64 = 5.0;
const PATHS: [&str; 2] = ["/products/", "/login"];

pub(super) struct Challenge;

impl Story for Challenge {
    fn about(&self) -> About {
        About::eventful(
            "challenge",
            "200 addresses without a token get challenges and, at the login page, puzzles",
            3.0,
            Duration::from_secs(10 * 60),
        )
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let sources = Sources::many(
            catalog,
            &[Network::v4([100, 112, 0, 0], 12)],
            200,
            &[("US", 3), ("FR", 1), ("PL", 1), ("TR", 1)],
            &[(kit::CHROME_WINDOWS, 2), (kit::GO, 1)],
        );
        let page = Wish::get(catalog, PATHS[0]).with_numbers(400);
        let login = Wish::get(catalog, PATHS[1]).ruled(catalog, Verdict::Puzzled);
        let band = Band {
            sources,
            wishes: Wishes::weighted(vec![(3, page), (2, login)]),
            fate: Fate::Always(catalog.ruling(Verdict::Challenged)),
        };
        let pace = scene.surge(FACTOR, Shape::Flat);
        vec![EventPlan {
            rule: Some(CHALLENGE_RULE.to_owned()),
            acts: vec![Act::event(scene.target, scene.event, pace, band)],
            ..EventPlan::new(
                "challenge",
                "clients without a token are challenged and do not answer",
                scene.target,
                scene.event,
            )
        }]
    }
}
