//! Five hundred addresses that call themselves by many names and have one TLS fingerprint. Bot Control
//! labels most of them and blocks those that it knows.

use std::time::Duration;

use super::{About, Scene, Story};
use crate::catalog::Catalog;
use crate::crew::{Band, Fate, Sources, Wish, Wishes};
use crate::kit::{self, Kit, KitId};
use crate::network::Network;
use crate::plan::{Act, EventPlan};
use crate::rules::{Group, Verdict};
use crate::shape::Shape;

const FACTOR: f64 = 6.0;
const PATHS: [&str; 2] = ["/products/", "/products"];
const NAMES: [&str; 4] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/129.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/128.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0",
];

/// One piece of software under many names.
fn disguises(catalog: &mut Catalog) -> Vec<(KitId, u64)> {
    NAMES
        .into_iter()
        .map(|name| (catalog.kit(Kit::disguised(kit::OKHTTP, name)), 1))
        .collect()
}

pub(super) struct Bots;

impl Story for Bots {
    fn about(&self) -> About {
        About::eventful(
            "bots",
            "500 addresses with one JA4 fingerprint and many names, labelled by Bot Control",
            3.0,
            Duration::from_secs(15 * 60),
        )
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let kits = disguises(catalog);
        let sources = Sources::many(
            catalog,
            &[Network::v4([100, 80, 0, 0], 12)],
            500,
            &[("US", 4), ("DE", 2), ("SG", 2), ("NL", 1)],
            &kits,
        );
        let product = Wish::get(catalog, PATHS[0]).with_numbers(400);
        let prices = Wish::get(catalog, PATHS[1]).with_args(catalog, &["sort=price", "sort=new"]);
        let fate = Fate::mixed(&[
            (60, catalog.ruling(Verdict::BotLabelled)),
            (40, catalog.ruling(Verdict::BotScraper)),
        ]);
        let band = Band {
            sources,
            wishes: Wishes::weighted(vec![(4, product), (1, prices)]),
            fate,
        };
        let pace = scene.surge(FACTOR, Shape::Flat);
        vec![EventPlan {
            rule: Some(catalog.profile.rule_name(Group::BotControl)),
            inner_rule: Some("CategoryScrapingFramework".to_owned()),
            acts: vec![Act::event(scene.target, scene.event, pace, band)],
            ..EventPlan::new(
                "bots",
                "bots of one make under many names",
                scene.target,
                scene.event,
            )
        }]
    }
}
