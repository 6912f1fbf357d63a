//! Making a partial fit its budget.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::image::{Columns, Image, Listing, Row, columns};
use super::{MAX_IMAGE_BYTES, MAX_TEXTS, pack};
use crate::partial::Partial;
use crate::sketch::FrequentSketch;

/// After this many attempts whatever is still too large is emptied. Each attempt takes at least a
/// tenth off, and mostly the second fits.
const MAX_ATTEMPTS: usize = 16;

/// Bytes of a key beside its texts: numbers and count.
const ROW_BYTES: usize = 6;

pub(super) fn encode_within(partial: &Partial, budget_bytes: usize) -> Vec<u8> {
    let mut listings: Vec<Listing<'_>> = partial.sketches().map(listing).collect();
    let mut attempt = 0;
    loop {
        let (texts, sketches) = columns(&listings);
        let table = texts.len();
        let image = write(partial, texts, sketches);
        let excess = if image.len() > MAX_IMAGE_BYTES || table > MAX_TEXTS {
            let by_bytes = image.len() as f64 / MAX_IMAGE_BYTES as f64;
            by_bytes.max(table as f64 / MAX_TEXTS as f64)
        } else {
            let packed = pack(&image);
            if packed.len() <= budget_bytes || listings.iter().all(|one| one.rows.is_empty()) {
                return packed;
            }
            packed.len() as f64 / budget_bytes as f64
        };
        attempt += 1;
        let present: usize = listings.iter().map(cost).sum();
        let target = if attempt < MAX_ATTEMPTS {
            (present as f64 / excess * 0.97).min(present as f64 * 0.9) as usize
        } else {
            0
        };
        shrink(&mut listings, target);
    }
}

fn listing(sketch: &FrequentSketch) -> Listing<'_> {
    let rows = sketch.iter().map(|entry| Row {
        left: entry.key.left(),
        right: entry.key.is_pair().then(|| entry.key.right()),
        count: entry.count,
    });
    Listing {
        weight: sketch.weight(),
        error: sketch.error(),
        rows: rows.collect(),
    }
}

fn write(partial: &Partial, texts: Vec<&str>, sketches: Vec<Columns>) -> Vec<u8> {
    let image = Image {
        distinct_check: partial.hashes.distinct_check(),
        counters: partial.counters,
        distinct: Cow::Owned(partial.distinct_addresses.image()),
        address_sample: partial.address_sample.hashes().to_vec(),
        texts,
        sketches,
    };
    postcard::to_stdvec(&image).expect("an image has nothing that postcard cannot write")
}

fn row_cost(row: &Row<'_>) -> usize {
    ROW_BYTES + row.left.len() + row.right.map_or(0, str::len)
}

fn cost(listing: &Listing<'_>) -> usize {
    listing.rows.iter().map(row_cost).sum()
}

/// Reduces the largest listings until all together cost at most `target`; small ones stay whole.
fn shrink(listings: &mut [Listing<'_>], target: usize) {
    let mut costs: Vec<usize> = listings.iter().map(cost).collect();
    costs.sort_unstable();
    let mut left = target;
    let mut allowance = usize::MAX;
    for (index, cost) in costs.iter().enumerate() {
        let share = left / (costs.len() - index);
        if *cost > share {
            allowance = share;
            break;
        }
        left -= cost;
    }
    listings
        .iter_mut()
        .for_each(|listing| reduce_to(listing, allowance));
}

/// Keeps the most frequent keys that cost at most `allowance`, less the count of the first that
/// does not fit, as a full sketch does.
fn reduce_to(listing: &mut Listing<'_>, allowance: usize) {
    if cost(listing) <= allowance {
        return;
    }
    listing
        .rows
        .sort_unstable_by_key(|row| (Reverse(row.count), row.left, row.right));
    let mut spent = 0;
    let beyond = listing.rows.iter().find(|row| {
        spent += row_cost(row);
        spent > allowance
    });
    let Some(by) = beyond.map(|row| row.count) else {
        return;
    };
    listing.error = listing.error.saturating_add(by);
    listing.rows.retain_mut(|row| {
        row.count = row.count.saturating_sub(by);
        row.count > 0
    });
}
