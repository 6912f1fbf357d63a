//! How long to wait before a call of AWS is made again: exponential, with jitter, capped.
//!
//! The wait before retry `n` (from 0) is drawn evenly from the upper half of `[0, c]`, with
//! `c = min(first * 2^n, longest)`, so that many callers that were throttled together do not come
//! back together.

use std::time::Duration;

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
        let factor = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        let ceiling = self.first.saturating_mul(factor).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        let half = ceiling / 2;
        let share =
            f64::from(split_mix(self.seed ^ u64::from(self.failures)) as u32) / f64::from(u32::MAX);
        half + half.mul_f64(share)
    }
}

/// One step of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
/// 2014), which spreads neighbouring seeds.
fn split_mix(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
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
