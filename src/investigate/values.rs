//! Compares the values of every dimension: during the incident, and before it.
//!
//! Counts are sums of guaranteed lower bounds, so a value is never said to have occurred more
//! often than it did. A value that a window's top list does not hold counts as zero there.

use std::collections::HashMap;

use wafwatch_windows::summary::{Dimension, Summary};

use super::limits::{Limits, cut};
use super::{DimensionWeight, ValueComparison};

/// The values of every dimension that are frequent during the incident, or that changed most,
/// within `limits`: sorted by dimension, then by count, then by name.
pub(super) fn compare(
    windows: &[Summary],
    baseline: &[Summary],
    limits: Limits,
) -> Vec<ValueComparison> {
    let ranked: Vec<Vec<ValueComparison>> = Dimension::ALL
        .iter()
        .map(|dimension| ranked_values(*dimension, windows, baseline, limits))
        .collect();
    let mut kept = vec![0_usize; ranked.len()];
    let mut room = limits.values;
    // One value of each dimension in turn, so that no dimension crowds out another.
    for rank in 0..limits.values_per_dimension {
        for (list, kept) in ranked.iter().zip(&mut kept) {
            if rank < list.len() && room > 0 {
                *kept += 1;
                room -= 1;
            }
        }
    }
    let mut values = Vec::new();
    for (mut list, kept) in ranked.into_iter().zip(kept) {
        list.truncate(kept);
        list.sort_by(|a, b| {
            (b.during.cmp(&a.during))
                .then(b.before_per_window.total_cmp(&a.before_per_window))
                .then(a.key.cmp(&b.key))
        });
        values.extend(list);
    }
    values
}

/// The weight of every dimension that has any value.
pub(super) fn weigh(windows: &[Summary], baseline: &[Summary]) -> Vec<DimensionWeight> {
    let weight = |summaries: &[Summary], dimension: Dimension| {
        let lists = summaries
            .iter()
            .filter_map(|summary| summary.top.get(&dimension));
        lists.fold(0_u64, |sum, list| sum.saturating_add(list.weight))
    };
    let weights = Dimension::ALL.iter().map(|&dimension| DimensionWeight {
        dimension,
        during: weight(windows, dimension),
        before_per_window: per_window(weight(baseline, dimension), baseline.len()),
    });
    weights
        .filter(|weight| weight.during > 0 || weight.before_per_window > 0.0)
        .collect()
}

/// Values in the order in which they deserve a place: in turn the most frequent one and the one
/// whose rate changed most.
fn ranked_values(
    dimension: Dimension,
    windows: &[Summary],
    baseline: &[Summary],
    limits: Limits,
) -> Vec<ValueComparison> {
    let during = sums(windows, dimension);
    let before = sums(baseline, dimension);
    let mut by_count: Vec<(&str, u64, f64)> = during
        .iter()
        .map(|(key, count)| {
            let before = before.get(key).copied().unwrap_or(0);
            (*key, *count, per_window(before, baseline.len()))
        })
        .collect();
    let only_before = before.iter().filter(|(key, _)| !during.contains_key(*key));
    by_count.extend(only_before.map(|(key, count)| (*key, 0, per_window(*count, baseline.len()))));

    let mut by_change = by_count.clone();
    by_count.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let change = |value: &(&str, u64, f64)| (per_window(value.1, windows.len()) - value.2).abs();
    by_change.sort_by(|a, b| change(b).total_cmp(&change(a)).then(a.0.cmp(b.0)));

    let mut taken = std::collections::HashSet::new();
    let in_turn = by_count
        .into_iter()
        .zip(by_change)
        .flat_map(|(count, change)| [count, change]);
    in_turn
        .filter(|(key, ..)| taken.insert(*key))
        .take(limits.values_per_dimension)
        .map(|(key, during, before_per_window)| ValueComparison {
            dimension,
            key: cut(key, limits.text_bytes),
            during,
            before_per_window,
        })
        .collect()
}

fn sums(summaries: &[Summary], dimension: Dimension) -> HashMap<&str, u64> {
    let mut sums: HashMap<&str, u64> = HashMap::new();
    for item in summaries.iter().flat_map(|summary| summary.top(dimension)) {
        let sum = sums.entry(item.key.as_str()).or_default();
        *sum = sum.saturating_add(item.lower);
    }
    sums
}

fn per_window(count: u64, windows: usize) -> f64 {
    count as f64 / windows.max(1) as f64
}

#[cfg(test)]
#[path = "values_tests.rs"]
mod tests;
