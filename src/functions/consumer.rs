//! Counts what the stream delivers, and closes what is due by then.
//!
//! Work that does not fit into a call's time is left for the next one: commits are whole, and the
//! first record that is in none of them is handed back. A record that nothing can be made of is
//! counted by its reason, put aside, and holds up nobody.

mod rejected;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use tokio::time::{Instant, timeout_at};
use wafwatch_windows::time::EventTime;

pub use rejected::{Aside, Bucket, Copied, Nowhere};

use super::deployment::deployment;
use super::done::Done;
use super::kinesis_event::{
    BatchItemFailure, KinesisAnswer, KinesisEvent, NotAStreamEvent, ShardRecords,
};
use super::settings::ConsumerSettings;
use crate::distributed::count::{Counter, Known, Standing};
use crate::distributed::{KinesisStream, Stream, Turn, advance, unknown_shard};
use crate::metrics::Health;
use crate::pipeline::PipelineSettings;
use crate::store::StoreError;
use crate::store::dynamodb::{CommitNumbers, DynamoStore, ShardState};

/// What is left of a call's time for the answer, after the last call to AWS was begun.
const MARGIN: Duration = Duration::from_secs(5);
/// What is left of it in any case: a call to AWS that does not come back by then is given up.
const LAST_MARGIN: Duration = Duration::from_secs(1);
/// How often another function may have counted the shard meanwhile.
const ATTEMPTS: u32 = 5;
/// Copies of poison records that may fail before a call tries no more of them.
const MAX_FAILED_COPIES: u64 = 3;
/// How long a shard is not asked again that was found not to be idle: Kinesis answers five such
/// questions a second for each shard, and its readers need them.
const ASKED_EVERY_MS: i64 = 10_000;

/// How a consumer works.
#[derive(Debug, Clone)]
pub struct ConsumerOptions {
    /// How records are counted and windows closed.
    pub pipeline: PipelineSettings,
    /// How far behind the clock an idle shard is taken to be complete, in milliseconds.
    pub idle_delay_ms: i64,
    /// Memory for windows that are not committed yet, in bytes.
    pub memory_bytes: usize,
    /// Draws jitter; another one for each process.
    pub seed: u64,
}

/// Counts batches into one table.
#[derive(Debug)]
pub struct Consumer<S, A> {
    store: DynamoStore,
    stream: S,
    aside: A,
    options: ConsumerOptions,
    counter: Counter,
    /// When shards were asked.
    asked: BTreeMap<String, EventTime>,
    draws: u64,
}

/// Why counting a shard ended before its records did.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Stream(#[from] crate::distributed::StreamError),
    #[error("the call's time is over")]
    OutOfTime,
    #[error("another function counts the same shard")]
    Overtaken,
}

impl Consumer<KinesisStream, Bucket> {
    /// The consumer that a function's settings ask for, in the account of `config`. `draw` gives
    /// random numbers: the first is the deployment's seed, where it has none yet.
    ///
    /// # Errors
    ///
    /// When the deployment's seed cannot be read.
    pub async fn connect(
        settings: ConsumerSettings,
        config: &SdkConfig,
        draw: fn() -> u64,
    ) -> Result<Self, StoreError> {
        let windows = &settings.settings.windows;
        let (idle_delay, memory) = (windows.idle_delay_seconds, windows.memory_mib);
        let (table, calendar) = (settings.table, settings.calendar);
        let (store, pipeline) =
            deployment(settings.settings, calendar, table, config, draw).await?;
        let options = ConsumerOptions {
            pipeline,
            idle_delay_ms: i64::from(idle_delay) * 1_000,
            memory_bytes: (memory as usize) << 20,
            seed: draw(),
        };
        let stream = KinesisStream::new(config, settings.stream);
        let bucket = Bucket::new(config, settings.rejected_bucket);
        Ok(Self::new(store, stream, bucket, options))
    }
}

impl<S: Stream, A: Aside> Consumer<S, A> {
    /// A consumer of `stream` that counts into `store` and puts poison records `aside`.
    #[must_use]
    pub fn new(store: DynamoStore, stream: S, aside: A, options: ConsumerOptions) -> Self {
        let counter = Counter::new(options.pipeline.clone(), options.memory_bytes);
        Self {
            store,
            stream,
            aside,
            options,
            counter,
            asked: BTreeMap::new(),
            draws: 0,
        }
    }

    /// Counts a batch and closes what is due, within the time until `deadline`, the end of the call.
    /// `now` is the wall clock.
    ///
    /// # Errors
    ///
    /// [`NotAStreamEvent`] where the event is none of a stream. Everything else is an answer.
    pub async fn handle(
        &mut self,
        event: KinesisEvent,
        now: EventTime,
        deadline: Instant,
    ) -> Result<(KinesisAnswer, Done), NotAStreamEvent> {
        let until = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        let last = deadline.checked_sub(LAST_MARGIN).unwrap_or(deadline);
        let mut done = Done::default();
        let mut answer = KinesisAnswer::default();
        let shards = event.by_shard()?;
        let arrivals = shards.iter().flat_map(|shard| &shard.records);
        let newest = arrivals.map(|record| record.arrival).max();
        done.health.lag_ms = newest.map(|newest| u64::try_from(now.0 - newest.0).unwrap_or(0));
        for records in &shards {
            let mut first_left = 0;
            let counted = self.count(records, now, until, &mut first_left, &mut done);
            let counted = timeout_at(last, counted).await;
            if let Err(stopped) = counted.unwrap_or(Err(Stopped::OutOfTime)) {
                done.problems.push(format!(
                    "records of {} are left to the next call: {stopped}",
                    records.shard
                ));
                if let Some(record) = records.records.get(first_left) {
                    answer.batch_item_failures.push(BatchItemFailure {
                        item_identifier: record.sequence.to_string(),
                    });
                }
            }
        }
        if Instant::now() < until {
            let own: Vec<&str> = shards.iter().map(|shard| shard.shard.as_str()).collect();
            let closed = timeout_at(last, self.close(&own, now, until, &mut done)).await;
            if closed.is_err() {
                let problem = "closing was cut off by the end of the call";
                done.problems.push(problem.to_owned());
            }
        }
        Ok((answer, done))
    }

