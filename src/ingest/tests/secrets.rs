//! What must never leave: plants canaries in every secret place and looks for them everywhere.

use super::*;

const CANARY: &str = "Canary7f3a";

fn record_with_secrets() -> String {
    json!({
        "timestamp": 1_700_000_000_000_u64,
        "webaclId": "acl",
        "action": "BLOCK",
        "httpRequest": {
            "clientIp": "192.0.2.1",
            "headers": [
                {"name": "Authorization", "value": format!("Bearer {CANARY}")},
                {"name": "cookie", "value": format!("session={CANARY}; a=\"{CANARY}\"")},
                {"value": format!("{CANARY}=1"), "name": "Set-Cookie"},
                {"name": "Referer", "value": format!("https://example.com/?t={CANARY}")},
                {"name": "Host", "value": "example.com"},
            ],
            "uri": format!("/login?token={CANARY}"),
            "args": format!("password={CANARY}&x={{\"{CANARY}\":1}}"),
            "fragment": CANARY,
        },
        "terminatingRuleMatchDetails": [{"matchedData": [CANARY]}],
    })
    .to_string()
}

fn assert_clean(decoded: &Decoded, payload: &[u8]) {
    let shown = format!("{:?} {:?}", decoded.batch, decoded.accounts);
    assert!(
        !shown.contains(CANARY),
        "{shown} of {}",
        String::from_utf8_lossy(payload)
    );
}

#[test]
fn no_secret_of_a_valid_record_gets_out() {
    let text = record_with_secrets();
    let decoded = decoded(text.as_bytes());
    assert_eq!(decoded.counts(), (1, 0));
    assert_eq!(decoded.uris(), ["/login"]);
    assert_clean(&decoded, text.as_bytes());
}

#[test]
fn no_secret_of_a_malformed_record_gets_out() {
    let text = record_with_secrets();
    for position in 0..text.len() {
        let (head, tail) = text.split_at(position);
        let noise = format!("{head}!{tail}");
        let bad_utf8 = [head.as_bytes(), b"\xff", tail.as_bytes()].concat();
        for payload in [
            head.as_bytes(),
            tail.as_bytes(),
            noise.as_bytes(),
            &bad_utf8,
        ] {
            assert_clean(&decoded(payload), payload);
        }
    }
}

#[test]
fn no_secret_gets_out_where_the_record_is_rejected_for_its_content() {
    for (field, value) in [("timestamp", "0"), ("webaclId", "null"), ("action", "[]")] {
        let text = record_with_secrets();
        let mut rejected: Value = serde_json::from_str(&text).expect("a record is JSON");
        rejected[field] = serde_json::from_str(value).expect("a value");
        let payload = rejected.to_string();
        let decoded = decoded(payload.as_bytes());
        assert_eq!(decoded.counts(), (0, 1));
        assert_clean(&decoded, payload.as_bytes());
    }
}

#[test]
fn no_secret_gets_out_of_what_is_no_record_at_all() {
    for payload in [
        format!("Cookie: session={CANARY}"),
        format!("192.0.2.1 - - \"GET /?token={CANARY} HTTP/1.1\" 200"),
        format!("{{\"Cookie\":\"{CANARY}\",\"{CANARY}\":1}}"),
        format!("\"{CANARY}\""),
        format!("[{CANARY}, \"{CANARY}\"]"),
        CANARY.to_owned(),
        format!("args={CANARY}"),
    ] {
        let decoded = decoded(payload.as_bytes());
        assert_ne!(decoded.accounts.rejected_total(), 0);
        assert_clean(&decoded, payload.as_bytes());
    }
    let stored = flate2::Compression::none();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), stored);
    encoder
        .write_all(record_with_secrets().as_bytes())
        .expect("writing to a vector");
    let mut uncompressed_inside = encoder.finish().expect("writing to a vector");
    uncompressed_inside.pop();
    assert_clean(&decoded(&uncompressed_inside), &uncompressed_inside);
}
