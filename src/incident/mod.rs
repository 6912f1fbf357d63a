//! Groups the findings of one ACL into incidents and decides what is worth a message.

//!
//! [`advance`] is the life cycle, [`severity`] the formula, [`acl`] what an ACL's ARN says.

pub mod acl;
mod lifecycle;
pub mod severity;

#[cfg(test)]
mod calibration_tests;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod scenario_tests;

use std::fmt;

use serde::{Deserialize, Serialize};
use wafwatch_windows::counters::Counters;
use wafwatch_windows::time::{EventTime, Window};

use crate::detect::{Finding, Mix};

pub use lifecycle::{IncidentPolicy, MAX_FINDINGS, Messages, Transition, advance};

/// How bad an incident is: 0 (nothing) to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Severity(pub u8);

/// The five levels of [`Severity`]: each spans twenty points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 0 to 19.
    Info,
    /// 20 to 39.
    Low,
    /// 40 to 59.
    Medium,
    /// 60 to 79.
    High,
    /// 80 to 100.
    Critical,
}

impl Severity {
    /// The level this severity falls into.
    #[must_use]
    pub fn level(self) -> Level {
        match self.0 {
            0..=19 => Level::Info,
            20..=39 => Level::Low,
            40..=59 => Level::Medium,
            60..=79 => Level::High,
            _ => Level::Critical,
        }
    }
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Self; 5] = [
        Self::Info,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// The level below, if there is one.
    #[must_use]
    pub fn below(self) -> Self {
        match self {
            Self::Info | Self::Low => Self::Info,
            Self::Medium => Self::Low,
            Self::High => Self::Medium,
            Self::Critical => Self::High,
        }
    }

    /// The name in settings, messages and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// Where an incident is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It goes on.
    Open,
    /// Enough quiet windows have passed.
    Resolved,
}

/// Findings of one ACL that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Stable id, the same on every host: `{acl name}-{hash of the ARN}-{YYYYmmddTHHMMSSZ of the
    /// first window}`, of ASCII letters, digits, `_` and `-` only; see [`acl::safe_name`].
    pub id: String,
    /// The Web ACL.
    pub acl: String,
    /// Where it is in its life.
    pub state: State,
    /// Start of the first window with a finding.
    pub opened: EventTime,
    /// The newest window with a finding.
    pub last_window: Window,
    /// End of the window that resolved it.
    pub resolved: Option<EventTime>,
    /// Worst severity so far.
    pub severity: Severity,
    /// Level of the last message that was sent for it.
    pub announced: Level,
    /// Windows with a finding.
    pub windows: u32,
    /// Windows without one since the last that had one.
    pub quiet_windows: u32,
    /// Counters over the windows with findings.
    pub counters: Counters,
    /// The strongest finding of each signal, strongest first, at most 16.
    pub findings: Vec<Finding>,
    /// Whether its requests are composed as expected: unchanged where they were in every window with a
    /// finding that could tell.
    #[serde(default)]
    pub mix: Mix,
    /// Messages so far; the next one's number.
    pub messages: u32,
}

/// Why a message is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The incident opened.
    Opened,
    /// Its level rose.
    Worse,
    /// It is over.
    Resolved,
}

impl EventKind {
    /// The name in messages and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Worse => "worse",
            Self::Resolved => "resolved",
        }
    }
}

/// A change of an incident that people are told of. Committed with the window that caused it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentEvent {
    /// `{incident id}/{number}`: receivers deduplicate by it.
    pub id: String,
    /// Why.
    pub kind: EventKind,
    /// The window that caused it.
    pub window: Window,
    /// The incident as it stood after that window.
    pub incident: Incident,
}
