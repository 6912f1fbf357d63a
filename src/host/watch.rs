//! Follows inputs as they grow, and closes windows as time passes.
//!
//! Each input is read on a thread of its own; this thread counts, and looks at the clock a few times
//! a second. Two things move event time on beside the records themselves:
//!
//! - An input from which nothing came for a moment is at its end: its time goes on from its newest
//!   record, up to [`WatchSettings::idle_delay_ms`] behind the wall clock. So a site that went
//!   silent closes empty windows, and a pause while a backlog is read makes nothing late. An input
//!   from which nothing ever came follows the others at that distance. Of a stream's shard it is known
//!   whether it is at its end: one that is follows the others too, one that is behind waits for its
//!   records, and holds windows back.
//! - The longest wait is measured in real time from the newest record on: reading a backlog of last
//!   week makes no window wait too long.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use wafwatch_windows::time::EventTime;

use super::event_clock::EventClock;
use super::feed::reason;
use super::followed::{Arrival, Arrived};
use super::live::Live;
use crate::pipeline::{self, Decoded, Flushed, Pipeline, PipelineError};
use crate::source::{Piece, SourceError, StreamRecord};
use crate::store::{ClosedWindow, Store};

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(200);

/// How a watch works.
#[derive(Debug, Clone)]
pub struct WatchSettings {
    /// Longest time between two commits.
    pub commit_every: Duration,
    /// Estimated bytes of open windows that make a commit due sooner.
    pub memory_bytes: usize,
    /// How far behind the wall clock an input at its end is taken to be complete, in milliseconds.
    pub idle_delay_ms: i64,
    /// How long a window waits, after the newest record has passed its end, for inputs that have not
    /// delivered that far.
    pub longest_wait: Duration,
}

/// How a watch ended.
#[derive(Debug, Default)]
pub struct Watched {
    /// Inputs that failed.
    pub failures: Vec<SourceError>,
    /// Whether it was interrupted; otherwise all inputs have ended.
    pub interrupted: bool,
}

/// Who is told what a watch does.
pub trait Observer {
    /// A window was closed, and that is committed.
    fn closed(&mut self, window: &ClosedWindow);

    /// Something was committed.
    fn committed(&mut self, flushed: &Flushed);

    /// The clock was looked at, as it is a few times a second.
    fn looked(&mut self) {}
}

/// Counts what arrives until every input has ended or `interrupt` is set.
///
/// `clock` is the wall clock.
///
/// # Errors
///
/// When the store fails.
pub fn watch<S: Store>(
    pipeline: &mut Pipeline<S>,
    arrivals: &Receiver<Arrival>,
    settings: &WatchSettings,
    clock: &dyn Fn() -> EventTime,
    interrupt: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<Watched, PipelineError> {
    let mut watch = Watch::new(settings, clock);
    loop {
        if interrupt.load(Ordering::Relaxed) {
            watch.outcome.interrupted = true;
            break;
        }
        match arrivals.recv_timeout(TICK) {
            Ok(arrival) => watch.take(pipeline, arrival)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                // The threads that read see the interrupt too, and may be the first to end.
                watch.outcome.interrupted = interrupt.load(Ordering::Relaxed);
                break;
            }
        }
        watch.advance_idle(pipeline);
        if watch.is_flush_due(pipeline) {
            watch.flush(pipeline, observer)?;
        }
        observer.looked();
    }
    watch.flush(pipeline, observer)?;
    Ok(watch.outcome)
}

struct Watch<'a> {
    settings: &'a WatchSettings,
    clock: &'a dyn Fn() -> EventTime,
    decoded: Decoded,
    /// The shards that go on.
    live: HashMap<String, Live>,
    /// The newest record of any shard, those that have ended included.
    newest: Option<EventTime>,
    event_clock: EventClock,
    last_flush: Instant,
    has_uncommitted: bool,
    outcome: Watched,
}

impl<'a> Watch<'a> {
    fn new(settings: &'a WatchSettings, clock: &'a dyn Fn() -> EventTime) -> Self {
        Self {
            settings,
            clock,
            decoded: Decoded::default(),
            live: HashMap::new(),
            newest: None,
            event_clock: EventClock::new(settings.longest_wait),
            last_flush: Instant::now(),
            has_uncommitted: false,
            outcome: Watched::default(),
        }
    }

