//! The canonical form of a partial.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use foldhash::quality::RandomState;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::MAX_TEXTS;
use crate::counters::Counters;
use crate::sample::SAMPLE;
use crate::settings::SketchSettings;

/// Everything a partial holds, over one table of texts.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Image<'a> {
    pub(super) distinct_check: u32,
    pub(super) counters: Counters,
    #[serde(borrow)]
    pub(super) distinct: Cow<'a, [u8]>,
    #[serde(deserialize_with = "capped::<_, _, SAMPLE>")]
    pub(super) address_sample: Vec<u32>,
    /// Ascending, each once. Addresses and rules recur in many sketches.
    #[serde(borrow, deserialize_with = "capped::<_, _, MAX_TEXTS>")]
    pub(super) texts: Vec<&'a str>,
    /// In the order of [`Partial::sketches`](crate::partial::Partial::sketches).
    #[serde(deserialize_with = "capped::<_, _, 64>")]
    pub(super) sketches: Vec<Columns>,
}

/// A sketch by columns, which compress better than rows. Keys ascend.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Columns {
    pub(super) weight: u64,
    pub(super) error: u64,
    /// Number of the first text, less that of the key before.
    #[serde(deserialize_with = "capped::<_, _, { SketchSettings::MAX_MAP_SIZE }>")]
    pub(super) left_steps: Vec<u32>,
    /// Number of the second text; no entry at all where keys are single.
    #[serde(deserialize_with = "capped::<_, _, { SketchSettings::MAX_MAP_SIZE }>")]
    pub(super) rights: Vec<u32>,
    #[serde(deserialize_with = "capped::<_, _, { SketchSettings::MAX_MAP_SIZE }>")]
    pub(super) counts: Vec<u64>,
}

/// A sketch on its way into columns.
#[derive(Debug)]
pub(super) struct Listing<'a> {
    pub(super) weight: u64,
    pub(super) error: u64,
    pub(super) rows: Vec<Row<'a>>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) left: &'a str,
    pub(super) right: Option<&'a str>,
    pub(super) count: u64,
}

/// The texts of `listings`, each once and ascending, and the listings over their numbers.
pub(super) fn columns<'a>(listings: &[Listing<'a>]) -> (Vec<&'a str>, Vec<Columns>) {
    let texts_of = |row: &Row<'a>| [Some(row.left), row.right];
    let rows = listings.iter().flat_map(|listing| &listing.rows);
    let mut numbers: HashMap<&str, u32, RandomState> = HashMap::default();
    for text in rows.flat_map(texts_of).flatten() {
        numbers.insert(text, 0);
    }
    let mut texts: Vec<&str> = numbers.keys().copied().collect();
    texts.sort_unstable();
    for (text, number) in texts.iter().zip(0..) {
        numbers.insert(text, number);
    }
    let in_columns = |listing: &Listing<'_>| {
        let mut keys: Vec<(u32, Option<u32>, u64)> = listing
            .rows
            .iter()
            .map(|row| {
                let right = row.right.map(|right| numbers[right]);
                (numbers[row.left], right, row.count)
            })
            .collect();
        keys.sort_unstable();
        let mut columns = Columns {
            weight: listing.weight,
            error: listing.error,
            ..Columns::default()
        };
        let mut before = 0;
        for (left, right, count) in keys {
            columns.left_steps.push(left - before);
            columns.rights.extend(right);
            columns.counts.push(count);
            before = left;
        }
        columns
    };
    let sketches = listings.iter().map(in_columns).collect();
    (texts, sketches)
}

/// A sequence of at most `MAX` items; more is an error before it is memory.
fn capped<'de, D, T, const MAX: usize>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Capped<T, const MAX: usize>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Capped<T, MAX> {
        type Value = Vec<T>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "at most {MAX} items")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut taken = Vec::new();
            while let Some(item) = items.next_element()? {
                if taken.len() == MAX {
                    return Err(A::Error::invalid_length(MAX + 1, &self));
                }
                taken.push(item);
            }
            Ok(taken)
        }
    }

    deserializer.deserialize_seq(Capped::<T, MAX>(PhantomData))
}
