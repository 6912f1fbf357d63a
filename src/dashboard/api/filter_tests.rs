use wafwatch_windows::summary::{Completeness, TopList};
use wafwatch_windows::time::{EventTime, Window};

use super::*;

fn summary() -> Summary {
    let window = Window {
        start: EventTime(0),
        end: EventTime(60_000),
    };
    Summary::empty("acl", window, Completeness::Complete)
}

fn list(items: Vec<TopItem>, unlisted: u64) -> TopList {
    let listed: u64 = items.iter().map(|item| item.lower).sum();
    TopList {
        error: unlisted,
        weight: listed + 10 * unlisted,
        unlisted: Some(unlisted),
        items,
    }
}

/// A window in which `a` asked for `/x` 30 times and is profiled.
fn profiled() -> Summary {
    let mut summary = summary();
    let addresses = vec![TopItem::new("a", 40, 42), TopItem::new("b", 20, 22)];
    summary
        .top
        .insert(Dimension::ClientAddress, list(addresses, 5));
    let uris = vec![TopItem::new("/x", 33, 36), TopItem::new("/y", 9, 9)];
    summary.top.insert(Dimension::Uri, list(uris, 3));
    summary.addresses.push(AddressProfile {
        address: "a".to_owned(),
        total: CountBounds {
            lower: 40,
            upper: 42,
        },
        blocked: CountBounds { lower: 4, upper: 6 },
        allowed: CountBounds {
            lower: 34,
            upper: 38,
        },
        counted: CountBounds::default(),
        uris: vec![TopItem::new("/x", 30, 32), TopItem::new("/y", 8, 10)],
        rules: vec![TopItem::new("block-a", 4, 6)],
        countries: Vec::new(),
        user_agents: Vec::new(),
        labels: Vec::new(),
    });
    summary.rules.push(RuleProfile {
        rule: "block-a".to_owned(),
        blocked: CountBounds::exact(6),
        uris: vec![TopItem::new("/x", 6, 6)],
        addresses: vec![TopItem::new("a", 5, 6)],
        countries: Vec::new(),
    });
    summary
}

/// A window that lists `a` below all others, and has no profile of it.
fn unprofiled() -> Summary {
    let mut summary = summary();
    let addresses = vec![TopItem::new("b", 20, 22)];
    summary
        .top
        .insert(Dimension::ClientAddress, list(addresses, 7));
    let uris = vec![TopItem::new("/x", 50, 55)];
    summary.top.insert(Dimension::Uri, list(uris, 2));
    summary
}

fn filtered(dimension: Dimension, key: &str) -> Filtered {
    let mut filtered = Filtered::new(dimension, key.to_owned());
    filtered.add(profiled());
    filtered.add(unprofiled());
    filtered
}

#[test]
fn an_address_has_its_paths_and_what_is_unknown_bounds_them() {
    let mut of = filtered(Dimension::ClientAddress, "a");
    assert_eq!(
        of.total,
        CountBounds {
            lower: 40,
            upper: 49
        }
    );
    let (blocked, allowed) = of.outcomes.expect("of an address");
    assert_eq!(
        blocked,
        CountBounds {
            lower: 4,
            upper: 13
        }
    );
    assert_eq!(
        allowed,
        CountBounds {
            lower: 34,
            upper: 45
        }
    );
    assert_eq!(of.profiled_windows, 1);
    let lists = of.take_lists(&Dimension::ALL);
    let kept: Vec<Dimension> = lists.keys().copied().collect();
    assert_eq!(kept, [Dimension::Rule, Dimension::Uri]);
    let (items, unlisted) = lists[&Dimension::Uri].top(10);
    assert_eq!(
        items,
        [TopItem::new("/x", 30, 39), TopItem::new("/y", 8, 17)]
    );
    assert_eq!(unlisted, 17);
}

#[test]
fn a_path_has_the_addresses_that_asked_for_it() {
    let mut of = filtered(Dimension::Uri, "/x");
    assert_eq!(
        of.total,
        CountBounds {
            lower: 83,
            upper: 91
        }
    );
    assert!(of.outcomes.is_none());
    let lists = of.take_lists(&Dimension::ALL);
    let (items, unlisted) = lists[&Dimension::ClientAddress].top(10);
    assert_eq!(items, [TopItem::new("a", 30, 32 + 55)]);
    assert_eq!(unlisted, 36 + 55);
}

#[test]
fn a_rule_has_what_it_blocked_and_a_blocked_path_its_rules() {
    let mut of = filtered(Dimension::Rule, "block-a");
    let lists = of.take_lists(&[Dimension::BlockedUri]);
    assert_eq!(lists.len(), 1, "only what was asked for");
    let (items, _) = lists[&Dimension::BlockedUri].top(1);
    assert_eq!(items, [TopItem::new("/x", 6, 6)]);
    let mut of = filtered(Dimension::BlockedUri, "/x");
    let lists = of.take_lists(&Dimension::ALL);
    let (items, _) = lists[&Dimension::Rule].top(1);
    assert_eq!(items, [TopItem::new("block-a", 6, 6)]);
}

#[test]
fn only_dimensions_with_pairs_can_be_asked_for() {
    let kept = Dimension::ALL
        .into_iter()
        .filter(|dimension| is_kept(*dimension));
    assert_eq!(kept.count(), 8);
    assert!(!is_kept(Dimension::Method));
}
