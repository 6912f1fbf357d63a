//! The algebra of partials, as the crate's documentation states it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use wafwatch_windows::partial::Partial;
use wafwatch_windows::record::{Action, Record};
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::summary::{Completeness, Dimension, Summary, TopItem, TopList};
use wafwatch_windows::text::TextCache;
use wafwatch_windows::text_list::TextList;
use wafwatch_windows::time::{EventTime, WindowSize};

/// What of a request varies; small numbers are frequent.
#[derive(Debug, Clone)]
struct Request {
    address: u32,
    uri: u32,
    rule: u32,
    action: u8,
    labels: u8,
}

fn skewed(limit: u32) -> impl Strategy<Value = u32> {
    (0..limit, 0..limit).prop_map(move |(one, two)| one * two / limit)
}

fn requests(keys: u32, most: usize) -> impl Strategy<Value = Vec<Request>> {
    let request = (skewed(keys), skewed(keys), 0_u32..9, 0_u8..7, 0_u8..4).prop_map(
        |(address, uri, rule, action, labels)| Request {
            address,
            uri,
            rule,
            action,
            labels,
        },
    );
    prop::collection::vec(request, 0..most)
}

/// The texts of a request, which its record borrows.
struct Texts {
    address: String,
    uri: String,
    rule: String,
    action: u8,
    labels: u8,
}

impl Texts {
    fn of(request: &Request) -> Self {
        Self {
            address: format!("192.0.{}.{}", request.address / 256, request.address % 256),
            uri: format!("/page/{}", request.uri),
            rule: format!("rule-{}", request.rule),
            action: request.action,
            labels: request.labels,
        }
    }

    fn record(&self) -> Record<'_> {
        const LABELS: &[&str] = &["one", "two", "three"];
        let action = match self.action {
            0..=2 => Action::Allow,
            3 | 4 => Action::Block,
            5 => Action::Captcha,
            _ => Action::Other("TARPIT"),
        };
        let mut record = Record::new(EventTime(1), "acl", action);
        record.client_address = Some(&self.address);
        record.uri = Some(&self.uri);
        record.rule = Some(&self.rule);
        record.country = Some(if self.labels == 0 { "DE" } else { "FR" });
        record.user_agent = (self.labels < 2).then_some("curl/8.5.0");
        record.labels = TextList::of(&LABELS[..usize::from(self.labels)]);
        record.counted = self.labels == 3;
        record.log_bytes = 1_900;
        record
    }
}

fn partial_of<'r>(
    settings: &SketchSettings,
    requests: impl IntoIterator<Item = &'r Request>,
) -> Partial {
    let mut partial = Partial::new(settings);
    let mut cache = TextCache::new(settings);
    for request in requests {
        partial.observe_with(&Texts::of(request).record(), &mut cache);
    }
    partial
}

fn merged(one: &Partial, two: &Partial) -> Partial {
    let mut merged = one.clone();
    merged.merge(two);
    merged
}

fn summary(partial: &Partial, settings: &SketchSettings) -> Summary {
    let window = WindowSize::DEFAULT.window_of(EventTime(0));
    partial.summarize("acl", window, Completeness::Complete, settings)
}

/// Equal bytes are equal content: encodings are canonical.
fn bytes(partial: &Partial) -> Vec<u8> {
    partial.encode(usize::MAX)
}

/// Room for 48 keys per sketch, so that a few hundred requests overflow it.
fn narrow() -> SketchSettings {
    SketchSettings {
        dimension_map_size: 64,
        pair_map_size: 64,
        top_n: usize::MAX,
        profiled_addresses: usize::MAX,
        values_per_profile: usize::MAX,
        ..SketchSettings::default()
    }
}

/// Cuts `requests` into `parts` by `owners`, and merges them in the order that `owners` first
/// names them, each part having gone through the encoding.
fn split(
    settings: &SketchSettings,
    requests: &[Request],
    parts: usize,
    owners: &[usize],
) -> Partial {
    let owner = |index: usize| owners[index % owners.len()] % parts;
    let mut order: Vec<usize> = (0..parts).collect();
    order.sort_by_key(|part| owners.iter().position(|owner| owner % parts == *part));
    let mut whole = Partial::new(settings);
    for part in order {
        let of_part = (0..requests.len()).filter(|index| owner(*index) == part);
        let partial = partial_of(settings, of_part.map(|index| &requests[index]));
        let decoded = Partial::decode(&bytes(&partial), settings).expect("own encoding");
        whole.merge(&decoded);
    }
    whole
}