    /// Counts the records of one shard; `first_left` is the first that is in no commit.
    async fn count(
        &mut self,
        records: &ShardRecords,
        now: EventTime,
        until: Instant,
        first_left: &mut usize,
        done: &mut Done,
    ) -> Result<(), Stopped> {
        for _ in 0..ATTEMPTS {
            let standing = self.standing(&records.shard, now).await?;
            *first_left = first_behind(records, &standing.state);
            if *first_left >= records.records.len() {
                done.health.duplicates_skipped += records.records.len() as u64;
                return Ok(());
            }
            match self
                .commits(records, standing, now, until, first_left, done)
                .await
            {
                Err(Stopped::Store(error)) if error.is_conflict() => self.pause().await,
                stopped => return stopped,
            }
        }
        Err(Stopped::Overtaken)
    }

    /// Where the shard stands; one that the table does not know begins where its parents stand.
    async fn standing(&self, shard: &str, now: EventTime) -> Result<Standing, Stopped> {
        if let Some(state) = self.store.shard(shard).await? {
            return Ok(Standing::stored(state));
        }
        let listed = self.stream.shards().await?;
        let listed = listed.iter().find(|listed| listed.id == shard);
        let Some(child) = listed.filter(|listed| !listed.parents.is_empty()) else {
            return Ok(Standing::unknown(ShardState::default()));
        };
        let shards = self.store.shards().await?;
        Ok(Standing::unknown(unknown_shard(child, &shards, now)))
    }

    async fn settled(
        &self,
        state: &ShardState,
    ) -> Result<BTreeMap<EventTime, CommitNumbers>, StoreError> {
        match state.pending.keys().next() {
            Some(oldest) => self.store.settled(*oldest).await,
            None => Ok(BTreeMap::new()),
        }
    }

    async fn commits(
        &mut self,
        records: &ShardRecords,
        standing: Standing,
        now: EventTime,
        until: Instant,
        first_left: &mut usize,
        done: &mut Done,
    ) -> Result<(), Stopped> {
        let settled = self.settled(&standing.state).await?;
        self.counter.follow(&self.store.heads().await?);
        let mut before = standing.state.clone();
        let known = Known {
            settled: &settled,
            now,
        };
        let mut batch = self
            .counter
            .batch(&records.shard, standing, &records.records, known);
        loop {
            if Instant::now() >= until {
                return Err(Stopped::OutOfTime);
            }
            let Some(counted) = batch.next_commit() else {
                done.health.duplicates_skipped += batch.redelivered();
                return Ok(());
            };
            for poison in &counted.poison {
                // Before the commit: afterwards it would never be seen again.
                let is_given_up = done.health.rejects_not_copied >= MAX_FAILED_COPIES;
                let record = &records.records[*poison];
                let is_lost =
                    is_given_up || self.aside.put(&records.shard, record).await == Copied::Failed;
                done.health.rejects_not_copied += u64::from(is_lost);
            }
            self.store.commit(&counted.commit).await?;
            let state = counted.commit.state;
            *first_left = first_behind(records, &state);
            add_difference(&before, &state, &mut done.health);
            before = state;
        }
    }

    async fn close(&mut self, own: &[&str], now: EventTime, until: Instant, done: &mut Done) {
        let turn = Turn {
            idle_delay_ms: self.options.idle_delay_ms,
            now,
            until,
            seed: self.options.seed,
        };
        let asked = &mut self.asked;
        // A shard whose records were counted just now is not idle.
        let is_asked = |shard: &str| {
            let last = asked.get(shard).copied();
            let is_soon = last.is_some_and(|last| now.0 - last.0 < ASKED_EVERY_MS);
            if own.contains(&shard) || is_soon {
                return false;
            }
            asked.insert(shard.to_owned(), now);
            true
        };
        let pipeline = &self.options.pipeline;
        match advance(&self.store, &self.stream, pipeline, turn, is_asked).await {
            Ok(advanced) => done.take(advanced, now),
            // What was counted stays counted, and the next call closes.
            Err(error) => done.problems.push(format!("no window is closed: {error}")),
        }
    }

    async fn pause(&mut self) {
        self.draws += 1;
        let mixed = (self.options.seed ^ self.draws).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56;
        tokio::time::sleep(Duration::from_millis(mixed)).await;
    }
}

fn first_behind(records: &ShardRecords, state: &ShardState) -> usize {
    let counted = state.checkpoint.sequence.as_ref();
    let records = &records.records;
    records.partition_point(|record| counted >= Some(&record.sequence))
}

/// Adds what became of the records between two states.
fn add_difference(before: &ShardState, after: &ShardState, health: &mut Health) {
    health.duplicates_skipped += after.duplicates - before.duplicates;
    let (before, after) = (&before.checkpoint.accounts, &after.checkpoint.accounts);
    health.accepted += after.accepted - before.accepted;
    for (reason, count) in &after.rejected {
        let earlier = before.rejected.get(reason).copied().unwrap_or(0);
        if *count > earlier {
            *health.rejected.entry(*reason).or_default() += count - earlier;
        }
    }
}
