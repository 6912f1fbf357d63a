//! Most frequent keys, with bounds: a Misra-Gries summary.
//!
//! # Algebra and bound
//!
//! Every kept key has a count that is at most its true one, and `error` is at least what any key,
//! kept or not, may have lost:
//!
//! ```text
//! kept count <= truth <= kept count + error        (kept count is zero for a key not kept)
//! ```
//!
//! A map that is full is *reduced*: some number is subtracted from every kept count, keys at zero
//! or below are forgotten, and the number is added to the error, which keeps the inequality.
//! Counting reduces by the median kept count; merging adds kept counts and errors and then reduces
//! by the first count that finds no place. Each unit of error thus takes a unit from at least half
//! of `capacity` keys, and together they cannot lose more than the weight (the sum of all counts,
//! always exact):
//!
//! ```text
//! error <= 2 * weight / capacity                   for any stream, split and order of merges
//! ```
//!
//! As long as no more than `capacity` different keys were seen the error is zero and the sketch is
//! the exact multiset, so merging is a commutative monoid; beyond that it is one up to the bound.
//! A reduction depends on counts alone: neither the hash nor its seed changes an answer.
//!
//! Sources: Misra, Gries, "Finding repeated elements", 1982; Agarwal, Cormode, Huang, Phillips,
//! Wei, Yi, "Mergeable summaries", 2012; the median is from Anderson, Bevan, Lang, Liberty, Rhodes,
//! Thaler, "A high-performance algorithm for identifying frequent items in data streams", 2017, as
//! in Apache DataSketches. (Its frequent-items map hashes with a fixed, published seed, compares
//! through the key type, and samples by position, which makes answers depend on that hash.)

use std::cmp::Reverse;

use hashbrown::HashTable;

use crate::key::{Key, KeyRef};
use crate::settings::SketchSettings;
use crate::summary::CountBounds;

/// A summary of how often keys occurred.
#[derive(Debug, Clone)]
pub(crate) struct FrequentSketch {
    entries: HashTable<Entry>,
    capacity: usize,
    error: u64,
    weight: u64,
    text_bytes: usize,
}

/// A kept key with its guaranteed count.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) count: u64,
}

impl Entry {
    /// Most frequent first, ties by text.
    pub(crate) fn order(&self) -> (Reverse<u64>, &str, &str) {
        (Reverse(self.count), self.key.left(), self.key.right())
    }
}

impl FrequentSketch {
    /// An empty sketch that grows to a map of `map_size` slots, of which three quarters are used.
    pub(crate) fn new(map_size: usize) -> Self {
        let map_size = map_size
            .clamp(SketchSettings::MIN_MAP_SIZE, SketchSettings::MAX_MAP_SIZE)
            .next_power_of_two();
        Self {
            entries: HashTable::new(),
            capacity: map_size / 4 * 3,
            error: 0,
            weight: 0,
            text_bytes: 0,
        }
    }

    /// Counts `key` and returns by how many bytes the sketch grew.
    #[inline]
    pub(crate) fn count(&mut self, key: KeyRef<'_>, count: u64) -> isize {
        self.weight = self.weight.saturating_add(count);
        match self.entries.find_mut(key.hash, |entry| entry.key.is(key)) {
            Some(entry) => {
                entry.count = entry.count.saturating_add(count);
                0
            }
            None => self.keep(key, count),
        }
    }

    fn keep(&mut self, key: KeyRef<'_>, count: u64) -> isize {
        let before = self.estimated_bytes();
        self.insert(key, count);
        if self.entries.len() > self.capacity {
            let mut counts = self.counts();
            let middle = counts.len() / 2;
            let (_, median, _) = counts.select_nth_unstable(middle);
            self.reduce(*median);
        }
        self.estimated_bytes() as isize - before as isize
    }

