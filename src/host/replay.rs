//! Reads recorded inputs to their ends, in the order of event time, as fast as the machine goes.
//!
//! Every input is a shard. The one whose watermark is lowest is read next, so that files which lie
//! beside each other in time advance together and windows close in event time, however many files
//! there are and however they are named. The wall clock decides nothing.
//!
//! The silence of a Web ACL is judged by the inputs that hold it: its first bytes tell which
//! ACLs an input holds. Where all inputs of an ACL have ended, what follows is no outage.
//!
//! A file that has grown since it was counted to its end goes on from there. Where only some stretch
//! of time is asked for, each input is counted in parts; `asked.rs` says how.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::atomic::{AtomicBool, Ordering};

use wafwatch_windows::record::RecordBatch;
use wafwatch_windows::time::EventTime;
use wafwatch_windows::watermark::LEAPING_RECORDS;

use super::PIPE;
use super::asked::{Part, parts};
use super::feed::{Feed, FeedSettings, Next};
use crate::ingest::{self, Accounts, KnownRuns, Limits, Origin, TimeRanges};
use crate::pipeline::{Flushed, NEVER, Pipeline, PipelineError};
use crate::source::{Identity, Input, InputKind, Progress, SourceError, has_grown, peek};
use crate::store::Store;

/// Decoded bytes that are looked at to learn where an input begins, and which Web ACLs it holds.
const PEEK_BYTES: usize = 64 * 1024;
/// Web ACLs of one input that are kept in mind.
const MAX_ACLS_OF_HEAD: usize = 16;
/// Readers kept open at once; the one furthest ahead is closed and later opened where it stood.
const MAX_OPEN_FEEDS: usize = 8;

/// How a replay works.
#[derive(Debug, Clone)]
pub struct ReplaySettings {
    /// Decoded bytes between two commits.
    pub commit_bytes: u64,
    /// Estimated bytes of open windows that make a commit due sooner.
    pub memory_bytes: usize,
    /// How inputs are read and decoded.
    pub feed: FeedSettings,
    /// Tells this run's standard input from those of other runs.
    pub run: String,
}

/// How a replay ended.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Inputs that an earlier run had counted to their end.
    pub already_counted: Vec<String>,
    /// Inputs that could not be read to their end.
    pub failures: Vec<SourceError>,
    /// Whether it was interrupted.
    pub interrupted: bool,
}

/// Counts `inputs` into `pipeline` until their ends or until `interrupt` is set.
///
/// `flushed` is told of every commit.
///
/// # Errors
///
/// When the store fails. An input that cannot be read is a failure of that input alone.
pub fn replay<S: Store>(
    pipeline: &mut Pipeline<S>,
    inputs: &[Input],
    settings: &ReplaySettings,
    progress: &Progress,
    interrupt: &AtomicBool,
    flushed: &mut dyn FnMut(&Flushed),
) -> Result<Replayed, PipelineError> {
    let mut replay = Replay::new(pipeline, inputs, settings, progress);
    let mut uncommitted_bytes = 0;
    while let Some(index) = replay.next_shard() {
        if interrupt.load(Ordering::Relaxed) || replay.outcome.interrupted {
            replay.outcome.interrupted = true;
            break;
        }
        uncommitted_bytes += replay.advance(pipeline, index, interrupt)?;
        let is_full = pipeline.open_bytes() >= settings.memory_bytes;
        if uncommitted_bytes >= settings.commit_bytes || is_full {
            flushed(&pipeline.flush(NEVER)?);
            uncommitted_bytes = 0;
        }
    }
    flushed(&pipeline.flush(NEVER)?);
    Ok(replay.outcome)
}

struct Replay<'a> {
    settings: &'a ReplaySettings,
    progress: &'a Progress,
    shards: Vec<Shard<'a>>,
    /// Shards that have not ended, by watermark; one without any comes first.
    queue: BinaryHeap<Reverse<(Option<EventTime>, usize)>>,
    outcome: Replayed,
}

/// Whether anything of a shard is left to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Added {
    ToCount,
    CountedBefore,
}

struct Shard<'a> {
    id: String,
    input: &'a Input,
    wanted: TimeRanges,
    feed: Option<Feed>,
}

impl<'a> Replay<'a> {
    fn new<S: Store>(
        pipeline: &mut Pipeline<S>,
        inputs: &'a [Input],
        settings: &'a ReplaySettings,
        progress: &'a Progress,
    ) -> Self {
        let mut replay = Self {
            settings,
            progress,
            shards: Vec::new(),
            queue: BinaryHeap::new(),
            outcome: Replayed::default(),
        };
        for input in inputs {
            replay.add_input(pipeline, input);
        }
        replay
    }

    fn add_input<S: Store>(&mut self, pipeline: &mut Pipeline<S>, input: &'a Input) {
        let id = match shard_id(input, &self.settings.run) {
            Ok(id) => id,
            Err(error) => return self.outcome.failures.push(error),
        };
        let limits = &self.settings.feed.limits.limits;
        let head = Head::of(input, limits);
        let mut is_counted = true;
        for part in parts(&id, &limits.wanted, &pipeline.shards_of(&id)) {
            match self.add_part(pipeline, input, part, &head) {
                Ok(Added::ToCount) => is_counted = false,
                Ok(Added::CountedBefore) => {}
                Err(error) => return self.outcome.failures.push(error),
            }
        }
        if is_counted {
            let name = input.path().display().to_string();
            self.outcome.already_counted.push(name);
        }
    }