/// `list` against exact counts: every key within its bounds, and the error within its own.
fn check_list(list: Option<&TopList>, truth: &BTreeMap<String, u64>, room: u64) {
    let Some(list) = list else {
        assert!(truth.is_empty());
        return;
    };
    assert_eq!(list.weight, truth.values().sum::<u64>());
    assert!(list.error * room <= 2 * list.weight);
    check_items(&list.items, truth);
    for (key, truth) in truth {
        let is_listed = list.items.iter().any(|item| item.key == *key);
        assert!(is_listed || *truth <= list.error);
    }
    let in_order = |pair: &[TopItem]| {
        let [one, two] = pair else { return true };
        (std::cmp::Reverse(one.lower), &one.key) < (std::cmp::Reverse(two.lower), &two.key)
    };
    assert!(list.items.windows(2).all(in_order));
}

fn check_items(items: &[TopItem], truth: &BTreeMap<String, u64>) {
    for item in items {
        let truth = truth.get(&item.key).copied().unwrap_or_default();
        assert!(
            item.lower <= truth && truth <= item.upper,
            "{item:?} {truth}"
        );
    }
}

fn exact<'r>(
    requests: &'r [Request],
    keys: impl Fn(&Record<'_>) -> Vec<String> + 'r,
) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for request in requests {
        for key in keys(&Texts::of(request).record()) {
            *counts.entry(key).or_default() += 1;
        }
    }
    counts
}

fn value(text: Option<&str>) -> Vec<String> {
    text.map(str::to_owned).into_iter().collect()
}

fn check_bounds(whole: &Summary, requests: &[Request]) {
    let top = |dimension| whole.top.get(&dimension);
    let check = |dimension, truth: BTreeMap<String, u64>| check_list(top(dimension), &truth, 48);
    check(
        Dimension::ClientAddress,
        exact(requests, |record| value(record.client_address)),
    );
    check(Dimension::Uri, exact(requests, |record| value(record.uri)));
    check(
        Dimension::Rule,
        exact(requests, |record| value(record.rule)),
    );
    check(
        Dimension::Country,
        exact(requests, |record| value(record.country)),
    );
    check(Dimension::Label, exact(requests, labels_of));
    let blocked_uris = exact(requests, |record| match record.action {
        Action::Block => value(record.uri),
        _ => Vec::new(),
    });
    check(Dimension::BlockedUri, blocked_uris);
    check_profiles(whole, requests);
}

fn check_profiles(whole: &Summary, requests: &[Request]) {
    for profile in &whole.addresses {
        let own: Vec<Request> = requests
            .iter()
            .filter(|request| Texts::of(request).address == profile.address)
            .cloned()
            .collect();
        let count = |wanted: fn(&Record<'_>) -> bool| {
            let texts = own.iter().map(Texts::of);
            texts.filter(|texts| wanted(&texts.record())).count() as u64
        };
        for (bounds, truth) in [
            (profile.total, own.len() as u64),
            (
                profile.blocked,
                count(|record| record.action == Action::Block),
            ),
            (
                profile.allowed,
                count(|record| record.action == Action::Allow),
            ),
            (profile.counted, count(|record| record.counted)),
        ] {
            assert!(
                bounds.lower <= truth && truth <= bounds.upper,
                "{bounds:?} {truth}"
            );
        }
        check_items(&profile.uris, &exact(&own, |record| value(record.uri)));
        check_items(&profile.rules, &exact(&own, |record| value(record.rule)));
        check_items(
            &profile.countries,
            &exact(&own, |record| value(record.country)),
        );
        check_items(
            &profile.user_agents,
            &exact(&own, |record| value(record.user_agent)),
        );
        check_items(&profile.labels, &exact(&own, labels_of));
    }
    for profile in &whole.rules {
        let own: Vec<Request> = requests
            .iter()
            .filter(|request| {
                let texts = Texts::of(request);
                texts.rule == profile.rule && texts.record().action == Action::Block
            })
            .cloned()
            .collect();
        let truth = own.len() as u64;
        assert!(profile.blocked.lower <= truth && truth <= profile.blocked.upper);
        check_items(&profile.uris, &exact(&own, |record| value(record.uri)));
        check_items(
            &profile.addresses,
            &exact(&own, |record| value(record.client_address)),
        );
        check_items(
            &profile.countries,
            &exact(&own, |record| value(record.country)),
        );
    }
}

