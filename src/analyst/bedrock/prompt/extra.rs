//! Parts of evidence that have no lines of their own: configuration, changes, whatever evidence holds
//! besides counts.
//!
//! They are written as they serialise, one line for each object that holds no other, as
//! `changes: event_name UpdateWebACL, user P1`. What a text is, its field's name tells; of a field that is
//! not known, the text is shown by reference.

use serde_json::{Map, Value};

use super::page::Page;
use crate::analyst::bedrock::hostile::{Kind, address, is_name};
use crate::investigate::Evidence;

/// The parts that have lines of their own.
const KNOWN: [&str; 8] = [
    "event",
    "windows",
    "baseline",
    "values",
    "dimensions",
    "addresses",
    "rules",
    "missing",
];
/// Words in the names of fields that hold names which the site's owner or AWS gave.
const NAMES: [&str; 20] = [
    "name",
    "rule",
    "rules",
    "action",
    "type",
    "kind",
    "statement",
    "event",
    "source",
    "scope",
    "region",
    "metric",
    "state",
    "default",
    "label",
    "logging",
    "error",
    "change",
    "operation",
    "table",
];
/// Words in the names of fields that tell who it was.
const PEOPLE: [&str; 10] = [
    "who",
    "user",
    "username",
    "identity",
    "principal",
    "actor",
    "author",
    "by",
    "role",
    "person",
];
/// Words in the names of fields that tell of accounts and ids, which a model needs not.
const LEFT_OUT: [&str; 8] = [
    "arn", "account", "id", "hash", "token", "key", "agent", "snapshot",
];
const MAX_DEPTH: usize = 8;

/// Appends the other parts of `evidence`, in at most `max_lines`.
pub(super) fn append(page: &mut Page, evidence: &Evidence, max_lines: usize) {
    let Ok(Value::Object(parts)) = serde_json::to_value(evidence) else {
        return;
    };
    let mut lines = Vec::new();
    for (name, value) in &parts {
        if !KNOWN.contains(&name.as_str()) {
            collect(page, name, value, MAX_DEPTH, &mut lines, max_lines);
        }
    }
    for line in lines {
        page.line(line);
    }
}

fn collect(
    page: &mut Page,
    path: &str,
    value: &Value,
    depth: usize,
    lines: &mut Vec<String>,
    max_lines: usize,
) {
    if lines.len() >= max_lines || depth == 0 {
        return;
    }
    match value {
        Value::Object(fields) => {
            let own = own_fields(page, fields);
            if !own.is_empty() {
                lines.push(format!("{}: {}", words(path), own.join(", ")));
            }
            for (name, inner) in fields {
                let is_left_out = field_is(name, &LEFT_OUT);
                if !is_left_out && (inner.is_object() || inner.is_array()) {
                    let path = format!("{path} {name}");
                    collect(page, &path, inner, depth - 1, lines, max_lines);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                collect(page, path, item, depth - 1, lines, max_lines);
            }
        }
        leaf => {
            let name = path.rsplit(' ').next().unwrap_or(path);
            if let Some(text) = leaf_text(page, name, leaf) {
                lines.push(format!("{}: {text}", words(path)));
            }
        }
    }
}

fn own_fields(page: &mut Page, fields: &Map<String, Value>) -> Vec<String> {
    let leaves = fields.iter().filter_map(|(name, value)| {
        let text = leaf_text(page, name, value)?;
        Some(format!("{} {text}", words(name)))
    });
    leaves.collect()
}

fn leaf_text(page: &mut Page, name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::String(_) if field_is(name, &LEFT_OUT) => None,
        Value::String(text) => Some(shown_text(page, name, text)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn shown_text(page: &mut Page, name: &str, text: &str) -> String {
    if address(text).is_some() {
        return page.address(text);
    }
    if is_time(text) {
        return text.to_owned();
    }
    if field_is(name, &PEOPLE) {
        return page.reference(Kind::Person, text);
    }
    if field_is(name, &NAMES) && is_name(text) && !text.contains("arn:") {
        return page.name(text);
    }
    page.reference(Kind::Text, text)
}

/// Whether a word of the field's name is one of `words`.
fn field_is(name: &str, words: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    name.split('_').any(|word| words.contains(&word))
}

fn is_time(text: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_digit() || b"-:.TZ+".contains(&byte);
    (10..=35).contains(&text.len()) && text.bytes().all(is_known) && text.contains('-')
}

/// The name of a field as words: letters, digits and blanks only.
fn words(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { ' ' };
    name.chars().take(64).map(plain).collect()
}
