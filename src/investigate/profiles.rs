//! Merges the profiles of addresses and rules over the windows of an incident.
//!
//! Counts are summed by key. A lower bound stays a lower bound. For the values inside a profile
//! the upper bound stays one too: a value that one window's list does not hold occurred there at
//! most as often as the least upper bound in that list, so this is added. For the profiled
//! addresses and rules themselves, the upper bound covers the windows that profiled them.

use std::borrow::Cow;
use std::collections::HashMap;

use wafwatch_windows::range::MergedLists;
use wafwatch_windows::summary::{AddressProfile, CountBounds, RuleProfile, Summary, TopItem};

use super::limits::{Limits, cut};

/// The top addresses over `windows`, by blocked and then total requests.
pub(super) fn addresses(windows: &[Summary], limits: Limits) -> Vec<AddressProfile> {
    let profiles = windows.iter().flat_map(|summary| &summary.addresses);
    let groups = grouped(profiles, |profile| &profile.address);
    let mut ranked: Vec<(&str, CountBounds, CountBounds, Vec<&AddressProfile>)> = groups
        .into_iter()
        .map(|(address, group)| {
            let blocked = sum(group.iter().map(|profile| profile.blocked));
            let total = sum(group.iter().map(|profile| profile.total));
            (address, blocked, total, group)
        })
        .collect();
    ranked.sort_by(|a, b| {
        let by_count = (b.1.lower, b.2.lower).cmp(&(a.1.lower, a.2.lower));
        by_count.then(a.0.cmp(b.0))
    });
    ranked.truncate(limits.profiles);
    ranked
        .into_iter()
        .map(|(address, blocked, total, group)| AddressProfile {
            address: cut(address, limits.text_bytes),
            total,
            blocked,
            allowed: sum(group.iter().map(|profile| profile.allowed)),
            counted: sum(group.iter().map(|profile| profile.counted)),
            uris: merged(group.iter().map(|profile| &profile.uris), limits),
            rules: merged(group.iter().map(|profile| &profile.rules), limits),
            countries: merged(group.iter().map(|profile| &profile.countries), limits),
            user_agents: merged(group.iter().map(|profile| &profile.user_agents), limits),
            labels: merged(group.iter().map(|profile| &profile.labels), limits),
        })
        .collect()
}

/// The rules that blocked most over `windows`.
pub(super) fn rules(windows: &[Summary], limits: Limits) -> Vec<RuleProfile> {
    let profiles = windows.iter().flat_map(|summary| &summary.rules);
    let groups = grouped(profiles, |profile| &profile.rule);
    let mut ranked: Vec<(&str, CountBounds, Vec<&RuleProfile>)> = groups
        .into_iter()
        .map(|(rule, group)| {
            (
                rule,
                sum(group.iter().map(|profile| profile.blocked)),
                group,
            )
        })
        .collect();
    ranked.sort_by(|a, b| b.1.lower.cmp(&a.1.lower).then(a.0.cmp(b.0)));
    ranked.truncate(limits.profiles);
    ranked
        .into_iter()
        .map(|(rule, blocked, group)| RuleProfile {
            rule: cut(rule, limits.text_bytes),
            blocked,
            uris: merged(group.iter().map(|profile| &profile.uris), limits),
            addresses: merged(group.iter().map(|profile| &profile.addresses), limits),
            countries: merged(group.iter().map(|profile| &profile.countries), limits),
        })
        .collect()
}

fn grouped<'a, P>(
    profiles: impl Iterator<Item = &'a P>,
    key: impl Fn(&'a P) -> &'a str,
) -> HashMap<&'a str, Vec<&'a P>> {
    let mut groups: HashMap<&str, Vec<&P>> = HashMap::new();
    for profile in profiles {
        groups.entry(key(profile)).or_default().push(profile);
    }
    groups
}

