//! How a call of a function went.

use std::collections::BTreeMap;

use serde_json::Value;
use wafwatch_windows::time::EventTime;

use super::document::{Dimensions, Document, object};
use super::table::Metric;
use super::{FUNCTION_DIMENSION, field};
use crate::ingest::{Accounts, RejectReason};

/// Longest name of a function in Lambda, its ARN's parts included.
const MAX_NAME_CHARS: usize = 140;

/// The kinds of functions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FunctionKind {
    /// Counts batches of the stream.
    Consumer,
    /// Closes what nobody else closes.
    Closer,
    /// Explains incident events and delivers them.
    Investigator,
    /// Packs the records of a delivery stream into the stream.
    Forwarder,
}

impl FunctionKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::Consumer,
        Self::Closer,
        Self::Investigator,
        Self::Forwarder,
    ];

    /// The name in lines, and of the program.
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

/// A function as it is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function<'a> {
    /// What it does.
    pub kind: FunctionKind,
    /// Its name in the account and region (`AWS_LAMBDA_FUNCTION_NAME`): the dimension
    /// [`FUNCTION_DIMENSION`], so that deployments side by side have alarms of their own.
    pub name: &'a str,
}

/// What a call of a function did. Counts are of this call alone; what is `None` or empty is unknown.
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

/// The line of a call of `function` that ended at `now`: the metrics that are
/// [reported by](Metric::reported_by) its kind, zeros included, and any other count that is not zero.
#[must_use]
pub fn health_line(function: Function<'_>, health: &Health, now: EventTime) -> String {
    let mut document = Document::new(field::KIND_HEALTH);
    document.field(FUNCTION_DIMENSION, dimension_value(function));
    document.field(field::FUNCTION, function.kind.name());
    let counts = [
        (Metric::RecordsAccepted, health.accepted),
        (Metric::RecordsRejected, health.rejected_total()),
        (Metric::RejectsNotCopied, health.rejects_not_copied),
        (Metric::RecordsLate, health.late),
        (Metric::DuplicatesSkipped, health.duplicates_skipped),
        (Metric::WindowsClosed, health.windows_closed),
        (Metric::RecordsForwarded, health.forwarded),
        (Metric::RecordsNotForwarded, health.not_forwarded),
        (Metric::MessagesDelivered, health.messages_delivered),
        (Metric::MessagesGivenUp, health.messages_given_up),
    ];
    for (metric, count) in counts {
        if count > 0 || metric.reported_by().contains(&function.kind) {
            document.count(metric, count);
        }
    }
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
    let rejected = health.rejected.iter().map(|(reason, count)| {
        object(vec![
            (field::VALUE, Value::from(reason.name())),
            (field::COUNT, Value::from(*count)),
        ])
    });
    document.field(field::REJECTED, rejected.collect::<Vec<Value>>());
    document.into_line(now, Dimensions::Function)
}

/// Names of functions are ASCII already; anything else must not cost the metrics.
fn dimension_value(function: Function<'_>) -> String {
    let name = function.name.trim();
    let is_usable = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    let usable = if is_usable {
        name
    } else {
        function.kind.name()
    };
    usable.chars().take(MAX_NAME_CHARS).collect()
}
