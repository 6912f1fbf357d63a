//! Round trips, budgets and hostile bytes.

use std::collections::BTreeMap;

use super::*;
use crate::record::{Action, Record};
use crate::summary::{Completeness, Dimension, Summary};
use crate::text::TextCache;
use crate::text_list::TextList;
use crate::time::{EventTime, Window, WindowSize};

fn small_settings() -> SketchSettings {
    SketchSettings {
        dimension_map_size: 64,
        pair_map_size: 64,
        ..SketchSettings::default()
    }
}

fn window() -> Window {
    WindowSize::DEFAULT.window_of(EventTime(0))
}

fn summary(partial: &Partial, settings: &SketchSettings) -> Summary {
    partial.summarize("acl", window(), Completeness::Complete, settings)
}

fn sample<'a>(address: &'a str, uri: &'a str) -> Record<'a> {
    let mut record = Record::new(EventTime(5), "acl", Action::Block);
    record.client_address = Some(address);
    record.uri = Some(uri);
    record.rule = Some("rate-limit");
    record.country = Some("DE");
    record.labels = TextList::of(&["awswaf:managed:token:absent"]);
    record.log_bytes = 1_900;
    record
}

fn sample_partial(settings: &SketchSettings) -> Partial {
    let mut partial = Partial::new(settings);
    partial.observe(&sample("192.0.2.1", "/login"));
    partial.observe(&sample("192.0.2.1", "/admin"));
    partial.observe(&sample("2001:db8::1", "/login"));
    partial
}

/// Text of `length` bytes that does not compress.
fn noise(number: u64, length: usize) -> String {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let characters = (0..length).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + (state >> 32) as u8 % 94)
    });
    characters.collect()
}

fn image_of(bytes: &[u8]) -> Vec<u8> {
    let length = bytes[1..HEADER_BYTES].try_into().expect("four bytes");
    let mut image = vec![0; u32::from_le_bytes(length) as usize];
    libdeflater::Decompressor::new()
        .deflate_decompress(&bytes[HEADER_BYTES..], &mut image)
        .expect("own encoding");
    image
}

/// A change here makes stored partials unreadable: it needs a new [`ENCODING_VERSION`].
///
/// The image alone, because a newer compressor may rightly give other bytes.
#[test]
fn the_format_is_what_it_was() {
    let bytes = sample_partial(&SketchSettings::default()).encode(usize::MAX);
    let image = image_of(&bytes);
    let lines = image.chunks(32).map(|line| {
        let hex = line.iter().map(|byte| format!("{byte:02x}"));
        hex.collect::<String>()
    });
    let lines: Vec<String> = lines.collect();
    insta::assert_snapshot!(format!("version {}\n{}", bytes[0], lines.join("\n")));
}

#[test]
fn a_round_trip_changes_nothing() {
    let settings = SketchSettings::default();
    let partial = sample_partial(&settings);
    let bytes = partial.encode(settings.budget_bytes);
    let decoded = Partial::decode(&bytes, &settings).expect("own encoding");
    assert_eq!(summary(&decoded, &settings), summary(&partial, &settings));
    assert_eq!(decoded.encode(settings.budget_bytes), bytes);
    let empty = Partial::new(&settings).encode(0);
    let decoded = Partial::decode(&empty, &settings).expect("own encoding");
    assert_eq!(decoded.counters().total, 0);
}

#[test]
fn hash_seed_and_order_do_not_show_in_the_bytes() {
    let settings = SketchSettings::default();
    let reseeded = SketchSettings {
        hash_seed: 7,
        ..settings.clone()
    };
    let bytes = sample_partial(&settings).encode(usize::MAX);
    assert_eq!(sample_partial(&reseeded).encode(usize::MAX), bytes);
    let mut backwards = Partial::new(&reseeded);
    backwards.observe(&sample("2001:db8::1", "/login"));
    backwards.observe(&sample("192.0.2.1", "/admin"));
    backwards.observe(&sample("192.0.2.1", "/login"));
    assert_eq!(backwards.encode(usize::MAX), bytes);

    let mut decoded = Partial::decode(&bytes, &reseeded).expect("own encoding");
    decoded.merge(&sample_partial(&reseeded));
    let uris = &summary(&decoded, &reseeded).top[&Dimension::Uri].items;
    assert_eq!((&*uris[0].key, uris[0].lower), ("/login", 4));
}

