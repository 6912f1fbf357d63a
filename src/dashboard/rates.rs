//! How many records come in per second, from counts that were looked at now and then.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::Serialize;

/// Stretch that rates are means of.
const SPAN: Duration = Duration::from_secs(60);
/// Shortest time between two looks that are kept.
const STEP: Duration = Duration::from_secs(1);

/// What had become of records by some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    pub read: u64,
    pub accepted: u64,
    pub rejected: u64,
}

/// Records per second.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub(super) struct Rate {
    pub span_seconds: f64,
    pub read_per_second: f64,
    pub accepted_per_second: f64,
    pub rejected_per_second: f64,
}

/// The looks of the last minute.
#[derive(Debug, Default)]
pub(super) struct Rates {
    looks: VecDeque<(Instant, Counts)>,
}

impl Rates {
    /// Notes what the counts were at `at`.
    pub(super) fn look(&mut self, at: Instant, counts: Counts) {
        let newest = self.looks.back().map(|(_, counts)| *counts);
        if newest.is_some_and(|newest| counts.read < newest.read) {
            // Another store, or inputs that were forgotten: what was counted before says nothing now.
            self.looks.clear();
        }
        let is_close = |before: usize| {
            let place = self.looks.len().checked_sub(before);
            let look = place.and_then(|place| self.looks.get(place));
            look.is_some_and(|(time, _)| at.saturating_duration_since(*time) < STEP)
        };
        if is_close(2) {
            self.looks.pop_back();
        }
        self.looks.push_back((at, counts));
        // One look at the stretch's beginning or before it is the one that rates begin with.
        while self.looks.len() > 2
            && self
                .looks
                .get(1)
                .is_some_and(|(time, _)| at.saturating_duration_since(*time) >= SPAN)
        {
            self.looks.pop_front();
        }
    }

    /// Means over the stretch between the first and the last look.
    pub(super) fn rate(&self) -> Rate {
        let (Some((first, before)), Some((last, after))) = (self.looks.front(), self.looks.back())
        else {
            return Rate::default();
        };
        let seconds = last.saturating_duration_since(*first).as_secs_f64();
        if seconds <= 0.0 {
            return Rate::default();
        }
        let per_second = |before: u64, after: u64| after.saturating_sub(before) as f64 / seconds;
        Rate {
            span_seconds: seconds,
            read_per_second: per_second(before.read, after.read),
            accepted_per_second: per_second(before.accepted, after.accepted),
            rejected_per_second: per_second(before.rejected, after.rejected),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(read: u64) -> Counts {
        Counts {
            read,
            accepted: read,
            rejected: 0,
        }
    }

    #[test]
    fn a_rate_is_a_mean_over_a_minute_and_bounded() {
        let start = Instant::now();
        let mut rates = Rates::default();
        assert_eq!(rates.rate(), Rate::default());
        for quarter in 0..4_000_u64 {
            let at = start + Duration::from_millis(250 * quarter);
            rates.look(at, counts(25 * quarter));
        }
        let rate = rates.rate();
        assert!((rate.read_per_second - 100.0).abs() < 1e-9, "{rate:?}");
        assert!((60.0..=62.0).contains(&rate.span_seconds), "{rate:?}");
        assert!(rates.looks.len() < 100, "{}", rates.looks.len());
    }

    #[test]
    fn counts_that_fall_begin_anew() {
        let start = Instant::now();
        let mut rates = Rates::default();
        rates.look(start, counts(1_000));
        rates.look(start + Duration::from_secs(2), counts(10));
        assert_eq!(rates.rate(), Rate::default());
        rates.look(start + Duration::from_secs(4), counts(30));
        assert!((rates.rate().read_per_second - 10.0).abs() < 1e-9);
    }
}
