//! How far in event time the shards have delivered.
//!
//! A shard's watermark only rises. The lowest one of all live shards bounds what can still come
//! in order: a window whose end lies at or before it waits only for stragglers.

use std::collections::BTreeMap;

use crate::time::EventTime;

/// The lowest watermark of all live shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Low {
    /// No shard is known, or one of them has not delivered anything yet.
    Unknown,
    /// Every live shard has delivered up to this time.
    At(EventTime),
    /// Every shard there was has finished: nothing more will come. The time is the highest that
    /// any of them had delivered; the window around it was cut off by the end of the input.
    AllFinished(EventTime),
}

/// Watermarks by shard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watermarks {
    live: BTreeMap<String, Option<EventTime>>,
    /// The highest watermark of finished shards.
    finished: Option<EventTime>,
}

impl Watermarks {
    /// No shard yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes `shard` live before it has delivered anything, so that it holds windows back.
    pub fn open(&mut self, shard: &str) {
        self.live.entry(shard.to_owned()).or_default();
    }

    /// Says that `shard` has delivered up to `time`; a time before the known one changes nothing.
    ///
    /// The shard becomes live if it was not, even after it had finished.
    pub fn advance(&mut self, shard: &str, time: EventTime) {
        match self.live.get_mut(shard) {
            Some(known) => *known = (*known).max(Some(time)),
            None => {
                self.live.insert(shard.to_owned(), Some(time));
            }
        }
    }

    /// Says that nothing more will come from `shard`: it holds nothing back any longer.
    pub fn finish(&mut self, shard: &str) {
        let watermark = self.live.remove(shard).flatten();
        self.finished = self.finished.max(watermark);
    }

    /// The watermark of a live shard that has delivered.
    #[must_use]
    pub fn of(&self, shard: &str) -> Option<EventTime> {
        self.live.get(shard).copied().flatten()
    }

    /// How far all live shards have delivered.
    #[must_use]
    pub fn low(&self) -> Low {
        // `None` is below every time: one silent shard makes the answer unknown.
        match self.live.values().min() {
            Some(Some(time)) => Low::At(*time),
            Some(None) => Low::Unknown,
            None => self.finished.map_or(Low::Unknown, Low::AllFinished),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_live_shard_decides() {
        let mut watermarks = Watermarks::new();
        assert_eq!(watermarks.low(), Low::Unknown);
        watermarks.advance("a", EventTime(10));
        watermarks.advance("b", EventTime(5));
        assert_eq!(watermarks.low(), Low::At(EventTime(5)));
        watermarks.open("c");
        assert_eq!(watermarks.low(), Low::Unknown);
        watermarks.advance("c", EventTime(7));
        watermarks.finish("b");
        assert_eq!(watermarks.low(), Low::At(EventTime(7)));
        watermarks.finish("a");
        watermarks.finish("c");
        assert_eq!(watermarks.low(), Low::AllFinished(EventTime(10)));
        watermarks.advance("b", EventTime(6));
        assert_eq!(watermarks.low(), Low::At(EventTime(6)));
    }

    #[test]
    fn a_watermark_never_falls() {
        let mut watermarks = Watermarks::new();
        watermarks.advance("a", EventTime(10));
        watermarks.advance("a", EventTime(3));
        watermarks.open("a");
        assert_eq!(watermarks.of("a"), Some(EventTime(10)));
        assert_eq!(watermarks.of("b"), None);
    }
}
