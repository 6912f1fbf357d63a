use super::*;
use crate::investigate::limits::LADDER;
use wafwatch_windows::summary::{Completeness, TopItem, TopList};
use wafwatch_windows::time::{EventTime, Window};

fn summary(dimension: Dimension, items: &[(&str, u64)]) -> Summary {
    let window = Window {
        start: EventTime(0),
        end: EventTime(60_000),
    };
    let mut summary = Summary::empty("acl", window, Completeness::Complete);
    let items: Vec<TopItem> = items
        .iter()
        .map(|(key, count)| TopItem {
            key: (*key).to_owned(),
            lower: *count,
            upper: *count + 2,
        })
        .collect();
    let weight = items.iter().map(|item| item.lower).sum();
    let list = TopList {
        items,
        error: 2,
        weight,
        unlisted: None,
    };
    summary.top.insert(dimension, list);
    summary
}

#[test]
fn counts_are_sums_during_and_means_before() {
    let windows = [
        summary(Dimension::Uri, &[("/a", 10), ("/b", 1)]),
        summary(Dimension::Uri, &[("/a", 5)]),
    ];
    let baseline = [
        summary(Dimension::Uri, &[("/a", 2)]),
        summary(Dimension::Uri, &[("/c", 4)]),
    ];
    let values = compare(&windows, &baseline, LADDER[0]);
    let shown: Vec<(&str, u64, f64)> = values
        .iter()
        .map(|value| (value.key.as_str(), value.during, value.before_per_window))
        .collect();
    assert_eq!(shown, [("/a", 15, 1.0), ("/b", 1, 0.0), ("/c", 0, 2.0)]);
    let weights = weigh(&windows, &baseline);
    assert_eq!(weights.len(), 1);
    assert_eq!((weights[0].during, weights[0].before_per_window), (16, 3.0));
}

#[test]
fn what_vanished_finds_a_place_beside_what_is_frequent() {
    let frequent: Vec<(String, u64)> = (0..40).map(|n| (format!("/{n}"), 100 - n)).collect();
    let frequent: Vec<(&str, u64)> = frequent.iter().map(|(k, n)| (k.as_str(), *n)).collect();
    let mut before = frequent.clone();
    before.push(("/vanished", 1_000));
    let values = compare(
        &[summary(Dimension::Uri, &frequent)],
        &[summary(Dimension::Uri, &before)],
        LADDER[0],
    );
    assert_eq!(values.len(), LADDER[0].values_per_dimension);
    assert_eq!(values[0].key, "/0");
    assert!(values.iter().any(|value| value.key == "/vanished"));
}

#[test]
fn every_dimension_keeps_its_first_values_when_room_is_short() {
    let keys: Vec<String> = (0..30).map(|n| format!("value {n:02}")).collect();
    let items: Vec<(&str, u64)> = keys.iter().map(|key| (key.as_str(), 7)).collect();
    let windows: Vec<Summary> = Dimension::ALL
        .iter()
        .map(|dimension| summary(*dimension, &items))
        .collect();
    let values = compare(&windows, &[], LADDER[0]);
    assert_eq!(values.len(), LADDER[0].values);
    for dimension in Dimension::ALL {
        let count = values.iter().filter(|v| v.dimension == dimension).count();
        assert_eq!(count, LADDER[0].values / Dimension::ALL.len());
    }
}
