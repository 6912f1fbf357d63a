//! Keeps what must survive the process: checkpoints, partials, closed windows, detector state,
//! incidents and the outbox.
//!
//! Everything that belongs together is written in one transaction, [`Store::apply`]: the counts of
//! a piece of input with the checkpoint behind it, and a closed window with the detector state,
//! incident and events that it led to. Both are conditional on what was there before, so that work
//! done twice is refused instead of counted twice.

#[cfg(feature = "aws")]
pub mod dynamodb;
mod error;
mod explained;
mod sequence;
pub mod sqlite;

use serde::{Deserialize, Serialize};
use wafwatch_windows::summary::Summary;
use wafwatch_windows::time::{EventTime, Window};

pub use error::StoreError;
pub use explained::newest_report;
pub use sequence::{NotASequenceNumber, SequenceNumber};

use crate::analyst::Assessment;
use crate::detect::{Finding, Forecast, Stage};
use crate::guidance::Marks;
use crate::incident::{Incident, IncidentEvent};
use crate::ingest::Accounts;
use crate::investigate::Evidence;

/// How far one shard has been counted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Checkpoint {
    /// What the shard is, for people: a path, `-`, a stream's shard.
    pub input: String,
    /// Offset in the shard's decoded bytes up to which everything is counted; of a stream's shard
    /// the number of its records that are counted.
    pub position: u64,
    /// Of a stream's shard: the record up to which everything is counted.
    pub sequence: Option<SequenceNumber>,
    /// Event time up to which the shard has delivered.
    pub watermark: Option<EventTime>,
    /// Whether the shard has ended for good.
    pub finished: bool,
    /// What became of the shard's records so far.
    pub accounts: Accounts,
}

/// A checkpoint moved on from `expected_position`.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointUpdate {
    /// The shard.
    pub shard: String,
    /// Where the stored checkpoint must stand; `None` where there must be none.
    pub expected_position: Option<u64>,
    /// Where it stands afterwards.
    pub checkpoint: Checkpoint,
}

/// An encoded partial of a window that stays open.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPartial {
    /// The Web ACL.
    pub acl: String,
    /// The window.
    pub window: Window,
    /// The partial as the windows crate encodes it.
    pub encoded: Vec<u8>,
}

/// What is carried from one closed window of an ACL to the next.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AclState {
    /// Counts the closings; each must find the one before it.
    pub version: u64,
    /// End of the newest closed window.
    pub closed_through: Option<EventTime>,
    /// Windows without a record that may still be closed before the ACL is dormant.
    pub empty_budget: u32,
    /// The detector's state, encoded; empty before the first window.
    pub detector: Vec<u8>,
    /// The open incident.
    pub incident: Option<Incident>,
}

impl AclState {
    /// Whether no more windows are closed until the next record.
    #[must_use]
    pub fn is_dormant(&self) -> bool {
        self.empty_budget == 0
    }
}

/// A window that was closed, with what the detector said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedWindow {
    /// The window.
    pub summary: Summary,
    /// How far the detector was.
    pub stage: Stage,
    /// Signals out of range.
    pub findings: Vec<Finding>,
    /// What was expected of its requests; nothing while the detector learnt.
    pub forecast: Option<Forecast>,
}

/// Due windows of one ACL, closed in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Closing {
    /// The Web ACL.
    pub acl: String,
    /// The ACL's state afterwards; its version is one more than the stored one must be.
    pub state: AclState,
    /// The windows.
    pub windows: Vec<ClosedWindow>,
    /// Incidents that the windows changed, as they stand afterwards.
    pub incidents: Vec<Incident>,
    /// What people are told.
    pub events: Vec<IncidentEvent>,
}

/// One transaction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Transaction {
    /// Checkpoints that move on.
    pub checkpoints: Vec<CheckpointUpdate>,
    /// Counts of windows that stay open, beside what is stored of them.
    pub partials: Vec<StoredPartial>,
    /// Counts of windows that stay open, in place of all that is stored of them.
    pub compacted: Vec<StoredPartial>,
    /// Windows that close; their stored partials are deleted.
    pub closings: Vec<Closing>,
    /// Closed windows that records came too late for, as they stand afterwards; their stored
    /// partials are deleted.
    pub amended: Vec<Summary>,
}

