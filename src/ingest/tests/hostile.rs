//! What attackers send: bounded time, bounded memory, and one line of accounts.

use std::time::{Duration, Instant};

use super::*;
use crate::ingest::RejectReason::{
    BadAcl, DecompressionLimit, InvalidUtf8, NotJson, TimestampOutOfRange, TooDeep, TooLarge,
    Truncated,
};

/// Far more than any of these takes, far less than anything quadratic would.
const SOON: Duration = Duration::from_secs(10);

fn decoded_soon(payload: &[u8]) -> Decoded {
    let start = Instant::now();
    let decoded = decoded(payload);
    assert!(start.elapsed() < SOON, "it took {:?}", start.elapsed());
    decoded
}

#[test]
fn half_a_megabyte_of_brackets_is_cheap() {
    let brackets = vec![b'['; 500_000];
    let alone = decoded_soon(&brackets);
    assert_eq!(alone.reasons(), [(TooDeep, 1)]);

    let in_a_field = [b"{\"a\":", &brackets[..]].concat();
    assert_eq!(decoded_soon(&in_a_field).reasons(), [(TooDeep, 1)]);

    let in_headers = [b"{\"httpRequest\":{\"headers\":", &brackets[..]].concat();
    assert_eq!(decoded_soon(&in_headers).reasons(), [(TooDeep, 1)]);

    let closed = [&in_a_field[..], &vec![b']'; 500_000], b"}"].concat();
    assert_eq!(decoded_soon(&closed).reasons(), [(TooDeep, 1)]);

    let objects = "{\"a\":".repeat(100_000);
    assert_eq!(decoded_soon(objects.as_bytes()).reasons(), [(TooDeep, 1)]);
}

#[test]
fn a_gzip_bomb_stops_at_the_cap() {
    let zeros = vec![b' '; 100 << 20];
    let bomb = gzip(&zeros);
    assert!(bomb.len() < 200_000);
    for payload in [
        bomb.clone(),
        gzip(&bomb),
        kpl_aggregate(&[&bomb]),
        kinesis(&[&bomb]),
    ] {
        let decoded = decoded_soon(&payload);
        assert_eq!(decoded.reasons(), [(DecompressionLimit, 1)]);
        assert_eq!(decoded.batch.text_bytes(), 0);
    }
}

#[test]
fn many_small_bombs_share_one_cap() {
    let limits = Limits {
        max_decompressed_bytes: 1 << 20,
        ..Limits::default()
    };
    let bomb = gzip(&vec![b' '; 400 << 10]);
    let decoded = decoded_within(&kpl_aggregate(&[&bomb, &bomb, &bomb, &bomb]), &limits);
    assert_eq!(decoded.reasons(), [(DecompressionLimit, 2)]);
}

#[test]
fn a_path_of_ten_megabytes_is_too_large_and_costs_no_memory() {
    let [before, after] = ["/a", "/b"].map(record);
    let huge = record(&"/x".repeat(5 << 20));
    for separator in ["\n", ""] {
        let payload = [&before[..], &huge, &after].join(separator);
        let decoded = decoded_soon(payload.as_bytes());
        assert_eq!(decoded.uris(), ["/a", "/b"]);
        assert_eq!(decoded.reasons(), [(TooLarge, 1)]);
        assert!(decoded.batch.text_bytes() < 1_000);
    }
}

#[test]
fn a_batch_grows_by_a_small_multiple_of_the_payload_at_most() {
    // Long group names, repeated for each of the rules in them, are the strongest lever there is.
    let rules: Vec<_> = (0..100)
        .map(|number| json!({"ruleId": number, "action": "COUNT"}))
        .collect();
    let group = json!({"ruleGroupId": "g".repeat(10_000), "nonTerminatingMatchingRules": rules});
    let lever = record_with(&json!({"ruleGroupList": [group]}));
    let payload = [&lever[..]; 100].join("\n");
    let decoded = decoded_soon(payload.as_bytes());
    assert_eq!(decoded.counts(), (100, 0));
    assert!(decoded.batch.text_bytes() < 10 * payload.len());
}

#[test]
fn timestamps_out_of_this_world_are_rejected() {
    let timestamps = [
        "-1",
        "-9223372036854775808",
        "32503680000000",
        "18446744073709551615",
        "\"3000-01-01T00:00:00Z\"",
        "1e18",
        "-1e18",
        "0",
    ];
    let lines = timestamps.map(|timestamp| {
        format!("{{\"timestamp\":{timestamp},\"webaclId\":\"a\",\"action\":\"ALLOW\"}}")
    });
    let decoded = decoded(lines.join("\n").as_bytes());
    assert_eq!(decoded.reasons(), [(TimestampOutOfRange, 8)]);
}

#[test]
fn an_acl_longer_than_any_arn_makes_no_key() {
    let decoded = decoded(record_with(&json!({"webaclId": "a".repeat(900_000)})).as_bytes());
    assert_eq!(decoded.reasons(), [(BadAcl, 1)]);
}

#[test]
fn bytes_that_are_not_text_are_cheap() {
    let noise = vec![0xff; 4 << 20];
    assert_eq!(decoded_soon(&noise).reasons(), [(InvalidUtf8, 1)]);
    let zeros = vec![0; 4 << 20];
    assert_eq!(decoded_soon(&zeros).reasons(), [(NotJson, 1)]);
    let bad_lines = b"\xff\n".repeat(1 << 20);
    assert_eq!(decoded_soon(&bad_lines).reasons(), [(InvalidUtf8, 1 << 20)]);
}

#[test]
fn nothing_takes_quadratic_time() {
    const BYTES: usize = 1 << 20;
    let good = record("/");
    for pattern in [
        "{",
        "}",
        "}{",
        "{}",
        "}{\"",
        "{\"a\":1}",
        "{\"a\":\"}{\"",
        "{\"a\":[1}",
        "[!,",
        "[1,",
        "1,",
        "]",
        "eyJhIjox,",
        "eyJhIjoxfQ,",
        "H4sIAAAA=",
        "{\n",
        "{\n\"a\":\n",
        "{\"a\":[\n",
        "{\"a\":[1,\n\"b\",",
        "[\n",
        "[{\"a\":\n",
        "[{\"a\":1},",
        "\"",
        "\\",
        "{\"\\",
        "\u{feff}",
        " \n",
        "{\"logEvents\":[{}]}",
        "{\"records\":[",
        "x}{\"",
        "{\"a\":{}{\"",
        "{\"timestamp\":1,\n",
        "\"\n",
        "ü{\"a\"",
        &good,
        &good[..40],
    ] {
        let payload = pattern.repeat(BYTES / pattern.len());
        let start = Instant::now();
        decoded(payload.as_bytes());
        assert!(
            start.elapsed() < SOON,
            "{pattern:?} took {:?}",
            start.elapsed()
        );
        let with_bad_byte = [payload.as_bytes(), b"\xff"].concat();
        decoded(&with_bad_byte);
        assert!(
            start.elapsed() < SOON * 2,
            "{pattern:?} took {:?}",
            start.elapsed()
        );
    }
}

#[test]
fn a_record_cut_anywhere_is_one_truncated_unit() {
    let text =
        record_with(&json!({"labels": [{"name": "ü"}], "ruleGroupList": [{"ruleGroupId": "\n"}]}));
    for end in (1..text.len()).filter(|&end| text.is_char_boundary(end)) {
        let decoded = decoded(&text.as_bytes()[..end]);
        assert_eq!(decoded.reasons(), [(Truncated, 1)], "{}", &text[..end]);
    }
}
