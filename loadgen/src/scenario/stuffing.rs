//! Stolen names and passwords are tried at the login page from three hundred addresses; the rule group
//! against account takeover stops some of them.

use std::time::Duration;

use super::{About, Scene, Story};
use crate::catalog::Catalog;
use crate::crew::{Band, Fate, Sources, Wish, Wishes};
use crate::kit;
use crate::network::Network;
use crate::plan::{Act, EventPlan};
use crate::rules::{Group, Verdict};
use crate::shape::Shape;

const FACTOR: f64 = 5.0;
const PATH: &str = "/api/login";

pub(super) struct Stuffing;

impl Story for Stuffing {
    fn about(&self) -> About {
        About::eventful(
            "stuffing",
            "300 addresses try stolen credentials at the login page, a third is blocked",
            3.0,
            Duration::from_secs(15 * 60),
        )
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let sources = Sources::many(
            catalog,
            &[Network::v4([100, 96, 0, 0], 11)],
            300,
            &[("RU", 3), ("VN", 2), ("BR", 2), ("US", 1), ("ID", 1)],
            &[(kit::PYTHON, 4), (kit::GO, 2), (kit::CHROME_WINDOWS, 1)],
        );
        let fate = Fate::mixed(&[
            (67, catalog.ruling(Verdict::Allowed)),
            (23, catalog.ruling(Verdict::VolumetricLogin)),
            (10, catalog.ruling(Verdict::CompromisedCredentials)),
        ]);
        let band = Band {
            sources,
            wishes: Wishes::one(Wish::post(catalog, PATH)),
            fate,
        };
        let pace = scene.surge(FACTOR, Shape::Flat);
        vec![EventPlan {
            rule: Some(catalog.profile.rule_name(Group::AccountTakeover)),
            inner_rule: Some("VolumetricIpHigh".to_owned()),
            uris: vec![PATH.to_owned()],
            acts: vec![Act::event(scene.target, scene.event, pace, band)],
            ..EventPlan::new(
                "stuffing",
                "stolen credentials are tried at the login page",
                scene.target,
                scene.event,
            )
        }]
    }
}
