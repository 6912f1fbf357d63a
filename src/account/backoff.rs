//! How long to wait before a call of AWS is made again, by the failures in a row before it.

use std::time::Duration;

use crate::backoff;

/// Counts the failures in a row and tells how long to wait after each.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    seed: u64,
    failures: u32,
}

impl Backoff {
    /// Waits from `first` to `longest`; give every caller a `seed` of its own.
    #[must_use]
    pub fn new(first: Duration, longest: Duration, seed: u64) -> Self {
        Self {
            first,
            longest,
            seed,
            failures: 0,
        }
    }

    /// Failures since the last success.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// A call succeeded.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// A call failed: how long to wait.
    pub fn fail(&mut self) -> Duration {
        let wait = backoff::delay(self.first, self.longest, self.failures, self.seed);
        self.failures = self.failures.saturating_add(1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(10);

    #[test]
    fn waits_double_up_to_the_longest_and_start_over_after_a_success() {
        for seed in 0..100 {
            let mut backoff = Backoff::new(FIRST, LONGEST, seed);
            for failure in 0..40 {
                let factor = 1_u32.checked_shl(failure).unwrap_or(u32::MAX);
                let ceiling = FIRST.saturating_mul(factor).min(LONGEST);
                let wait = backoff.fail();
                assert!(wait >= ceiling / 2 && wait <= ceiling, "{wait:?}");
            }
            backoff.reset();
            assert!(backoff.fail() <= FIRST);
        }
    }

    #[test]
    fn callers_that_failed_together_come_back_apart() {
        let waits = (0..100).map(|seed| Backoff::new(FIRST, LONGEST, seed).fail());
        let mut waits: Vec<Duration> = waits.collect();
        waits.sort();
        waits.dedup();
        assert!(waits.len() > 90, "{}", waits.len());
    }
}
