//! Leaves a model alone after it failed, so that a service that is down or throttled delays one
//! message and not each of a hundred.

use wafwatch_windows::time::EventTime;

const FIRST_PAUSE_MS: i64 = 30_000;
const LONGEST_PAUSE_MS: i64 = 900_000;

/// Doubles with every failure in a row, up to a quarter of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pause {
    failures: u32,
    until: Option<EventTime>,
}

impl Pause {
    /// Whether the model is to be left alone at `now`.
    #[must_use]
    pub fn is_on(&self, now: EventTime) -> bool {
        // A clock that was set back must not prolong a pause for long.
        self.until
            .is_some_and(|until| now < until && until.0.saturating_sub(now.0) <= LONGEST_PAUSE_MS)
    }

    /// A call failed at `now` in a way that the next one would too.
    pub fn failed(&mut self, now: EventTime) {
        let factor = 1_i64 << self.failures.min(10);
        let pause = FIRST_PAUSE_MS.saturating_mul(factor).min(LONGEST_PAUSE_MS);
        self.until = Some(now.plus(pause));
        self.failures = self.failures.saturating_add(1);
    }

    /// The model answered, whatever it said.
    pub fn answered(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_with_an_answer() {
        let mut pause = Pause::default();
        assert!(!pause.is_on(EventTime(0)));
        pause.failed(EventTime(0));
        assert!(pause.is_on(EventTime(29_999)) && !pause.is_on(EventTime(30_000)));
        pause.failed(EventTime(30_000));
        assert!(pause.is_on(EventTime(89_999)) && !pause.is_on(EventTime(90_000)));
        for _ in 0..99 {
            pause.failed(EventTime(0));
        }
        assert!(pause.is_on(EventTime(899_999)) && !pause.is_on(EventTime(900_000)));
        assert!(!pause.is_on(EventTime(-1)), "a clock set back");
        pause.answered();
        assert_eq!(pause, Pause::default());
    }
}
