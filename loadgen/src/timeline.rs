//! The requests of all parts of a run in the order of their time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::crew::Crew;
use crate::dice::Dice;
use crate::pace::{Arrivals, Pace, Span};
use crate::request::{Origin, Request};

/// One independent source of requests.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) origin: Origin,
    pub(crate) span: Span,
    pub(crate) pace: Pace,
    pub(crate) crew: Crew,
    /// Requests that would arrive in here never reach WAF.
    pub(crate) silences: Vec<Silence>,
}

/// A stretch without requests, and the event that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Silence {
    pub(crate) span: Span,
    pub(crate) event: u16,
}

#[derive(Debug)]
struct Source {
    acl: u32,
    part: Part,
    arrivals: Arrivals,
    dice: Dice,
}

/// Merges parts.
#[derive(Debug)]
pub(crate) struct Timeline {
    start_ms: i64,
    sources: Vec<Source>,
    /// The next arrival of every source that has one, with the source's index to break ties.
    next: BinaryHeap<Reverse<(u64, usize)>>,
    /// Requests that were silenced so far, at the number of the event.
    silenced: Vec<u64>,
}

impl Timeline {
    pub(crate) fn new(
        seed: u64,
        start_ms: i64,
        cast: impl IntoIterator<Item = (u32, Vec<Part>)>,
    ) -> Self {
        let mut timeline = Self {
            start_ms,
            sources: Vec::new(),
            next: BinaryHeap::new(),
            silenced: Vec::new(),
        };
        for (acl, parts) in cast {
            for (place, part) in parts.into_iter().enumerate() {
                let stream = u64::from(acl) << 16 | place as u64;
                timeline.sources.push(Source {
                    acl,
                    arrivals: Arrivals::new(part.pace, part.span, start_ms),
                    part,
                    dice: Dice::new(seed, stream),
                });
                timeline.schedule(timeline.sources.len() - 1);
            }
        }
        timeline
    }

    /// Unix milliseconds of the request that comes next.
    pub(crate) fn peek_ms(&self) -> Option<i64> {
        self.next
            .peek()
            .map(|Reverse((at_ns, _))| self.unix_ms(*at_ns))
    }

    /// Requests that were silenced so far, at the number of the event; nothing where none were.
    pub(crate) fn silenced(&self) -> &[u64] {
        &self.silenced
    }

    fn unix_ms(&self, at_ns: u64) -> i64 {
        self.start_ms + (at_ns / 1_000_000) as i64
    }

    fn schedule(&mut self, index: usize) {
        let source = &mut self.sources[index];
        while let Some(at_ns) = source.arrivals.next(&mut source.dice) {
            let silences = &source.part.silences;
            let silence = silences.iter().find(|silence| silence.span.contains(at_ns));
            let Some(silence) = silence else {
                self.next.push(Reverse((at_ns, index)));
                return;
            };
            // Drawn and thrown away, so that what follows does not depend on the silence.
            let event = usize::from(silence.event);
            source.part.crew.act(at_ns, &mut source.dice);
            source.dice.bits();
            if self.silenced.len() <= event {
                self.silenced.resize(event + 1, 0);
            }
            self.silenced[event] += 1;
        }
    }
}

impl Iterator for Timeline {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        let Reverse((at_ns, index)) = self.next.pop()?;
        let source = &mut self.sources[index];
        let draft = source.part.crew.act(at_ns, &mut source.dice);
        let request = Request {
            timestamp_ms: self.start_ms + (at_ns / 1_000_000) as i64,
            acl: source.acl,
            origin: source.part.origin,
            entropy: source.dice.bits(),
            draft,
        };
        self.schedule(index);
        Some(request)
    }
}
