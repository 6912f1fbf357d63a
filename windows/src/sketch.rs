//! Most frequent keys, with bounds.
//!
//! # Algebra and bound
//!
//! A Misra-Gries summary (Apache DataSketches' frequent-items sketch): every kept key has a count
//! that is at most its true one, and `error` is at least what any key, kept or not, may have lost:
//!
//! ```text
//! kept count <= truth <= kept count + error        (kept count is zero for a key not kept)
//! ```
//!
//! Merging adds kept counts and errors, so the inequality survives every merge in every order.
//! While fewer keys than three quarters of the map have been seen, the error is zero and the
//! sketch is the exact multiset: a commutative monoid. Beyond that the error is at most
//! `3.5 / map size` of the weight per sketch built. The weight, the sum of all counts, is always
//! exact.
//!
//! Sources: Misra, Gries, "Finding repeated elements", 1982; Agarwal et al., "Mergeable
//! summaries", 2012; Anderson et al., "A high-performance algorithm for identifying frequent items
//! in data streams", 2017.

use std::cmp::Reverse;

use datasketches::frequencies::{ErrorType, FrequentItemsSketch};

use crate::key::{AsKey, Key, KeyRef};
use crate::settings::SketchSettings;
use crate::summary::CountBounds;

/// A summary of how often keys occurred.
///
/// `carried_*` is what a decoded or trimmed sketch brings along that its map does not know of.
#[derive(Debug, Clone)]
pub(crate) struct FrequentSketch {
    items: FrequentItemsSketch<Key>,
    carried_error: u64,
    carried_weight: u64,
    text_bytes: usize,
}

/// A kept key with its guaranteed count.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) count: u64,
}

impl FrequentSketch {
    /// An empty sketch that grows to a map of `map_size` slots.
    pub(crate) fn new(map_size: usize) -> Self {
        let map_size = map_size
            .clamp(SketchSettings::MIN_MAP_SIZE, SketchSettings::MAX_MAP_SIZE)
            .next_power_of_two();
        let items = FrequentItemsSketch::new(map_size)
            .expect("a power of two from 8 to 65,536 is supported");
        Self {
            items,
            carried_error: 0,
            carried_weight: 0,
            text_bytes: 0,
        }
    }

    /// Counts `key` and returns by how many bytes the sketch grew.
    #[inline]
    pub(crate) fn count(&mut self, key: KeyRef<'_>, count: u64) -> isize {
        let kept = self.items.num_active_items();
        self.items
            .update_with_count_ref::<dyn AsKey + '_>(&key, count);
        if self.items.num_active_items() == kept {
            return 0;
        }
        self.account(kept, key.text_bytes())
    }

    /// A purge drops keys of unknown length: their texts are taken for average ones.
    #[cold]
    fn account(&mut self, kept_before: usize, added_text_bytes: usize) -> isize {
        let before = self.text_bytes + map_bytes(kept_before);
        let kept = self.items.num_active_items();
        self.text_bytes += added_text_bytes;
        if kept <= kept_before {
            self.text_bytes = self.text_bytes * kept / (kept_before + 1);
        }
        (self.text_bytes + map_bytes(kept)) as isize - before as isize
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let kept_before = self.items.num_active_items() + other.items.num_active_items();
        self.items.merge(&other.items);
        self.carry(other.carried_error, other.carried_weight);
        if let Some(mean) = (self.text_bytes + other.text_bytes).checked_div(kept_before) {
            self.text_bytes = mean * self.items.num_active_items();
        }
    }

    /// Widens the bounds by `error` and adds `weight` of keys that are not kept.
    pub(crate) fn carry(&mut self, error: u64, weight: u64) {
        self.carried_error = self.carried_error.saturating_add(error);
        self.carried_weight = self.carried_weight.saturating_add(weight);
    }

    /// How much more than its kept count any key may have occurred.
    pub(crate) fn error(&self) -> u64 {
        self.items
            .maximum_error()
            .saturating_add(self.carried_error)
    }

