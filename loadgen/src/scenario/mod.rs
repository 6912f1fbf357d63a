//! The scenarios, one file each.
//!
//! A scenario is a [`Story`]: what is normal, and the events that happen to it, as parts of a plan.
//! Files compose the events of stories with others of their own. To add a story, write its file,
//! and name it in [`Scenario`] and its `story`.

mod about;
mod attack;
mod bots;
mod challenge;
mod crowd;
mod enforcement;
pub(crate) mod flood;
mod inputs;
pub(crate) mod misconfiguration;
mod normal;
mod outage;
mod ramp;
mod regular;
mod scan;
mod scene;
mod several;
mod slow;
mod spoofed;
mod sqli;
mod stuffing;
pub(crate) mod website;
mod week;
mod xss;

pub use about::About;
pub(crate) use scene::{Scene, nanoseconds, random};

use serde::{Deserialize, Serialize};

use crate::acl::Profile;
use crate::catalog::Catalog;
use crate::options::{Options, OptionsError};
use crate::plan::{Act, Disorder, EventPlan, Plan};
use crate::shape::Shape;
use crate::truth::Asked;

/// What a scenario is made of.
pub(crate) trait Story: Sync {
    /// What it is and its defaults.
    fn about(&self) -> About;

    /// What stands behind the ACLs: a website, unless it is said otherwise.
    fn profile(&self) -> Profile {
        Profile::Website
    }

    /// Normal life, in an order that does not change: the visitors of a website, unless it is said
    /// otherwise.
    fn background(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<Act> {
        website::visitors(scene, catalog, Shape::Flat)
    }

    /// What happens in the span of the scene's event to its target; none where nothing out of the
    /// ordinary does.
    fn events(&self, scene: &Scene, catalog: &mut Catalog) -> Vec<EventPlan>;
}

/// The run of `options`.
pub(crate) fn plan(options: &Options) -> Result<Plan, OptionsError> {
    options.validate()?;
    let story = options.scenario.story();
    let scene = Scene::new(options);
    let mut catalog = Catalog::new(story.profile());
    let background = story.background(&scene, &mut catalog);
    let events = story.events(&scene, &mut catalog);
    Ok(Plan {
        asked: Asked::Scenario(options.clone()),
        catalog,
        seed: options.seed,
        start_ms: options.start_ms,
        duration_ms: options.duration_ms(),
        acls: options.acls,
        disorder: Disorder {
            lateness_ms: options.disorder_ms(),
            duplicates: options.duplicates,
        },
        background,
        events,
    })
}

/// A story to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scenario {
    /// A test client and nothing else.
    Regular,
    /// The same, and a burst of requests for administration pages.
    Attack,
    /// A new rule begins to block good traffic.
    Misconfiguration,
    /// One address sends a hundred times the normal traffic.
    Flood,
    /// Script injection in a query string.
    Xss,
    /// Several times more people than usual, none of them bad.
    Crowd,
    /// Traffic stops and comes back.
    Outage,
    /// Days and nights of normal life.
    Normal,
    /// A network asks for more and more.
    Ramp,
    /// Many addresses, each with a few requests.
    Slow,
    /// Stolen credentials at the login page.
    Stuffing,
    /// A scanner asks for many paths.
    Scan,
    /// SQL injection in query strings, bodies and cookies.
    Sqli,
    /// Known bad inputs of several kinds.
    Inputs,
    /// Many addresses with one TLS fingerprint, labelled as bots.
    Bots,
    /// A wave of challenges and puzzles.
    Challenge,
    /// A flood in which every request has another address.
    Spoofed,
    /// A rule moves from COUNT to BLOCK.
    Enforcement,
    /// Three attacks that overlap.
    Several,
    /// Seven days and nights of normal life.
    Week,
}

impl Scenario {
    /// All scenarios.
    pub const ALL: [Self; 20] = [
        Self::Regular,
        Self::Attack,
        Self::Misconfiguration,
        Self::Flood,
        Self::Xss,
        Self::Crowd,
        Self::Outage,
        Self::Normal,
        Self::Ramp,
        Self::Slow,
        Self::Stuffing,
        Self::Scan,
        Self::Sqli,
        Self::Inputs,
        Self::Bots,
        Self::Challenge,
        Self::Spoofed,
        Self::Enforcement,
        Self::Several,
        Self::Week,
    ];

    /// Its name, what it is, and its defaults.
    #[must_use]
    pub fn about(self) -> About {
        self.story().about()
    }

    /// Its name on the command line and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.about().name
    }

    /// The scenario with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|scenario| scenario.name() == name)
    }

    pub(crate) fn story(self) -> &'static dyn Story {
        match self {
            Self::Regular => &regular::Regular,
            Self::Attack => &attack::Attack,
            Self::Misconfiguration => &misconfiguration::Misconfiguration,
            Self::Flood => &flood::Flood,
            Self::Xss => &xss::Xss,
            Self::Crowd => &crowd::Crowd,
            Self::Outage => &outage::Outage,
            Self::Normal => &normal::Normal,
            Self::Ramp => &ramp::Ramp,
            Self::Slow => &slow::Slow,
            Self::Stuffing => &stuffing::Stuffing,
            Self::Scan => &scan::Scan,
            Self::Sqli => &sqli::Sqli,
            Self::Inputs => &inputs::Inputs,
            Self::Bots => &bots::Bots,
            Self::Challenge => &challenge::Challenge,
            Self::Spoofed => &spoofed::Spoofed,
            Self::Enforcement => &enforcement::Enforcement,
            Self::Several => &several::Several,
            Self::Week => &week::Week,
        }
    }
}

impl std::fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_everywhere() {
        for scenario in Scenario::ALL {
            assert_eq!(Scenario::from_name(scenario.name()), Some(scenario));
            let json = serde_json::to_string(&scenario).expect("serializable");
            assert_eq!(json, format!("\"{scenario}\""));
        }
        assert_eq!(Scenario::from_name("unheard-of"), None);
    }
}
