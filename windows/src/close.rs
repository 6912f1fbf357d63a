//! When a window may close.

use serde::{Deserialize, Serialize};

use crate::time::{EventTime, Window};
use crate::watermark::Low;

/// How long a window waits for its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClosePolicy {
    /// Milliseconds of event time that a window waits beyond its end for stragglers.
    pub lateness_ms: u32,
    /// Milliseconds of wall-clock time, beyond end and lateness, after which a window closes
    /// although some shard has not delivered that far.
    pub longest_wait_ms: u32,
}

impl Default for ClosePolicy {
    fn default() -> Self {
        Self {
            lateness_ms: 30_000,
            longest_wait_ms: 120_000,
        }
    }
}

/// Whether a window may close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Records may still come in time.
    NotYet,
    /// Every live shard has delivered past end and lateness.
    Complete,
    /// The longest wait has passed; records may be missing.
    Incomplete,
}

impl ClosePolicy {
    /// Whether `window` may close when shards have delivered up to `low` and the wall clock says
    /// `now`, in the same milliseconds as event time.
    #[must_use]
    pub fn due(self, window: Window, low: Low, now: EventTime) -> Due {
        let settled = window.end.plus(i64::from(self.lateness_ms));
        match low {
            Low::At(watermark) if watermark >= settled => return Due::Complete,
            Low::AllFinished(last) if last >= window.end => return Due::Complete,
            Low::AllFinished(last) if last >= window.start => return Due::Incomplete,
            Low::AllFinished(_) => return Due::NotYet,
            Low::At(_) | Low::Unknown => {}
        }
        if now >= settled.plus(i64::from(self.longest_wait_ms)) {
            return Due::Incomplete;
        }
        Due::NotYet
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::WindowSize;

    const POLICY: ClosePolicy = ClosePolicy {
        lateness_ms: 30_000,
        longest_wait_ms: 120_000,
    };

    fn due(low: Low, now: i64) -> Due {
        let window = WindowSize::DEFAULT.window_of(EventTime(0));
        POLICY.due(window, low, EventTime(now))
    }

    #[test]
    fn complete_when_every_shard_is_past_end_and_lateness() {
        assert_eq!(due(Low::At(EventTime(89_999)), 0), Due::NotYet);
        assert_eq!(due(Low::At(EventTime(90_000)), 0), Due::Complete);
        // Delivered late is delivered all the same.
        assert_eq!(due(Low::At(EventTime(90_000)), i64::MAX), Due::Complete);
    }

    #[test]
    fn the_end_of_all_input_cuts_the_last_window_off_and_opens_no_further_one() {
        assert_eq!(due(Low::AllFinished(EventTime(60_000)), 0), Due::Complete);
        assert_eq!(due(Low::AllFinished(EventTime(59_999)), 0), Due::Incomplete);
        assert_eq!(due(Low::AllFinished(EventTime(-1)), i64::MAX), Due::NotYet);
    }

    #[test]
    fn incomplete_when_the_longest_wait_has_passed() {
        for low in [Low::Unknown, Low::At(EventTime(10))] {
            assert_eq!(due(low, 209_999), Due::NotYet);
            assert_eq!(due(low, 210_000), Due::Incomplete);
        }
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let window = WindowSize::DEFAULT.window_of(EventTime(i64::MAX));
        let low = Low::At(EventTime(i64::MAX));
        assert_eq!(POLICY.due(window, low, EventTime(0)), Due::Complete);
        let window = WindowSize::DEFAULT.window_of(EventTime(i64::MIN));
        assert_eq!(
            POLICY.due(window, Low::Unknown, EventTime(0)),
            Due::Incomplete
        );
    }
}
