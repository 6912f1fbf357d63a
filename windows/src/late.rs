//! Records that come after their window has closed.
//!
//! The sketches of a closed window are gone, so what comes late is added to its [`Summary`]: the
//! counters stay exact, and every other figure keeps bounds that hold.
//!
//! - A lower bound grows by the late lower bound, or by nothing where the late list or profile
//!   lacks the value.
//! - An upper bound grows by the late upper bound, or by the most that the late summary can hide:
//!   for a top list [`TopList::largest_unlisted`], for a profile the least of what its parts say.
//!   Whatever an address or a rule has of a value is in the value's own dimension too, where every
//!   value has a bound; nothing has more records than its owner; and a profile's list ends with
//!   its most frequent values.
//! - A value that was not listed had at most [`TopList::largest_unlisted`] records before.
//! - What is cut off the list again raises that figure to its own upper bound.
//! - Samples of addresses merge as those of partials do.
//! - Distinct counts lie between the larger of the two and their sum.

use std::collections::BTreeMap;

use crate::summary::{
    AddressProfile, CountBounds, Dimension, DistinctCount, RuleProfile, Summary, TopItem, TopList,
};

impl Summary {
    /// Adds the summary of late records of the same window.
    ///
    /// `top_n` is the length to which lists are cut. Profiles of listed addresses and rules gain
    /// the late counts; addresses and rules that only came late get no profile.
    pub fn add_late(&mut self, late: &Summary, top_n: usize) {
        self.counters.merge(&late.counters);
        self.late += late.counters.total;
        self.distinct_addresses = add_distinct(self.distinct_addresses, late.distinct_addresses);
        self.address_sample.merge(&late.address_sample);
        for (dimension, list) in &late.top {
            let listed = self.top.entry(*dimension).or_default();
            add_list(listed, list, top_n);
        }
        for watched in &mut self.watched_uris {
            let sum = watched.bounds().plus(late.bounds_of_uri(&watched.key));
            (watched.lower, watched.upper) = (sum.lower, sum.upper);
        }
        for profile in &mut self.addresses {
            add_address(profile, late);
        }
        for profile in &mut self.rules {
            add_rule(profile, late);
        }
    }
}

impl Summary {
    /// How many requests for `uri` there were, listed, watched or neither.
    fn bounds_of_uri(&self, uri: &str) -> CountBounds {
        let watched = self.watched_uris.iter().find(|item| item.key == uri);
        if let Some(watched) = watched {
            return watched.bounds();
        }
        let list = self.top.get(&Dimension::Uri);
        list.map_or(CountBounds::default(), |list| {
            bounds_of(&list.items, uri, list.largest_unlisted())
        })
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
    let unlisted_before = listed.largest_unlisted();
    let unlisted_late = late.largest_unlisted();
    let weight = listed.weight.saturating_add(late.weight);

    let mut bounds: BTreeMap<String, CountBounds> = BTreeMap::new();
    for item in listed.items.drain(..) {
        let late = bounds_of(&late.items, &item.key, unlisted_late);
        let sum = within(item.bounds().plus(late), weight);
        bounds.insert(item.key, sum);
    }
    for item in &late.items {
        let sum = item.bounds().plus(CountBounds::at_most(unlisted_before));
        bounds
            .entry(item.key.clone())
            .or_insert(within(sum, weight));
    }
    let mut items: Vec<TopItem> = bounds
        .into_iter()
        .map(|(key, CountBounds { lower, upper })| TopItem { key, lower, upper })
        .collect();
    items.sort_by(|a, b| b.lower.cmp(&a.lower).then_with(|| a.key.cmp(&b.key)));
    let cut_off = items.split_off(top_n.min(items.len()));
    let largest_cut_off = cut_off.iter().map(|item| item.upper).max();
    let never_listed = unlisted_before.saturating_add(unlisted_late);

    listed.items = items;
    listed.weight = weight;
    listed.unlisted = Some(never_listed.max(largest_cut_off.unwrap_or(0)));
    listed.error = listed.error_of_its_bounds();
}

fn within(bounds: CountBounds, weight: u64) -> CountBounds {
    CountBounds {
        upper: bounds.upper.min(weight),
        ..bounds
    }
}

/// The bounds of `key` in `items`; between zero and `unlisted` where they lack it.
fn bounds_of(items: &[TopItem], key: &str, unlisted: u64) -> CountBounds {
    let listed = items.iter().find(|item| item.key == key);
    listed.map_or(CountBounds::at_most(unlisted), TopItem::bounds)
}

/// How often a value occurs in one record of an address or a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occurrence {
    /// A record has one value at most.
    Once,
    /// A record has a list of values, in which one can be repeated.
    Repeated,
}

