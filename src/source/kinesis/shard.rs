//! Reads one shard from where it is counted up to, until it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_kinesis::operation::get_records::GetRecordsOutput;
use aws_sdk_kinesis::types::Record;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Sender;
use tokio::time::sleep;
use wafwatch_windows::time::EventTime;

use super::pace::{Formation, pause};
use super::stream::{EXPIRED_ITERATOR, Position, Stream};
use crate::account::{Backoff, Failure, FailureKind};
use crate::source::{Happened, Reach, ShardEvent, SourceError, StreamRecord};
use crate::store::SequenceNumber;

/// Bytes of records that are handed over at once: with the number of batches that may wait, the bound
/// of what waits.
const BATCH_BYTES: usize = 1 << 20;
/// How often one that is ahead looks whether the others have come.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// A failure that lasts is told each time that so many tries in a row have failed.
const TELL_EVERY: u32 = 8;

/// What all readers of a stream share.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) stream: Stream,
    pub(super) formation: Formation,
    /// Answers that may be in memory at once, each up to 10 MB.
    pub(super) answers: Semaphore,
    pub(super) clock: fn() -> EventTime,
    /// Tells people that something lasts.
    pub(super) tell: fn(&str),
    /// Draws the jitter of waits.
    pub(super) seed: u64,
}

/// How reading of a shard ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It was closed by resharding, and everything in it was handed over.
    Ended,
    /// Nobody listens any more.
    Unwanted,
    /// It cannot be read.
    Failed(SourceError),
}

/// Reads one shard.
pub(super) struct ShardReader {
    common: Arc<Common>,
    shard: String,
    checkpoint: String,
    input: String,
    position: Position,
    /// Not asked for is what arrived before; an emulator delivers it all the same, where nothing has
    /// arrived since.
    not_before: Option<EventTime>,
    events: Sender<ShardEvent>,
    backoff: Backoff,
}

