//! Every envelope around the same records.

use super::*;
use crate::ingest::RejectReason::{CorruptEnvelope, CorruptGzip, Empty, NestingLimit};

const URIS: [&str; 3] = ["/a", "/b", "/c"];

fn lines() -> Vec<u8> {
    URIS.map(record).join("\n").into_bytes()
}

fn messages() -> [String; 3] {
    URIS.map(record)
}

fn subscription() -> Vec<u8> {
    let messages = messages();
    cloudwatch("DATA_MESSAGE", &messages.each_ref().map(String::as_str))
}

fn parts() -> [Vec<u8>; 3] {
    messages().map(String::into_bytes)
}

fn slices(parts: &[Vec<u8>; 3]) -> [&[u8]; 3] {
    parts.each_ref().map(Vec::as_slice)
}

#[test]
fn every_envelope_gives_the_records_it_carries() {
    let parts = parts();
    let parts = slices(&parts);
    let two_members = [gzip(&lines()[..20]), gzip(&lines()[20..])].concat();
    let packed: [Vec<u8>; 3] = parts.map(gzip);
    for (name, payload) in [
        ("lines", lines()),
        ("gzip", gzip(&lines())),
        ("gzip members that cut a line", two_members),
        ("gzip of gzip", gzip(&gzip(&lines()))),
        ("CloudWatch Logs", subscription()),
        ("gzip of CloudWatch Logs", gzip(&subscription())),
        (
            "CloudWatch Logs to Lambda",
            lambda_logs(&gzip(&subscription())),
        ),
        ("base64 of gzip", base64(&gzip(&lines())).into_bytes()),
        ("base64 of lines", base64(&lines()).into_bytes()),
        ("base64 of KPL", base64(&kpl_aggregate(&parts)).into_bytes()),
        ("Firehose", firehose(&parts)),
        ("Kinesis", kinesis(&parts)),
        ("Kinesis of gzip", kinesis(&[&gzip(&lines())])),
        (
            "Kinesis of KPL of gzip",
            kinesis(&[&kpl_aggregate(&slices(&packed))]),
        ),
        (
            "Firehose of CloudWatch Logs",
            firehose(&[&gzip(&subscription())]),
        ),
        ("KPL", kpl_aggregate(&parts)),
        ("KPL of gzip", kpl_aggregate(&slices(&packed))),
        (
            "KPL of CloudWatch Logs",
            kpl_aggregate(&[&gzip(&subscription())]),
        ),
        ("base64 in a message", {
            cloudwatch("DATA_MESSAGE", &[&base64(&gzip(&lines()))])
        }),
    ] {
        let decoded = decoded(&payload);
        assert_eq!(decoded.uris(), URIS, "{name}");
        assert_eq!(decoded.accounts.rejected_total(), 0, "{name}");
    }
}

#[test]
fn the_log_size_is_that_of_the_record_not_of_its_envelope() {
    let parts = parts();
    let expected: Vec<_> = parts.iter().map(|part| part.len() as u64).collect();
    for payload in [lines(), gzip(&subscription()), kinesis(&slices(&parts))] {
        let decoded = decoded(&payload);
        let sizes: Vec<_> = decoded
            .batch
            .iter()
            .map(|record| record.log_bytes)
            .collect();
        assert_eq!(sizes, expected);
    }
}

#[test]
fn control_messages_are_counted_and_hold_no_record() {
    let control = cloudwatch(
        "CONTROL_MESSAGE",
        &["CWL CONTROL MESSAGE: Checking health."],
    );
    let both = [control.clone(), subscription(), gzip(b"")].concat();
    for payload in [
        control.clone(),
        gzip(&control),
        lambda_logs(&gzip(&control)),
    ] {
        let decoded = decoded(&payload);
        assert_eq!(decoded.accounts.control_messages, 1);
        assert_eq!(decoded.accounts.read, 0);
    }
    let with_data = decoded(&both[..both.len() - gzip(b"").len()]);
    assert_eq!(with_data.accounts.control_messages, 1);
    assert_eq!(with_data.uris(), URIS);
}

#[test]
fn a_bad_part_costs_itself_alone() {
    let message = record("/a");
    let with_bad_parts = cloudwatch("DATA_MESSAGE", &[&message, " ", "nonsense", &message]);
    assert_eq!(decoded(&with_bad_parts).counts(), (2, 2));

    let empty_part = kpl_aggregate(&[message.as_bytes(), b"", message.as_bytes()]);
    let empty_part = decoded(&empty_part);
    assert_eq!(empty_part.counts(), (2, 1));
    assert_eq!(empty_part.reasons(), [(Empty, 1)]);

    let without_data =
        json!({"records": [{"data": base64(message.as_bytes())}, {}, 5, {"data": "%"}]});
    let without_data = decoded(without_data.to_string().as_bytes());
    assert_eq!(without_data.reasons(), [(CorruptEnvelope, 3)]);
    assert_eq!(without_data.counts(), (1, 3));
}

#[test]
fn an_envelope_that_does_not_open_is_one_unit() {
    let mut wrong_checksum = kpl_aggregate(&[record("/").as_bytes()]);
    *wrong_checksum.last_mut().expect("it is not empty") ^= 1;
    assert_eq!(decoded(&wrong_checksum).reasons(), [(CorruptEnvelope, 1)]);

    let whole = gzip(&lines());
    assert_eq!(
        decoded(&whole[..whole.len() - 1]).reasons(),
        [(CorruptGzip, 1)]
    );

    let lone = json!({"awslogs": "x"}).to_string();
    assert_eq!(decoded(lone.as_bytes()).reasons(), [(CorruptEnvelope, 1)]);
}

#[test]
fn whole_members_before_a_damaged_one_stand() {
    let mut payload = gzip(&[lines(), b"\n".to_vec()].concat());
    payload.extend_from_slice(&gzip(&lines())[..30]);
    let decoded = decoded(&payload);
    assert_eq!(decoded.uris(), URIS);
    assert_eq!(decoded.reasons(), [(CorruptGzip, 1)]);
}

#[test]
fn envelopes_nest_only_so_deep() {
    let limits = Limits {
        max_nesting: 2,
        ..Limits::default()
    };
    let twice = gzip(&gzip(&lines()));
    assert_eq!(decoded_within(&twice, &limits).counts(), (3, 0));
    let thrice = decoded_within(&gzip(&twice), &limits);
    assert_eq!(thrice.reasons(), [(NestingLimit, 1)]);

    let unlimited = Limits {
        max_nesting: u16::MAX,
        ..Limits::default()
    };
    let bottomless = (0..2_000).fold(lines(), |inner, _| gzip(&inner));
    let stopped = decoded_within(&bottomless, &unlimited);
    assert_eq!(stopped.reasons(), [(NestingLimit, 1)]);
}

#[test]
fn a_record_is_no_envelope_whatever_else_it_holds() {
    let odd = record_with(&json!({
        "records": [{"data": "x"}], "Records": [], "logEvents": [{}], "awslogs": 1,
        "messageType": "CONTROL_MESSAGE",
    }));
    let decoded = decoded(odd.as_bytes());
    assert_eq!(decoded.counts(), (1, 0));
    assert_eq!(decoded.accounts.control_messages, 0);
}

#[test]
fn samples_point_at_the_outermost_envelope() {
    let payload = [&lines()[..], b"\n", &cloudwatch("DATA_MESSAGE", &["bad"])].concat();
    let decoded = decoded(&payload);
    let sample = &decoded.accounts.samples[0];
    assert_eq!(sample.offset, 1_000 + lines().len() as u64 + 1);
    assert_eq!(sample.origin, "test");
}
