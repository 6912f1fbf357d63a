//! What a closed window says: exact counters, top lists with their bounds, profiles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::counters::Counters;
use crate::sample::AddressSample;
use crate::time::Window;

/// A property of a record whose most frequent values a window keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Client address.
    ClientAddress,
    /// Terminating rule, and the rule inside a terminating group as `group/rule`.
    Rule,
    /// Rules that matched with COUNT without terminating.
    CountedRule,
    /// Path of the request.
    Uri,
    /// Path of requests that were blocked.
    BlockedUri,
    /// Country of the client address.
    Country,
    /// Country of requests that were blocked.
    BlockedCountry,
    /// `User-Agent` header.
    UserAgent,
    /// `Host` header.
    Host,
    /// HTTP method.
    Method,
    /// Label.
    Label,
    /// JA3 fingerprint.
    Ja3,
    /// JA4 fingerprint.
    Ja4,
    /// Kind of the protected resource.
    HttpSource,
    /// Name of a final action this version does not know.
    OtherAction,
}

impl Dimension {
    /// Every dimension, in the order of reports.
    pub const ALL: [Self; 15] = [
        Self::ClientAddress,
        Self::Rule,
        Self::CountedRule,
        Self::Uri,
        Self::BlockedUri,
        Self::Country,
        Self::BlockedCountry,
        Self::UserAgent,
        Self::Host,
        Self::Method,
        Self::Label,
        Self::Ja3,
        Self::Ja4,
        Self::HttpSource,
        Self::OtherAction,
    ];

    /// The name in commands, JSON and the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientAddress => "client_address",
            Self::Rule => "rule",
            Self::CountedRule => "counted_rule",
            Self::Uri => "uri",
            Self::BlockedUri => "blocked_uri",
            Self::Country => "country",
            Self::BlockedCountry => "blocked_country",
            Self::UserAgent => "user_agent",
            Self::Host => "host",
            Self::Method => "method",
            Self::Label => "label",
            Self::Ja3 => "ja3",
            Self::Ja4 => "ja4",
            Self::HttpSource => "http_source",
            Self::OtherAction => "other_action",
        }
    }
}

/// One value of a dimension with its count: `lower <= truth <= upper`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopItem {
    /// The value; one that was cut to the length limit ends with `…`.
    pub key: String,
    /// Guaranteed lower bound of the count, the figure to report.
    pub lower: u64,
    /// Guaranteed upper bound of the count.
    pub upper: u64,
}

impl TopItem {
    /// `key`, which occurred `lower` times at least and `upper` times at most.
    pub fn new(key: impl Into<String>, lower: u64, upper: u64) -> Self {
        Self {
            key: key.into(),
            lower,
            upper,
        }
    }

    /// The bounds of its count.
    #[must_use]
    pub fn bounds(&self) -> CountBounds {
        CountBounds {
            lower: self.lower,
            upper: self.upper,
        }
    }
}

/// The most frequent values of a dimension, most frequent first, ties by key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TopList {
    /// The first N values.
    pub items: Vec<TopItem>,
    /// No value missing from the list occurred more often than this beyond the last listed one;
    /// zero means that all counts are exact.
    pub error: u64,
    /// Sum of the counts of all values, listed or not: exact.
    pub weight: u64,
    /// How often any one value missing from the list occurred at most; absent from summaries that
    /// were written before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlisted: Option<u64>,
}

impl TopList {
    /// How often any one value missing from the list occurred at most.
    #[must_use]
    pub fn largest_unlisted(&self) -> u64 {
        let lower_bounds = self.items.iter().map(|item| item.lower);
        let listed = lower_bounds.fold(0, u64::saturating_add);
        let rest = self.weight.saturating_sub(listed);
        self.unlisted.map_or(rest, |unlisted| unlisted.min(rest))
    }

    /// What [`error`](Self::error) promises, from the bounds of the values themselves: those that
    /// are listed, and those that are not beside the last listed one. A list that was cut to
    /// nothing has no last one, so nothing bounds what it lacks but the largest.
    pub(crate) fn error_of_its_bounds(&self) -> u64 {
        let widths = self.items.iter().map(|item| item.upper - item.lower);
        let last_listed = self.items.last().map_or(0, |item| item.lower);
        let beyond_last = self.largest_unlisted().saturating_sub(last_listed);
        widths.max().unwrap_or(0).max(beyond_last)
    }

