//! Kinesis data streams: every shard, each in its order, through resharding.
//!
//! [`read`] tells what happens to the shards of a stream as [`ShardEvent`]s, until nobody listens any
//! more. What holds:
//!
//! - Records of a shard come in the order of their sequence numbers. They may come again after a
//!   failure; who counts them skips what is at or before his checkpoint.
//! - A shard is begun only when its parents have been read to their ends, and is announced before
//!   they are: between the two nothing seems to be finished.
//! - Reading goes on behind the checkpoint's sequence number. A shard without a checkpoint begins
//!   where [`Start`] says. The start itself is kept in a checkpoint of the whole stream, so that
//!   a second run misses nothing of a shard that had delivered nothing to the first.
//! - Failures that pass (throttling, errors of the service, the network) are waited for without an end,
//!   with exponential backoff and jitter. What does not pass ends the shard's reading.
//! - Memory is bounded: a few answers are in flight or being handed over at once, and the
//!   channel does the rest.

mod lineage;
mod pace;
mod shard;
mod stream;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;
use tokio::time::sleep;
use wafwatch_windows::time::EventTime;

use self::lineage::{Lineage, ListedShard, has_child};
use self::pace::Formation;
use self::shard::{Common, Outcome, ShardReader};
use self::stream::Position;
pub use self::stream::Stream;
use super::{Happened, ShardEvent, SourceError};
use crate::account::{Backoff, Failure, FailureKind};
use crate::store::Checkpoint;

/// Answers of Kinesis in memory at once, each up to 10 MB.
const ANSWERS: usize = 8;
/// How often the shards are listed without a reason.
const LIST_EVERY: Duration = Duration::from_secs(60);
/// How often a closed shard's children are looked for, which are there at once as a rule.
const LOOKS_FOR_CHILDREN: u32 = 15;
const CHILDREN_PAUSE: Duration = Duration::from_secs(1);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Where reading of a stream begins that the store does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the oldest record that the stream still has.
    Oldest,
    /// With what comes from now on.
    Newest,
    /// With what arrived in the stream at this time or later.
    At(EventTime),
}

/// How a stream is read.
#[derive(Debug, Clone, Copy)]
pub struct ReadSettings {
    /// Where shards begin of which nothing is counted.
    pub start: Start,
    /// The wall clock.
    pub clock: fn() -> EventTime,
    /// Tells people what goes wrong for a while.
    pub tell: fn(&str),
    /// Draws the jitter of waits; another one for each process.
    pub seed: u64,
}

/// Reads all shards of `stream` until nobody listens to `events` any more or none can be read.
pub async fn read(
    stream: Stream,
    checkpoints: &[(String, Checkpoint)],
    settings: &ReadSettings,
    events: Sender<ShardEvent>,
) {
    let common = Common {
        stream,
        formation: Formation::default(),
        answers: Semaphore::new(ANSWERS),
        clock: settings.clock,
        tell: settings.tell,
        seed: settings.seed,
    };
    let known = checkpoints.iter().cloned().collect();
    Coordinator {
        common: Arc::new(common),
        start: settings.start,
        known,
        events,
        lineage: Lineage::default(),
        readers: JoinSet::new(),
        has_listed: false,
    }
    .run()
    .await;
}

/// Begins shards when their turn has come.
struct Coordinator {
    common: Arc<Common>,
    start: Start,
    known: BTreeMap<String, Checkpoint>,
    events: Sender<ShardEvent>,
    lineage: Lineage,
    readers: JoinSet<(String, Outcome)>,
    has_listed: bool,
}

impl Coordinator {
    async fn run(mut self) {
        let Ok(listed) = self.list().await else {
            return;
        };
        self.remember_ended(&listed);
        self.begin(&listed).await;
        let events = self.events.clone();
        while !self.readers.is_empty() {
            tokio::select! {
                () = events.closed() => return,
                () = sleep(LIST_EVERY) => {
                    let Ok(listed) = self.list().await else {
                        return;
                    };
                    self.begin(&listed).await;
                }
                Some(ended) = self.readers.join_next() => {
                    let Ok((shard, outcome)) = ended else {
                        continue;
                    };
                    self.take(&shard, outcome).await;
                }
            }
        }
    }

