//! Each reason, reached the plain way, and that every reason is reached.

use super::*;
use crate::ingest::RejectReason::*;

fn cases() -> Vec<(RejectReason, Vec<u8>, Limits)> {
    let plain = |reason, text: String| (reason, text.into_bytes(), Limits::default());
    let with = |reason, field: Value| plain(reason, record_with(&field));
    let small = Limits {
        max_payload_bytes: 400,
        max_record_bytes: 100,
        max_decompressed_bytes: 100,
        max_nesting: 1,
        max_depth: 4,
        ..Limits::default()
    };
    let limited = |reason, bytes: Vec<u8>| (reason, bytes, small.clone());
    vec![
        plain(NotJson, "GET / HTTP/1.1".to_owned()),
        plain(NotJson, "2024-03-20T10:30:00Z".to_owned()),
        plain(Truncated, r#"{"timestamp":17000"#.to_owned()),
        (Empty, kpl_aggregate(&[b""]), Limits::default()),
        plain(NotAnObject, "42".to_owned()),
        (InvalidUtf8, b"{\"a\":\"\xff\"}".to_vec(), Limits::default()),
        with(NoTimestamp, json!({"timestamp": null})),
        with(NoTimestamp, json!({"timestamp": "-"})),
        with(NoTimestamp, json!({"timestamp": {"at": 1}})),
        with(BadTimestamp, json!({"timestamp": "yesterday"})),
        with(TimestampOutOfRange, json!({"timestamp": -1})),
        with(TimestampOutOfRange, json!({"timestamp": 1_700_000_000})),
        with(
            TimestampOutOfRange,
            json!({"timestamp": 32_503_680_000_000_u64}),
        ),
        with(
            TimestampOutOfRange,
            json!({"timestamp": "3000-01-01T00:00:00Z"}),
        ),
        with(TimestampOutOfRange, json!({"timestamp": u64::MAX})),
        with(TimestampOutOfRange, json!({"timestamp": -1e300})),
        with(NoAcl, json!({"webaclId": "-"})),
        with(NoAcl, json!({"webaclId": ["x"]})),
        with(BadAcl, json!({"webaclId": "x".repeat(2_049)})),
        with(NoAction, json!({"action": ""})),
        limited(TooLarge, record("/").into_bytes()),
        limited(TooLarge, vec![b' '; 401]),
        limited(TooDeep, br#"{"a":[[[[1]]]]}"#.to_vec()),
        limited(
            TooDeep,
            br#"{"httpRequest":{"headers":[{"value":[1]}]}}"#.to_vec(),
        ),
        limited(TooDeep, br#"{"logEvents":[[[[1]]]]}"#.to_vec()),
        limited(DecompressionLimit, gzip(&[b' '; 101])),
        limited(NestingLimit, gzip(&gzip(b"{}"))),
        (
            CorruptGzip,
            b"\x1f\x8b\x08 nonsense".to_vec(),
            Limits::default(),
        ),
        (
            CorruptEnvelope,
            b"\xf3\x89\x9a\xc2 nonsense".to_vec(),
            Limits::default(),
        ),
    ]
}

#[test]
fn each_case_is_rejected_once_under_its_reason() {
    for (reason, payload, limits) in cases() {
        let shown = String::from_utf8_lossy(&payload).into_owned();
        let decoded = decoded_within(&payload, &limits);
        assert_eq!(decoded.reasons(), [(reason, 1)], "{shown}");
        assert_eq!(decoded.accounts.samples.len(), 1, "{shown}");
        assert_eq!(decoded.accounts.samples[0].reason, reason, "{shown}");
    }
}

#[test]
fn every_reason_that_decoding_can_give_has_a_case() {
    // One needs 4 GiB of text, the other is the engine's to give.
    let not_here = [BatchFull, TooManyAcls, InternalError];
    for reason in RejectReason::ALL {
        let is_covered = cases().iter().any(|(covered, ..)| *covered == reason);
        assert_ne!(is_covered, not_here.contains(&reason), "{reason}");
    }
}

#[test]
fn the_range_of_timestamps_includes_its_beginning_only() {
    let limits = Limits::default();
    for (timestamp, accepted) in [
        (limits.earliest.0 - 1, 0),
        (limits.earliest.0, 1),
        (limits.latest.0 - 1, 1),
        (limits.latest.0, 0),
    ] {
        let payload = record_with(&json!({"timestamp": timestamp}));
        assert_eq!(decoded(payload.as_bytes()).accounts.accepted, accepted);
    }
}

#[test]
fn only_the_first_samples_of_a_reason_are_kept() {
    let decoded = decoded("x\n".repeat(100).as_bytes());
    assert_eq!(decoded.accounts.rejected[&NotJson], 100);
    assert_eq!(
        decoded.accounts.samples.len(),
        crate::ingest::SAMPLES_PER_REASON
    );
    let offsets: Vec<_> = decoded
        .accounts
        .samples
        .iter()
        .map(|sample| sample.offset)
        .collect();
    assert_eq!(offsets, [1_000, 1_002, 1_004]);
}

#[test]
fn limits_survive_json_and_refuse_unknown_keys() {
    let limits: Limits = serde_json::from_str(r#"{"max_depth":7}"#).expect("one key is enough");
    assert_eq!(
        limits,
        Limits {
            max_depth: 7,
            ..Limits::default()
        }
    );
    assert!(serde_json::from_str::<Limits>(r#"{"max_dept":7}"#).is_err());
}
