//! Where records come from.

use std::collections::BTreeMap;

use wafwatch_loadgen::{Generator, Truth};

use super::recording::Recording;

/// When a record is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The time that its place in the schedule follows from, in Unix milliseconds.
    pub at_ms: i64,
    /// What its timestamp says.
    pub stamp_ms: i64,
}

/// Records one after the other.
pub enum Feed {
    /// Made by a scenario.
    Made(Box<Generator>),
    /// Recorded before.
    Recorded(Box<Recording>),
}

impl Feed {
    /// Appends the next record as a line to `buffer`; `None` after the last one.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> anyhow::Result<Option<Place>> {
        match self {
            Self::Made(generator) => {
                let event = generator.write_next(buffer);
                Ok(event.map(|event| Place {
                    at_ms: event.timestamp_ms,
                    stamp_ms: event.timestamp_ms,
                }))
            }
            Self::Recorded(recording) => recording.next(buffer),
        }
    }

    /// The truth about what was made; nothing is known about recordings.
    pub fn truth(&self) -> Option<Truth> {
        match self {
            Self::Made(generator) => Some(generator.truth()),
            Self::Recorded(_) => None,
        }
    }

    /// Lines that were not sent, by reason.
    pub fn skipped(&self) -> BTreeMap<String, u64> {
        match self {
            Self::Made(_) => BTreeMap::new(),
            Self::Recorded(recording) => recording.skipped(),
        }
    }
}
