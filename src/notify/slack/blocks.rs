//! A message as Slack shows it: a header, facts, the cause, what it rests on, next steps.
//!
//! Slack makes markup of what a text holds: `<!channel>` calls everybody, `<https://…|…>` is a link
//! under any words, `*…*` is bold. Text that came out of requests must not: prose goes into plain text
//! objects, which have no markup, and values into code spans, which end only at a backtick; `&`, `<`
//! and `>` are entities everywhere, no text holds an `@` that could be a mention, and `verbatim` keeps
//! Slack from looking for links and names by itself. What is longer than Slack takes is cut on a
//! character and says so.

use serde_json::{Value, json};

use crate::investigate::hostile::{ELLIPSIS, defang};
use crate::notify::Message;
use crate::report::{Counted, Fact};

/// Blocks of a message.
const MAX_BLOCKS: usize = 50;
/// Characters of a header.
const MAX_HEADER_CHARS: usize = 150;
/// Characters of a section's text.
const MAX_TEXT_CHARS: usize = 3_000;
/// Characters of one of a section's fields.
const MAX_FIELD_CHARS: usize = 2_000;
/// Fields of a section.
const MAX_FIELDS: usize = 10;

/// The body of the request.
pub(in crate::notify) fn payload(message: &Message) -> Value {
    let outline = &message.outline;
    let mut blocks = vec![header(&message.subject)];
    blocks.extend(prose(&outline.summary));
    blocks.extend(facts(&outline.facts));
    blocks.extend(prose(&labelled("Cause: ", &outline.cause)));
    blocks.extend(prose(&listed("Also possible:", &outline.other_causes)));
    blocks.extend(values("Top offenders", &outline.offenders));
    blocks.extend(values("Top rules", &outline.rules));
    blocks.extend(values("Top URIs", &outline.uris));
    blocks.extend(prose(&listed("Changed:", &outline.changes)));
    if !outline.actions.is_empty() {
        blocks.push(json!({ "type": "divider" }));
        blocks.extend(prose(&listed("Next steps:", &outline.actions)));
    }
    blocks.extend(prose(&listed("Missing evidence:", &outline.missing)));
    let closing = origin(message);
    blocks.truncate(MAX_BLOCKS - 1);
    blocks.push(closing);
    json!({
        // What notifications show.
        "text": escaped(&message.subject, MAX_TEXT_CHARS),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn header(subject: &str) -> Value {
    json!({ "type": "header", "text": plain(subject, MAX_HEADER_CHARS) })
}

/// A section for `text`; none where it is empty.
fn prose(text: &str) -> Option<Value> {
    if text.is_empty() {
        return None;
    }
    Some(json!({ "type": "section", "text": plain(text, MAX_TEXT_CHARS) }))
}

/// `text` behind `label`; nothing where there is none.
fn labelled(label: &str, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("{label}{text}")
}

/// `texts` with numbers below `label`; nothing where there are none.
fn listed(label: &str, texts: &[String]) -> String {
    let numbered = texts.iter().enumerate();
    let lines: String = numbered
        .map(|(number, text)| format!("\n{}. {text}", number + 1))
        .collect();
    labelled(label, &lines)
}

fn facts(facts: &[Fact]) -> Option<Value> {
    let fields = facts.iter().take(MAX_FIELDS).map(|fact| {
        // The label's marks, and those of the code.
        let room = MAX_FIELD_CHARS - fact.label.chars().count() - 5;
        mrkdwn(&format!("*{}*\n{}", fact.label, code(&fact.value, room)))
    });
    let fields: Vec<Value> = fields.collect();
    (!fields.is_empty()).then(|| json!({ "type": "section", "fields": fields }))
}

/// A list under `title`, of as many values as fit.
fn values(title: &str, values: &[Counted]) -> Option<Value> {
    if values.is_empty() {
        return None;
    }
    let mut text = format!("*{title}*");
    let mut length = text.chars().count();
    for counted in values {
        let line = format!(
            "\n• {} × {}",
            counted.count,
            code(&counted.value, MAX_FIELD_CHARS)
        );
        length += line.chars().count();
        if length > MAX_TEXT_CHARS {
            break;
        }
        text.push_str(&line);
    }
    Some(json!({ "type": "section", "text": mrkdwn(&text) }))
}

/// What the message belongs to, and who explained it.
fn origin(message: &Message) -> Value {
    // An id is for machines: not defanged.
    let event = code(&defang(&message.event_id), MAX_FIELD_CHARS / 2);
    let analyst = code(&message.analyst, MAX_FIELD_CHARS / 2);
    let text = format!("Event {event}, explained by {analyst}");
    json!({ "type": "context", "elements": [mrkdwn(&text)] })
}

fn plain(text: &str, max_chars: usize) -> Value {
    json!({ "type": "plain_text", "text": escaped(text, max_chars), "emoji": false })
}

/// Text with markup, in which everything but our own words has been through [`code`].
fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

/// `value` in a code span, at most `max_chars` with its marks.
fn code(value: &str, max_chars: usize) -> String {
    let value = escaped(&value.replace('`', "'"), max_chars - 2);
    if value.trim().is_empty() {
        return "-".to_owned();
    }
    format!("`{value}`")
}

/// `text` without what Slack makes mentions and links of, at most `max_chars` long; no entity is cut.
fn escaped(text: &str, max_chars: usize) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut length = 0;
    // Where to cut if the rest does not fit: the last place that leaves room for the ellipsis.
    let mut cut_at = 0;
    for character in text.chars() {
        let start = safe.len();
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '@' => safe.push_str("[at]"),
            other => safe.push(other),
        }
        length += safe[start..].chars().count();
        if length > max_chars {
            safe.truncate(cut_at);
            safe.push(ELLIPSIS);
            return safe;
        }
        if length < max_chars {
            cut_at = safe.len();
        }
    }
    safe
}

#[cfg(test)]
mod tests {
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
}
