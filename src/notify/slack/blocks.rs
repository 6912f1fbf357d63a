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
mod tests;
