//! Top lists of several windows, merged into what they say of the time that they cover together.
//!
//! # Bound
//!
//! Of a value, a window's list either tells `lower <= count <= upper`, or, where it does not hold the
//! value, that `0 <= count <= unlisted`. Sums of bounds bound sums, so
//!
//! ```text
//! sum of lower where listed  <=  truth  <=  sum of upper where listed + sum of unlisted elsewhere
//! ```
//!
//! for any value, listed anywhere or nowhere. Sums commute: the order of windows changes nothing, and a
//! range split in two and merged again is the same range.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;

use crate::summary::{CountBounds, TopItem, TopList};

/// What is known of one value over several lists.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    /// Sum of its bounds in the lists that hold it.
    bounds: CountBounds,
    /// Sum over those lists of what they lack at most.
    unlisted: u64,
}

/// The values of several windows' lists.
#[derive(Debug, Clone, Default)]
pub struct MergedLists<'a> {
    values: HashMap<Cow<'a, str>, Held>,
    unlisted: u64,
    weight: u64,
}

impl<'a> MergedLists<'a> {
    /// Adds one window's values, of which every one that is not in `items` occurred `unlisted` times at
    /// most. A value may stand in `items` once.
    pub fn add(
        &mut self,
        items: impl IntoIterator<Item = (Cow<'a, str>, CountBounds)>,
        unlisted: u64,
    ) {
        self.unlisted = self.unlisted.saturating_add(unlisted);
        for (key, bounds) in items {
            let held = self.values.entry(key).or_default();
            held.bounds = held.bounds.plus(bounds);
            held.unlisted = held.unlisted.saturating_add(unlisted);
        }
    }

    /// Adds one window's list, and keeps its texts.
    pub fn add_list(&mut self, list: TopList) {
        let unlisted = list.largest_unlisted();
        self.weight = self.weight.saturating_add(list.weight);
        let items = list.items.into_iter();
        self.add(
            items.map(|item| {
                (
                    Cow::Owned(item.key),
                    CountBounds {
                        lower: item.lower,
                        upper: item.upper,
                    },
                )
            }),
            unlisted,
        );
    }

    /// Sum of the counts of all values of the lists that were added whole.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// Whether no list holds any value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How often `key`, listed or not, occurred.
    #[must_use]
    pub fn bounds(&self, key: &str) -> CountBounds {
        let held = self.values.get(key).copied().unwrap_or_default();
        self.of(held)
    }

    /// The first `n` values by lower bound, ties by key, and how often any other one occurred at most.
    #[must_use]
    pub fn top(&self, n: usize) -> (Vec<TopItem>, u64) {
        let mut ranked: Vec<(&str, Held)> = self
            .values
            .iter()
            .map(|(key, held)| (key.as_ref(), *held))
            .collect();
        ranked.sort_unstable_by_key(|(key, held)| (Reverse(held.bounds.lower), *key));
        let rest = ranked.split_off(n.min(ranked.len()));
        let beyond = rest.iter().map(|(_, held)| self.of(*held).upper).max();
        let items = ranked.into_iter().map(|(key, held)| {
            let CountBounds { lower, upper } = self.of(held);
            TopItem::new(key, lower, upper)
        });
        (items.collect(), beyond.unwrap_or(0).max(self.unlisted))
    }

    fn of(&self, held: Held) -> CountBounds {
        let elsewhere = self.unlisted.saturating_sub(held.unlisted);
        held.bounds.plus(CountBounds::at_most(elsewhere))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const KEYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

    /// A window's true counts, cut to a list that forgot `loss` of each count and all but `kept` values.
    fn list(truth: &[u64; 6], kept: usize, loss: u64) -> TopList {
        let mut counted: Vec<(&str, u64)> =
            KEYS.iter().copied().zip(truth.iter().copied()).collect();
        counted.retain(|(_, count)| *count > loss);
        counted.sort_by_key(|(key, count)| (Reverse(*count), *key));
        let shown = counted.len().min(kept);
        let items: Vec<TopItem> = counted[..shown]
            .iter()
            .map(|(key, count)| TopItem::new(*key, count - loss, count - loss + loss))
            .collect();
        let listed = |key: &str| items.iter().any(|item| item.key == key);
        let missing = KEYS.iter().zip(truth).filter(|(key, _)| !listed(key));
        let unlisted = missing.map(|(_, count)| *count).max().unwrap_or(0);
        TopList {
            error: 0,
            weight: truth.iter().sum(),
            unlisted: Some(unlisted),
            items,
        }
    }

    proptest! {
        #[test]
        fn the_truth_lies_within_the_bounds_whatever_was_forgotten(
            windows in prop::collection::vec((prop::array::uniform6(0_u64..50), 0_usize..7, 0_u64..9), 0..12),
            shown in 0_usize..7,
        ) {
            let mut merged = MergedLists::default();
            let mut truth: BTreeMap<&str, u64> = KEYS.iter().map(|key| (*key, 0)).collect();
            for (counts, kept, loss) in &windows {
                merged.add_list(list(counts, *kept, *loss));
                for (key, count) in KEYS.iter().zip(counts) {
                    *truth.entry(key).or_default() += count;
                }
            }
            let (items, unlisted) = merged.top(shown);
            for (key, count) in &truth {
                let bounds = merged.bounds(key);
                prop_assert!(bounds.lower <= *count && *count <= bounds.upper);
                match items.iter().find(|item| item.key == *key) {
                    Some(item) => prop_assert_eq!(item.bounds(), bounds),
                    None => prop_assert!(*count <= unlisted),
                }
            }
            prop_assert_eq!(merged.weight(), truth.values().sum::<u64>());
        }
    }

    #[test]
    fn exact_lists_stay_exact() {
        let mut merged = MergedLists::default();
        merged.add_list(list(&[5, 3, 0, 0, 0, 0], 6, 0));
        merged.add_list(list(&[0, 4, 1, 0, 0, 0], 6, 0));
        let (items, unlisted) = merged.top(2);
        assert_eq!(items, [TopItem::new("b", 7, 7), TopItem::new("a", 5, 5)]);
        assert_eq!(unlisted, 1);
        assert_eq!(merged.bounds("never seen"), CountBounds::default());
    }
}
