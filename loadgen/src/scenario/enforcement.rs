//! A rule that only counted begins to block: what it matched before is now cut off, and some of it
//! was good.

use std::time::Duration;

use super::{About, Scene, Story, website};
use crate::acl::Profile;
use crate::catalog::Catalog;
use crate::crew::Crew;
use crate::plan::{Act, Audience, EventPlan};
use crate::rules::{STRICT_RULE, Verdict};
use crate::shape::Shape;

/// Of the site's requests, the share that the rule matches.
const MATCHED: f64 = 0.15;

pub(super) struct Enforcement;

impl Story for Enforcement {
    fn about(&self) -> About {
        About::eventful(
            "enforcement",
            "a rule that matches 15% of the traffic moves from COUNT to BLOCK and back",
            3.0,
            Duration::from_secs(20 * 60),
        )
    }

    fn profile(&self) -> Profile {
        Profile::Website
    }

    fn background(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<Act> {
        let crew = Crew::Regulars(website::habits(catalog));
        let pace = scene.people(1.0 - MATCHED, Shape::Flat);
        vec![Act::background(Audience::Everyone, scene.run, pace, crew)]
    }

    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan> {
        let habits = website::habits(catalog);
        let counted = Crew::Matched(habits.clone(), catalog.ruling(Verdict::CountedStrictly));
        let blocked = Crew::Matched(habits, catalog.ruling(Verdict::BlockedStrictly));
        let pace = scene.people(MATCHED, Shape::Flat);
        let target = scene.target;
        let only = Audience::Only(target);
        vec![EventPlan {
            rule: Some(STRICT_RULE.to_owned()),
            acts: vec![
                Act::background(Audience::AllBut(target), scene.run, pace, counted.clone()),
                Act::background(only, scene.before(), pace, counted.clone()),
                Act::background(only, scene.after(), pace, counted),
                Act::event(target, scene.event, pace, blocked),
            ],
            ..EventPlan::new(
                "enforcement",
                "a rule that only counted begins to block",
                target,
                scene.event,
            )
        }]
    }
}
