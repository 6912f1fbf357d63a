//! The scenarios, one file each.
//!
//! A scenario is a [`Story`]: what is normal, who makes the event, and what the truth about it is.
//! To add one, write its file, and name it in [`Scenario`] and its `story`.

mod about;
mod attack;
mod crowd;
mod flood;
mod misconfiguration;
mod normal;
mod outage;
mod regular;
mod scene;
pub(crate) mod website;
mod xss;

pub use about::About;
pub(crate) use scene::{EventPlan, Role, Scene};

use serde::{Deserialize, Serialize};

use crate::acl::Profile;
use crate::timeline::Part;

/// What a scenario is made of.
pub(crate) trait Story: Sync {
    /// What it is and its defaults.
    fn about(&self) -> About;

    /// What stands behind the ACLs.
    fn profile(&self) -> Profile;

    /// The sources of one ACL's requests: the background first, in an order that does not change.
    fn cast(&self, scene: &Scene<'_>, role: Role) -> Vec<Part>;

    /// What the truth says about the event; `None` where nothing out of the ordinary happens.
    fn event(&self, scene: &Scene<'_>) -> Option<EventPlan>;
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
}

impl Scenario {
    /// All scenarios.
    pub const ALL: [Self; 8] = [
        Self::Regular,
        Self::Attack,
        Self::Misconfiguration,
        Self::Flood,
        Self::Xss,
        Self::Crowd,
        Self::Outage,
        Self::Normal,
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
