//! What people know and the logs do not tell: the [`calendar`] says it beforehand, [`feedback`] on
//! incidents afterwards.
//!
//! Guidance changes what is made of findings, never what is counted or found: a finding that it mutes
//! stays with its window and says who muted it.

pub mod calendar;
pub mod feedback;

use std::collections::BTreeMap;

use wafwatch_windows::time::Window;

use crate::detect::Finding;
use crate::incident::Messages;

pub use calendar::{Calendar, CalendarError, Effect, PlannedEvent};
pub use feedback::{Judgement, Mark};

/// Who muted a finding, as people are told.
const PLANNED: &str = "planned";
const MARKED: &str = "marked";

/// What was said of incidents, by Web ACL.
pub type Marks = BTreeMap<String, Vec<Mark>>;

/// Everything that people said.
#[derive(Debug, Clone, Copy)]
pub struct Guidance<'a> {
    /// What was said beforehand.
    pub calendar: &'a Calendar,
    /// What was said of incidents.
    pub marks: &'a Marks,
}

/// Whether findings like these were called relevant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weight {
    /// Nobody said so.
    #[default]
    Ordinary,
    /// The incident opens one level earlier.
    Relevant,
}

/// Whether a window is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scoring {
    /// As any other.
    #[default]
    Usual,
    /// It is scored, and teaches hardly anything.
    Unusual,
    /// It is neither scored nor learnt.
    Ignored,
}

/// What is special about one window of one Web ACL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Treatment {
    /// Whether it is looked at.
    pub scoring: Scoring,
    /// Whether people are told.
    pub messages: Messages,
}

impl Guidance<'_> {
    /// What the calendar says of `window`, before it is scored.
    #[must_use]
    pub fn treatment(&self, acl: &str, window: Window) -> Treatment {
        let mut treatment = Treatment::default();
        for event in self.calendar.of(acl, window) {
            match event.effect {
                Effect::Ignore => treatment.scoring = Scoring::Ignored,
                Effect::Expect { .. } if treatment.scoring == Scoring::Usual => {
                    treatment.scoring = Scoring::Unusual;
                }
                Effect::Expect { .. } => {}
                Effect::Silence => treatment.messages = Messages::Held,
            }
        }
        treatment
    }

    /// Mutes those of `findings` that were expected or are not worth an incident, and tells how much
    /// the others weigh.
    pub fn apply(&self, acl: &str, window: Window, findings: &mut [Finding]) -> Weight {
        for event in self.calendar.of(acl, window) {
            for finding in findings.iter_mut().filter(|finding| event.covers(finding)) {
                finding.muted = Some(format!("{PLANNED}: {}", event.name));
            }
        }
        let marks = self.marks.get(acl).map_or(&[][..], Vec::as_slice);
        let mut weight = Weight::Ordinary;
        for finding in findings.iter_mut().filter(|one| one.muted.is_none()) {
            let Some(mark) = feedback::that_speaks_of(marks, window, finding) else {
                continue;
            };
            match mark.judgement {
                Judgement::Relevant => weight = Weight::Relevant,
                Judgement::Irrelevant | Judgement::Expected => {
                    finding.muted = Some(format!(
                        "{MARKED} {} with {}",
                        mark.judgement, mark.incident
                    ));
                }
            }
        }
        weight
    }

    /// Whether what goes on in this incident was called expected: it is then learnt at once.
    #[must_use]
    pub fn is_accepted(&self, acl: &str, incident: &str) -> bool {
        let marks = self.marks.get(acl).map_or(&[][..], Vec::as_slice);
        let mut of_incident = marks.iter().filter(|mark| mark.incident == incident);
        of_incident.any(|mark| mark.judgement == Judgement::Expected)
    }
}

#[cfg(test)]
mod tests;
