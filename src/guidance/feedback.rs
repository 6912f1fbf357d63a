//! What people said of incidents, and what follows for later ones of the same Web ACL.
//!
//! A [`Mark`] speaks of a later finding when its signal, its side and its hour of the day (one hour
//! before and after included, UTC) are those of the marked incident. What was called irrelevant or
//! expected mutes such a finding as long as it is not much stronger than the marked one was, so that
//! no mark can hide an attack that is larger than what was seen when it was made. Of several marks
//! that speak of a finding the newest counts; a mark that is taken back is gone.

use std::fmt;

use serde::{Deserialize, Serialize};
use wafwatch_windows::time::{EventTime, Window};

use crate::detect::{Direction, Finding, Signal};
use crate::incident::Incident;

/// Marks of one Web ACL that are kept: the newest.
pub const MAX_MARKS: usize = 200;
/// How much stronger than the marked finding one may be that is muted for it.
const TOLERANCE: f64 = 1.5;
const HOUR_MS: i64 = 3_600_000;
const HOURS: i64 = 24;

/// What people think of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// It was worth a message: the next one like it opens one level earlier.
    Relevant,
    /// It was not: the next one like it is muted.
    Irrelevant,
    /// It was to be expected, and is the new normal: it is learnt at once, and the next one like it
    /// is muted.
    Expected,
}

impl Judgement {
    /// The name in commands and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Relevant => "relevant",
            Self::Irrelevant => "irrelevant",
            Self::Expected => "expected",
        }
    }
}

impl Judgement {
    /// What follows from it, from the next window on, in words.
    #[must_use]
    pub fn effect(self) -> &'static str {
        match self {
            Self::Relevant => "what is like it opens an incident one level earlier",
            Self::Irrelevant => "what is like it is muted",
            Self::Expected => {
                "what it shows is learnt at once as long as it is open, and what is like it is muted"
            }
        }
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// Hours of the day in UTC: bit `h` is the hour that begins at `h` o'clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hours(u32);

impl Hours {
    /// The hours between two times, with one more on either side.
    #[must_use]
    pub fn around(from: EventTime, until: EventTime) -> Self {
        let first = from.0.div_euclid(HOUR_MS) - 1;
        let last = until.0.saturating_sub(1).div_euclid(HOUR_MS) + 1;
        let count = last.saturating_sub(first).clamp(0, HOURS - 1);
        let hours = (first..=first + count).map(|hour| 1 << hour.rem_euclid(HOURS));
        Self(hours.fold(0, |all, hour| all | hour))
    }

    /// Whether `time` lies in one of them.
    #[must_use]
    pub fn contain(self, time: EventTime) -> bool {
        let hour = time.0.div_euclid(HOUR_MS).rem_euclid(HOURS);
        self.0 & (1 << hour) != 0
    }
}

/// A signal that the marked incident had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarkedSignal {
    /// The series.
    pub signal: Signal,
    /// The side on which it left its range.
    pub direction: Direction,
    /// How far, in widths of that side of the range; finite.
    pub excess: f64,
}

/// What was said of one incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// The incident.
    pub incident: String,
    /// Its Web ACL.
    pub acl: String,
    /// What was said.
    pub judgement: Judgement,
    /// When.
    pub made: EventTime,
    /// When in the day the incident was.
    pub hours: Hours,
    /// What was out of its range, at most as much as an incident keeps.
    pub signals: Vec<MarkedSignal>,
}

impl Mark {
    /// What `judgement` of `incident` says of later ones.
    #[must_use]
    pub fn new(incident: &Incident, judgement: Judgement, made: EventTime) -> Self {
        let signals = incident.findings.iter().map(|finding| MarkedSignal {
            signal: finding.signal.clone(),
            direction: finding.direction,
            excess: excess(finding),
        });
        Self {
            incident: incident.id.clone(),
            acl: incident.acl.clone(),
            judgement,
            made,
            hours: Hours::around(incident.opened, incident.last_window.end),
            signals: signals.collect(),
        }
    }

    fn speaks_of(&self, window: Window, finding: &Finding) -> bool {
        let of_signal = self.signals.iter().find(|marked| {
            marked.signal == finding.signal && marked.direction == finding.direction
        });
        let Some(marked) = of_signal.filter(|_| self.hours.contain(window.start)) else {
            return false;
        };
        match self.judgement {
            Judgement::Relevant => true,
            Judgement::Irrelevant | Judgement::Expected => {
                excess(finding) <= TOLERANCE * marked.excess
            }
        }
    }
}

/// The newest of `marks` that speaks of `finding`.
pub(super) fn that_speaks_of<'a>(
    marks: &'a [Mark],
    window: Window,
    finding: &Finding,
) -> Option<&'a Mark> {
    let speaking = marks.iter().filter(|mark| mark.speaks_of(window, finding));
    speaking.max_by(|one, other| {
        let by_time = one.made.cmp(&other.made);
        by_time.then_with(|| one.incident.cmp(&other.incident))
    })
}

/// How far a finding lies from what was expected, in widths of the range on that side.
fn excess(finding: &Finding) -> f64 {
    let distance = (finding.observed - finding.expected).abs();
    let width = match finding.direction {
        Direction::Above => finding.upper - finding.expected,
        Direction::Below => finding.expected - finding.lower,
    };
    // A range without width: a part of what was expected stands in for it.
    let width = width.max(finding.expected.abs() / 100.0).max(1e-6);
    let excess = distance / width;
    if excess.is_finite() { excess } else { f64::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = HOUR_MS;

    #[test]
    fn hours_are_those_of_the_incident_and_their_neighbours() {
        let hours = Hours::around(EventTime(5 * HOUR + 1), EventTime(6 * HOUR));
        for hour in 0..24 {
            let is_near = (4..=6).contains(&hour);
            assert_eq!(hours.contain(EventTime(hour * HOUR)), is_near, "{hour}");
            assert_eq!(hours.contain(EventTime((hour - 48) * HOUR)), is_near);
        }
        let night = Hours::around(EventTime(0), EventTime(HOUR));
        assert!(night.contain(EventTime(23 * HOUR)) && night.contain(EventTime(HOUR)));
        let days = Hours::around(EventTime(0), EventTime(100 * HOUR));
        assert_eq!(days, Hours((1 << 24) - 1));
        let never = Hours::around(EventTime(i64::MIN), EventTime(i64::MAX));
        assert_eq!(never, days);
    }
}
