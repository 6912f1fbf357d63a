//! Properties: envelopes change nothing, and nothing panics or goes missing.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// How a run of records is wrapped.
#[derive(Debug, Clone)]
enum Wrap {
    Lines,
    CarriageReturns,
    Concatenated,
    Array,
    PrettyArray,
    CloudWatch,
    Lambda,
    Firehose,
    Kinesis,
    Kpl,
    Gzip(Box<Wrap>),
    Base64(Box<Wrap>),
    KinesisOf(Box<Wrap>),
    KplOf(Box<Wrap>),
}

fn wraps() -> impl Strategy<Value = Wrap> {
    let plain = prop_oneof![
        Just(Wrap::Lines),
        Just(Wrap::CarriageReturns),
        Just(Wrap::Concatenated),
        Just(Wrap::Array),
        Just(Wrap::PrettyArray),
        Just(Wrap::CloudWatch),
        Just(Wrap::Lambda),
        Just(Wrap::Firehose),
        Just(Wrap::Kinesis),
        Just(Wrap::Kpl),
    ];
    // Base64 text looks like any other word, so it is recognised only by what it decodes to, which
    // base64 of base64 does not tell. Nothing known sends that.
    let encoded = plain.clone().prop_map(|wrap| Wrap::Base64(Box::new(wrap)));
    let leaf = prop_oneof![3 => plain, 1 => encoded];
    leaf.prop_recursive(3, 8, 1, |inner| {
        prop_oneof![
            inner.clone().prop_map(|wrap| Wrap::Gzip(Box::new(wrap))),
            inner
                .clone()
                .prop_map(|wrap| Wrap::KinesisOf(Box::new(wrap))),
            inner.prop_map(|wrap| Wrap::KplOf(Box::new(wrap))),
        ]
    })
}

fn wrapped(records: &[String], wrap: &Wrap) -> Vec<u8> {
    let texts: Vec<&str> = records.iter().map(String::as_str).collect();
    let parts: Vec<&[u8]> = records.iter().map(String::as_bytes).collect();
    match wrap {
        Wrap::Lines => texts.join("\n").into_bytes(),
        Wrap::CarriageReturns => texts.join("\r\n").into_bytes(),
        Wrap::Concatenated => texts.concat().into_bytes(),
        Wrap::Array => format!("[{}]", texts.join(",")).into_bytes(),
        Wrap::PrettyArray => format!("[\n  {}\n]\n", texts.join(",\n  ")).into_bytes(),
        Wrap::CloudWatch => cloudwatch("DATA_MESSAGE", &texts),
        Wrap::Lambda => lambda_logs(&gzip(&cloudwatch("DATA_MESSAGE", &texts))),
        Wrap::Firehose => firehose(&parts),
        Wrap::Kinesis => kinesis(&parts),
        Wrap::Kpl => kpl_aggregate(&parts),
        Wrap::Gzip(inner) => gzip(&wrapped(records, inner)),
        Wrap::Base64(inner) => base64(&wrapped(records, inner)).into_bytes(),
        Wrap::KinesisOf(inner) => kinesis(&[&wrapped(records, inner)]),
        Wrap::KplOf(inner) => kpl_aggregate(&[&wrapped(records, inner)]),
    }
}

fn records() -> impl Strategy<Value = String> {
    let uri = prop_oneof!["/[a-z]{0,8}", "/[ -~]{0,12}", "/\\PC{0,6}"];
    (uri, 0..4_u8, any::<bool>()).prop_map(|(uri, acl, counts)| {
        let action = if counts { "COUNT" } else { "CAPTCHA" };
        record_with(&json!({
            "webaclId": format!("acl-{acl}"),
            "nonTerminatingMatchingRules": [{"ruleId": "r", "action": action}],
            "httpRequest": {"uri": uri, "args": uri, "headers": [{"name": "User-Agent", "value": uri}]},
        }))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_split_into_any_envelopes_gives_the_same_records(
        runs in vec((vec(records(), 1..5), wraps()), 1..5)
    ) {
        let all: Vec<String> = runs.iter().flat_map(|(records, _)| records.clone()).collect();
        let expected = decoded(all.join("\n").as_bytes());
        prop_assert_eq!(expected.accounts.accepted, all.len() as u64);

        let mut batch = RecordBatch::new();
        let mut accounts = Accounts::default();
        for (records, wrap) in &runs {
            let decoded = decoded(&wrapped(records, wrap));
            accounts.merge(&decoded.accounts);
            for record in decoded.batch.iter() {
                batch.push(&record);
            }
        }
        prop_assert_eq!(accounts.rejected_total(), 0);
        prop_assert!(batch.iter().eq(expected.batch.iter()));
    }

    #[test]
    fn arbitrary_bytes_are_accounted_for(bytes in vec(any::<u8>(), 0..400)) {
        decoded(&bytes);
    }

    #[test]
    fn arbitrary_bytes_in_envelopes_are_accounted_for(
        parts in vec(vec(any::<u8>(), 0..60), 1..4),
        wrap in 0..4_u8,
    ) {
        let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let payload = match wrap {
            0 => gzip(&parts.concat()),
            1 => kpl_aggregate(&slices),
            2 => kinesis(&slices),
            _ => firehose(&slices),
        };
        decoded(&payload);
    }

    #[test]
    fn text_of_json_tokens_is_accounted_for(
        tokens in vec(
            prop_oneof![
                Just("{"), Just("}"), Just("["), Just("]"), Just(","), Just(":"), Just("\n"), Just("\""),
                Just("\\"), Just(" "), Just("\u{feff}"), Just("null"), Just("17"), Just("\"a\":"),
                Just("\"timestamp\":1700000000000"), Just("\"webaclId\":\"a\""), Just("\"action\":\"BLOCK\""),
                Just("\"logEvents\":"), Just("\"message\":"), Just("\"headers\":"), Just("eyJhIjoxfQ=="),
            ],
            0..60,
        )
    ) {
        decoded(tokens.concat().as_bytes());
    }

    #[test]
    fn one_changed_byte_costs_few_records(
        records in vec(records(), 1..6),
        position in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut payload = records.join("\n").into_bytes();
        let position = position.index(payload.len());
        payload[position] = byte;
        // A line feed more or less touches two records; nothing touches a third.
        let decoded = decoded(&payload);
        prop_assert!(decoded.accounts.accepted + 2 >= records.len() as u64);
    }
}
