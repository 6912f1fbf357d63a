//! What entries hold, and that none is too long.

use std::collections::BTreeSet;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{Generator, Options, Scenario};

const KINESIS: Limits = Limits {
    entry_bytes: 1 << 20,
};

fn made(acls: u32, count: usize) -> Vec<Vec<u8>> {
    let mut options = Options::new(Scenario::Normal);
    options.acls = acls;
    let mut generator = Generator::new(&options).expect("valid options");
    let mut next = || {
        let mut line = Vec::new();
        generator.write_next(&mut line).expect("a day is long");
        line
    };
    (0..count).map(|_| next()).collect()
}

fn encode(encoding: Encoding, key: Key, lines: &[Vec<u8>]) -> Encoded {
    let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    Encoder::new(encoding, key, KINESIS, 1, 0).encode(&lines)
}

fn unzip(data: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut decoder = MultiGzDecoder::new(data);
    decoder.read_to_end(&mut text).expect("gzip");
    text
}

/// The places of all lines that `encoded` accounts for, in order.
fn places(encoded: &Encoded) -> Vec<u32> {
    let in_entries = encoded.entries.iter().flat_map(|entry| &entry.lines);
    let mut places: Vec<u32> = in_entries.chain(&encoded.oversized).copied().collect();
    places.sort_unstable();
    places
}

#[test]
fn plain_entries_are_the_lines_with_keys_of_their_own() {
    let lines = made(1, 50);
    let encoded = encode(Encoding::Plain, Key::Random, &lines);
    assert_eq!(encoded.entries.len(), 50);
    let keys: BTreeSet<&str> = encoded
        .entries
        .iter()
        .map(|entry| entry.key.as_str())
        .collect();
    assert_eq!(keys.len(), 50);
    for (entry, line) in encoded.entries.iter().zip(&lines) {
        assert_eq!(&entry.data, line);
    }
    assert_eq!(encoded, encode(Encoding::Plain, Key::Random, &lines));
}

#[test]
fn packed_entries_hold_all_lines_and_are_named_by_their_content() {
    let lines = made(1, 4_000);
    let encoded = encode(Encoding::Packed, Key::Content, &lines);
    assert!(
        (2..=8).contains(&encoded.entries.len()),
        "{}",
        encoded.entries.len()
    );
    let text: Vec<u8> = encoded
        .entries
        .iter()
        .flat_map(|entry| unzip(&entry.data))
        .collect();
    assert!(text == lines.concat());
    for entry in &encoded.entries {
        assert_eq!(entry.key, packed::digest_key(&entry.data));
        assert!(entry.data.len() <= 256 << 10);
    }
}

#[test]
fn subscriptions_are_of_one_web_acl_and_hold_the_records_as_text() {
    let lines = made(3, 300);
    let encoded = encode(Encoding::CloudWatch, Key::Random, &lines);
    assert_eq!(encoded.entries.len(), 3);
    let mut ids = BTreeSet::new();
    for entry in &encoded.entries {
        let envelope: Value = serde_json::from_slice(&unzip(&entry.data)).expect("JSON");
        assert_eq!(envelope["messageType"], "DATA_MESSAGE");
        let events = envelope["logEvents"].as_array().expect("a list");
        let mut acls = BTreeSet::new();
        for (event, place) in events.iter().zip(&entry.lines) {
            let message = event["message"].as_str().expect("text");
            assert_eq!(message.as_bytes(), lines[*place as usize].trim_ascii_end());
            let record: Value = serde_json::from_str(message).expect("JSON");
            assert_eq!(record["timestamp"], event["timestamp"]);
            acls.insert(record["webaclId"].to_string());
            assert!(ids.insert(event["id"].to_string()));
        }
        assert_eq!(acls.len(), 1);
    }
    assert_eq!(ids.len(), 300);
}

#[test]
fn records_decide_by_web_acl_or_address_and_no_entry_mixes_them() {
    let lines = made(3, 500);
    for (key, field) in [
        (Key::Acl, "/webaclId"),
        (Key::Client, "/httpRequest/clientIp"),
    ] {
        for encoding in Encoding::ALL {
            let encoded = encode(encoding, key.clone(), &lines);
            assert_eq!(places(&encoded), (0..500).collect::<Vec<u32>>());
            for entry in &encoded.entries {
                for place in &entry.lines {
                    let record: Value =
                        serde_json::from_slice(&lines[*place as usize]).expect("JSON");
                    let value = record.pointer(field).and_then(Value::as_str);
                    assert_eq!(value, Some(entry.key.as_str()));
                }
            }
        }
    }
}

#[test]
fn one_shard_takes_all_where_its_hash_is_given() {
    for encoding in Encoding::ALL {
        let encoded = encode(encoding, Key::Hash(7), &made(1, 20));
        assert!(encoded.entries.iter().all(|entry| entry.hash == Some(7)));
        let encoded = encode(encoding, Key::Fixed("k".to_owned()), &made(1, 20));
        assert!(
            encoded
                .entries
                .iter()
                .all(|entry| entry.key == "k" && entry.hash.is_none())
        );
    }
}

#[test]
fn aggregates_are_as_large_as_the_library_makes_them() {
    let encoded = encode(Encoding::Kpl, Key::Random, &made(1, 200));
    let (last, full) = encoded.entries.split_last().expect("entries");
    assert!(
        full.iter()
            .all(|entry| (40_000..53_000).contains(&entry.data.len()))
    );
    assert!(last.data.len() < 53_000);
}

#[test]
fn what_no_entry_can_hold_is_told() {
    let mut lines = made(1, 3);
    lines[1] = vec![b'x'; 2 << 20];
    for encoding in [Encoding::Plain, Encoding::Kpl] {
        let encoded = encode(encoding, Key::Random, &lines);
        assert_eq!(encoded.oversized, [1]);
        assert_eq!(places(&encoded), [0, 1, 2]);
    }
}

proptest! {
    // Each case compresses sixteen times.
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_line_has_one_place_and_no_entry_is_too_long(
        lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3_000), 0..60),
        entry_bytes in 300_usize..4_000,
    ) {
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        let limits = Limits { entry_bytes };
        for encoding in Encoding::ALL {
            for key in [Key::Content, Key::Random, Key::Acl, Key::Hash(9)] {
                let encoded = Encoder::new(encoding, key, limits, 1, 0).encode(&lines);
                let expected: Vec<u32> = (0..lines.len() as u32).collect();
                prop_assert_eq!(places(&encoded), expected);
                prop_assert!(encoded.entries.iter().all(|entry| entry.bytes() <= entry_bytes));
            }
        }
    }
}
