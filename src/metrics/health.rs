//! How a call of a function went.

use std::collections::BTreeMap;

use serde_json::Value;
use wafwatch_windows::time::EventTime;

use super::document::{Dimensions, Document, object};
use super::field;
use super::table::Metric;
use crate::ingest::{Accounts, RejectReason};

/// The functions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FunctionName {
    /// Counts batches of the stream.
    Consumer,
    /// Closes what nobody else closes.
    Closer,
    /// Explains incident events and delivers them.
    Investigator,
    /// Packs the records of a delivery stream into the stream.
    Forwarder,
}

impl FunctionName {
    /// The name in lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Closer => "closer",
            Self::Investigator => "investigator",
            Self::Forwarder => "forwarder",
        }
    }
}

/// What a call of a function did. Counts are of this call alone and are always told, zeros included;
/// what is `None` or empty is unknown to this function and is not told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// Records that were counted.
    pub accepted: u64,
    /// Records that were not, by reason.
    pub rejected: BTreeMap<RejectReason, u64>,
    /// Rejected stream records that could not be copied to the bucket.
    pub rejects_not_copied: u64,
    /// Records that came after their window had closed.
    pub late: u64,
    /// Stream records that were skipped because they had been counted before.
    pub duplicates_skipped: u64,
    /// How far the newest record that was read lies behind the clock, in milliseconds.
    pub lag_ms: Option<u64>,
    /// For each window that closed, how long after its end, in milliseconds.
    pub close_delays_ms: Vec<u64>,
    /// Windows that closed, of all Web ACLs.
    pub windows_closed: u64,
    /// Web ACLs whose windows are expected to go on closing: those that are not dormant.
    pub active_acls: Option<u64>,
    /// WAF records packed into the stream.
    pub forwarded: u64,
    /// WAF records that could not be put into the stream.
    pub not_forwarded: u64,
    /// Messages that a channel took.
    pub messages_delivered: u64,
    /// Messages that were given up on a channel.
    pub messages_given_up: u64,
    /// Incident events that wait for a channel, after this call.
    pub events_waiting: Option<u64>,
    /// How long the oldest of them has waited, in milliseconds; zero where none waits.
    pub oldest_event_age_ms: Option<u64>,
}

impl Health {
    /// Adds what became of records.
    pub fn add_accounts(&mut self, accounts: &Accounts) {
        self.accepted += accounts.accepted;
        for (&reason, &count) in &accounts.rejected {
            *self.rejected.entry(reason).or_default() += count;
        }
    }

    fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }
}

/// The line of a call of `function` that ended at `now`.
#[must_use]
pub fn health_line(function: FunctionName, health: &Health, now: EventTime) -> String {
    let mut document = Document::new(field::KIND_HEALTH);
    document.field(field::FUNCTION, function.name());
    document.count(Metric::RecordsAccepted, health.accepted);
    document.count(Metric::RecordsRejected, health.rejected_total());
    document.count(Metric::RejectsNotCopied, health.rejects_not_copied);
    document.count(Metric::RecordsLate, health.late);
    document.count(Metric::DuplicatesSkipped, health.duplicates_skipped);
    document.count(Metric::WindowsClosed, health.windows_closed);
    document.count(Metric::RecordsForwarded, health.forwarded);
    document.count(Metric::RecordsNotForwarded, health.not_forwarded);
    document.count(Metric::MessagesDelivered, health.messages_delivered);
    document.count(Metric::MessagesGivenUp, health.messages_given_up);
    let gauges = [
        (Metric::Lag, health.lag_ms),
        (Metric::ActiveAcls, health.active_acls),
        (Metric::EventsWaiting, health.events_waiting),
        (Metric::OldestEventAge, health.oldest_event_age_ms),
    ];
    for (metric, value) in gauges {
        if let Some(value) = value {
            document.count(metric, value);
        }
    }
    document.values(Metric::CloseDelay, &health.close_delays_ms);
    let rejected = health.rejected.iter();
    let rejected = rejected.map(|(reason, count)| (reason.name(), Value::from(*count)));
    document.field(field::REJECTED, object(rejected.collect()));
    document.into_line(now, Dimensions::None)
}