    /// How often `key`, listed or not, occurred at most.
    #[must_use]
    pub fn upper_bound(&self, key: &str) -> u64 {
        let listed = self.items.iter().find(|item| item.key == key);
        listed.map_or_else(|| self.largest_unlisted(), |item| item.upper)
    }
}

/// An estimate of a number of distinct values, with its bounds at two standard deviations.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct DistinctCount {
    /// Best estimate.
    pub estimate: f64,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// What one of the top addresses did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressProfile {
    /// The client address.
    pub address: String,
    /// All its records.
    pub total: CountBounds,
    /// Its blocked records.
    pub blocked: CountBounds,
    /// Its allowed records.
    pub allowed: CountBounds,
    /// Its records that a COUNT rule matched.
    pub counted: CountBounds,
    /// Its most frequent paths.
    pub uris: Vec<TopItem>,
    /// Its most frequent rules.
    pub rules: Vec<TopItem>,
    /// Its most frequent countries.
    pub countries: Vec<TopItem>,
    /// Its most frequent user agents.
    pub user_agents: Vec<TopItem>,
    /// Its most frequent labels.
    pub labels: Vec<TopItem>,
}

/// A count with its guaranteed bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CountBounds {
    /// Lower bound, the figure to report.
    pub lower: u64,
    /// Upper bound.
    pub upper: u64,
}

impl CountBounds {
    /// A count that is known.
    #[must_use]
    pub fn exact(count: u64) -> Self {
        Self {
            lower: count,
            upper: count,
        }
    }

    /// A count of which no more is known than that it is not above `upper`.
    #[must_use]
    pub fn at_most(upper: u64) -> Self {
        Self { lower: 0, upper }
    }

    /// The bounds of the sum of two counts, which end at the largest number there is.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            lower: self.lower.saturating_add(other.lower),
            upper: self.upper.saturating_add(other.upper),
        }
    }
}

/// What one of the top rules that blocked did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleProfile {
    /// The terminating rule.
    pub rule: String,
    /// Requests that it blocked.
    pub blocked: CountBounds,
    /// The paths that it blocked most.
    pub uris: Vec<TopItem>,
    /// The addresses that it blocked most.
    pub addresses: Vec<TopItem>,
    /// The countries that it blocked most.
    pub countries: Vec<TopItem>,
}

/// Whether all records of a window can be expected to be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// Every live shard had delivered past the window's end and lateness.
    #[default]
    Complete,
    /// The longest wait had passed before every shard delivered.
    Incomplete,
}

/// A closed window of one Web ACL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The Web ACL.
    pub acl: String,
    /// The window.
    pub window: Window,
    /// Whether all records are in.
    pub completeness: Completeness,
    /// Exact counters.
    pub counters: Counters,
    /// Of `counters.total`, how many came after the window had closed.
    pub late: u64,
    /// Distinct client addresses.
    pub distinct_addresses: DistinctCount,
    /// A uniform sample of them, by their hashes.
    #[serde(default, skip_serializing_if = "AddressSample::is_empty")]
    pub address_sample: AddressSample,
    /// Top lists; a dimension without any value is absent.
    pub top: BTreeMap<Dimension, TopList>,
    /// The paths that [`watched_uris`](crate::settings::SketchSettings::watched_uris) names, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watched_uris: Vec<TopItem>,
    /// Profiles of the top addresses, by (blocked, total) descending.
    pub addresses: Vec<AddressProfile>,
    /// Profiles of the rules that blocked most.
    pub rules: Vec<RuleProfile>,
}

impl Summary {
    /// A window without any record.
    #[must_use]
    pub fn empty(acl: &str, window: Window, completeness: Completeness) -> Self {
        Self {
            acl: acl.to_owned(),
            window,
            completeness,
            counters: Counters::default(),
            late: 0,
            distinct_addresses: DistinctCount::default(),
            address_sample: AddressSample::default(),
            top: BTreeMap::new(),
            watched_uris: Vec::new(),
            addresses: Vec::new(),
            rules: Vec::new(),
        }
    }

    /// The first `n` values of `dimension`.
    #[must_use]
    pub fn top(&self, dimension: Dimension) -> &[TopItem] {
        self.top.get(&dimension).map_or(&[], |list| &list.items)
    }
}