    fn take<S: Store>(
        &mut self,
        pipeline: &mut Pipeline<S>,
        arrival: Arrival,
    ) -> Result<(), PipelineError> {
        let Arrival {
            shard,
            input,
            arrived,
        } = arrival;
        match arrived {
            Arrived::Piece(piece) => {
                self.hear_of(pipeline, &shard, &input);
                self.count(pipeline, &shard, &input, &piece)?;
            }
            Arrived::Records(records) => {
                self.hear_of(pipeline, &shard, &input);
                self.count_records(pipeline, &shard, &records)?;
            }
            Arrived::Reached(reach) => {
                if let Some(live) = self.live.get_mut(&shard) {
                    live.reach(reach);
                }
            }
            Arrived::Started => self.hear_of(pipeline, &shard, &input),
            Arrived::Ended => {
                self.live.remove(&shard);
                pipeline.finish(&shard);
                self.has_uncommitted = true;
            }
            Arrived::Withdrawn => {
                self.live.remove(&shard);
                pipeline.abandon(&shard);
            }
            Arrived::Failed(error) => {
                if self.live.remove(&shard).is_some() {
                    pipeline.abandon(&shard);
                }
                self.outcome.failures.push(*error);
            }
        }
        Ok(())
    }

    /// Notes that something came of `shard`, which may be the first.
    fn hear_of<S: Store>(&mut self, pipeline: &mut Pipeline<S>, shard: &str, input: &str) {
        let now = (self.clock)();
        if let Some(live) = self.live.get_mut(shard) {
            live.hear(now);
            return;
        }
        let checkpoint = pipeline.register(shard, input, None);
        self.newest = self.newest.max(checkpoint.watermark);
        self.live.insert(shard.to_owned(), Live::since(now));
    }

    fn count<S: Store>(
        &mut self,
        pipeline: &mut Pipeline<S>,
        shard: &str,
        input: &str,
        piece: &Piece,
    ) -> Result<(), PipelineError> {
        let limits = pipeline.limits().accepting_until((self.clock)());
        let (start, end) = (piece.start(), piece.end());
        match piece {
            Piece::Block(block) => {
                let piece = pipeline::Piece {
                    bytes: &block.bytes,
                    start,
                    end,
                };
                self.decoded.fill(input, piece, &limits);
            }
            Piece::Rejected(rejected) => {
                let piece = pipeline::Piece {
                    bytes: &rejected.sample,
                    start,
                    end,
                };
                self.decoded
                    .fill_rejected(input, piece, reason(&rejected.fault));
            }
        }
        pipeline.add(shard, &self.decoded)?;
        self.has_uncommitted = true;
        self.reach(pipeline, shard);
        Ok(())
    }

    fn count_records<S: Store>(
        &mut self,
        pipeline: &mut Pipeline<S>,
        shard: &str,
        records: &[StreamRecord],
    ) -> Result<(), PipelineError> {
        let now = (self.clock)();
        for record in records {
            pipeline.count_record(shard, &record.sequence, &record.data, now)?;
        }
        self.has_uncommitted = true;
        self.reach(pipeline, shard);
        Ok(())
    }

    fn reach<S: Store>(&mut self, pipeline: &Pipeline<S>, shard: &str) {
        if let Some(newest) = pipeline.checkpoint(shard).watermark {
            self.event_clock.reach(newest, Instant::now());
            self.newest = self.newest.max(Some(newest));
        }
    }

    fn advance_idle<S: Store>(&self, pipeline: &mut Pipeline<S>) {
        let delay = self.settings.idle_delay_ms;
        let now = (self.clock)();
        let others_until = self.newest.max(Some(self.event_clock.at(Instant::now())));
        for (shard, live) in &self.live {
            if live.is_idle() {
                // What lies ahead of everything else cannot be far ahead of the clock.
                pipeline.settle(shard);
            }
            let own = pipeline.checkpoint(shard).watermark;
            let time = live.delivered_until(own, others_until, now, delay);
            if let Some(time) = time {
                pipeline.advance(shard, time);
            }
        }
    }

    fn is_flush_due<S: Store>(&self, pipeline: &Pipeline<S>) -> bool {
        let is_full = pipeline.open_bytes() >= self.settings.memory_bytes;
        let is_late =
            self.has_uncommitted && self.last_flush.elapsed() >= self.settings.commit_every;
        is_full || is_late || pipeline.has_due_window(self.event_clock.at(Instant::now()))
    }

    fn flush<S: Store>(
        &mut self,
        pipeline: &mut Pipeline<S>,
        observer: &mut dyn Observer,
    ) -> Result<(), PipelineError> {
        self.last_flush = Instant::now();
        self.has_uncommitted = false;
        let now = self.event_clock.at(Instant::now());
        let flushed = pipeline.flush_and_tell(now, &mut |window| observer.closed(window))?;
        observer.committed(&flushed);
        Ok(())
    }
}