#[test]
fn another_distinct_seed_is_refused() {
    let settings = SketchSettings::default();
    let other = SketchSettings {
        distinct_seed: 3,
        ..settings.clone()
    };
    let bytes = sample_partial(&settings).encode(usize::MAX);
    let error = Partial::decode(&bytes, &other).expect_err("another seed");
    assert_eq!(error, DecodeError::DistinctSeed);
}

/// Random 500-byte texts in every field of record `number`, except that every tenth comes from the
/// same address.
fn observe_noise(partial: &mut Partial, cache: &mut TextCache, number: u64, times: u64) {
    let text = |field: u64| noise(number * 16 + field, 500);
    let texts: Vec<String> = (0..13).map(text).collect();
    let mut record = Record::new(EventTime(0), "acl", Action::Block);
    if number % 3 == 1 {
        record.action = Action::Other(&texts[12]);
    }
    let frequent = number.is_multiple_of(10);
    record.client_address = Some(if frequent { FREQUENT } else { &texts[0] });
    record.rule = Some(&texts[1]);
    record.inner_rule = Some(&texts[2]);
    let (counted_rule, label) = ([&*texts[3]], [&*texts[4]]);
    record.counted_rules = TextList::of(&counted_rule);
    record.labels = TextList::of(&label);
    record.country = Some(&texts[5]);
    record.uri = Some(&texts[6]);
    record.user_agent = Some(&texts[7]);
    record.host = Some(&texts[8]);
    record.method = Some(&texts[9]);
    let fingerprint = Some(&*texts[10]);
    (record.ja3, record.ja4) = (fingerprint, fingerprint);
    record.http_source = Some(&texts[11]);
    for _ in 0..times {
        partial.observe_with(&record, cache);
    }
}

const FREQUENT: &str = "192.0.2.1";

/// Encodes within the default budget, and checks what was decoded against what was encoded.
fn check_budget(partial: &Partial, frequent: u64) -> Vec<u8> {
    let settings = SketchSettings::default();
    let bytes = partial.encode(settings.budget_bytes);
    assert!(bytes.len() <= settings.budget_bytes, "{}", bytes.len());
    let decoded = Partial::decode(&bytes, &settings).expect("own encoding");
    assert_eq!(decoded.encode(settings.budget_bytes), bytes);

    let (before, after) = (summary(partial, &settings), summary(&decoded, &settings));
    assert_eq!(before.counters, after.counters);
    assert_eq!(before.distinct_addresses, after.distinct_addresses);
    for (dimension, list) in &after.top {
        assert_eq!(list.weight, before.top[dimension].weight);
        assert!(list.error >= before.top[dimension].error);
        assert!(list.error <= list.weight / 100, "{dimension:?}: {list:?}");
    }
    let top = &after.top[&Dimension::ClientAddress].items[0];
    assert_eq!(top.key, FREQUENT);
    assert!(top.lower <= frequent && frequent <= top.upper, "{top:?}");
    assert_eq!(after.addresses[0].address, FREQUENT);
    bytes
}

#[test]
fn full_maps_of_long_keys_are_trimmed_to_the_budget() {
    let settings = SketchSettings::default();
    let (mut partial, mut cache) = (Partial::new(&settings), TextCache::new(&settings));
    let times = |number: u64| number % 50 + 1;
    (0..384).for_each(|number| observe_noise(&mut partial, &mut cache, number, times(number)));
    let exact = summary(&partial, &settings);
    assert_eq!(exact.top[&Dimension::Rule].error, 0);
    let frequent = (0..384).step_by(10).map(times).sum();
    let bytes = check_budget(&partial, frequent);
    // It stops where it fits, not far below.
    assert!(bytes.len() > settings.budget_bytes / 2, "{}", bytes.len());
}

#[test]
fn a_flood_of_long_keys_stays_within_memory_and_budget() {
    const RECORDS: u64 = 20_000;
    let settings = SketchSettings::default();
    let (mut partial, mut cache) = (Partial::new(&settings), TextCache::new(&settings));
    let mut most_bytes = 0;
    for number in 0..RECORDS {
        observe_noise(&mut partial, &mut cache, number, 1);
        most_bytes = most_bytes.max(partial.estimated_bytes());
        // All maps are about to overflow for the first time.
        if number == 760 {
            check_budget(&partial, 77);
        }
    }
    assert!(most_bytes < 12_000_000, "{most_bytes}");
    check_budget(&partial, RECORDS / 10);
}

