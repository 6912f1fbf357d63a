//! What the table holds, as values.

use std::collections::BTreeMap;

use wafwatch_windows::summary::Summary;
use wafwatch_windows::time::{EventTime, Window};

use crate::incident::IncidentEvent;
use crate::store::{Checkpoint, Closing, DeliveryRecord, Explanation, StoredPartial};

/// Numbers of the last commits that something holds, by shard.
///
/// A shard's commits are numbered from 1 without gaps, so that one number tells which of its counts
/// are contained: those of all commits up to it.
pub type CommitNumbers = BTreeMap<String, u64>;

/// Ids of packed records that a shard counted last, to know them again: oldest first.
pub type PackIds = Vec<u64>;

/// How far a stream's shard is counted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShardState {
    /// Position, sequence number, watermark and accounts.
    pub checkpoint: Checkpoint,
    /// Records inside the envelope after the checkpoint's that are counted already: an envelope that
    /// spans more windows than one commit takes is counted in parts.
    pub parts: u64,
    /// Commits so far.
    pub commits: u64,
    /// Windows that the shard has counted into, by their start, with the last commit that did; those
    /// that are settled are taken out by later commits.
    pub pending: BTreeMap<EventTime, u64>,
    /// The last packed records.
    pub packs: PackIds,
    /// Records that came a second time and were not counted.
    pub duplicates: u64,
    /// Wall clock at the last commit.
    pub updated: EventTime,
}

/// One transaction of a shard: its counts with the checkpoint behind them.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// The shard.
    pub shard: String,
    /// Commits that the stored state must have; `None` where there must be no state.
    pub expected_commits: Option<u64>,
    /// The state afterwards. Its `commits` is one more than expected where there are partials or the
    /// position moves; the same where only the watermark or the end of the shard is written.
    pub state: ShardState,
    /// The counts, of at most [`MAX_COMMIT_WINDOWS`] windows and [`MAX_COMMIT_BYTES`] in sum.
    pub partials: Vec<StoredPartial>,
}

/// Windows that one commit may hold.
pub const MAX_COMMIT_WINDOWS: usize = 64;
/// Bytes of encoded partials that one commit may hold: a transaction takes 4 MB, and emulators count
/// them as base64.
pub const MAX_COMMIT_BYTES: usize = 11 * 256 * 1024;
/// Windows of one ACL that one transaction closes at most.
pub const MAX_CLOSING_WINDOWS: usize = 20;

/// What is known of every ACL without reading its detector.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AclHead {
    /// Counts the closings.
    pub version: u64,
    /// End of the newest closed window.
    pub closed_through: Option<EventTime>,
    /// Windows without a record that may still be closed before the ACL is dormant.
    pub empty_budget: u32,
}

/// The counts of one ACL in one window by one commit.
#[derive(Debug, Clone, PartialEq)]
pub struct CommittedPartial {
    /// The shard that counted them.
    pub shard: String,
    /// The number of the commit.
    pub commit: u64,
    /// The Web ACL.
    pub acl: String,
    /// The partial as the windows crate encodes it.
    pub encoded: Vec<u8>,
}

/// A closed window with what it contains.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredWindow {
    /// The window.
    pub summary: Summary,
    /// Counts the amendments.
    pub revision: u64,
    /// What was counted into it.
    pub consumed: CommitNumbers,
}

/// Due windows of one ACL with what was counted into each.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosingCommit {
    /// The windows (at most [`MAX_CLOSING_WINDOWS`]), state, incidents and events.
    pub closing: Closing,
    /// By window: the commits that are in it.
    pub consumed: BTreeMap<Window, CommitNumbers>,
    /// Wall clock.
    pub now: EventTime,
}

/// A closed window that late counts were added to.
#[derive(Debug, Clone, PartialEq)]
pub struct Amendment {
    /// The window as it stands afterwards.
    pub summary: Summary,
    /// The stored revision that was amended; `None` where there must be no stored window.
    pub expected_revision: Option<u64>,
    /// The commits that are in it now.
    pub consumed: CommitNumbers,
    /// Wall clock.
    pub now: EventTime,
}

/// An event that waits in the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingEvent {
    /// The event.
    pub event: IncidentEvent,
    /// What an analyst made of it, once one has.
    pub explanation: Option<Explanation>,
    /// Where the deliveries stand, one for each channel that was tried.
    pub deliveries: Vec<PendingDelivery>,
    /// Wall clock when it was put there.
    pub created: EventTime,
}

/// Where the delivery of a pending event to one channel stands.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingDelivery {
    /// The last word on it.
    pub record: DeliveryRecord,
    /// When it is tried again.
    pub next_at: Option<EventTime>,
}
