//! Which client addresses a window had: a small sample that is comparable from window to window.
//!
//! Of the seeded hashes of all addresses the [`SAMPLE`] smallest are kept (bottom-k, also called a
//! k-minimum-values sketch). Whether an address is in a sample depends on its hash and not on how often it
//! comes, so the sample is uniform over the distinct addresses; and because every window and every
//! shard draws by the same hash, an address that is sampled in one window is sampled in the next one too if
//! that has no more addresses. That is what lets somebody who remembers samples alone say which share of
//! a window's addresses was never seen before.
//!
//! # Algebra
//!
//! The sample of a union is the smallest of both samples: merging is a commutative, idempotent monoid, and
//! exact.
//!
//! # Bound
//!
//! A share `p` that is estimated from a full sample has the standard error
//! `sqrt(p (1 - p) / SAMPLE)`, at most 6.3 points; with at most [`SAMPLE`] addresses it is exact, up to
//! collisions of 32-bit hashes. Source: Cohen and Kaplan, "Summarizing data using bottom-k sketches", 2007.

use serde::{Deserialize, Serialize};

/// How many addresses a sample holds at most.
pub const SAMPLE: usize = 64;

/// The smallest hashes of the addresses of a window, ascending, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressSample {
    hashes: Vec<u32>,
}

impl AddressSample {
    /// The hashes, ascending.
    #[must_use]
    pub fn hashes(&self) -> &[u32] {
        &self.hashes
    }

    /// Whether there was no address, or nothing was kept of them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Observes an address by the upper half of its seeded hash.
    #[inline]
    pub(crate) fn observe(&mut self, hash: u64) {
        let hash = (hash >> 32) as u32;
        let is_full = self.hashes.len() == SAMPLE;
        if is_full && self.hashes.last().is_some_and(|largest| hash >= *largest) {
            return;
        }
        let Err(place) = self.hashes.binary_search(&hash) else {
            return;
        };
        if is_full {
            self.hashes.pop();
        }
        self.hashes.insert(place, hash);
    }

    /// Adds what another sample holds.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        self.hashes.extend_from_slice(&other.hashes);
        self.hashes.sort_unstable();
        self.hashes.dedup();
        self.hashes.truncate(SAMPLE);
    }

    /// The sample of these hashes, if it is one that this version makes: ascending, each once, no more
    /// than it holds.
    pub(crate) fn of_image(hashes: Vec<u32>) -> Option<Self> {
        let ascends = hashes.is_sorted_by(|left, right| left < right);
        (ascends && hashes.len() <= SAMPLE).then_some(Self { hashes })
    }
}

impl FromIterator<u32> for AddressSample {
    fn from_iter<I: IntoIterator<Item = u32>>(hashes: I) -> Self {
        let mut sample = Self::default();
        for hash in hashes {
            sample.observe(u64::from(hash) << 32);
        }
        sample
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn smallest(hashes: &[u32]) -> Vec<u32> {
        let distinct: BTreeSet<u32> = hashes.iter().copied().collect();
        distinct.into_iter().take(SAMPLE).collect()
    }

    proptest! {
        #[test]
        fn any_split_and_order_keeps_the_smallest(
            hashes in prop::collection::vec(0_u32..400, 0..600),
            cut in 0_usize..600,
        ) {
            let (one, other) = hashes.split_at(cut.min(hashes.len()));
            let whole: AddressSample = hashes.iter().copied().collect();
            let mut merged: AddressSample = one.iter().copied().collect();
            let other: AddressSample = other.iter().rev().copied().collect();
            merged.merge(&other);
            prop_assert_eq!(&merged, &whole);
            prop_assert_eq!(whole.hashes(), smallest(&hashes));
            merged.merge(&whole);
            prop_assert_eq!(&merged, &whole);
            prop_assert_eq!(AddressSample::of_image(merged.hashes.clone()), Some(merged));
        }
    }

    #[test]
    fn what_this_version_does_not_make_is_no_sample() {
        let too_many = (0..=SAMPLE as u32).collect();
        for hashes in [too_many, vec![2, 1], vec![1, 1]] {
            assert_eq!(AddressSample::of_image(hashes), None);
        }
    }
}