/// What the late summary says of one field of one profile.
struct LateField<'a> {
    summary: &'a Summary,
    /// The dimension in which all of the field's values are counted as well.
    dimension: Dimension,
    /// Most late records of the profile's owner.
    owned: u64,
    occurrence: Occurrence,
    /// The late profile's list, where the owner has a late profile.
    items: &'a [TopItem],
}

impl LateField<'_> {
    fn add_to(&self, known: &mut [TopItem]) {
        let unlisted = self.largest_unlisted();
        for item in known {
            let in_dimension = most_of(self.summary, self.dimension, &item.key);
            let unlisted = unlisted.min(in_dimension);
            let late = bounds_of(self.items, &item.key, unlisted);
            CountBounds {
                lower: item.lower,
                upper: item.upper,
            } = item.bounds().plus(late);
        }
    }

    /// How often a value missing from the late list can have occurred, for all that list says.
    fn largest_unlisted(&self) -> u64 {
        let last_listed = self.items.last().map_or(u64::MAX, |item| item.upper);
        let lower_bounds = self.items.iter().map(|item| item.lower);
        let listed = lower_bounds.fold(0, u64::saturating_add);
        match self.occurrence {
            Occurrence::Once => self.owned.saturating_sub(listed).min(last_listed),
            Occurrence::Repeated if self.owned == 0 => 0,
            Occurrence::Repeated => last_listed,
        }
    }
}

/// How often `key` occurred at most.
fn most_of(summary: &Summary, dimension: Dimension, key: &str) -> u64 {
    let list = summary.top.get(&dimension);
    list.map_or(0, |list| list.upper_bound(key))
}

fn add_count(known: &mut CountBounds, late: Option<CountBounds>, most: u64) {
    *known = known.plus(late.unwrap_or(CountBounds::at_most(most)));
}

fn add_address(known: &mut AddressProfile, summary: &Summary) {
    let mut of_address = summary.addresses.iter();
    let late = of_address.find(|late| late.address == known.address);
    let owned = late.map_or_else(
        || most_of(summary, Dimension::ClientAddress, &known.address),
        |late| late.total.upper,
    );
    let counters = &summary.counters;
    add_count(&mut known.total, late.map(|late| late.total), owned);
    for (count, more, of_all) in [
        (
            &mut known.blocked,
            late.map(|late| late.blocked),
            counters.blocked,
        ),
        (
            &mut known.allowed,
            late.map(|late| late.allowed),
            counters.allowed,
        ),
        (
            &mut known.counted,
            late.map(|late| late.counted),
            counters.counted,
        ),
    ] {
        add_count(count, more, owned.min(of_all));
    }
    use Occurrence::{Once, Repeated};
    for (items, more, dimension, occurrence) in [
        (
            &mut known.uris,
            late.map(|late| &late.uris),
            Dimension::Uri,
            Once,
        ),
        (
            &mut known.rules,
            late.map(|late| &late.rules),
            Dimension::Rule,
            Repeated,
        ),
        (
            &mut known.countries,
            late.map(|late| &late.countries),
            Dimension::Country,
            Once,
        ),
        (
            &mut known.user_agents,
            late.map(|late| &late.user_agents),
            Dimension::UserAgent,
            Once,
        ),
        (
            &mut known.labels,
            late.map(|late| &late.labels),
            Dimension::Label,
            Repeated,
        ),
    ] {
        let field = LateField {
            summary,
            dimension,
            owned,
            occurrence,
            items: more.map_or(&[], Vec::as_slice),
        };
        field.add_to(items);
    }
}

