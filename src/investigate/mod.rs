//! Gathers the bounded bundle of evidence that an analyst explains.
//!
//! [`gather`] reads the incident's windows and the windows before them from a [`WindowHistory`],
//! and compares the two. However many windows, however long their texts: the bundle stays under
//! [`MAX_EVIDENCE_BYTES`] as JSON. What could not be had, or had to be cut, is said in
//! [`Evidence::missing`]; gathering itself cannot fail.
//!
//! What the account knows of the Web ACL ([`surroundings`]) is added by
//! [`Evidence::surrounded_by`], where there is an account to ask.

mod gather;
pub mod hostile;
mod limits;
mod profiles;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
pub(crate) mod scenarios;
pub mod surroundings;
pub mod utc;
mod values;

pub use gather::{Span, Spans, assemble, gather};

use serde::{Deserialize, Serialize};
use wafwatch_windows::counters::Counters;
use wafwatch_windows::summary::{AddressProfile, RuleProfile, Summary};
use wafwatch_windows::time::Window;

use crate::incident::IncidentEvent;
use surroundings::Surroundings;

/// Everything that an analyst may rest a statement on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What happened to the incident.
    pub event: IncidentEvent,
    /// The windows of the incident, oldest first, at most [`MAX_INCIDENT_WINDOWS`] (the newest).
    pub windows: Vec<WindowFigures>,
    /// What was normal before.
    pub baseline: Baseline,
    /// Values that stand out over the incident's windows, by dimension.
    pub values: Vec<ValueComparison>,
    /// How much the values of each dimension weigh in sum, listed in `values` or not.
    pub dimensions: Vec<DimensionWeight>,
    /// Profiles of the top addresses, merged over the incident's windows.
    pub addresses: Vec<AddressProfile>,
    /// Profiles of the top blocking rules, merged over the incident's windows.
    pub rules: Vec<RuleProfile>,
    /// What the account says about the Web ACL; empty where it was not asked.
    #[serde(default)]
    pub surroundings: Surroundings,
    /// What could not be had, and why, in words.
    pub missing: Vec<String>,
}

impl Evidence {
    /// The same with `surroundings`, and with what is `missing` of them.
    #[must_use]
    pub fn surrounded_by(mut self, surroundings: Surroundings, missing: &[String]) -> Self {
        self.surroundings = surroundings;
        let missing = missing.iter().take(MAX_MISSING_SURROUNDINGS);
        self.missing
            .extend(missing.map(|missing| hostile::one_line(missing, MAX_MISSING_CHARS)));
        self
    }
}

/// Newest windows of the incident that the evidence keeps.
pub const MAX_INCIDENT_WINDOWS: usize = 20;
/// Windows before the incident that make its baseline.
pub const MAX_BASELINE_WINDOWS: usize = 60;

/// Most that is told of missing surroundings.
const MAX_MISSING_SURROUNDINGS: usize = 8;
/// Longest entry of what is missing, in characters.
const MAX_MISSING_CHARS: usize = 200;

/// Longest serialised evidence without its surroundings, which have a
/// [limit of their own](surroundings::MAX_SURROUNDINGS_BYTES), in bytes of JSON.
pub const MAX_EVIDENCE_BYTES: usize = 64 * 1024;

/// The figures of one window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WindowFigures {
    /// The window.
    pub window: Window,
    /// Its counters.
    pub counters: Counters,
    /// Distinct client addresses, estimated.
    pub distinct_addresses: f64,
}

/// The windows before the incident, in sum.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Baseline {
    /// How many windows.
    pub windows: u32,
    /// Their counters in sum.
    pub counters: Counters,
    /// Mean of their distinct client addresses.
    pub mean_distinct_addresses: f64,
}

/// One value of a dimension: during the incident, and before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValueComparison {
    /// The dimension.
    pub dimension: wafwatch_windows::summary::Dimension,
    /// The value.
    pub key: String,
    /// Its count over the incident's windows (guaranteed at least this).
    pub during: u64,
    /// Its mean count per window in the baseline.
    pub before_per_window: f64,
}

/// The weight of all values of a dimension together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DimensionWeight {
    /// The dimension.
    pub dimension: wafwatch_windows::summary::Dimension,
    /// Sum of the counts of all its values over the incident's windows.
    pub during: u64,
    /// The same per window of the baseline.
    pub before_per_window: f64,
}

/// Where evidence finds past windows.
pub trait WindowHistory {
    /// What a failed look-up says.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Closed windows of `acl` that start in `[from, until)`, oldest first, at most `limit`, the
    /// newest ones where there are more.
    ///
    /// # Errors
    ///
    /// When the history cannot be read.
    fn windows_between(
        &self,
        acl: &str,
        from: wafwatch_windows::time::EventTime,
        until: wafwatch_windows::time::EventTime,
        limit: usize,
    ) -> Result<Vec<Summary>, Self::Error>;
}
