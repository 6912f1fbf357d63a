//! Recorded logs: files, folders and objects of a bucket, in any envelope, as one sequence in time.
//!
//! Files are begun when the sequence comes to their first record, and of those that overlap the
//! one with the earliest record goes on. Within a file the order is kept. Memory is bounded by the
//! number of files that overlap, which is bounded itself.

#[cfg_attr(not(feature = "aws"), path = "recording/bucket/absent.rs")]
mod bucket;
mod location;
mod records;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use anyhow::{Context, bail};
use wafwatch_loadgen::replay::{Pseudonyms, Record, Refusal, Shift};

use super::feed::Place;
pub use location::Location;
use location::Log;
use records::Records;

const MAX_OPEN: usize = 256;

/// A file that has not been begun.
#[derive(Debug)]
struct Waiting {
    first_ms: i64,
    log: Log,
}

/// A file that is being read, and its next record.
struct Open {
    records: Records,
    next: Vec<u8>,
}

/// All recorded logs of a run.
pub struct Recording {
    waiting: VecDeque<Waiting>,
    open: Vec<Option<Open>>,
    /// Time of the next record of every open file, with its place in `open`.
    order: BinaryHeap<Reverse<(i64, usize)>>,
    shift: Shift,
    pseudonyms: Option<Pseudonyms>,
    skipped: BTreeMap<Refusal, u64>,
}

impl Recording {
    /// The logs in `paths`, from the earliest record on.
    ///
    /// # Errors
    ///
    /// Where a file cannot be read, is in another envelope, or none has a record.
    pub fn open(locations: &[Location], pseudonyms: Option<Pseudonyms>) -> anyhow::Result<Self> {
        let mut waiting = Vec::new();
        let mut skipped = BTreeMap::new();
        for log in location::logs(locations)? {
            // Looked into once to learn its time, and opened again when that comes.
            let mut unread = BTreeMap::new();
            if let Some((first_ms, _)) = Records::open(&log)?.next(&mut unread)? {
                waiting.push(Waiting { first_ms, log });
                continue;
            }
            for (refusal, count) in unread {
                *skipped.entry(refusal).or_default() += count;
            }
        }
        // Those of the same time stay in the order of their names.
        waiting.sort_by_key(|waiting| waiting.first_ms);
        let Some(first) = waiting.first() else {
            bail!(
                "there is no record to send: name files, folders or s3://BUCKET/PREFIX of WAF logs"
            );
        };
        Ok(Self {
            shift: Shift {
                first_ms: first.first_ms,
                start_ms: first.first_ms,
                divisor: 1.0,
            },
            waiting: waiting.into(),
            open: Vec::new(),
            order: BinaryHeap::new(),
            pseudonyms,
            skipped,
        })
    }

    /// Time of the first record as it was recorded, in Unix milliseconds.
    pub fn first_ms(&self) -> i64 {
        self.shift.first_ms
    }

    /// Sends the first record as of `start_ms`, and divides the gaps by `divisor`.
    pub fn shift(&mut self, start_ms: i64, divisor: f64) {
        self.shift.start_ms = start_ms;
        self.shift.divisor = divisor;
    }

    /// Appends the next record to `buffer`; its place follows from its recorded time.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> anyhow::Result<Option<Place>> {
        self.begin_due()?;
        let Some(Reverse((at_ms, place))) = self.order.pop() else {
            return Ok(None);
        };
        let open = self.open[place]
            .as_mut()
            .expect("the order names open files alone");
        let record = Record::parse(&open.next)
            .map_err(|refusal| anyhow::anyhow!("{refusal}"))
            .context("a record changed while it was read")?;
        let shifted_ms = self.shift.apply(record.timestamp_ms);
        record.push(shifted_ms, self.pseudonyms.as_ref(), buffer);
        buffer.push(b'\n');
        self.advance(place)?;
        Ok(Some(Place {
            at_ms,
            stamp_ms: shifted_ms,
        }))
    }

    /// Lines that were not sent, by reason.
    pub fn skipped(&self) -> BTreeMap<String, u64> {
        let counts = self.skipped.iter();
        counts
            .map(|(reason, count)| (reason.to_string(), *count))
            .collect()
    }

    /// Begins the files whose first record comes before all others.
    fn begin_due(&mut self) -> anyhow::Result<()> {
        while let Some(first) = self.waiting.front() {
            let earliest_ms = self.order.peek().map(|Reverse((at_ms, _))| *at_ms);
            if earliest_ms.is_some_and(|at_ms| at_ms < first.first_ms) {
                return Ok(());
            }
            if self.order.len() >= MAX_OPEN {
                bail!(
                    "more than {MAX_OPEN} files have records of the same time as {}: \
                     send fewer of them at once",
                    first.log
                );
            }
            let records = Records::open(&first.log)?;
            self.waiting.pop_front();
            let place = self.free_place();
            self.open[place] = Some(Open {
                records,
                next: Vec::new(),
            });
            self.advance(place)?;
        }
        Ok(())
    }

    fn free_place(&mut self) -> usize {
        let free = self.open.iter().position(Option::is_none);
        free.unwrap_or_else(|| {
            self.open.push(None);
            self.open.len() - 1
        })
    }

    /// Reads the next record of an open file, and closes it at its end.
    fn advance(&mut self, place: usize) -> anyhow::Result<()> {
        let Some(open) = &mut self.open[place] else {
            return Ok(());
        };
        match open.records.next(&mut self.skipped)? {
            Some((at_ms, line)) => {
                open.next = line;
                self.order.push(Reverse((at_ms, place)));
            }
            None => self.open[place] = None,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
