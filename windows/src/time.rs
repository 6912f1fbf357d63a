//! Event time and the tumbling windows that divide it.

use serde::{Deserialize, Serialize};

/// A point in event time: milliseconds since the Unix epoch, as WAF writes them in `timestamp`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct EventTime(pub i64);

impl EventTime {
    /// This time moved by `milliseconds`, held at the ends of the range.
    #[must_use]
    pub fn plus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// This time moved back by `milliseconds`, held at the ends of the range.
    #[must_use]
    pub fn minus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_sub(milliseconds))
    }
}

/// The half-open interval `[start, end)` of event time, aligned to the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Window {
    /// First millisecond that belongs to the window.
    pub start: EventTime,
    /// First millisecond that belongs to the next one.
    pub end: EventTime,
}

/// The length of every window: a whole number of seconds from 10 s to 1 day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct WindowSize {
    seconds: u32,
}

/// A window size outside the supported range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a window of {seconds} seconds is not supported: choose 10 to 86400")]
pub struct InvalidWindowSize {
    /// The size that was asked for.
    pub seconds: u32,
}

impl WindowSize {
    /// One minute.
    pub const DEFAULT: Self = Self { seconds: 60 };

    /// A window of `seconds`.
    ///
    /// # Errors
    ///
    /// [`InvalidWindowSize`] outside 10 to 86 400.
    pub fn from_seconds(seconds: u32) -> Result<Self, InvalidWindowSize> {
        if !(10..=86_400).contains(&seconds) {
            return Err(InvalidWindowSize { seconds });
        }
        Ok(Self { seconds })
    }

    /// The length in seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.seconds
    }

    /// The length in milliseconds.
    #[must_use]
    pub fn milliseconds(self) -> i64 {
        i64::from(self.seconds) * 1_000
    }

    /// The window that `time` falls into.
    #[must_use]
    pub fn window_of(self, time: EventTime) -> Window {
        let size = self.milliseconds();
        let start = EventTime(time.0.div_euclid(size).saturating_mul(size));
        Window {
            start,
            end: start.plus(size),
        }
    }

    /// The window that begins where `window` ends.
    #[must_use]
    pub fn next(self, window: Window) -> Window {
        Window {
            start: window.end,
            end: window.end.plus(self.milliseconds()),
        }
    }
}

impl TryFrom<u32> for WindowSize {
    type Error = InvalidWindowSize;

    fn try_from(seconds: u32) -> Result<Self, Self::Error> {
        Self::from_seconds(seconds)
    }
}

impl From<WindowSize> for u32 {
    fn from(size: WindowSize) -> Self {
        size.seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_aligned_to_the_epoch_on_both_sides_of_it() {
        let size = WindowSize::DEFAULT;
        assert_eq!(size.window_of(EventTime(0)).start, EventTime(0));
        assert_eq!(size.window_of(EventTime(59_999)).start, EventTime(0));
        assert_eq!(size.window_of(EventTime(60_000)).start, EventTime(60_000));
        assert_eq!(size.window_of(EventTime(-1)).start, EventTime(-60_000));
    }

    #[test]
    fn sizes_outside_the_range_are_refused() {
        assert!(WindowSize::from_seconds(9).is_err());
        assert!(WindowSize::from_seconds(10).is_ok());
        assert!(WindowSize::from_seconds(86_400).is_ok());
        assert!(WindowSize::from_seconds(86_401).is_err());
    }
}