fn sum(counts: impl Iterator<Item = CountBounds>) -> CountBounds {
    counts.fold(CountBounds::default(), CountBounds::plus)
}

fn merged<'a>(lists: impl Iterator<Item = &'a Vec<TopItem>>, limits: Limits) -> Vec<TopItem> {
    let mut merged = MergedLists::default();
    for list in lists {
        let floor = list.iter().map(|item| item.upper).min().unwrap_or(0);
        let items = list.iter();
        merged.add(
            items.map(|item| (Cow::Borrowed(item.key.as_str()), item.bounds())),
            floor,
        );
    }
    let (mut items, _) = merged.top(limits.profile_items);
    for item in &mut items {
        item.key = cut(&item.key, limits.text_bytes);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::investigate::limits::LADDER;
    use wafwatch_windows::summary::Completeness;
    use wafwatch_windows::time::{EventTime, Window};

    fn window(addresses: Vec<AddressProfile>, rules: Vec<RuleProfile>) -> Summary {
        let window = Window {
            start: EventTime(0),
            end: EventTime(60_000),
        };
        let mut summary = Summary::empty("acl", window, Completeness::Complete);
        summary.addresses = addresses;
        summary.rules = rules;
        summary
    }

    fn address(name: &str, total: u64, blocked: u64, uris: Vec<TopItem>) -> AddressProfile {
        AddressProfile {
            address: name.to_owned(),
            total: CountBounds::exact(total),
            blocked: CountBounds::exact(blocked),
            allowed: CountBounds::exact(total - blocked),
            counted: CountBounds::exact(0),
            uris,
            rules: Vec::new(),
            countries: Vec::new(),
            user_agents: Vec::new(),
            labels: Vec::new(),
        }
    }

    #[test]
    fn an_address_is_summed_over_the_windows_and_ranked_by_blocked() {
        let first = vec![
            address("a", 10, 1, vec![TopItem::new("/x", 10, 10)]),
            address("b", 90, 0, vec![]),
        ];
        let second = vec![address("a", 20, 2, vec![TopItem::new("/y", 20, 21)])];
        let merged = addresses(&[window(first, vec![]), window(second, vec![])], LADDER[0]);
        assert_eq!(merged.len(), 2);
        assert_eq!(merged[0].address, "a");
        assert_eq!(
            (merged[0].total, merged[0].blocked),
            (CountBounds::exact(30), CountBounds::exact(3))
        );
        assert_eq!(merged[0].allowed, CountBounds::exact(27));
    }

    #[test]
    fn a_value_missing_from_a_window_keeps_a_valid_upper_bound() {
        let first = vec![address(
            "a",
            10,
            0,
            vec![TopItem::new("/x", 7, 8), TopItem::new("/y", 3, 4)],
        )];
        let second = vec![address("a", 10, 0, vec![TopItem::new("/x", 10, 12)])];
        let merged = addresses(&[window(first, vec![]), window(second, vec![])], LADDER[0]);
        assert_eq!(
            merged[0].uris,
            [TopItem::new("/x", 17, 20), TopItem::new("/y", 3, 16)]
        );
    }

    #[test]
    fn rules_are_summed_and_bounded() {
        let profile = |rule: String, blocked| RuleProfile {
            rule,
            blocked: CountBounds::exact(blocked),
            uris: vec![TopItem::new("/x", blocked, blocked)],
            addresses: vec![],
            countries: vec![],
        };
        let many: Vec<RuleProfile> = (0..50).map(|n| profile(format!("r{n:02}"), n)).collect();
        let merged = rules(
            &[window(vec![], many.clone()), window(vec![], many)],
            LADDER[0],
        );
        assert_eq!(merged.len(), LADDER[0].profiles);
        assert_eq!(merged[0].rule, "r49");
        assert_eq!(merged[0].blocked, CountBounds::exact(98));
        assert_eq!(merged[0].uris, [TopItem::new("/x", 98, 98)]);
    }
}
