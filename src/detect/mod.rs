//! Scores a closed window against what the detector has learnt from the ones before it.
//!
//! A detector is a value: its whole state is serialisable, it does no I/O, and it never sees a
//! clock. [`Detector::score`] comes first and cannot change the state; [`Detector::learn`] follows.

//!
//! [`AnyDetector`] is the detector that settings choose; [`state`] stores and restores it.
//! `docs/detection.md` describes the methods, what they mend of the published systems, and what
//! they were measured to do.

pub mod calibrated;
pub mod classic;
mod describe;
pub mod ewma;
mod expectation;
mod history;
pub mod silence;
pub mod state;
pub mod tail;
mod track;

#[cfg(test)]
pub(crate) mod simulation;

use serde::{Deserialize, Serialize};
use wafwatch_windows::summary::Summary;

pub use calibrated::{Calibrated, CalibratedSettings};
pub use classic::{Classic, ClassicMode, ClassicSettings};
pub use describe::{describe, number, signal_name};
pub use ewma::{Ewma, EwmaSettings};
pub use state::{AnyDetector, DetectorSettings, DetectorState};

/// One series that a detector follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "key")]
pub enum Signal {
    /// Requests in the window.
    Total,
    /// Allowed requests.
    Allowed,
    /// Blocked requests.
    Blocked,
    /// Requests that a COUNT rule matched.
    Counted,
    /// Blocked requests as a share of all, 0 to 1.
    BlockedRatio,
    /// Distinct client addresses.
    DistinctAddresses,
    /// Share of the busiest address in all requests, 0 to 1.
    TopAddressShare,
    /// Requests that a rule terminated, by the rule's name.
    Rule(String),
    /// Requests for a path.
    Uri(String),
    /// Requests of a client address.
    Address(String),
    /// Requests of the busiest address, whichever it is.
    TopAddress,
    /// Distinct client addresses as a share of all requests, 0 to 1.
    DistinctShare,
    /// Requests answered with a CAPTCHA or a challenge as a share of all, 0 to 1.
    ChallengeShare,
    /// Requests for a path as a share of all, 0 to 1.
    UriShare(String),
    /// Client addresses that were not seen in the last week as a share of all, 0 to 1.
    NewAddressShare,
    /// `2^H` as a share of all requests, 0 to 1, with `H` the entropy of the client addresses in bits: as
    /// many equally busy addresses would be as mixed as these.
    AddressEntropy,
}

impl Signal {
    /// Whether its values are shares of all requests, 0 to 1.
    #[must_use]
    pub fn is_share(&self) -> bool {
        matches!(
            self,
            Self::BlockedRatio
                | Self::TopAddressShare
                | Self::DistinctShare
                | Self::ChallengeShare
                | Self::UriShare(_)
                | Self::NewAddressShare
                | Self::AddressEntropy
        )
    }
}

/// What a deviation looks like in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Pattern {
    /// Far from the mean of the few windows that are known.
    Level,
    /// This window, against what is learnt and the windows just before.
    Burst,
    /// The mean of about so many windows: a slow rise, or little for long.
    Ramp {
        /// The span of the mean.
        windows: u32,
    },
    /// Windows in a row with next to nothing.
    Silence {
        /// How many, this one included.
        windows: u32,
    },
}

/// Whether requests are composed as expected. Of several windows the greatest holds: a mix that has
/// changed once has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mix {
    /// There is no finding, or the detector cannot compare the mix: not at all, or not yet.
    #[default]
    Unknown,
    /// More or less of the same, as far as shares are followed: a crowd.
    Unchanged,
    /// Other shares of blocked requests, addresses or paths.
    Changed,
}

impl Mix {
    /// What it means, for people; nothing where it is not known.
    #[must_use]
    pub fn words(self) -> Option<&'static str> {
        match self {
            Self::Unknown => None,
            Self::Unchanged => Some("unchanged: more or less of the same"),
            Self::Changed => Some("changed: other shares of blocked requests, addresses or paths"),
        }
    }
}

/// Which side of the expectation was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More than expected.
    Above,
    /// Less than expected.
    Below,
}

/// One signal out of its expected range in one window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The series.
    pub signal: Signal,
    /// The side on which it left the range.
    pub direction: Direction,
    /// What was seen.
    pub observed: f64,
    /// What was expected: the baseline's mean.
    pub expected: f64,
    /// Lower end of the expected range.
    pub lower: f64,
    /// Upper end of the expected range.
    pub upper: f64,
    /// Distance from the expectation in standard deviations, never negative, always finite.
    pub score: f64,
    /// How rare this is under the baseline: once in this many windows, finite, at most 1e12.
    pub once_in_windows: f64,
    /// The rule of the detector that fired, in words, as `at least 3 times the mean of 40`.
    pub reason: String,
    /// Who said beforehand that this is nothing, as `planned: spring sale`; such a finding stays with
    /// its window and makes no incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<String>,
    /// What it looks like in time, where the detector tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Pattern>,
}

/// How far a detector is in learning an ACL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Too little history for any finding.
    Learning {
        /// Windows learnt so far.
        seen: u32,
        /// Windows that it takes.
        needed: u32,
    },
    /// Findings are made, of a range that is wide because few windows are known.
    Wide {
        /// Windows until the range is learnt.
        windows_left: u32,
    },
    /// Findings are made of what a window shows, not yet of what many show together.
    BurstsOnly {
        /// Windows until those are made too.
        windows_left: u32,
    },
    /// Findings are made.
    Ready,
}

impl Stage {
    /// Whether windows are judged at all.
    #[must_use]
    pub fn judges(self) -> bool {
        !matches!(self, Self::Learning { .. })
    }
}

/// What a detector says of one window.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// How far it is in learning.
    pub stage: Stage,
    /// Signals out of range, strongest first.
    pub findings: Vec<Finding>,
    /// Whether requests are composed as expected.
    pub mix: Mix,
}

/// What a detector expects of the requests of one window, before it sees them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Expected requests, finite.
    pub expected: f64,
    /// Lower end of the range in which requests alone make no finding, finite.
    pub lower: f64,
    /// Upper end, finite.
    pub upper: f64,
}

/// How much a window may teach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Influence {
    /// An ordinary window.
    Full,
    /// An incident is open, or the window is incomplete: teach hardly anything.
    Guarded,
    /// People say that this is not how it usually is: teach hardly anything, however long it lasts.
    Unusual,
    /// People say that this is how it is now: teach as much as there is to learn.
    Accepted,
}

/// The interface of every detector.
pub trait Detector {
    /// Compares a window with what was learnt before it.
    fn score(&self, summary: &Summary) -> Verdict;

    /// What was to be expected of the requests of `summary`'s window; nothing while the detector learns.
    fn forecast(&self, summary: &Summary) -> Option<Forecast>;

    /// Learns from a window that has been scored.
    fn learn(&mut self, summary: &Summary, influence: Influence);

    /// Learns from a window of which nothing but the counters is known: one from before there were any
    /// logs. Tells whether the detector can do that.
    fn learn_counters(&mut self, summary: &Summary) -> bool;
}
