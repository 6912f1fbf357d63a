//! The one way by which text leaves a report: masked, on one line, harmless.

use serde_json::Value;

use super::Redaction;
use crate::investigate::hostile;

/// Longest string in JSON, in characters.
const MAX_JSON_CHARS: usize = 2_000;

/// Applies masking and makes text harmless.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cleaning {
    redaction: Redaction,
}

impl Cleaning {
    pub(super) fn new(redaction: Redaction) -> Self {
        Self { redaction }
    }

    /// `text` for people: one line, defanged, cut after `max_chars`.
    pub(super) fn line(&self, text: &str, max_chars: usize) -> String {
        hostile::line(&self.redaction.applied(text), max_chars)
    }

    /// `value` for machines: every string masked, on one line and cut, but not defanged.
    pub(super) fn json(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(hostile::one_line(
                &self.redaction.applied(&text),
                MAX_JSON_CHARS,
            )),
            Value::Array(values) => values.into_iter().map(|value| self.json(value)).collect(),
            Value::Object(fields) => {
                let cleaned = fields
                    .into_iter()
                    .map(|(name, value)| (name, self.json(value)));
                Value::Object(cleaned.collect())
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_string_of_json_is_cleaned_at_any_depth() {
        let cleaning = Cleaning::new(Redaction { account_ids: true });
        let value =
            json!({"a": [{"b": "x\u{202e}\n"}], "arn": "arn:aws:w:r:111122223333:z", "n": 1});
        assert_eq!(
            cleaning.json(value),
            json!({"a": [{"b": "x\\u{202e}\\n"}], "arn": "arn:aws:w:r:************:z", "n": 1})
        );
    }

    #[test]
    fn addresses_in_json_can_be_used() {
        let cleaning = Cleaning::new(Redaction::default());
        assert_eq!(cleaning.json(json!("203.0.113.7")), json!("203.0.113.7"));
        assert_eq!(cleaning.line("203.0.113.7", 80), "203[.]0[.]113[.]7");
    }
}
