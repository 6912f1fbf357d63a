//! What a record keeps and what it loses.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::generator::Generator;
use crate::options::Options;
use crate::scenario::Scenario;

const KEY: &[u8] = b"0123456789abcdef";

fn names(uris: Uris) -> Pseudonyms {
    Pseudonyms::new(KEY, uris).expect("a key")
}

fn rewritten(line: &str, timestamp_ms: i64, pseudonyms: Option<&Pseudonyms>) -> String {
    let mut bytes = Vec::new();
    let record = Record::parse(line.as_bytes()).expect("a record");
    record.push(timestamp_ms, pseudonyms, &mut bytes);
    String::from_utf8(bytes).expect("text")
}

#[test]
fn only_the_timestamp_of_a_generated_record_changes() {
    let mut options = Options::new(Scenario::Several);
    options.rate = 0.2;
    for line in Generator::new(&options).expect("valid options").take(2_000) {
        let own = line.event.timestamp_ms;
        assert_eq!(rewritten(&line.text, own, None), line.text);
        let expected = line.text.replacen(&own.to_string(), "77", 1);
        assert_eq!(rewritten(&line.text, 77, None), expected);
    }
}

#[test]
fn people_lose_their_names_and_nothing_else() {
    let line = r#"{"timestamp":5,"webaclId":"arn:x","action":"BLOCK","rateBasedRuleList":[{"limitKey":"IP","limitValue":"192.0.2.7","customValues":[{"key":"HEADER","value":"ann"}]}],"httpRequest":{"clientIp":"192.0.2.7","country":"DE","headers":[{"name":"Host","value":"h.example"},{"name":"X-Forwarded-For","value":"192.0.2.7, ann, 2001:db8::7"},{"name":"User-Agent","value":"curl"},{"name":"Cookie","value":"id=ann"},{"name":"X-User-Name","value":"ann"},{"name":"Forwarded","value":"for=192.0.2.7"},{"name":"Referer","value":"https://ann:pw@h.example/ann?ann=1"}],"uri":"/people/ann","args":"name=ann"}}"#;
    let kept: Value =
        serde_json::from_str(&rewritten(line, 6, Some(&names(Uris::Kept)))).expect("JSON");
    let client = kept["httpRequest"]["clientIp"].as_str().expect("text");
    assert_eq!(client, names(Uris::Kept).address("192.0.2.7"));
    assert!(
        client.starts_with("24") || client.starts_with("25"),
        "{client}"
    );
    assert_eq!(kept["rateBasedRuleList"][0]["limitValue"], client);
    assert_eq!(
        kept["rateBasedRuleList"][0]["customValues"],
        Value::Array(Vec::new())
    );
    let header = |value: &Value, place: usize| {
        value["httpRequest"]["headers"][place]["value"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    assert_eq!(header(&kept, 0), "h.example");
    let other = names(Uris::Kept).address("2001:db8::7");
    assert_eq!(header(&kept, 1), format!("{client}, REDACTED, {other}"));
    assert!(other.starts_with("2001:db8:"));
    assert_eq!(header(&kept, 2), "curl");
    for place in 3..6 {
        assert_eq!(header(&kept, place), "REDACTED");
    }
    assert_eq!(header(&kept, 6), "https://h.example/ann");
    assert_eq!(kept["httpRequest"]["uri"], "/people/ann");
    assert_eq!(
        (&kept["timestamp"], &kept["action"]),
        (&6.into(), &"BLOCK".into())
    );

    let hidden = rewritten(line, 6, Some(&names(Uris::Hidden)));
    assert!(!hidden.contains("ann"), "{hidden}");
    assert!(!hidden.contains("192.0.2."), "{hidden}");
}

#[test]
fn names_are_stable_differ_by_key_and_need_a_long_one() {
    let other = Pseudonyms::new(b"another key of 16", Uris::Kept).expect("a key");
    let name = names(Uris::Kept).address("198.51.100.1");
    assert_eq!(names(Uris::Hidden).address("198.51.100.1"), name);
    assert_ne!(other.address("198.51.100.1"), name);
    assert!(Pseudonyms::new(b"short", Uris::Kept).is_err());
    assert!(!format!("{other:?}").contains("key"));
}

#[test]
fn what_is_no_record_is_refused_with_its_name() {
    let record = r#"{"timestamp":5,"webaclId":"a","httpRequest":{}}"#;
    for (line, expected) in [
        ("".to_owned(), Refusal::NotJson),
        ("nonsense".to_owned(), Refusal::NotJson),
        ("{\"timestamp\":5".to_owned(), Refusal::NotJson),
        ("{}".to_owned(), Refusal::NoRecord),
        (record.replace('5', "-5"), Refusal::NoRecord),
        (record.replace('5', "\"5\""), Refusal::NoRecord),
        (format!("{record}{record}"), Refusal::NotJson),
        (format!("[{record}]"), Refusal::NotJson),
        (
            "{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[]}".to_owned(),
            Refusal::Envelope(Envelope::CloudWatchLogs),
        ),
        (
            "{\"awslogs\":{\"data\":\"\"}}".to_owned(),
            Refusal::Envelope(Envelope::LambdaLogs),
        ),
        (
            "{\"timestamp\":5,\"message\":\"{}\"}".to_owned(),
            Refusal::CloudWatchEvent,
        ),
        (
            "{\"records\":[]}".to_owned(),
            Refusal::Envelope(Envelope::Firehose),
        ),
        (
            "{\"Records\":[]}".to_owned(),
            Refusal::Envelope(Envelope::Kinesis),
        ),
    ] {
        assert_eq!(
            Record::parse(line.as_bytes()).expect_err(&line),
            expected,
            "{line}"
        );
    }
    assert_eq!(
        Record::parse(&[b'{', 0xff]).expect_err("bytes"),
        Refusal::NotUtf8
    );
    assert_eq!(recognize(b"PAR1...."), Some(Refusal::Parquet));
    assert_eq!(recognize(b"{\"timestamp\""), None);
}

#[test]
fn a_shift_keeps_gaps_or_divides_them() {
    let mut shift = Shift {
        first_ms: 1_000,
        start_ms: 50_000,
        divisor: 1.0,
    };
    assert_eq!(
        [1_000, 1_600, 400].map(|at| shift.apply(at)),
        [50_000, 50_600, 49_400]
    );
    shift.divisor = 60.0;
    assert_eq!([1_000, 61_000].map(|at| shift.apply(at)), [50_000, 51_000]);
    assert_eq!(
        Shift {
            first_ms: i64::MAX,
            start_ms: 0,
            divisor: 1.0
        }
        .apply(0),
        0
    );
}

proptest! {
    #[test]
    fn no_line_panics(line in any::<Vec<u8>>(), text in "[{}\\[\\]\",:a-z0-9\\\\]*") {
        let _ = Record::parse(&line);
        let _ = Record::parse(text.as_bytes());
    }

    #[test]
    fn odd_records_stay_one_line_of_json(uri in any::<String>(), name in any::<String>(), value in any::<String>()) {
        let record = serde_json::json!({
            "timestamp": 5, "webaclId": "a",
            "httpRequest": {"clientIp": value, "uri": uri, "args": value, "headers": [{"name": name, "value": value}]},
        });
        for uris in [Uris::Kept, Uris::Hidden] {
            let pretty = serde_json::to_string_pretty(&record).expect("JSON");
            let line = rewritten(&pretty, 9, Some(&names(uris)));
            prop_assert!(!line.contains('\n'));
            let back: Value = serde_json::from_str(&line).expect("JSON");
            prop_assert_eq!(&back["timestamp"], 9);
            if uris == Uris::Kept {
                prop_assert_eq!(back["httpRequest"]["uri"].as_str(), Some(uri.as_str()));
            }
        }
    }
}