fn add_rule(known: &mut RuleProfile, summary: &Summary) {
    let late = summary.rules.iter().find(|late| late.rule == known.rule);
    let owned = late.map_or_else(
        || most_of(summary, Dimension::Rule, &known.rule).min(summary.counters.blocked),
        |late| late.blocked.upper,
    );
    add_count(&mut known.blocked, late.map(|late| late.blocked), owned);
    for (items, more, dimension) in [
        (
            &mut known.uris,
            late.map(|late| &late.uris),
            Dimension::BlockedUri,
        ),
        (
            &mut known.addresses,
            late.map(|late| &late.addresses),
            Dimension::ClientAddress,
        ),
        (
            &mut known.countries,
            late.map(|late| &late.countries),
            Dimension::BlockedCountry,
        ),
    ] {
        let field = LateField {
            summary,
            dimension,
            owned,
            occurrence: Occurrence::Once,
            items: more.map_or(&[], Vec::as_slice),
        };
        field.add_to(items);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: Vec<TopItem>, weight: u64, unlisted: Option<u64>) -> TopList {
        TopList {
            items,
            error: 0,
            weight,
            unlisted,
        }
    }

    #[test]
    fn bounds_hold_for_listed_new_and_unlisted_values() {
        // Before: a 10, b 5 and an unlisted c of at most 3; late: c 4, a 1.
        let mut listed = list(
            vec![TopItem::new("a", 10, 10), TopItem::new("b", 5, 5)],
            18,
            Some(5),
        );
        let late = list(
            vec![TopItem::new("c", 4, 4), TopItem::new("a", 1, 1)],
            5,
            Some(0),
        );
        add_list(&mut listed, &late, 2);
        assert_eq!(
            listed.items,
            [TopItem::new("a", 11, 11), TopItem::new("b", 5, 5)]
        );
        assert_eq!(listed.weight, 23);
        assert_eq!(listed.largest_unlisted(), 7, "c may have had 3 before");
        assert_eq!(listed.error, 2, "c may have had 2 more than b");
    }

    #[test]
    fn a_list_that_was_not_cut_stays_exact() {
        let mut listed = list(vec![TopItem::new("a", 2, 2)], 2, Some(0));
        let late = list(vec![TopItem::new("b", 7, 7)], 7, Some(0));
        add_list(&mut listed, &late, 20);
        assert_eq!(
            listed.items,
            [TopItem::new("b", 7, 7), TopItem::new("a", 2, 2)]
        );
        assert_eq!((listed.error, listed.largest_unlisted()), (0, 0));
    }

    #[test]
    fn a_list_that_was_cut_shorter_than_today_is_not_complete() {
        for unlisted in [Some(5), None] {
            let mut listed = list(
                vec![TopItem::new("a", 10, 10), TopItem::new("b", 5, 5)],
                18,
                unlisted,
            );
            let late = list(vec![TopItem::new("c", 4, 4)], 4, Some(0));
            add_list(&mut listed, &late, 20);
            let expected = [
                TopItem::new("a", 10, 10),
                TopItem::new("b", 5, 5),
                TopItem::new("c", 4, 7),
            ];
            assert_eq!(listed.items, expected);
            assert_eq!(listed.error, 3);
        }
    }

    #[test]
    fn lists_of_older_versions_can_be_read() {
        let json = r#"{"items":[{"key":"a","lower":3,"upper":3}],"error":0,"weight":5}"#;
        let list: TopList = serde_json::from_str(json).expect("the older form");
        assert_eq!(list.largest_unlisted(), 2);
        assert_eq!(serde_json::to_string(&list).expect("plain data"), json);
    }
}
