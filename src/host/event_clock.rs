//! The clock that the longest wait of a window is measured on.
//!
//! A window has waited too long when the newest record passed its end that long ago, in real time.
//! So the clock shows the event time that was reached one longest wait ago, and what has gone by
//! since. Live, that is the wall clock; a backlog of hours that is read within a second moves it by
//! a second, however far one input runs ahead of another.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use wafwatch_windows::time::EventTime;

use crate::pipeline::NEVER;

/// How many marks a longest wait is divided into: the clock is late by one of them at most.
const MARKS: u32 = 32;

/// Tells event time from the records that came.
#[derive(Debug)]
pub(super) struct EventClock {
    longest_wait: Duration,
    /// When which event time was reached, oldest first. All but the newest are apart by the
    /// longest wait divided by [`MARKS`], and all but the oldest are younger than it.
    marks: VecDeque<(Instant, EventTime)>,
}

impl EventClock {
    pub(super) fn new(longest_wait: Duration) -> Self {
        Self {
            longest_wait,
            marks: VecDeque::new(),
        }
    }

    /// Says that a record of `time` came at `at`.
    pub(super) fn reach(&mut self, time: EventTime, at: Instant) {
        if self.marks.back().is_some_and(|(_, known)| *known >= time) {
            return;
        }
        self.forget(at);
        if let [.., (before, _), (newest, _)] = self.marks.make_contiguous()
            && newest.duration_since(*before) < self.longest_wait / MARKS
        {
            self.marks.pop_back();
        }
        self.marks.push_back((at, time));
    }

    /// What the clock shows at `at`: before every window's end until a longest wait has passed.
    pub(super) fn at(&self, at: Instant) -> EventTime {
        let is_old = |(reached, _): &&(Instant, EventTime)| self.is_old(*reached, at);
        let Some((reached, time)) = self.marks.iter().rev().find(is_old) else {
            return NEVER;
        };
        let since = i64::try_from(at.duration_since(*reached).as_millis()).unwrap_or(i64::MAX);
        time.plus(since)
    }

    fn is_old(&self, reached: Instant, at: Instant) -> bool {
        at.duration_since(reached) >= self.longest_wait
    }

    /// Drops marks that newer ones have replaced.
    fn forget(&mut self, at: Instant) {
        while let Some((second, _)) = self.marks.get(1)
            && self.is_old(*second, at)
        {
            self.marks.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(120);

    #[test]
    fn a_backlog_moves_it_by_the_time_that_reading_takes() {
        let start = Instant::now();
        let mut clock = EventClock::new(WAIT);
        let mut at = start;
        for hour in 0..100 {
            at = start + Duration::from_millis(hour * 10);
            clock.reach(EventTime(hour.cast_signed() * 3_600_000), at);
            assert_eq!(clock.at(at), NEVER);
        }
        // Then nothing comes any more, and the wait runs out.
        assert_eq!(clock.at(at + WAIT), EventTime(99 * 3_600_000 + 120_000));
        assert_eq!(clock.at(at + 2 * WAIT), EventTime(99 * 3_600_000 + 240_000));
    }

    #[test]
    fn live_it_is_the_wall_clock_with_few_marks() {
        let start = Instant::now();
        let mut clock = EventClock::new(WAIT);
        for second in 0..10_000 {
            let at = start + Duration::from_secs(second);
            let time = EventTime(second.cast_signed() * 1_000);
            clock.reach(time, at);
            if second >= 120 {
                assert_eq!(clock.at(at), time);
            }
            assert!(clock.marks.len() <= MARKS as usize + 2);
        }
    }

    #[test]
    fn an_older_record_does_not_move_it_back() {
        let start = Instant::now();
        let mut clock = EventClock::new(WAIT);
        clock.reach(EventTime(5_000), start);
        clock.reach(EventTime(1_000), start + WAIT);
        assert_eq!(clock.at(start + WAIT), EventTime(125_000));
    }
}
