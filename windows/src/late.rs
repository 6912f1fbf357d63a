//! Records that come after their window has closed.
//!
//! The sketches of a closed window are gone, so what comes late is added to its [`Summary`]: the
//! counters stay exact, and every other figure keeps bounds that hold.
//!
//! - A listed value's bounds grow by the bounds of its late count.
//! - A value that was not listed had at most `cut + error` records before, where `cut` is the
//!   upper bound of the last listed value if the list was full and zero otherwise; so its lower
//!   bound is the late one, and its upper bound grows by that much.
//! - Distinct counts lie between the larger of the two and their sum.

use std::collections::BTreeMap;

use crate::summary::{AddressProfile, DistinctCount, RuleProfile, Summary, TopItem, TopList};

impl Summary {
    /// Adds the summary of late records of the same window.
    ///
    /// `top_n` is the length that the lists were cut to. Profiles of listed addresses and rules
    /// gain the late counts; addresses and rules that only came late get no profile.
    pub fn add_late(&mut self, late: &Summary, top_n: usize) {
        self.counters.merge(&late.counters);
        self.late += late.counters.total;
        self.distinct_addresses = add_distinct(self.distinct_addresses, late.distinct_addresses);
        for (dimension, list) in &late.top {
            let listed = self.top.entry(*dimension).or_default();
            add_list(listed, list, top_n);
        }
        for profile in &late.addresses {
            let known = self
                .addresses
                .iter_mut()
                .find(|known| known.address == profile.address);
            if let Some(known) = known {
                add_address(known, profile);
            }
        }
        for profile in &late.rules {
            let known = self
                .rules
                .iter_mut()
                .find(|known| known.rule == profile.rule);
            if let Some(known) = known {
                add_rule(known, profile);
            }
        }
    }
}

fn add_distinct(before: DistinctCount, late: DistinctCount) -> DistinctCount {
    DistinctCount {
        estimate: before.estimate.max(late.estimate),
        lower: before.lower.max(late.lower),
        upper: before.upper + late.upper,
    }
}

fn add_list(listed: &mut TopList, late: &TopList, top_n: usize) {
    let unlisted_before = largest_unlisted(listed, top_n);
    let unlisted_late = largest_unlisted(late, top_n);

    let mut bounds: BTreeMap<String, (u64, u64)> = listed
        .items
        .drain(..)
        .map(|item| (item.key, (item.lower, item.upper + unlisted_late)))
        .collect();
    for item in &late.items {
        match bounds.get_mut(&item.key) {
            Some((lower, upper)) => {
                *lower += item.lower;
                *upper = *upper - unlisted_late + item.upper;
            }
            None => {
                bounds.insert(item.key.clone(), (item.lower, item.upper + unlisted_before));
            }
        }
    }
    listed.items = bounds
        .into_iter()
        .map(|(key, (lower, upper))| TopItem { key, lower, upper })
        .collect();
    listed
        .items
        .sort_by(|a, b| b.lower.cmp(&a.lower).then_with(|| a.key.cmp(&b.key)));
    listed.items.truncate(top_n);
    listed.error = unlisted_before + unlisted_late;
    listed.weight += late.weight;
}

/// How often a value that is missing from `list` may have occurred at most.
fn largest_unlisted(list: &TopList, top_n: usize) -> u64 {
    let is_full = list.items.len() >= top_n;
    let last_listed = list.items.last().filter(|_| is_full);
    last_listed.map_or(list.error, |item| item.upper.max(list.error))
}

fn add_items(known: &mut [TopItem], late: &[TopItem]) {
    for item in late {
        if let Some(listed) = known.iter_mut().find(|listed| listed.key == item.key) {
            listed.lower += item.lower;
            listed.upper += item.upper;
        }
    }
}

fn add_address(known: &mut AddressProfile, late: &AddressProfile) {
    for (count, more) in [
        (&mut known.total, late.total),
        (&mut known.blocked, late.blocked),
        (&mut known.allowed, late.allowed),
        (&mut known.counted, late.counted),
    ] {
        count.lower += more.lower;
        count.upper += more.upper;
    }
    add_items(&mut known.uris, &late.uris);
    add_items(&mut known.rules, &late.rules);
    add_items(&mut known.countries, &late.countries);
    add_items(&mut known.user_agents, &late.user_agents);
    add_items(&mut known.labels, &late.labels);
}

fn add_rule(known: &mut RuleProfile, late: &RuleProfile) {
    known.blocked.lower += late.blocked.lower;
    known.blocked.upper += late.blocked.upper;
    add_items(&mut known.uris, &late.uris);
    add_items(&mut known.addresses, &late.addresses);
    add_items(&mut known.countries, &late.countries);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(key: &str, lower: u64, upper: u64) -> TopItem {
        TopItem {
            key: key.to_owned(),
            lower,
            upper,
        }
    }

    #[test]
    fn bounds_hold_for_listed_new_and_unlisted_values() {
        // Before: a 10, b 5 and an unlisted c of at most 5; late: c 4, a 1.
        let mut listed = TopList {
            items: vec![item("a", 10, 10), item("b", 5, 5)],
            error: 0,
            weight: 18,
        };
        let late = TopList {
            items: vec![item("c", 4, 4), item("a", 1, 1)],
            error: 0,
            weight: 5,
        };
        add_list(&mut listed, &late, 2);
        assert_eq!(listed.items, [item("a", 11, 11), item("b", 5, 5)]);
        assert_eq!(listed.weight, 23);
        assert!(
            listed.error >= 3,
            "an unlisted value may have had 3 records before: {listed:?}"
        );
    }

    #[test]
    fn a_list_that_was_not_full_stays_exact() {
        let mut listed = TopList {
            items: vec![item("a", 2, 2)],
            error: 0,
            weight: 2,
        };
        let late = TopList {
            items: vec![item("b", 7, 7)],
            error: 0,
            weight: 7,
        };
        add_list(&mut listed, &late, 20);
        assert_eq!(listed.items, [item("b", 7, 7), item("a", 2, 2)]);
        assert_eq!(listed.error, 0);
    }
}