    /// The exact sum of all counts.
    pub(crate) fn weight(&self) -> u64 {
        self.items
            .total_weight()
            .saturating_add(self.carried_weight)
    }

    /// The bounds of a key whose kept count is `count`, zero if it is not kept.
    pub(crate) fn bounds(&self, count: u64) -> CountBounds {
        CountBounds {
            lower: count,
            upper: count.saturating_add(self.error()).min(self.weight()),
        }
    }

    /// The kept keys, most frequent first, ties by text.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let rows = self
            .items
            .frequent_items_with_threshold(ErrorType::NoFalseNegatives, 0);
        let mut entries: Vec<Entry> = rows
            .iter()
            .map(|row| Entry {
                key: row.item().clone(),
                count: row.lower_bound(),
            })
            .collect();
        entries.sort_unstable_by(|one, two| one.order().cmp(&two.order()));
        entries
    }

    /// Bytes that the sketch takes in memory; shared texts count in every sketch.
    pub(crate) fn estimated_bytes(&self) -> usize {
        self.text_bytes + map_bytes(self.items.num_active_items())
    }
}

impl Entry {
    fn order(&self) -> (Reverse<u64>, &str, &str) {
        (Reverse(self.count), self.key.left(), self.key.right())
    }
}

/// Bytes of the map that holds `kept` keys: it doubles when three quarters are taken, and each
/// slot has a key, a count and a distance.
fn map_bytes(kept: usize) -> usize {
    let slots = (kept * 4).div_ceil(3).max(8).next_power_of_two();
    slots * (size_of::<Option<Key>>() + size_of::<u64>() + size_of::<u16>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Hashes;

    fn counted(map_size: usize, counts: &[(&str, u64)]) -> FrequentSketch {
        let hashes = Hashes::new(&SketchSettings::default());
        let mut sketch = FrequentSketch::new(map_size);
        for (text, count) in counts {
            sketch.count(KeyRef::single(&hashes.text(text)), *count);
        }
        sketch
    }

    fn listed(sketch: &FrequentSketch) -> Vec<(String, u64)> {
        let entries = sketch.entries();
        let listed = entries
            .iter()
            .map(|entry| (entry.key.left().to_owned(), entry.count));
        listed.collect()
    }

    #[test]
    fn ties_are_ordered_by_text() {
        let sketch = counted(64, &[("c", 2), ("a", 1), ("b", 2), ("d", 7)]);
        let expected = [("d", 7), ("b", 2), ("c", 2), ("a", 1)];
        assert_eq!(
            listed(&sketch),
            expected.map(|(text, count)| (text.to_owned(), count))
        );
        assert_eq!((sketch.error(), sketch.weight()), (0, 12));
    }

    #[test]
    fn what_is_carried_widens_the_bounds_through_merges() {
        let mut one = counted(64, &[("a", 5)]);
        one.carry(3, 10);
        let mut two = counted(64, &[("a", 2)]);
        two.carry(1, 4);
        one.merge(&two);
        assert_eq!((one.error(), one.weight()), (4, 21));
        let bounds = CountBounds {
            lower: 7,
            upper: 11,
        };
        assert_eq!(one.bounds(7), bounds);
    }

    #[test]
    fn any_map_size_is_made_to_work() {
        for size in [0, 1, 9, usize::MAX] {
            let sketch = counted(size, &[("a", 1)]);
            assert_eq!(sketch.weight(), 1);
        }
    }

    #[test]
    fn size_follows_what_is_kept() {
        let hashes = Hashes::new(&SketchSettings::default());
        let mut sketch = FrequentSketch::new(64);
        let empty = sketch.estimated_bytes();
        let mut grown = 0;
        let mut most = 0;
        for number in 0..10_000 {
            let text = format!("{number:0100}");
            grown += sketch.count(KeyRef::single(&hashes.text(&text)), 1);
            most = most.max(sketch.estimated_bytes());
        }
        assert_eq!(sketch.estimated_bytes() as isize - empty as isize, grown);
        assert!(most <= map_bytes(48) + 49 * 100, "{most}");
    }
}