/// An incident event that waits for its delivery to a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEntry {
    /// The event.
    pub event: IncidentEvent,
    /// What an analyst made of it.
    pub explanation: Explanation,
    /// Deliveries of it that were tried on the channel asked for.
    pub attempts: u32,
}

/// A row of the outbox with what it holds, or why that cannot be decoded.
#[derive(Debug)]
pub struct OutboxRow<T> {
    /// The id of the row's event.
    pub event: String,
    /// What it holds.
    pub content: Result<T, StoreError>,
}

/// How far a channel is in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxPlace {
    /// Events up to this sequence number have been delivered, skipped or given up.
    pub settled_through: i64,
    /// Whether any event behind it waits for the channel, due or not.
    pub is_behind: bool,
}

/// What an analyst made of an incident event, and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// What was known.
    pub evidence: Evidence,
    /// What it means.
    pub assessment: Assessment,
    /// How long gathering and explaining took.
    pub analysis_milliseconds: u64,
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The channel has it.
    Delivered,
    /// The channel does not want it (its minimum level is higher).
    Skipped,
    /// It failed and is tried again at this time.
    RetryAt {
        /// When.
        at: EventTime,
        /// Why it failed.
        error: String,
    },
    /// It failed for good.
    Dead {
        /// Why it failed.
        error: String,
    },
}

impl Delivery {
    /// Where the delivery stands after this.
    #[must_use]
    pub fn state(&self) -> DeliveryState {
        match self {
            Self::Delivered => DeliveryState::Delivered,
            Self::Skipped => DeliveryState::Skipped,
            Self::RetryAt { .. } => DeliveryState::Retrying,
            Self::Dead { .. } => DeliveryState::Dead,
        }
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// The channel has it.
    Delivered,
    /// The channel does not want it.
    Skipped,
    /// It failed and is tried again.
    Retrying,
    /// It failed for good.
    Dead,
}

/// The last word on an event's delivery to one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryRecord {
    /// The event.
    pub event: String,
    /// The channel.
    pub channel: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed last.
    pub error: Option<String>,
}

/// Which incidents to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IncidentFilter {
    /// All of them.
    #[default]
    All,
    /// Those that go on.
    Open,
}

/// Which windows to list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WindowQuery {
    /// Only ACLs whose name or ARN contains this.
    pub acl: Option<String>,
    /// Only windows that start at or after this.
    pub from: Option<EventTime>,
    /// Only windows that start before this.
    pub until: Option<EventTime>,
    /// At most so many, the newest.
    pub limit: usize,
}

/// Where the pipeline keeps its state.
///
/// What somebody else's lock keeps from being read or written is tried again, for minutes if need be;
/// then it is [`StoreError::Busy`].
pub trait Store {
    /// Every shard's checkpoint.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn checkpoints(&self) -> Result<Vec<(String, Checkpoint)>, StoreError>;

    /// Every ACL's state.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn acl_states(&self) -> Result<Vec<(String, AclState)>, StoreError>;

    /// What was said of incidents, at most [`MAX_MARKS`](crate::guidance::feedback::MAX_MARKS) of each
    /// ACL: the newest.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn marks(&self) -> Result<Marks, StoreError>;

    /// Windows that have stored partials, by ACL and start.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn windows_with_partials(&self) -> Result<Vec<(String, Window)>, StoreError>;

    /// The stored partials of one window, in the order in which they were committed.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn partials(&self, acl: &str, window: Window) -> Result<Vec<Vec<u8>>, StoreError>;

    /// One closed window.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn closed_window(&self, acl: &str, window: Window) -> Result<Option<Summary>, StoreError>;

    /// Writes a transaction, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where a checkpoint or an ACL's version is not the expected one, or
    /// another process has become the store's writer: somebody else did the work.
    /// [`StoreError::Busy`] where the lock was held all the time. Otherwise when the store cannot
    /// be written.
    fn apply(&mut self, transaction: &Transaction) -> Result<(), StoreError>;
}