#[test]
fn truth_stays_within_bounds_through_trims_and_merges() {
    let settings = SketchSettings::default();
    let mut truth: BTreeMap<String, u64> = BTreeMap::new();
    let mut merged = Partial::new(&settings);
    let mut number = 0;
    for _ in 0..4 {
        let mut part = Partial::new(&settings);
        for _ in 0..3_000 {
            number += 1;
            // Long texts, a few of them frequent.
            let rank = if number % 2 == 0 { number % 7 } else { number };
            let uri = noise(rank, 200);
            part.observe(&sample("192.0.2.1", &uri));
            *truth.entry(uri).or_default() += 1;
        }
        let bytes = part.encode(SketchSettings::MIN_BUDGET_BYTES);
        assert!(bytes.len() <= SketchSettings::MIN_BUDGET_BYTES);
        merged.merge(&Partial::decode(&bytes, &settings).expect("own encoding"));
    }
    let everything = SketchSettings {
        top_n: usize::MAX,
        ..settings
    };
    let uris = &summary(&merged, &everything).top[&Dimension::Uri];
    assert_eq!(uris.weight, number);
    assert!(uris.error > 0);
    let listed: BTreeMap<&str, _> = uris.items.iter().map(|item| (&*item.key, item)).collect();
    for (uri, truth) in &truth {
        match listed.get(&**uri) {
            Some(item) => assert!(item.lower <= *truth && *truth <= item.upper),
            None => assert!(*truth <= uris.error, "{truth} {}", uris.error),
        }
    }
    assert_eq!(listed.len(), 7);
}

#[test]
fn fewer_slots_than_were_encoded_widen_the_bounds() {
    let (wide, narrow) = (SketchSettings::default(), small_settings());
    let mut partial = Partial::new(&wide);
    for number in 0..500 {
        partial.observe(&sample("192.0.2.1", &number.to_string()));
    }
    let decoded = Partial::decode(&partial.encode(usize::MAX), &narrow).expect("own encoding");
    let uris = &summary(&decoded, &narrow).top[&Dimension::Uri];
    assert_eq!((uris.weight, uris.error), (500, 1));
}

#[test]
fn damaged_bytes_are_refused_or_harmless() {
    let settings = small_settings();
    let bytes = sample_partial(&settings).encode(usize::MAX);
    for length in 0..bytes.len() {
        assert!(Partial::decode(&bytes[..length], &settings).is_err());
    }
    // Changes behind the compression, where they are read as figures and texts.
    let image = image_of(&bytes);
    for position in 0..image.len() {
        for change in [1, 0x7f, 0x80, 0xff] {
            let mut changed = image.clone();
            changed[position] ^= change;
            if let Ok(mut partial) = Partial::decode(&pack(&changed), &settings) {
                partial.merge(&sample_partial(&settings));
                partial.merge(&partial.clone());
                let _ = summary(&partial, &settings);
                let again = partial.encode(settings.budget_bytes);
                Partial::decode(&again, &settings).expect("own encoding");
            }
        }
    }
}

#[test]
fn claims_beyond_the_limits_are_refused() {
    let settings = small_settings();
    let decode = |bytes: &[u8]| Partial::decode(bytes, &settings).expect_err("hostile");
    assert_eq!(decode(&[]), DecodeError::Truncated { length: 0 });
    assert_eq!(decode(&[9, 0]), DecodeError::Version { version: 9 });
    let claimed = u32::MAX as usize;
    assert_eq!(
        decode(&[ENCODING_VERSION, 255, 255, 255, 255, 1]),
        DecodeError::TooLarge { claimed }
    );
    // A table of more texts than allowed, each of them empty.
    let mut image = postcard::to_stdvec(&(
        0_u32,
        crate::counters::Counters::default(),
        [0_u8; 0].as_slice(),
    ))
    .expect("small values");
    image.extend(postcard::to_stdvec(&(MAX_TEXTS as u32 + 1)).expect("a small value"));
    image.extend(std::iter::repeat_n(0, MAX_TEXTS + 1));
    assert_eq!(
        decode(&pack(&image)),
        DecodeError::Image { what: "its fields" }
    );
}
