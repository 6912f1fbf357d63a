//! The addresses that an ACL was seen to have, by samples of their hashes.
//!
//! Every window brings the smallest hashes of its addresses ([`AddressSample`]). They are kept for one to two
//! weeks, in a generation that is filled and the one before it. When a generation is full, its
//! largest hashes are forgotten and its limit falls to them: above the limit nothing can be said, so of a
//! window's sample only what lies below the limits of both is judged. What an attack brings is not taken
//! in (the caller passes ordinary windows only), and limits that a burst has lowered are gone with their
//! generation.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wafwatch_windows::sample::AddressSample;

/// Hashes of a generation.
pub(super) const MOST_ADDRESSES: usize = 512;
const GENERATION_DAYS: f64 = 7.0;

/// Addresses that were seen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct KnownAddresses {
    current: Generation,
    previous: Option<Generation>,
    /// Windows of the current generation.
    windows: f64,
}

/// How many of the addresses that can be judged were never seen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Newcomers {
    pub new: f64,
    pub judged: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Generation {
    /// Ascending, each once.
    #[serde(serialize_with = "write_steps", deserialize_with = "read_steps")]
    hashes: Vec<u32>,
    /// All hashes up to this one are kept.
    limit: u32,
}

impl Default for Generation {
    fn default() -> Self {
        Self {
            hashes: Vec::new(),
            limit: u32::MAX,
        }
    }
}

impl Generation {
    fn holds(&self, hash: u32) -> bool {
        self.hashes.binary_search(&hash).is_ok()
    }

    fn insert(&mut self, hash: u32) {
        if hash > self.limit {
            return;
        }
        let Err(place) = self.hashes.binary_search(&hash) else {
            return;
        };
        self.hashes.insert(place, hash);
        if self.hashes.len() <= MOST_ADDRESSES {
            return;
        }
        if let Some(forgotten) = self.hashes.pop() {
            self.limit = forgotten.saturating_sub(1);
        }
    }

    fn is_sound(&self) -> bool {
        let ascends = self.hashes.is_sorted_by(|left, right| left < right);
        ascends && self.hashes.len() <= MOST_ADDRESSES
    }
}

impl KnownAddresses {
    pub(super) fn newcomers(&self, sample: &AddressSample) -> Newcomers {
        let of_previous = self.previous.as_ref();
        let limit = of_previous.map_or(u32::MAX, |generation| generation.limit);
        let limit = limit.min(self.current.limit);
        let mut newcomers = Newcomers::default();
        for hash in sample.hashes().iter().take_while(|hash| **hash <= limit) {
            let was_seen = self.current.holds(*hash)
                || of_previous.is_some_and(|generation| generation.holds(*hash));
            newcomers.judged += 1.0;
            newcomers.new += if was_seen { 0.0 } else { 1.0 };
        }
        newcomers
    }

    /// Takes in the addresses of an ordinary window.
    pub(super) fn learn(&mut self, sample: &AddressSample, per_day: f64) {
        if self.windows >= GENERATION_DAYS * per_day {
            self.previous = Some(std::mem::take(&mut self.current));
            self.windows = 0.0;
        }
        self.windows += 1.0;
        for hash in sample.hashes() {
            self.current.insert(*hash);
        }
    }

    /// Whether a stored one has the shape that this version reads.
    pub(super) fn is_sound(&self) -> bool {
        self.current.is_sound() && self.previous.as_ref().is_none_or(Generation::is_sound)
    }
}

/// Writes the distances of ascending hashes, which take fewer bytes than the hashes.
fn write_steps<S: Serializer>(hashes: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
    let before = std::iter::once(0).chain(hashes.iter().copied());
    let steps = hashes.iter().zip(before);
    serializer.collect_seq(steps.map(|(hash, before)| hash.wrapping_sub(before)))
}

fn read_steps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    let mut hashes = Vec::<u32>::deserialize(deserializer)?;
    let mut before = 0_u32;
    for hash in &mut hashes {
        before = before.wrapping_add(*hash);
        *hash = before;
    }
    Ok(hashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PER_DAY: f64 = 1_440.0;

    fn sample(hashes: impl IntoIterator<Item = u32>) -> AddressSample {
        hashes.into_iter().collect()
    }

    #[test]
    fn what_was_learnt_is_known_and_the_rest_is_new() {
        let mut known = KnownAddresses::default();
        known.learn(&sample(0..40), PER_DAY);
        let Newcomers { new, judged } = known.newcomers(&sample(30..50));
        assert_eq!((new, judged), (10.0, 20.0));
    }

    #[test]
    fn a_flood_of_addresses_is_bounded_and_lowers_what_is_judged() {
        let mut known = KnownAddresses::default();
        for window in 0..200_u32 {
            known.learn(&sample((0..64).map(|n| window * 64 + n)), PER_DAY);
        }
        assert!(known.current.hashes.len() == MOST_ADDRESSES && known.is_sound());
        let above = sample([known.current.limit + 1, u32::MAX]);
        assert_eq!(known.newcomers(&above), Newcomers::default());
        let below = sample([0, 5, 7]);
        assert_eq!(known.newcomers(&below).new, 0.0);
    }

    #[test]
    fn an_address_is_forgotten_after_one_to_two_weeks() {
        let mut known = KnownAddresses::default();
        known.learn(&sample([7]), PER_DAY);
        let days = |known: &mut KnownAddresses, days: u32| {
            for _ in 0..days * 1_440 {
                known.learn(&AddressSample::default(), PER_DAY);
            }
            known.newcomers(&sample([7])).new
        };
        assert_eq!(days(&mut known, 7), 0.0);
        assert_eq!(days(&mut known, 8), 1.0);
    }

    #[test]
    fn the_stored_form_is_read_back() {
        let mut known = KnownAddresses::default();
        known.learn(&sample([0, 9, 70_000, u32::MAX]), PER_DAY);
        let bytes = postcard::to_stdvec(&known).expect("plain values");
        let read: KnownAddresses = postcard::from_bytes(&bytes).expect("as written");
        assert_eq!(read, known);
    }
}
