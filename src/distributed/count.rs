//! Counts the records of one shard into commits.
//!
//! Pure: it knows no table and no clock. A [`Batch`] goes through records in their order and yields
//! one [`Commit`] after the other; whoever writes them stops where one fails, and begins anew with
//! the state that the table has then.
//!
//! # Exactness
//!
//! A commit holds the counts of a run of records and the place behind them, and is written whole or
//! not at all. What lies at or before that place is passed over. So the sum over all commits is that
//! of one pass over the records, whatever was delivered twice, cut differently or abandoned between
//! two commits.
//!
//! An envelope that does not fit into one commit (it spans more windows than a transaction takes) is
//! counted in parts: the place is then the number of its WAF records that are counted. That holds
//! because decoding an envelope depends on the envelope alone: the newest time accepted follows from
//! its own arrival in the stream, not from the clock of whoever decodes it.

mod encoding;
mod envelope;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use wafwatch_windows::accumulator::Accumulator;
use wafwatch_windows::time::{EventTime, Window};

use self::encoding::{MAX_PARTIALS, encode};
use self::envelope::Envelope;
use super::pack;
use super::view::forget_settled;
use crate::ingest::{Limits, RejectReason};
use crate::pipeline::{Decoded, Piece, PipelineSettings};
use crate::store::SequenceNumber;
use crate::store::dynamodb::{AclHead, Commit, CommitNumbers, MAX_COMMIT_WINDOWS, ShardState};

/// A record of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRecord {
    /// Its place in the shard.
    pub sequence: SequenceNumber,
    /// What the producer distributed it by.
    pub partition_key: String,
    /// What it carries.
    pub bytes: Vec<u8>,
    /// When the stream took it.
    pub arrival: EventTime,
}

/// A commit, and what is to be told of the records that it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// The commit.
    pub commit: Commit,
    /// Records of the batch, by their position, that held nothing but what was rejected.
    pub poison: Vec<usize>,
}

/// Where a shard stands when a batch begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Commits that the table has of it; `None` where the table does not know it.
    pub expected_commits: Option<u64>,
    /// Its state.
    pub state: ShardState,
}

impl Standing {
    /// What the table has of the shard.
    #[must_use]
    pub fn stored(state: ShardState) -> Self {
        Self {
            expected_commits: Some(state.commits),
            state,
        }
    }

    /// A shard that the table does not know.
    #[must_use]
    pub fn unknown(state: ShardState) -> Self {
        Self {
            expected_commits: None,
            state,
        }
    }
}

/// What is known of the windows when a batch begins.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Windows that are settled: the shard need not remember having counted into them.
    pub settled: &'a BTreeMap<EventTime, CommitNumbers>,
    /// Wall clock.
    pub now: EventTime,
}

type Decode = fn(&mut Decoded, &str, Piece<'_>, &Limits);

/// Counts batches, one at a time. Keeps from one to the next what is expensive to make, and which
/// Web ACLs are followed; nothing that a count depends on as long as there are not too many of those.
#[derive(Debug)]
pub struct Counter {
    settings: PipelineSettings,
    /// Memory for open partials: beyond it a commit ends.
    memory_bytes: usize,
    accumulator: Accumulator,
    envelope: Envelope,
    decode: Decode,
}

impl Counter {
    /// A counter that has counted nothing. A commit ends where its partials take more than
    /// `memory_bytes`.
    #[must_use]
    pub fn new(settings: PipelineSettings, memory_bytes: usize) -> Self {
        let accumulator = Accumulator::new(
            settings.close.sketch.clone(),
            settings.close.window_size,
            settings.max_acls,
        );
        Self {
            settings,
            memory_bytes,
            accumulator,
            envelope: Envelope::default(),
            decode: Decoded::fill,
        }
    }

    /// Follows the Web ACLs that are followed everywhere, and lets go of those that are dormant.
    pub fn follow(&mut self, heads: &BTreeMap<String, AclHead>) {
        // What an abandoned batch left behind would keep its ACLs followed.
        self.accumulator.drain();
        for (acl, head) in heads {
            if head.empty_budget == 0 {
                self.accumulator.forget(acl);
            } else {
                self.accumulator.follow(acl);
            }
        }
    }

    /// Begins with `records` of `shard`, which are in the order of their sequence numbers.
    pub fn batch<'a>(
        &'a mut self,
        shard: &'a str,
        standing: Standing,
        records: &'a [StreamRecord],
        known: Known<'a>,
    ) -> Batch<'a> {
        self.accumulator.drain();
        self.envelope.is_open = false;
        let Standing {
            expected_commits,
            mut state,
        } = standing;
        if state.checkpoint.input.is_empty() {
            shard.clone_into(&mut state.checkpoint.input);
        }
        Batch {
            counter: self,
            shard,
            records,
            known,
            state,
            expected_commits,
            next: 0,
            windows: BTreeSet::new(),
            redelivered: 0,
        }
    }

    fn open(&mut self, state: &ShardState, record: &StreamRecord) {
        let checkpoint = &state.checkpoint;
        let piece = Piece {
            bytes: &record.bytes,
            start: checkpoint.position,
            end: checkpoint.position + 1,
        };
        let input = format!("{} {}", checkpoint.input, record.sequence);
        let limits = self.settings.limits.accepting_until(record.arrival);
        let decode = self.decode;
        let decoded = &mut self.envelope.decoded;
        // Whatever a broken decoding leaves behind is overwritten whole.
        let decoding = catch_unwind(AssertUnwindSafe(|| decode(decoded, &input, piece, &limits)));
        if decoding.is_err() {
            self.envelope.decoded = Decoded::default();
            let decoded = &mut self.envelope.decoded;
            decoded.fill_rejected(&input, piece, RejectReason::InternalError);
        }
        let envelope = &mut self.envelope;
        envelope.put_in_order(self.settings.close.window_size);
        let counted_before = usize::try_from(state.parts).unwrap_or(usize::MAX);
        envelope.before = counted_before.min(envelope.decoded.batch().len());
        envelope.taken = envelope.before;
        envelope.refused = 0;
        envelope.newest = envelope.newest_before();
        envelope.is_open = true;
    }
}

