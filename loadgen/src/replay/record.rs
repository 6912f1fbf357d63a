//! A recorded line, taken apart only as far as it is rewritten.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::pseudonyms::{Pseudonyms, Uris};
use super::refusal::{Envelope, Refusal};
use crate::json::{push_number, quoted};

/// A record of WAF with its fields in their order.
#[derive(Debug)]
pub struct Record<'a> {
    fields: Fields<'a>,
    /// Unix milliseconds.
    pub timestamp_ms: i64,
}

impl<'a> Record<'a> {
    /// Reads one object, with or without a line feed behind it.
    ///
    /// # Errors
    ///
    /// [`Refusal`] for everything that is no WAF record.
    pub fn parse(line: &'a [u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(line)
            .map_err(|_| Refusal::NotUtf8)?
            .trim();
        let fields: Fields<'a> = serde_json::from_str(text).map_err(|_| Refusal::NotJson)?;
        let is_record = fields.get("webaclId").is_some() && fields.get("httpRequest").is_some();
        let timestamp = fields.get("timestamp").map(RawValue::get);
        let timestamp = timestamp.and_then(|text| text.parse::<i64>().ok());
        match timestamp {
            Some(timestamp_ms) if is_record && timestamp_ms >= 0 => Ok(Self {
                fields,
                timestamp_ms,
            }),
            _ => Err(fields.refusal()),
        }
    }

    /// Appends the record at `timestamp_ms`, without a line feed.
    pub fn push(&self, timestamp_ms: i64, pseudonyms: Option<&Pseudonyms>, line: &mut Vec<u8>) {
        self.fields
            .push(line, |key, value, line| match (key, pseudonyms) {
                ("timestamp", _) => push_number(line, timestamp_ms.unsigned_abs()),
                ("httpRequest", Some(pseudonyms)) => push_request(value, pseudonyms, line),
                ("rateBasedRuleList", Some(pseudonyms)) => push_rate_rules(value, pseudonyms, line),
                _ => push_raw(value, line),
            });
    }
}

/// An object with its fields in their order, however often each occurs.
#[derive(Debug)]
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| *value)
    }

    /// Appends the object with its values as `write` writes them.
    fn push(&self, line: &mut Vec<u8>, write: impl Fn(&str, &RawValue, &mut Vec<u8>)) {
        line.push(b'{');
        for (place, (key, value)) in self.0.iter().enumerate() {
            if place > 0 {
                line.push(b',');
            }
            line.extend_from_slice(quoted(key).as_bytes());
            line.push(b':');
            write(key, value, line);
        }
        line.push(b'}');
    }

    fn refusal(&self) -> Refusal {
        let has = |name: &str| self.get(name).is_some();
        let envelopes = [
            ("logEvents", Envelope::CloudWatchLogs),
            ("awslogs", Envelope::LambdaLogs),
            ("records", Envelope::Firehose),
            ("Records", Envelope::Kinesis),
        ];
        if let Some((_, envelope)) = envelopes.into_iter().find(|(name, _)| has(name)) {
            return Refusal::Envelope(envelope);
        }
        if has("@message") || has("message") && has("timestamp") {
            return Refusal::CloudWatchEvent;
        }
        Refusal::NoRecord
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }

        from.deserialize_map(InOrder)
    }
}

/// A header as it is written.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    name: String,
    value: String,
}

fn push_raw(value: &RawValue, line: &mut Vec<u8>) {
    // A value may hold line feeds between its tokens; a line must not.
    let bytes = value.get().bytes();
    line.extend(bytes.filter(|byte| !matches!(byte, b'\n' | b'\r')));
}

fn push_text(text: &str, line: &mut Vec<u8>) {
    line.extend_from_slice(quoted(text).as_bytes());
}

fn text_of(value: &RawValue) -> String {
    serde_json::from_str(value.get()).unwrap_or_default()
}

/// What is not what it should be is left out rather than let through.
fn push_request(value: &RawValue, pseudonyms: &Pseudonyms, line: &mut Vec<u8>) {
    let Ok(fields) = serde_json::from_str::<Fields<'_>>(value.get()) else {
        line.extend_from_slice(b"null");
        return;
    };
    fields.push(line, |key, value, line| match key {
        "clientIp" => push_text(&pseudonyms.address(&text_of(value)), line),
        "headers" => push_headers(value, pseudonyms, line),
        "uri" if pseudonyms.uris == Uris::Hidden => {
            push_text(&pseudonyms.path(&text_of(value)), line);
        }
        "args" if pseudonyms.uris == Uris::Hidden => {
            push_text(&pseudonyms.query(&text_of(value)), line);
        }
        _ => push_raw(value, line),
    });
}

fn push_headers(value: &RawValue, pseudonyms: &Pseudonyms, line: &mut Vec<u8>) {
    let headers: Vec<Header> = serde_json::from_str(value.get()).unwrap_or_default();
    line.push(b'[');
    for (place, header) in headers.iter().enumerate() {
        if place > 0 {
            line.push(b',');
        }
        line.extend_from_slice(b"{\"name\":");
        push_text(&header.name, line);
        line.extend_from_slice(b",\"value\":");
        push_text(&pseudonyms.header(&header.name, &header.value), line);
        line.push(b'}');
    }
    line.push(b']');
}

/// Values that requests are limited by: addresses, or texts of the request.
fn push_rate_rules(value: &RawValue, pseudonyms: &Pseudonyms, line: &mut Vec<u8>) {
    let rules: Vec<Fields<'_>> = serde_json::from_str(value.get()).unwrap_or_default();
    line.push(b'[');
    for (place, rule) in rules.iter().enumerate() {
        if place > 0 {
            line.push(b',');
        }
        rule.push(line, |key, value, line| match key {
            "limitValue" => push_text(&pseudonyms.address(&text_of(value)), line),
            "customValues" => line.extend_from_slice(b"[]"),
            _ => push_raw(value, line),
        });
    }
    line.push(b']');
}