    fn insert(&mut self, key: KeyRef<'_>, count: u64) {
        if count == 0 {
            return;
        }
        self.text_bytes += key.text_bytes();
        let entry = Entry {
            key: key.to_key(),
            count,
        };
        self.entries
            .insert_unique(key.hash, entry, |entry| entry.key.hash);
    }

    fn counts(&self) -> Vec<u64> {
        self.entries.iter().map(|entry| entry.count).collect()
    }

    /// Subtracts `by` from every kept count and forgets what is not above it.
    fn reduce(&mut self, by: u64) {
        self.error = self.error.saturating_add(by);
        // Refilled instead of removed from: removals would leave marks that make the map grow. The texts
        // of what stays are not looked at: they are far from each other.
        let entries: Vec<Entry> = self.entries.drain().collect();
        for mut entry in entries {
            if entry.count <= by {
                self.text_bytes -= entry.key.as_ref().text_bytes();
                continue;
            }
            entry.count -= by;
            self.entries
                .insert_unique(entry.key.hash, entry, |entry| entry.key.hash);
        }
    }

    /// Adds what `other` counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        let entries = other.entries.iter();
        self.add_all(entries.map(|entry| (entry.key.as_ref(), entry.count)));
        let kept = other.entries.iter().map(|entry| entry.count);
        let lost = other
            .weight
            .saturating_sub(kept.fold(0, u64::saturating_add));
        self.carry(other.error, lost);
    }

    /// Counts all of `keys` and reduces once, so that their order does not matter.
    pub(crate) fn add_all<'k>(&mut self, keys: impl IntoIterator<Item = (KeyRef<'k>, u64)>) {
        for (key, count) in keys {
            self.weight = self.weight.saturating_add(count);
            match self.entries.find_mut(key.hash, |entry| entry.key.is(key)) {
                Some(entry) => entry.count = entry.count.saturating_add(count),
                None => self.insert(key, count),
            }
        }
        self.fit();
    }

    /// Reduces by the largest count that finds no place.
    fn fit(&mut self) {
        if self.entries.len() <= self.capacity {
            return;
        }
        let mut counts = self.counts();
        let (_, homeless, _) =
            counts.select_nth_unstable_by_key(self.capacity, |count| Reverse(*count));
        self.reduce(*homeless);
        self.entries
            .shrink_to(self.capacity, |entry| entry.key.hash);
    }

    /// Takes on what another form of the sketch says of keys that it no longer keeps.
    pub(crate) fn carry(&mut self, error: u64, weight: u64) {
        self.error = self.error.saturating_add(error);
        self.weight = self.weight.saturating_add(weight);
    }

    /// How much more than its kept count any key may have occurred.
    pub(crate) fn error(&self) -> u64 {
        self.error
    }

    /// The exact sum of all counts.
    pub(crate) fn weight(&self) -> u64 {
        self.weight
    }

    /// The bounds of a key whose kept count is `count`, zero if it is not kept.
    pub(crate) fn bounds(&self, count: u64) -> CountBounds {
        CountBounds {
            lower: count,
            upper: count.saturating_add(self.error).min(self.weight),
        }
    }

    /// The kept keys in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The `length` most frequent of the kept keys, most frequent first, ties by text.
    pub(crate) fn top(&self, length: usize) -> Vec<&Entry> {
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        let order = |one: &&Entry, two: &&Entry| one.order().cmp(&two.order());
        if length < entries.len() {
            entries.select_nth_unstable_by(length, order);
            entries.truncate(length);
        }
        entries.sort_unstable_by(order);
        entries
    }

    /// Bytes that the sketch takes in memory; shared texts count in every sketch.
    #[inline]
    pub(crate) fn estimated_bytes(&self) -> usize {
        self.text_bytes + self.entries.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    fn listed(sketch: &FrequentSketch) -> Vec<(&str, u64)> {
        let ranked = sketch.top(usize::MAX).into_iter();
        ranked
            .map(|entry| (entry.key.left(), entry.count))
            .collect()
    }

    #[test]
    fn ties_are_ordered_by_text() {
        let sketch = counted(64, &[("c", 2), ("a", 1), ("b", 2), ("d", 7)]);
        assert_eq!(listed(&sketch), [("d", 7), ("b", 2), ("c", 2), ("a", 1)]);
        assert_eq!((sketch.error(), sketch.weight()), (0, 12));
    }

    #[test]
    fn a_full_map_is_reduced_by_the_median() {
        let counts = [("a", 9), ("b", 8), ("c", 7), ("d", 3), ("e", 2), ("f", 1)];
        let mut sketch = counted(8, &counts);
        assert_eq!(sketch.error(), 0);
        sketch.merge(&counted(8, &[]));
        assert_eq!(listed(&sketch), counts);
        let hashes = Hashes::new(&SketchSettings::default());
        sketch.count(KeyRef::single(&hashes.text("g")), 1);
        assert_eq!(listed(&sketch), [("a", 6), ("b", 5), ("c", 4)]);
        assert_eq!((sketch.error(), sketch.weight()), (3, 31));
    }

    #[test]
    fn a_merge_keeps_what_finds_a_place() {
        let mut one = counted(8, &[("a", 9), ("b", 8), ("c", 7), ("d", 6)]);
        one.merge(&counted(8, &[("a", 1), ("e", 5), ("f", 4), ("g", 3)]));
        let kept = [("a", 7), ("b", 5), ("c", 4), ("d", 3), ("e", 2), ("f", 1)];
        assert_eq!(listed(&one), kept);
        assert_eq!((one.error(), one.weight()), (3, 43));
    }

    #[test]
    fn any_map_size_is_made_to_work() {
        for size in [0, 1, 9, usize::MAX] {
            let sketch = counted(size, &[("a", 1), ("b", 0)]);
            assert_eq!((sketch.weight(), listed(&sketch).len()), (1, 1));
        }
    }

    #[test]
    fn size_follows_what_is_kept() {
        let hashes = Hashes::new(&SketchSettings::default());
        let mut sketch = FrequentSketch::new(64);
        let empty = sketch.estimated_bytes();
        let (mut grown, mut most) = (0, 0);
        for number in 0..10_000 {
            let text = format!("{number:0100}");
            grown += sketch.count(KeyRef::single(&hashes.text(&text)), 1);
            most = most.max(sketch.estimated_bytes());
        }
        assert_eq!(sketch.estimated_bytes() as isize - empty as isize, grown);
        assert!(most <= 64 * 40 + 49 * 100, "{most}");
    }

    proptest! {
        /// The two inequalities of the module's documentation, for any stream, split and order.
        #[test]
        fn truth_and_error_stay_within_bounds(
            keys in prop::collection::vec((0_u8..60, 1_u64..9), 0..600),
            parts in 1_usize..9,
            backwards: bool,
        ) {
            let hashes = Hashes::new(&SketchSettings::default());
            let mut sketches = vec![FrequentSketch::new(16); parts];
            let mut truth = std::collections::BTreeMap::<String, u64>::new();
            for (index, (key, count)) in keys.iter().enumerate() {
                // Squaring makes low keys frequent.
                let text = (u32::from(*key) * u32::from(*key) / 60).to_string();
                sketches[index % parts].count(KeyRef::single(&hashes.text(&text)), *count);
                *truth.entry(text).or_default() += count;
            }
            if backwards {
                sketches.reverse();
            }
            let mut whole = FrequentSketch::new(16);
            sketches.iter().for_each(|part| whole.merge(part));
            prop_assert_eq!(whole.weight(), truth.values().sum::<u64>());
            prop_assert!(whole.error() * 6 <= whole.weight());
            prop_assert!(whole.iter().count() <= 12);
            for (text, truth) in truth {
                let kept = whole.iter().find(|entry| entry.key.left() == text);
                let bounds = whole.bounds(kept.map_or(0, |entry| entry.count));
                prop_assert!(bounds.lower <= truth && truth <= bounds.upper);
            }
        }
    }
}