    fn add_part<S: Store>(
        &mut self,
        pipeline: &mut Pipeline<S>,
        input: &'a Input,
        part: Part,
        head: &Head,
    ) -> Result<Added, SourceError> {
        let name = input.path().display().to_string();
        let Part { shard: id, wanted } = part;
        pipeline.expect(&id, head.acls.iter().map(String::as_str));
        let checkpoint = pipeline.register(&id, &name, head.first).clone();
        if checkpoint.finished {
            if !has_grown(input, checkpoint.position)? {
                return Ok(Added::CountedBefore);
            }
            pipeline.reopen(&id);
        }
        let watermark = checkpoint.watermark.max(head.first);
        self.queue.push(Reverse((watermark, self.shards.len())));
        self.shards.push(Shard {
            id,
            input,
            wanted,
            feed: None,
        });
        Ok(Added::ToCount)
    }

    fn next_shard(&mut self) -> Option<usize> {
        self.queue.pop().map(|Reverse((_, index))| index)
    }

    /// Counts the next piece of a shard and returns how many bytes it had.
    fn advance<S: Store>(
        &mut self,
        pipeline: &mut Pipeline<S>,
        index: usize,
        interrupt: &AtomicBool,
    ) -> Result<u64, PipelineError> {
        if self.shards[index].feed.is_none() {
            self.make_room(pipeline);
            let shard = &self.shards[index];
            let position = pipeline.checkpoint(&shard.id).position;
            let mut settings = self.settings.feed.clone();
            settings.limits.limits.wanted = shard.wanted.clone();
            let open_at_once = self.shards.len().min(MAX_OPEN_FEEDS);
            match Feed::open(
                shard.input,
                position,
                &settings,
                open_at_once,
                self.progress,
            ) {
                Ok(feed) => self.shards[index].feed = Some(feed),
                Err(error) => return Ok(self.give_up(pipeline, index, error)),
            }
        }
        let shard = &mut self.shards[index];
        let feed = shard.feed.as_mut().expect("opened above");
        let decoded = match feed.next(interrupt) {
            Ok(Next::Piece(decoded)) => decoded,
            Ok(Next::Ended) => {
                pipeline.finish(&shard.id);
                shard.feed = None;
                return Ok(0);
            }
            Ok(Next::Interrupted) => {
                self.outcome.interrupted = true;
                return Ok(0);
            }
            Err(error) => return Ok(self.give_up(pipeline, index, error)),
        };
        pipeline.add(&shard.id, &decoded)?;
        let bytes = decoded.len();
        feed.recycle(decoded);
        self.queue
            .push(Reverse((pipeline.checkpoint(&shard.id).watermark, index)));
        Ok(bytes)
    }

    /// Leaves an input where it stands, so that another run can go on from there.
    fn give_up<S: Store>(
        &mut self,
        pipeline: &mut Pipeline<S>,
        index: usize,
        error: SourceError,
    ) -> u64 {
        self.shards[index].feed = None;
        pipeline.abandon(&self.shards[index].id);
        self.outcome.failures.push(error);
        0
    }

    fn make_room<S: Store>(&mut self, pipeline: &Pipeline<S>) {
        let open = self.shards.iter_mut().filter(|shard| shard.feed.is_some());
        let mut open: Vec<&mut Shard<'a>> = open.collect();
        if open.len() < MAX_OPEN_FEEDS {
            return;
        }
        let furthest = open
            .iter_mut()
            .max_by_key(|shard| pipeline.checkpoint(&shard.id).watermark)
            .expect("several are open");
        furthest.feed = None;
    }
}

fn shard_id(input: &Input, run: &str) -> Result<String, SourceError> {
    match input.kind() {
        InputKind::File | InputKind::Object => Ok(Identity::of(input)?.shard_id()),
        InputKind::Stdin | InputKind::Pipe => Ok(format!("{PIPE}{} {run}", input.path().display())),
    }
}

/// What the first bytes of an input say of it.
#[derive(Default)]
struct Head {
    /// Where it begins in event time, asked for or not. Of its first records the lowest counts: one
    /// timestamp may be wrong.
    first: Option<EventTime>,
    acls: BTreeSet<String>,
}

impl Head {
    /// Of an object what its name says, for a look into each would take a request.
    fn of(input: &Input, limits: &Limits) -> Self {
        if let Some(object) = input.object() {
            return Self {
                first: object.first(),
                acls: BTreeSet::new(),
            };
        }
        let Ok(bytes) = peek(input, PEEK_BYTES) else {
            return Self::default();
        };
        let limits = &Limits {
            wanted: TimeRanges::default(),
            ..limits.clone()
        };
        let mut batch = RecordBatch::new();
        let origin = Origin {
            name: "",
            offset: 0,
        };
        let mut known = KnownRuns::default();
        let mut accounts = Accounts::default();
        ingest::decode(
            &bytes,
            &origin,
            limits,
            &mut known,
            &mut batch,
            &mut accounts,
        );
        let first_records = batch.iter().take(LEAPING_RECORDS as usize);
        let mut head = Self {
            first: first_records.map(|record| record.timestamp).min(),
            acls: BTreeSet::new(),
        };
        for record in batch.iter() {
            if head.acls.len() < MAX_ACLS_OF_HEAD && !head.acls.contains(record.acl) {
                head.acls.insert(record.acl.to_owned());
            }
        }
        head
    }
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
