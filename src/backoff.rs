//! How long to wait before another attempt: exponential, with jitter, capped.
//!
//! The wait before retry `n` (from 0) is drawn evenly from the upper half of `[0, c]`, with
//! `c = min(first * 2^n, longest)`. The lower half is left out so that whoever refused gets time to
//! recover; the draw keeps many callers that failed together from coming back together.

use std::time::Duration;

/// The wait before retry number `attempt`, counted from 0: `first` at most before the first one, and
/// never longer than `longest`. The same `seed` and `attempt` give the same wait; use a seed of its own
/// for whatever is tried again by itself.
#[must_use]
pub fn delay(first: Duration, longest: Duration, attempt: u32, seed: u64) -> Duration {
    let factor = 1_u32
        .checked_shl(attempt)
        .filter(|factor| *factor > 0)
        .unwrap_or(u32::MAX);
    let ceiling = first.saturating_mul(factor).min(longest);
    let half = ceiling / 2;
    let nanoseconds = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
    let drawn =
        split_mix(seed ^ u64::from(attempt).rotate_left(32)) % nanoseconds.saturating_add(1);
    half + Duration::from_nanos(drawn)
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
    use proptest::prelude::*;

    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(600);

    #[test]
    fn waits_double_up_to_the_longest() {
        for (attempt, ceiling) in [(0, 1), (1, 2), (4, 16), (9, 512), (10, 600), (32, 600)] {
            let ceiling = Duration::from_secs(ceiling);
            let waits = (0..200).map(|seed| delay(FIRST, LONGEST, attempt, seed));
            let waits: Vec<Duration> = waits.collect();
            assert!(
                waits
                    .iter()
                    .all(|wait| (ceiling / 2..=ceiling).contains(wait))
            );
            // Jitter uses the whole range.
            let longest = waits.iter().max().expect("there are waits");
            let shortest = waits.iter().min().expect("there are waits");
            assert!(*longest > ceiling * 9 / 10 && *shortest < ceiling * 6 / 10);
        }
    }

    proptest! {
        #[test]
        fn any_attempt_has_a_wait_within_bounds(attempt: u32, seed: u64) {
            let wait = delay(FIRST, LONGEST, attempt, seed);
            prop_assert!(wait >= FIRST / 2 && wait <= LONGEST);
            prop_assert_eq!(wait, delay(FIRST, LONGEST, attempt, seed));
        }
    }
}
