//! The one way by which text leaves a report: masked, on one line, harmless.

use serde_json::Value;

use super::Redaction;
use super::redaction::Known;
use crate::investigate::hostile;

/// Longest string in JSON, in characters.
const MAX_JSON_CHARS: usize = 2_000;

/// Applies masking and makes text harmless.
#[derive(Debug, Clone)]
pub(super) struct Cleaning {
    redaction: Redaction,
    /// What the event itself holds that is masked wherever it stands, longest first.
    known: Vec<Known>,
}

impl Cleaning {
    pub(super) fn new(redaction: Redaction, known: impl IntoIterator<Item = Known>) -> Self {
        let mut known: Vec<Known> = known.into_iter().collect();
        let order = |known: &Known| (std::cmp::Reverse(known.value.len()), known.value.clone());
        known.sort_by_cached_key(order);
        known.dedup();
        Self { redaction, known }
    }

    /// `text` with what is to be masked, and otherwise as it was.
    pub(super) fn masked(&self, text: &str) -> String {
        let mut masked = self.redaction.applied(text);
        for known in &self.known {
            if masked.contains(&known.value) {
                masked = masked.replace(&known.value, &known.mask);
            }
        }
        masked
    }

    /// `text` for people: one line, defanged, cut after `max_chars`.
    pub(super) fn line(&self, text: &str, max_chars: usize) -> String {
        hostile::line(&self.masked(text), max_chars)
    }

    /// `text` for machines: masked, on one line and cut, but not defanged.
    pub(super) fn value(&self, text: &str) -> String {
        hostile::one_line(&self.masked(text), MAX_JSON_CHARS)
    }

    /// `value` for machines: every string masked, on one line and cut, but not defanged.
    pub(super) fn json(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.value(&text)),
            Value::Array(values) => values.into_iter().map(|value| self.json(value)).collect(),
            Value::Object(fields) => {
                let cleaned = fields
                    .into_iter()
                    .map(|(name, value)| (self.value(&name), self.json(value)));
                Value::Object(cleaned.collect())
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::AddressMask;
    use serde_json::json;

    const MASKING: Redaction = Redaction {
        account_ids: true,
        addresses: AddressMask::Host,
    };

    #[test]
    fn every_string_of_json_is_cleaned_at_any_depth() {
        let cleaning = Cleaning::new(MASKING, []);
        let value = json!({"a": [{"b": "x\u{202e}\n"}], "arn": "arn:aws:w:r:111122223333:z", "n": 1, "203.0.113.7": 2});
        assert_eq!(
            cleaning.json(value),
            json!({"a": [{"b": "x\\u{202e}\\n"}], "arn": "arn:aws:w:r:************:z", "n": 1, "203.0.113.x": 2})
        );
    }

    #[test]
    fn addresses_in_json_can_be_used() {
        let cleaning = Cleaning::new(Redaction::default(), []);
        assert_eq!(cleaning.json(json!("203.0.113.7")), json!("203.0.113.7"));
        assert_eq!(cleaning.line("203.0.113.7", 80), "203[.]0[.]113[.]7");
    }

    #[test]
    fn what_the_event_holds_is_masked_in_whatever_it_is_glued_to() {
        let known = [
            MASKING.known_address("2001:db8::1"),
            MASKING.known_address("2001:db8::12"),
            MASKING.known_account("111122223333"),
        ];
        let cleaning = Cleaning::new(MASKING, known.into_iter().flatten());
        assert_eq!(
            cleaning.masked("x2001:db8::12y 0111122223333"),
            "x2001:db8:0:xy 0************"
        );
        let nothing = Redaction::default();
        assert_eq!(nothing.known_address("2001:db8::1"), None);
        assert_eq!(nothing.known_account("111122223333"), None);
    }
}
