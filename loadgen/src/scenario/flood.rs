//! One address sends a hundred times the normal traffic, until a rate-based rule blocks it.

use std::time::Duration;

use super::{About, EventPlan, Role, Scene, Story, website};
use crate::acl::Profile;
use crate::dice::Dice;
use crate::kit;
use crate::request::{Actor, Client, Draft, Method, Numbered};
use crate::rules::{RATE_LIMIT, RATE_RULE, Verdict};
use crate::shape::Shape;
use crate::timeline::Part;

const FACTOR: f64 = 100.0;
const FLOODER: Client = Client::v4([203, 0, 113, 45], "BR", kit::GO);
const PATHS: [&str; 2] = ["/search", "/"];
/// WAF estimates rates every few seconds and takes a while to act on them.
const REACTION_NS: u64 = 30_000_000_000;

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

    fn profile(&self) -> Profile {
        Profile::Website
    }

    fn cast(&self, scene: &Scene<'_>, role: Role) -> Vec<Part> {
        let mut parts = vec![website::visitors(scene, Shape::Flat)];
        if role == Role::Target {
            let pace = scene.surge(FACTOR, Shape::Flat);
            parts.push(Part::event(scene.event, pace, Flooder::default()));
        }
        parts
    }

    fn event(&self, _scene: &Scene<'_>) -> Option<EventPlan> {
        Some(EventPlan {
            summary: "one address floods the site until a rate-based rule blocks it".to_owned(),
            addresses: vec![FLOODER.address],
            rule: Some(RATE_RULE.to_owned()),
            uris: PATHS.to_vec(),
            ..EventPlan::default()
        })
    }
}

#[derive(Default)]
struct Flooder {
    sent: u64,
    blocked_from_ns: Option<u64>,
}

impl Actor for Flooder {
    fn act(&mut self, since_ns: u64, dice: &mut Dice) -> Draft {
        self.sent += 1;
        if self.sent > RATE_LIMIT && self.blocked_from_ns.is_none() {
            self.blocked_from_ns = Some(since_ns + REACTION_NS);
        }
        let is_blocked = self
            .blocked_from_ns
            .is_some_and(|from_ns| since_ns >= from_ns);
        let (uri, args) = match dice.chance(700) {
            true => (
                Numbered::plain(PATHS[0]),
                Numbered {
                    text: "q=",
                    number: 1 + dice.below(1_000_000) as u32,
                },
            ),
            false => (Numbered::plain(PATHS[1]), Numbered::plain("")),
        };
        Draft {
            client: FLOODER,
            method: Method::Get,
            uri,
            args,
            verdict: match is_blocked {
                true => Verdict::RateLimited,
                false => Verdict::Allowed,
            },
        }
    }
}
