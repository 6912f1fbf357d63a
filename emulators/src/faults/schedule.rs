//! When which fault happens.

use std::collections::VecDeque;
use std::time::Duration;

use super::Fault;

/// Longest delay that is drawn.
const LONGEST_DELAY_MILLISECONDS: u64 = 20;

/// How often each fault is drawn, in percent of attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// [`Fault::ErrorBefore`].
    pub error_before: u8,
    /// [`Fault::LostAnswer`].
    pub lost_answer: u8,
    /// [`Fault::ServiceError`].
    pub service_error: u8,
    /// [`Fault::Throttled`].
    pub throttled: u8,
    /// [`Fault::Conflicting`].
    pub conflicting: u8,
    /// [`Fault::Delay`].
    pub delay: u8,
    /// [`Fault::CrashBefore`].
    pub crash_before: u8,
    /// [`Fault::CrashAfter`].
    pub crash_after: u8,
}

impl Rates {
    /// Something happens to nearly every third attempt.
    pub const ROUGH: Self = Self {
        error_before: 4,
        lost_answer: 6,
        service_error: 4,
        throttled: 2,
        conflicting: 2,
        delay: 4,
        crash_before: 3,
        crash_after: 5,
    };

    /// Nothing happens.
    pub const NONE: Self = Self {
        error_before: 0,
        lost_answer: 0,
        service_error: 0,
        throttled: 0,
        conflicting: 0,
        delay: 0,
        crash_before: 0,
        crash_after: 0,
    };
}

/// The faults of a run, attempt by attempt.
#[derive(Debug, Clone)]
pub struct Schedule {
    kind: Kind,
    /// The only operation that faults happen to.
    operation: Option<String>,
    /// Faults that may still happen.
    left: usize,
}

#[derive(Debug, Clone)]
enum Kind {
    Seeded { state: u64, rates: Rates },
    Listed(VecDeque<Option<Fault>>),
}

impl Schedule {
    /// No fault at all.
    #[must_use]
    pub fn none() -> Self {
        Self::listed([])
    }

    /// Faults drawn by `seed`, at most `limit` of them, so that a run comes to its end.
    ///
    /// The same calls in the same order meet the same faults.
    #[must_use]
    pub fn seeded(seed: u64, rates: Rates, limit: usize) -> Self {
        Self {
            kind: Kind::Seeded { state: seed, rates },
            operation: None,
            left: limit,
        }
    }

    /// The fault of the first attempt, of the second...; none after the last.
    #[must_use]
    pub fn listed(faults: impl IntoIterator<Item = Option<Fault>>) -> Self {
        Self {
            kind: Kind::Listed(faults.into_iter().collect()),
            operation: None,
            left: usize::MAX,
        }
    }

    /// The same for attempts of `operation` alone; others succeed and are not counted.
    #[must_use]
    pub fn only(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    pub(super) fn next(&mut self, operation: &str) -> Option<Fault> {
        let is_concerned = self
            .operation
            .as_deref()
            .is_none_or(|only| only == operation);
        if !is_concerned || self.left == 0 {
            return None;
        }
        let fault = match &mut self.kind {
            Kind::Listed(faults) => faults.pop_front().flatten(),
            Kind::Seeded { state, rates } => draw(state, *rates),
        };
        if fault.is_some() {
            self.left -= 1;
        }
        fault
    }
}

fn draw(state: &mut u64, rates: Rates) -> Option<Fault> {
    let percent = random(state) % 100;
    let delay = Duration::from_millis(random(state) % LONGEST_DELAY_MILLISECONDS);
    let faults = [
        (rates.error_before, Fault::ErrorBefore),
        (rates.lost_answer, Fault::LostAnswer),
        (rates.service_error, Fault::ServiceError),
        (rates.throttled, Fault::Throttled),
        (rates.conflicting, Fault::Conflicting),
        (rates.delay, Fault::Delay(delay)),
        (rates.crash_before, Fault::CrashBefore),
        (rates.crash_after, Fault::CrashAfter),
    ];
    let mut below = 0;
    for (rate, fault) in faults {
        below += u64::from(rate);
        if percent < below {
            return Some(fault);
        }
    }
    None
}

/// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(mut schedule: Schedule, count: usize) -> Vec<Option<Fault>> {
        (0..count).map(|_| schedule.next("PutItem")).collect()
    }

    #[test]
    fn a_seed_gives_the_same_faults_again_and_another_seed_others() {
        let of = |seed| draws(Schedule::seeded(seed, Rates::ROUGH, 1_000), 1_000);
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
        let faults = of(7).into_iter().flatten().count();
        assert!((250..350).contains(&faults), "{faults} of 1,000");
        let wanted = [
            Fault::CrashAfter,
            Fault::Throttled,
            Fault::Conflicting,
            Fault::LostAnswer,
        ];
        for wanted in wanted {
            assert!(of(7).contains(&Some(wanted)), "{wanted:?}");
        }
    }

    #[test]
    fn faults_end_at_their_limit() {
        let faults = draws(Schedule::seeded(1, Rates::ROUGH, 3), 1_000);
        assert_eq!(faults.into_iter().flatten().count(), 3);
        let none = draws(Schedule::seeded(1, Rates::NONE, 3), 1_000);
        assert_eq!(none.into_iter().flatten().count(), 0);
    }

    #[test]
    fn a_list_concerns_one_operation_alone_where_it_says_so() {
        let list = [None, Some(Fault::ErrorBefore)];
        let mut schedule = Schedule::listed(list).only("PutItem");
        assert_eq!(schedule.next("Query"), None);
        assert_eq!(schedule.next("PutItem"), None);
        assert_eq!(schedule.next("Query"), None);
        assert_eq!(schedule.next("PutItem"), Some(Fault::ErrorBefore));
        assert_eq!(schedule.next("PutItem"), None);
    }
}
