//! How far in event time the shards have delivered.
//!
//! A shard's watermark only rises. The lowest one of all live shards bounds what can still come
//! in order: a window whose end lies at or before it waits only for stragglers.
//!
//! It is the newest timestamp that the shard delivered, with one exception ([`Leap`]): a record far
//! ahead of all before it moves the watermark only when the records right behind it are as far ahead.
//! So one wrong timestamp does not make the rest of a file late, while a log that pauses for hours goes
//! on after three records. A watermark that is too low costs nothing but time: no window closes before
//! its records, so what is counted stays the same.

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

/// How far ahead of the watermark a record's timestamp must be confirmed, in milliseconds.
pub const LEAP_MS: i64 = 3_600_000;
/// How many records in a row must be that far ahead.
pub const LEAPING_RECORDS: u32 = 3;

/// Records in a row that are far ahead of their shard's watermark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Leap {
    records: u32,
    /// Their lowest timestamp.
    lowest: Option<EventTime>,
}

impl Leap {
    /// How far a shard that had delivered up to `reached` has after a record of `time`; `None` where
    /// the record does not move it.
    pub fn observe(&mut self, reached: Option<EventTime>, time: EventTime) -> Option<EventTime> {
        let is_near = reached.is_none_or(|reached| time <= reached.plus(LEAP_MS));
        if is_near {
            *self = Self::default();
            return Some(time);
        }
        self.records += 1;
        self.lowest = Some(self.lowest.map_or(time, |lowest| lowest.min(time)));
        if self.records < LEAPING_RECORDS {
            return None;
        }
        self.take()
    }

    /// How far the shard has delivered if nothing comes that could confirm the leap: as far as its
    /// records say.
    pub fn take(&mut self) -> Option<EventTime> {
        std::mem::take(self).lowest
    }
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

    /// Whether more may come from `shard`.
    #[must_use]
    pub fn is_live(&self, shard: &str) -> bool {
        self.live.contains_key(shard)
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

    /// The watermark of a shard with records of these minutes.
    fn reached(minutes: &[i64]) -> Option<EventTime> {
        let mut leap = Leap::default();
        let mut reached = None;
        for minute in minutes {
            reached = reached.max(leap.observe(reached, EventTime(minute * 60_000)));
        }
        reached.map(|time| EventTime(time.0 / 60_000))
    }

    #[test]
    fn the_watermark_is_the_newest_timestamp() {
        assert_eq!(reached(&[]), None);
        assert_eq!(reached(&[7]), Some(EventTime(7)));
        assert_eq!(reached(&[7, 3, 67, 40]), Some(EventTime(67)));
    }

    #[test]
    fn wrong_timestamps_here_and_there_move_nothing() {
        let mut minutes = Vec::new();
        for minute in 0..50 {
            minutes.extend([minute, minute + 600, minute + 300, minute]);
        }
        assert_eq!(reached(&minutes), Some(EventTime(49)));
    }

    #[test]
    fn a_log_that_pauses_goes_on_after_three_records() {
        assert_eq!(reached(&[0, 300, 302]), Some(EventTime(0)));
        assert_eq!(reached(&[0, 300, 302, 301]), Some(EventTime(300)));
        assert_eq!(reached(&[0, 300, 302, 301, 303]), Some(EventTime(303)));
        // Also when every pause is that long.
        assert_eq!(
            reached(&[0, 100, 200, 300, 400, 500, 600]),
            Some(EventTime(400))
        );
    }

    #[test]
    fn without_more_records_a_leap_counts_as_far_as_it_says() {
        let mut leap = Leap::default();
        let start = Some(EventTime(0));
        assert_eq!(leap.take(), None);
        assert_eq!(leap.observe(start, EventTime(9 * LEAP_MS)), None);
        assert_eq!(leap.observe(start, EventTime(8 * LEAP_MS)), None);
        assert_eq!(leap.take(), Some(EventTime(8 * LEAP_MS)));
        assert_eq!(leap.take(), None);
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