impl ShardReader {
    pub(super) fn new(
        common: Arc<Common>,
        shard: &str,
        position: Position,
        events: Sender<ShardEvent>,
    ) -> Self {
        let number: u64 = shard
            .bytes()
            .map(u64::from)
            .fold(0, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
        Self {
            shard: shard.to_owned(),
            checkpoint: common.stream.shard_checkpoint(shard),
            input: format!("{}/{shard}", common.stream.input()),
            not_before: match position {
                Position::At(time) => Some(time),
                _ => None,
            },
            position,
            events,
            backoff: Backoff::new(FIRST_WAIT, LONGEST_WAIT, common.seed ^ number),
            common,
        }
    }

    /// Reads to the end of the shard, which may never come.
    pub(super) async fn run(mut self) -> Outcome {
        let outcome = self.read().await;
        self.common.formation.leave(&self.shard);
        outcome
    }

    async fn read(&mut self) -> Outcome {
        let mut iterator: Option<String> = None;
        loop {
            while self.common.formation.is_ahead(&self.shard, Instant::now()) {
                sleep(LOOK_AGAIN).await;
            }
            let answered = match iterator.take() {
                Some(iterator) => self.ask(&iterator).await,
                None => match self
                    .common
                    .stream
                    .iterator(&self.shard, &self.position)
                    .await
                {
                    Ok(Some(found)) => {
                        self.hold_newest();
                        iterator = Some(found);
                        continue;
                    }
                    Ok(None) => return Outcome::Ended,
                    Err(failure) => Err(failure),
                },
            };
            match answered {
                Ok(Answered::More(next, wait)) => {
                    self.backoff.reset();
                    iterator = Some(next);
                    sleep(wait).await;
                }
                Ok(Answered::Ended) => return Outcome::Ended,
                Ok(Answered::Unwanted) => return Outcome::Unwanted,
                Err(failure) if failure.code == EXPIRED_ITERATOR => {
                    sleep(self.backoff.fail()).await;
                }
                Err(failure) if failure.kind == FailureKind::Permanent => {
                    let error = SourceError::remote("read", &self.input, &failure);
                    return Outcome::Failed(error);
                }
                Err(failure) => {
                    self.tell(&failure);
                    sleep(self.backoff.fail()).await;
                }
            }
        }
    }

    /// What is newest changes: should the iterator expire before anything came, reading goes on
    /// where it began.
    fn hold_newest(&mut self) {
        if self.position == Position::Newest {
            self.position = Position::At((self.common.clock)());
        }
    }

    /// Asks for records once and hands them over.
    async fn ask(&mut self, iterator: &str) -> Result<Answered, Failure> {
        let common = Arc::clone(&self.common);
        let permit = common.answers.acquire().await;
        let asked_at = (common.clock)();
        let answer = common.stream.records(iterator).await?;
        let behind = answer.millis_behind_latest().unwrap_or_default().max(0);
        let is_at_end = behind == 0 && answer.records().is_empty();
        let reach = match is_at_end {
            true => Reach::End(asked_at),
            false => Reach::Behind(asked_at.minus(behind)),
        };
        let next = answer.next_shard_iterator().map(str::to_owned);
        let bytes = self.hand_over(answer).await?;
        drop(permit);
        let Some(bytes) = bytes else {
            return Ok(Answered::Unwanted);
        };
        let Some(next) = next else {
            return Ok(Answered::Ended);
        };
        common
            .formation
            .reach(&self.shard, reach, asked_at, Instant::now());
        if !self.send(Happened::Reached(reach)).await {
            return Ok(Answered::Unwanted);
        }
        Ok(Answered::More(next, pause(bytes, reach)))
    }

    /// Hands the records over in batches and says how many bytes they had; `None` when nobody
    /// listens.
    async fn hand_over(&mut self, answer: GetRecordsOutput) -> Result<Option<usize>, Failure> {
        let mut bytes = 0;
        let mut batch = Vec::new();
        let mut batch_bytes = 0;
        for record in answer.records {
            if self.is_before_start(&record) {
                continue;
            }
            let sequence: SequenceNumber = record
                .sequence_number
                .parse()
                .map_err(|error| Failure::of_answer(format!("a record without order: {error}")))?;
            let data = record.data.into_inner();
            bytes += data.len();
            batch_bytes += data.len();
            batch.push(StreamRecord { sequence, data });
            if batch_bytes >= BATCH_BYTES {
                batch_bytes = 0;
                if !self.send_records(std::mem::take(&mut batch)).await {
                    return Ok(None);
                }
            }
        }
        let is_wanted = batch.is_empty() || self.send_records(batch).await;
        Ok(is_wanted.then_some(bytes))
    }

    fn is_before_start(&self, record: &Record) -> bool {
        let arrival = record.approximate_arrival_timestamp();
        let arrival = arrival.and_then(|arrival| arrival.to_millis().ok());
        let arrival = arrival.map(EventTime);
        self.not_before
            .zip(arrival)
            .is_some_and(|(start, arrival)| arrival < start)
    }

    async fn send_records(&mut self, records: Vec<StreamRecord>) -> bool {
        if let Some(last) = records.last() {
            self.position = Position::After(last.sequence.clone());
        }
        self.send(Happened::Records(records)).await
    }

    async fn send(&self, happened: Happened) -> bool {
        let event = ShardEvent {
            shard: self.checkpoint.clone(),
            input: self.input.clone(),
            happened,
        };
        self.events.send(event).await.is_ok()
    }

    /// Says what goes wrong once it has gone wrong for a while, and then now and again.
    fn tell(&self, failure: &Failure) {
        if self.backoff.failures() % TELL_EVERY == TELL_EVERY - 1 {
            let input = &self.input;
            (self.common.tell)(&format!("{input} cannot be read at the moment: {failure}"));
        }
    }
}

enum Answered {
    /// Where to go on, and after which wait.
    More(String, Duration),
    Ended,
    Unwanted,
}
