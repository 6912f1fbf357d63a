use proptest::prelude::*;

use super::*;
use crate::notify::samples;
use crate::report::Outline;

#[test]
fn messages_for_slack() {
    for (name, message) in samples::all() {
        insta::assert_json_snapshot!(format!("slack_{name}"), payload(&message));
    }
}

/// Every text object of a payload.
fn texts(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(fields) => {
            let inner = fields.values().flat_map(texts);
            let own = fields.get("text").filter(|text| text.is_string());
            inner.chain(own.map(|_| value)).collect()
        }
        _ => Vec::new(),
    }
}

fn assert_taken(payload: &Value) {
    let blocks = payload["blocks"].as_array().expect("blocks");
    assert!((1..=MAX_BLOCKS).contains(&blocks.len()));
    for block in blocks {
        let of_header = block["type"] == "header";
        for text in texts(block) {
            let content = text["text"].as_str().expect("text");
            let length = content.chars().count();
            let most = if of_header {
                MAX_HEADER_CHARS
            } else {
                MAX_TEXT_CHARS
            };
            assert!((1..=most).contains(&length), "{length}: {content}");
            match text["type"].as_str() {
                Some("mrkdwn") => assert_eq!(text["verbatim"], true),
                Some("plain_text") => assert_eq!(text["emoji"], false),
                other => panic!("{other:?}"),
            }
        }
        for field in block["fields"].as_array().unwrap_or(&Vec::new()) {
            let field = field["text"].as_str().expect("text");
            assert!(field.chars().count() <= MAX_FIELD_CHARS);
        }
        assert!(
            block["fields"]
                .as_array()
                .is_none_or(|fields| fields.len() <= MAX_FIELDS)
        );
    }
}

/// Whether a text holds nothing that Slack makes a mention, a link or its own markup of.
fn is_harmless(text: &str) -> bool {
    let entities = ["&amp;", "&lt;", "&gt;"];
    let left = entities
        .iter()
        .fold(text.to_owned(), |text, entity| text.replace(entity, ""));
    !left.contains(['&', '<', '>', '@'])
}

#[test]
fn text_of_requests_makes_no_mention_link_or_markup() {
    let trick = "<!channel> <https://evil.example|click> <@U123> @here & `*bold*` _it_";
    let message = Message {
        subject: trick.to_owned(),
        event_id: trick.to_owned(),
        outline: Outline {
            summary: trick.to_owned(),
            facts: vec![Fact {
                label: "Incident",
                value: trick.to_owned(),
            }],
            cause: trick.to_owned(),
            offenders: vec![Counted {
                count: 1,
                value: trick.to_owned(),
            }],
            actions: vec![trick.to_owned()],
            ..Outline::default()
        },
        ..Message::sample()
    };
    let payload = payload(&message);
    assert_taken(&payload);
    for object in texts(&payload) {
        let text = object["text"].as_str().expect("text");
        assert!(is_harmless(text), "{text}");
        if object["type"] == "mrkdwn" {
            // Outside of code there are only words of ours.
            let outside: String = text.split('`').step_by(2).collect();
            assert!(
                !outside.contains("channel") && !outside.contains("bold"),
                "{text}"
            );
            assert_eq!(text.matches('`').count() % 2, 0, "{text}");
        }
    }
}

#[test]
fn what_is_longer_than_slack_takes_is_cut_on_a_character() {
    assert_eq!(escaped("abc", 3), "abc");
    assert_eq!(escaped("abcd", 3), "ab…");
    assert_eq!(escaped("ab&", 6), "ab…");
    assert_eq!(escaped("ab&", 7), "ab&amp;");
    let long = "<é`>@".repeat(2_000);
    let many = |text: &str| vec![text.to_owned(); 40];
    let counted = || {
        vec![
            Counted {
                count: u64::MAX,
                value: long.clone()
            };
            40
        ]
    };
    let message = Message {
        subject: long.clone(),
        outline: Outline {
            summary: long.clone(),
            facts: vec![
                Fact {
                    label: "Incident",
                    value: long.clone()
                };
                40
            ],
            cause: long.clone(),
            other_causes: many(&long),
            offenders: counted(),
            rules: counted(),
            uris: counted(),
            changes: many(&long),
            actions: many(&long),
            missing: many(&long),
        },
        ..Message::sample()
    };
    assert_taken(&payload(&message));
}

proptest! {
    #[test]
    fn any_text_is_one_that_slack_takes(text in any::<String>(), max in 1_usize..60) {
        let safe = escaped(&text, max);
        prop_assert!(safe.chars().count() <= max);
        prop_assert!(is_harmless(&safe), "{safe}");
        let message = Message {
            subject: if text.is_empty() { "x".to_owned() } else { text.clone() },
            outline: Outline { summary: text.clone(), changes: vec![text], ..Outline::default() },
            ..Message::sample()
        };
        assert_taken(&payload(&message));
    }
}
