//! Windows that a JSON text tells of.
//!
//! An object `window` with a `start` and an `end`, as RFC 3339 or in Unix milliseconds, is found wherever
//! it stands: of nested objects the outermost one counts, and once for all of it. Only where objects hold
//! none, their arrays are looked into, and texts that are JSON themselves, as queues carry them.

use std::collections::VecDeque;

use serde_json::Value;

/// Texts in texts in texts: of a topic in a queue there are two.
const MAX_NESTED: u32 = 4;

/// A window that somebody told of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sighting {
    /// Unix milliseconds.
    pub start_ms: i64,
    pub end_ms: i64,
    /// What tells it from others of the same time: the event's id, or the Web ACL.
    pub name: String,
}

/// All windows of the JSON values in `text`, and how far that is JSON.
pub fn in_text(text: &[u8]) -> Result<Vec<Sighting>, serde_json::Error> {
    let mut found = Vec::new();
    for value in serde_json::Deserializer::from_slice(text).into_iter::<Value>() {
        look(&value?, MAX_NESTED, &mut found);
    }
    Ok(found)
}

fn look(value: &Value, nested: u32, found: &mut Vec<Sighting>) {
    match value {
        Value::Array(values) => {
            for value in values {
                look(value, nested, found);
            }
        }
        Value::Object(_) => {
            let objects = objects(value);
            if let Some(window) = objects.iter().find_map(|object| window(object)) {
                let name = ["event_id", "acl", "waf_arn"]
                    .iter()
                    .find_map(|name| objects.iter().find_map(|object| object[*name].as_str()));
                found.push(Sighting {
                    start_ms: window.0,
                    end_ms: window.1,
                    name: name.unwrap_or_default().to_owned(),
                });
                return;
            }
            let fields = objects.iter().filter_map(|object| object.as_object());
            for value in fields.flat_map(serde_json::Map::values) {
                match value {
                    Value::Array(_) | Value::String(_) => look(value, nested, found),
                    _ => {}
                }
            }
        }
        Value::String(text) if nested > 0 && text.trim_start().starts_with(['{', '[']) => {
            if let Ok(value) = serde_json::from_str(text) {
                look(&value, nested - 1, found);
            }
        }
        _ => {}
    }
}

/// The object and those in it, outermost first, without what stands in arrays.
fn objects(value: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut waiting = VecDeque::from([value]);
    while let Some(object) = waiting.pop_front() {
        let fields = object
            .as_object()
            .into_iter()
            .flat_map(serde_json::Map::values);
        waiting.extend(fields.filter(|value| value.is_object()));
        found.push(object);
    }
    found
}

fn window(object: &Value) -> Option<(i64, i64)> {
    let window = object.get("window")?;
    let (start, end) = (time(window.get("start")?)?, time(window.get("end")?)?);
    (start < end).then_some((start, end))
}

fn time(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => {
            let time: jiff::Timestamp = text.parse().ok()?;
            Some(time.as_millisecond())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Vec<(i64, i64, String)> {
        let found = in_text(text.as_bytes()).expect("JSON");
        let found = found.into_iter();
        found
            .map(|one| (one.start_ms, one.end_ms, one.name))
            .collect()
    }

    #[test]
    fn a_list_of_closed_windows() {
        let text = r#"[
            {"summary": {"acl": "one", "window": {"start": 0, "end": 60000}, "top": {}}},
            {"summary": {"acl": "two", "window": {"start": 60000, "end": 120000}}}
        ]"#;
        let expected = [
            (0, 60_000, "one".to_owned()),
            (60_000, 120_000, "two".to_owned()),
        ];
        assert_eq!(found(text), expected);
    }

    #[test]
    fn a_message_is_one_sighting_wherever_else_it_tells_of_windows() {
        let message = r#"{"event_id": "i/1", "acl": "one", "report": {
            "waf_logs": {"windows": [{"window": {"start": 5, "end": 6}}]},
            "input_alert": {"window": {"start": "1970-01-01T00:01:00Z", "end": "1970-01-01T00:02:00Z"}}
        }}"#;
        let expected = vec![(60_000, 120_000, "i/1".to_owned())];
        assert_eq!(found(message), expected);

        let topic = serde_json::json!({"Type": "Notification", "Message": message});
        let queue = serde_json::json!({"Messages": [{"Body": topic.to_string()}, {"Body": "no"}]});
        assert_eq!(found(&queue.to_string()), expected);
        let lines = format!("{0}\n{0}\n", message.replace('\n', ""));
        assert_eq!(found(&lines).len(), 2);
    }

    #[test]
    fn what_tells_of_no_window_is_none() {
        for text in [
            "",
            "[]",
            "{}",
            "1 \"a\" null",
            r#"{"window": 5}"#,
            r#"{"window": {"start": 5}}"#,
            r#"{"window": {"start": 5, "end": 5}}"#,
            r#"{"window": {"start": "soon", "end": 5}}"#,
            r#"{"text": "{ not JSON"}"#,
        ] {
            assert_eq!(found(text), [], "{text}");
        }
        assert!(in_text(b"{\"a\":").is_err());
        assert!(in_text(&b"[".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[{}\\[\\]\",:a-z0-9\\\\]*") {
            let _ = in_text(text.as_bytes());
        }
    }
}