    async fn take(&mut self, shard: &str, outcome: Outcome) {
        match outcome {
            Outcome::Unwanted => {}
            Outcome::Failed(error) => self.tell(shard, Happened::Failed(error)).await,
            Outcome::Ended => {
                self.lineage.end(shard);
                let mut listed = Vec::new();
                for _ in 0..LOOKS_FOR_CHILDREN {
                    listed = match self.list().await {
                        Ok(listed) => listed,
                        Err(Unlisted) => return,
                    };
                    if has_child(&listed, shard) {
                        break;
                    }
                    sleep(CHILDREN_PAUSE).await;
                }
                self.begin(&listed).await;
                self.tell(shard, Happened::Ended).await;
            }
        }
    }

    /// What earlier runs have read to the end; and with [`Start::Newest`] what was closed before.
    fn remember_ended(&mut self, listed: &[ListedShard]) {
        for shard in listed {
            let checkpoint = self
                .known
                .get(&self.common.stream.shard_checkpoint(&shard.id));
            let is_ended = match checkpoint {
                Some(checkpoint) => checkpoint.finished,
                None => self.start == Start::Newest && shard.is_closed,
            };
            if is_ended {
                self.lineage.end(&shard.id);
            }
        }
    }

    async fn begin(&mut self, listed: &[ListedShard]) {
        for shard in self.lineage.begin(listed) {
            self.tell(&shard, Happened::Started).await;
            let position = self.position(&shard);
            let (common, events) = (Arc::clone(&self.common), self.events.clone());
            let reader = ShardReader::new(common, &shard, position, events);
            self.readers
                .spawn(async move { (shard, reader.run().await) });
        }
        self.has_listed = true;
    }

    fn position(&self, shard: &str) -> Position {
        let checkpoint = self.known.get(&self.common.stream.shard_checkpoint(shard));
        let sequence = checkpoint.and_then(|checkpoint| checkpoint.sequence.clone());
        match (sequence, self.start) {
            (Some(sequence), _) => Position::After(sequence),
            (None, Start::Oldest) => Position::Oldest,
            (None, Start::At(time)) => Position::At(time),
            // A shard that was opened since holds nothing but what is new.
            (None, Start::Newest) if self.has_listed => Position::Oldest,
            (None, Start::Newest) => Position::Newest,
        }
    }

    async fn tell(&self, shard: &str, happened: Happened) {
        let event = ShardEvent {
            shard: self.common.stream.shard_checkpoint(shard),
            input: format!("{}/{shard}", self.common.stream.input()),
            happened,
        };
        // Where nobody listens, the loop above ends.
        let _ = self.events.send(event).await;
    }

    /// The shards as the stream lists them; tries without an end while the failure may pass.
    async fn list(&mut self) -> Result<Vec<ListedShard>, Unlisted> {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT, self.common.seed);
        loop {
            let failure = match self.common.stream.list_shards().await {
                Ok(listed) => return Ok(listed),
                Err(failure) => failure,
            };
            if failure.kind == FailureKind::Permanent {
                self.give_up(&failure).await;
                return Err(Unlisted);
            }
            tokio::select! {
                () = self.events.closed() => return Err(Unlisted),
                () = sleep(backoff.fail()) => {}
            }
        }
    }

    async fn give_up(&mut self, failure: &Failure) {
        let stream = &self.common.stream;
        let input = stream.input();
        let event = ShardEvent {
            shard: stream.start_checkpoint(),
            happened: Happened::Failed(SourceError::remote("list the shards of", &input, failure)),
            input,
        };
        let _ = self.events.send(event).await;
    }
}

/// The shards could not be listed, and somebody was told.
struct Unlisted;