/// Records of one shard on their way into commits.
#[derive(Debug)]
pub struct Batch<'a> {
    counter: &'a mut Counter,
    shard: &'a str,
    records: &'a [StreamRecord],
    known: Known<'a>,
    state: ShardState,
    expected_commits: Option<u64>,
    next: usize,
    /// Windows of the commit that is being made.
    windows: BTreeSet<Window>,
    redelivered: u64,
}

/// Whether a commit takes the whole envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Whole,
    Part,
}

impl Batch<'_> {
    /// Counts on until a commit is full or the records are at their end.
    ///
    /// The next call goes on behind this commit, so it must have been written by then.
    pub fn next_commit(&mut self) -> Option<Counted> {
        let mut poison = Vec::new();
        let first_position = self.state.checkpoint.position;
        let first_part = self.state.parts;
        while let Some(record) = self.records.get(self.next) {
            if self.is_counted(record) {
                self.redelivered += 1;
                self.next += 1;
                continue;
            }
            if !self.counter.envelope.is_open {
                let pack = pack::id(&record.partition_key, &record.bytes);
                if pack.is_some_and(|id| self.state.packs.contains(&id)) {
                    self.state.duplicates += 1;
                    self.pass(record);
                    continue;
                }
                self.counter.open(&self.state, record);
                self.counter.envelope.pack = pack;
            }
            let taken = self.take();
            let envelope = &mut self.counter.envelope;
            envelope.account(&mut self.state.checkpoint.accounts);
            if taken == Taken::Part {
                self.state.parts = envelope.taken as u64;
                break;
            }
            if envelope.is_poison() {
                poison.push(self.next);
            }
            let watermark = &mut self.state.checkpoint.watermark;
            *watermark = (*watermark).max(envelope.newest);
            envelope.is_open = false;
            if let Some(id) = envelope.pack {
                pack::remember(&mut self.state.packs, id);
            }
            self.pass(record);
            if self.counter.accumulator.estimated_bytes() >= self.counter.memory_bytes {
                break;
            }
        }
        let has_moved =
            (first_position, first_part) != (self.state.checkpoint.position, self.state.parts);
        has_moved.then(|| Counted {
            commit: self.commit(),
            poison,
        })
    }

    /// Records that had been counted before the batch came, so far.
    #[must_use]
    pub fn redelivered(&self) -> u64 {
        self.redelivered
    }

    fn is_counted(&self, record: &StreamRecord) -> bool {
        self.state.checkpoint.sequence.as_ref() >= Some(&record.sequence)
    }

    fn pass(&mut self, record: &StreamRecord) {
        let checkpoint = &mut self.state.checkpoint;
        checkpoint.sequence = Some(record.sequence.clone());
        checkpoint.position += 1;
        self.state.parts = 0;
        self.next += 1;
    }

    /// Counts records of the open envelope as long as the commit has room.
    fn take(&mut self) -> Taken {
        let Counter {
            settings,
            accumulator,
            envelope,
            ..
        } = &mut *self.counter;
        let size = settings.close.window_size;
        let mut last = None;
        while let Some(index) = envelope.index() {
            let record = envelope.decoded.batch().get(index);
            let record = record.expect("the index is one of the batch");
            let window = size.window_of(record.timestamp);
            if last != Some(window) {
                let has_room = self.windows.len() < MAX_COMMIT_WINDOWS;
                if !has_room && !self.windows.contains(&window) {
                    return Taken::Part;
                }
                self.windows.insert(window);
                last = Some(window);
            }
            if accumulator.len() >= MAX_PARTIALS {
                return Taken::Part;
            }
            match accumulator.observe(&record) {
                Ok(()) => envelope.newest = envelope.newest.max(Some(record.timestamp)),
                Err(_) => envelope.refused += 1,
            }
            envelope.taken += 1;
        }
        Taken::Whole
    }

    fn commit(&mut self) -> Commit {
        let budget = self.counter.settings.close.sketch.budget_bytes;
        let partials = encode(self.counter.accumulator.drain(), budget);
        self.windows.clear();
        let shard = self.shard;
        let settled = self.known.settled;
        forget_settled(shard, &mut self.state, settled);
        self.state.commits += 1;
        self.state.updated = self.known.now;
        for partial in &partials {
            let start = partial.window.start;
            self.state.pending.insert(start, self.state.commits);
        }
        let expected_commits = self.expected_commits.replace(self.state.commits);
        Commit {
            shard: shard.to_owned(),
            expected_commits,
            state: self.state.clone(),
            partials,
        }
    }
}

#[cfg(test)]
#[path = "count_tests.rs"]
mod tests;
