//! How records reach the file: some late, some twice.
//!
//! Every copy of a record gets a lateness of its own, uniform from zero to the most that is
//! allowed, and records are written in the order of time plus lateness. A record waits in memory
//! until nothing earlier can come: rate times the greatest lateness of them at most. The choices
//! are drawn from a stream of their own and change no record.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::dice::Dice;
use crate::request::Request;
use crate::timeline::Timeline;

/// Stream number that no part has.
const DELIVERY_STREAM: u64 = u64::MAX;

/// A record in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivered {
    pub(crate) request: Request,
    pub(crate) is_copy: bool,
}

#[derive(Debug)]
struct Waiting {
    written_ms: i64,
    sequence: u64,
    delivered: Delivered,
}

impl Waiting {
    fn key(&self) -> (i64, u64) {
        (self.written_ms, self.sequence)
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// Puts the requests of a timeline into the order of the file.
#[derive(Debug)]
pub(crate) struct Delivery {
    timeline: Timeline,
    dice: Dice,
    max_lateness_ms: u64,
    /// Share of records written twice, of 2^32.
    duplicates: u64,
    waiting: BinaryHeap<Reverse<Waiting>>,
    sequence: u64,
}

impl Delivery {
    pub(crate) fn new(
        timeline: Timeline,
        seed: u64,
        max_lateness_ms: u64,
        duplicates: u64,
    ) -> Self {
        Self {
            timeline,
            dice: Dice::new(seed, DELIVERY_STREAM),
            max_lateness_ms,
            duplicates,
            waiting: BinaryHeap::new(),
            sequence: 0,
        }
    }

    /// Requests that were silenced so far, at the number of the event; nothing where none were.
    pub(crate) fn silenced(&self) -> &[u64] {
        self.timeline.silenced()
    }

    fn admit(&mut self, request: Request) {
        self.enqueue(Delivered {
            request,
            is_copy: false,
        });
        if self.duplicates > 0 && self.dice.below(1 << 32) < self.duplicates {
            self.enqueue(Delivered {
                request,
                is_copy: true,
            });
        }
    }

    fn enqueue(&mut self, delivered: Delivered) {
        let lateness_ms = match self.max_lateness_ms {
            0 => 0,
            most => self.dice.below(most + 1) as i64,
        };
        self.waiting.push(Reverse(Waiting {
            written_ms: delivered.request.timestamp_ms + lateness_ms,
            sequence: self.sequence,
            delivered,
        }));
        self.sequence += 1;
    }
}

impl Iterator for Delivery {
    type Item = Delivered;

    fn next(&mut self) -> Option<Delivered> {
        loop {
            let due_ms = self.waiting.peek().map(|first| first.0.written_ms);
            let next_ms = self.timeline.peek_ms();
            let is_due = match (due_ms, next_ms) {
                (Some(due_ms), Some(next_ms)) => due_ms <= next_ms,
                (Some(_), None) => true,
                (None, _) => false,
            };
            if is_due {
                return self.waiting.pop().map(|first| first.0.delivered);
            }
            let request = self.timeline.next()?;
            self.admit(request);
        }
    }
}