/// Every value of a cut list within its bounds, every other one within the list's.
fn check_cut_lists(summary: &Summary, requests: &[Request]) {
    type Keys = fn(&Record<'_>) -> Vec<String>;
    let dimensions: [(Dimension, Keys); 7] = [
        (Dimension::ClientAddress, |record| {
            value(record.client_address)
        }),
        (Dimension::Uri, |record| value(record.uri)),
        (Dimension::Rule, |record| value(record.rule)),
        (Dimension::Country, |record| value(record.country)),
        (Dimension::UserAgent, |record| value(record.user_agent)),
        (Dimension::Label, labels_of),
        (Dimension::BlockedUri, |record| match record.action {
            Action::Block => value(record.uri),
            _ => Vec::new(),
        }),
    ];
    for (dimension, keys) in dimensions {
        let truth = exact(requests, keys);
        let Some(list) = summary.top.get(&dimension) else {
            assert!(truth.is_empty());
            continue;
        };
        assert_eq!(list.weight, truth.values().sum::<u64>());
        check_items(&list.items, &truth);
        let last_listed = list.items.last().map_or(0, |item| item.upper);
        for (key, truth) in truth {
            let listed = list.items.iter().find(|item| item.key == key);
            assert!(truth <= list.upper_bound(&key), "{key} {truth} {list:?}");
            assert!(listed.is_some() || truth <= last_listed + list.error);
            assert!(list.error > 0 || listed.is_none_or(|item| item.lower == truth));
        }
    }
}

fn labels_of(record: &Record<'_>) -> Vec<String> {
    let labels = record.labels.iter();
    labels.map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn partials_that_forgot_nothing_are_a_commutative_monoid(
        one in requests(60, 200),
        two in requests(60, 200),
        three in requests(60, 200),
    ) {
        let settings = SketchSettings::default();
        let empty = Partial::new(&settings);
        let [one, two, three] = [one, two, three].map(|part| partial_of(&settings, &part));
        prop_assert_eq!(bytes(&merged(&one, &empty)), bytes(&one));
        prop_assert_eq!(bytes(&merged(&empty, &one)), bytes(&one));
        prop_assert_eq!(bytes(&merged(&one, &two)), bytes(&merged(&two, &one)));
        prop_assert_eq!(
            bytes(&merged(&merged(&one, &two), &three)),
            bytes(&merged(&one, &merged(&two, &three)))
        );
    }

    #[test]
    fn any_split_in_any_order_gives_the_same_as_long_as_nothing_was_forgotten(
        requests in requests(60, 500),
        parts in 1_usize..=8,
        owners in prop::collection::vec(0_usize..8, 1..40),
        hash_seed: u64,
    ) {
        let settings = SketchSettings::default();
        let reseeded = SketchSettings { hash_seed, ..settings.clone() };
        let whole = partial_of(&settings, &requests);
        let split = split(&reseeded, &requests, parts, &owners);
        prop_assert_eq!(bytes(&split), bytes(&whole));
        prop_assert_eq!(summary(&split, &settings), summary(&whole, &settings));
    }

    #[test]
    fn with_far_more_keys_than_room_counters_are_equal_and_truth_is_within_bounds(
        requests in requests(3_000, 1_500),
        parts in 1_usize..=8,
        owners in prop::collection::vec(0_usize..8, 1..40),
    ) {
        let settings = narrow();
        let whole = summary(&partial_of(&settings, &requests), &settings);
        let split = summary(&split(&settings, &requests, parts, &owners), &settings);
        prop_assert_eq!(split.counters, whole.counters);
        prop_assert_eq!(split.distinct_addresses, whole.distinct_addresses);
        check_bounds(&whole, &requests);
        check_bounds(&split, &requests);
    }

    #[test]
    fn late_records_leave_every_bound_true(
        keys in prop::sample::select(vec![4_u32, 30, 600]),
        requests in requests(600, 400),
        owners in prop::collection::vec(0_usize..3, 1..40),
        map_size in prop::sample::select(vec![8_usize, 16, 1_024]),
        lengths in prop::collection::vec(0_usize..6, 6),
    ) {
        let requests: Vec<Request> = requests
            .into_iter()
            .map(|request| Request {
                address: request.address % keys,
                uri: request.uri % keys,
                ..request
            })
            .collect();
        // The lists are cut to other lengths every time, as with settings that change.
        let settings = |part: usize| SketchSettings {
            dimension_map_size: map_size,
            pair_map_size: map_size,
            top_n: lengths[part],
            profiled_addresses: lengths[part] + 1,
            profiled_rules: lengths[part],
            values_per_profile: lengths[part + 3],
            ..SketchSettings::default()
        };
        let summary_of = |part: usize| {
            let of_part = requests.iter().zip(owners.iter().cycle());
            let of_part = of_part.filter(|(_, owner)| **owner == part);
            let partial = partial_of(&settings(part), of_part.map(|(request, _)| request));
            summary(&partial, &settings(part))
        };
        let mut whole = summary_of(0);
        for part in [1, 2] {
            whole.add_late(&summary_of(part), settings(part).top_n);
        }
        prop_assert_eq!(whole.counters.total, requests.len() as u64);
        check_cut_lists(&whole, &requests);
        check_profiles(&whole, &requests);
    }

    #[test]
    fn a_hash_seed_shows_nowhere(requests in requests(3_000, 1_500), hash_seed: u64) {
        let settings = narrow();
        let reseeded = SketchSettings { hash_seed, ..narrow() };
        let one = partial_of(&settings, &requests);
        let two = partial_of(&reseeded, &requests);
        prop_assert_eq!(bytes(&one), bytes(&two));
    }
}
