//! What was seen of a Web ACL's configuration, and when: the newest one, and the one before it that
//! was different.
//!
//! A configuration is looked at when somebody investigates. So of a change it is known between which two
//! looks it was made, and the look after a change tells it as well as the next ones do.

use serde::{Deserialize, Serialize};
use wafwatch_windows::time::EventTime;

use super::configuration::{AclConfiguration, Logging};
use super::difference::{ConfigurationChange, differences};

/// Most differences that are told.
const MAX_CHANGES: usize = 24;

/// A configuration and when it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The configuration.
    pub configuration: AclConfiguration,
    /// When it was seen first, by the wall clock.
    pub first: EventTime,
    /// When it was seen last.
    pub last: EventTime,
}

/// The two newest configurations that differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationHistory {
    /// The newest one.
    pub latest: Seen,
    /// What it was before.
    pub before: Option<Seen>,
}

/// A change of configuration between two looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// When it had not been made yet.
    pub after: EventTime,
    /// When it had been made.
    pub until: EventTime,
    /// What is different, at most the first 24 differences.
    pub changes: Vec<ConfigurationChange>,
    /// Differences beyond those.
    pub unlisted: u32,
}

impl ConfigurationHistory {
    /// `history` with the `configuration` that is seen at `now`.
    #[must_use]
    pub fn with(
        history: Option<Self>,
        mut configuration: AclConfiguration,
        now: EventTime,
    ) -> Self {
        let Some(Self { mut latest, before }) = history else {
            return Self {
                latest: Seen::at(configuration, now),
                before: None,
            };
        };
        if configuration.logging == Logging::Unknown {
            // That it could not be read this time is no change.
            configuration.logging = latest.configuration.logging.clone();
        }
        // A look that was overtaken by a newer one says nothing new.
        if now < latest.last {
            return Self { latest, before };
        }
        if differences(&latest.configuration, &configuration).is_empty() {
            latest.last = now;
            // As this version writes it down.
            latest.configuration = configuration;
            return Self { latest, before };
        }
        Self {
            latest: Seen::at(configuration, now),
            before: Some(latest),
        }
    }

    /// The newest change that is known.
    #[must_use]
    pub fn drift(&self) -> Option<Drift> {
        let before = self.before.as_ref()?;
        let mut changes = differences(&before.configuration, &self.latest.configuration);
        let unlisted = changes.len().saturating_sub(MAX_CHANGES);
        changes.truncate(MAX_CHANGES);
        (!changes.is_empty()).then(|| Drift {
            after: before.last,
            until: self.latest.first,
            changes,
            unlisted: u32::try_from(unlisted).unwrap_or(u32::MAX),
        })
    }
}

impl Seen {
    fn at(configuration: AclConfiguration, now: EventTime) -> Self {
        Self {
            configuration,
            first: now,
            last: now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::investigate::surroundings::configuration::Action;

    fn configuration(default_action: Action) -> AclConfiguration {
        AclConfiguration::new(default_action, Vec::new(), Logging::Off)
    }

    fn seen(looks: &[(Action, i64)]) -> ConfigurationHistory {
        let mut history = None;
        for (action, now) in looks {
            let next = ConfigurationHistory::with(history, configuration(*action), EventTime(*now));
            history = Some(next);
        }
        history.expect("there was a look")
    }

    #[test]
    fn a_change_lies_between_two_looks_and_stays_told() {
        use Action::{Allow, Block};
        assert_eq!(seen(&[(Allow, 1), (Allow, 2)]).drift(), None);
        let looks = [(Allow, 1), (Allow, 5), (Block, 9), (Block, 12)];
        let drift = seen(&looks).drift().expect("it changed");
        assert_eq!((drift.after, drift.until), (EventTime(5), EventTime(9)));
        assert_eq!(drift.changes.len(), 1);
        let again = [(Allow, 1), (Block, 9), (Allow, 12)];
        let drift = seen(&again).drift().expect("it changed");
        assert_eq!((drift.after, drift.until), (EventTime(9), EventTime(12)));
    }

    #[test]
    fn a_look_that_was_overtaken_changes_nothing() {
        use Action::{Allow, Block};
        assert_eq!(
            seen(&[(Allow, 1), (Block, 9), (Allow, 5)]),
            seen(&[(Allow, 1), (Block, 9)])
        );
    }

    #[test]
    fn logging_that_cannot_be_read_is_taken_to_be_as_it_was() {
        let mut unknown = configuration(Action::Allow);
        unknown.logging = Logging::Unknown;
        let history = seen(&[(Action::Allow, 1)]);
        let history = ConfigurationHistory::with(Some(history), unknown, EventTime(2));
        assert_eq!(history.latest.configuration.logging, Logging::Off);
        assert_eq!(history.drift(), None);
    }
}
