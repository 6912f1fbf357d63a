//! Records that are sent together: what is due, up to what one turn takes.

use std::time::{Duration, Instant};

use crate::command::feed::{Feed, Place};
use crate::command::tempo::Schedule;

/// How much one turn takes.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    pub records: usize,
    pub bytes: usize,
    /// How long the first record waits for others.
    pub linger: Duration,
}

/// Records that are sent together.
#[derive(Default)]
pub struct Batch {
    lines: Vec<u8>,
    /// Where each line ends.
    ends: Vec<usize>,
    /// When each was due; without a schedule, when it was taken.
    pub due: Vec<Instant>,
    /// What their timestamps say, in Unix milliseconds.
    pub stamps: Vec<i64>,
    /// How far the schedule has come.
    pub at_ms: i64,
}

impl Batch {
    /// The lines, each with its line feed.
    pub fn lines(&self) -> Vec<&[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let ranges = starts.zip(&self.ends);
        ranges
            .map(|(start, end)| &self.lines[start..*end])
            .collect()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn is_full(&self, limits: BatchLimits) -> bool {
        self.ends.len() >= limits.records || self.lines.len() >= limits.bytes
    }

    fn push(&mut self, line: &[u8], place: Place, due: Instant) {
        self.lines.extend_from_slice(line);
        self.ends.push(self.lines.len());
        self.due.push(due);
        self.stamps.push(place.stamp_ms);
        self.at_ms = place.at_ms;
    }
}

/// What senders take turns at.
pub struct Batches<'a> {
    feed: &'a mut Feed,
    schedule: Schedule,
    limits: BatchLimits,
    line: Vec<u8>,
    /// The record in `line`, if it was not due when the last batch went.
    early: Option<(Place, Instant)>,
    error: Option<anyhow::Error>,
}

impl<'a> Batches<'a> {
    pub fn new(feed: &'a mut Feed, schedule: Schedule, limits: BatchLimits) -> Self {
        Self {
            feed,
            schedule,
            limits,
            line: Vec::with_capacity(4_096),
            early: None,
            error: None,
        }
    }

    /// The next records, when the first of them is due and the others have come; empty at the end.
    pub fn next(&mut self) -> Batch {
        let mut batch = Batch::default();
        let mut until = None;
        while self.error.is_none() && !batch.is_full(self.limits) {
            let Some((place, due)) = self.record() else {
                break;
            };
            let now = Instant::now();
            let until = *until.get_or_insert(due.max(now) + self.limits.linger);
            if due > now {
                if due > until {
                    self.early = Some((place, due));
                    std::thread::sleep(until - now);
                    break;
                }
                std::thread::sleep(due - now);
            }
            batch.push(&self.line, place, due);
        }
        batch
    }

    /// No batch follows: nobody would take it.
    pub fn stop(&mut self, error: anyhow::Error) {
        self.error.get_or_insert(error);
    }

    /// Why it ended before its end.
    pub fn into_error(self) -> Option<anyhow::Error> {
        self.error
    }

    fn record(&mut self) -> Option<(Place, Instant)> {
        if let Some(early) = self.early.take() {
            return Some(early);
        }
        self.line.clear();
        match self.feed.next(&mut self.line) {
            Ok(place) => place.map(|place| {
                let due = self.schedule.due(place.at_ms);
                (place, due.unwrap_or_else(Instant::now))
            }),
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use wafwatch_loadgen::{Generator, Options, Scenario};

    use super::*;
    use crate::command::tempo::Tempo;

    fn feed() -> Feed {
        let mut options = Options::new(Scenario::Attack);
        options.duration = Some(options.lead_in + options.event);
        Feed::Made(Box::new(Generator::new(&options).expect("valid options")))
    }

    fn limits(records: usize, bytes: usize) -> BatchLimits {
        BatchLimits {
            records,
            bytes,
            linger: Duration::from_millis(1),
        }
    }

    #[test]
    fn batches_hold_every_record_in_order_within_their_limits() {
        let mut whole = Vec::new();
        let mut one = feed();
        let mut count = 0;
        while one.next(&mut whole).expect("made").is_some() {
            count += 1;
        }
        for (records, bytes) in [(1, usize::MAX), (7, usize::MAX), (usize::MAX, 10_000)] {
            let mut feed = feed();
            let schedule = Schedule::new(Tempo::Max, Instant::now(), 0);
            let mut batches = Batches::new(&mut feed, schedule, limits(records, bytes));
            let mut found = Vec::new();
            let mut lines = 0;
            loop {
                let batch = batches.next();
                if batch.is_empty() {
                    break;
                }
                assert!(batch.due.len() <= records);
                assert!(batch.lines.len() <= bytes.saturating_add(4_096));
                assert_eq!(batch.stamps.len(), batch.due.len());
                lines += batch.lines().len();
                found.extend(batch.lines().concat());
            }
            assert!(found == whole);
            assert_eq!(lines, count);
            assert!(batches.into_error().is_none());
        }
    }

    #[test]
    fn what_is_not_due_waits_for_the_next_batch() {
        let mut feed = feed();
        // The attack's requests are some seconds apart at this speed, which nobody waits for here: all
        // batches but those in which two fall together hold one record.
        let start_ms = wafwatch_loadgen::DEFAULT_START_MS;
        let schedule = Schedule::new(Tempo::Times(20_000.0), Instant::now(), start_ms);
        let mut batches = Batches::new(&mut feed, schedule, limits(500, usize::MAX));
        let first = batches.next();
        let second = batches.next();
        assert!(!first.is_empty() && !second.is_empty());
        assert!(first.due.last() <= second.due.first());
    }

    #[test]
    fn nothing_follows_a_stop() {
        let mut feed = feed();
        let schedule = Schedule::new(Tempo::Max, Instant::now(), 0);
        let mut batches = Batches::new(&mut feed, schedule, limits(5, usize::MAX));
        assert!(!batches.next().is_empty());
        batches.stop(anyhow::anyhow!("first"));
        batches.stop(anyhow::anyhow!("second"));
        assert!(batches.next().is_empty());
        assert_eq!(batches.into_error().expect("stopped").to_string(), "first");
    }
}
