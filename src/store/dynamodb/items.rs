//! Items: how they are built, measured and read.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wafwatch_windows::time::EventTime;

use super::keys::{Key, PARTITION, SORT};
use super::packing;
use super::table::EXPIRES;
use crate::store::StoreError;

/// An item as the SDK has it.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// An item to be written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    attributes: Attributes,
}

impl Item {
    pub(super) fn new(key: Key) -> Self {
        Self {
            attributes: key.into_attributes(),
        }
    }

    /// A stored item, to be written again.
    pub(super) fn again(attributes: Attributes) -> Self {
        Self { attributes }
    }

    /// The same under another key.
    pub(super) fn moved_to(mut self, key: Key) -> Self {
        self.attributes.extend(key.into_attributes());
        self
    }

    pub(super) fn number(self, name: &str, value: impl Display) -> Self {
        self.with(name, AttributeValue::N(value.to_string()))
    }

    pub(super) fn time(self, name: &str, value: Option<EventTime>) -> Self {
        match value {
            Some(time) => self.number(name, time.0),
            None => self,
        }
    }

    pub(super) fn text(self, name: &str, value: impl Into<String>) -> Self {
        self.with(name, AttributeValue::S(value.into()))
    }

    pub(super) fn flag(self, name: &str, value: bool) -> Self {
        self.with(name, AttributeValue::Bool(value))
    }

    pub(super) fn bytes(self, name: &str, value: Vec<u8>) -> Self {
        self.with(name, AttributeValue::B(Blob::new(value)))
    }

    /// A value as compressed JSON.
    pub(super) fn json(self, name: &str, value: &impl Serialize) -> Self {
        self.bytes(name, packing::json(value))
    }

    /// A value in compressed postcard: what is written most often, and costs by its length.
    pub(super) fn compact(self, name: &str, value: &impl Serialize) -> Self {
        self.bytes(name, packing::compact(value))
    }

    pub(super) fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.attributes.insert(name.to_owned(), value);
        self
    }

    /// Has DynamoDB delete it `days` after `now`.
    pub(super) fn expiring(self, now: EventTime, days: u32) -> Self {
        let seconds = now.0.div_euclid(1_000) + i64::from(days) * 86_400;
        self.number(EXPIRES, seconds)
    }

    pub(super) fn key(&self) -> Key {
        let part = |name| match self.attributes.get(name) {
            Some(AttributeValue::S(text)) => text.clone(),
            _ => String::new(),
        };
        Key::new(part(PARTITION), part(SORT))
    }

    /// Bytes that DynamoDB counts at most for it.
    pub(super) fn size(&self) -> usize {
        let attributes = self.attributes.iter();
        attributes
            .map(|(name, value)| name.len() + size(value))
            .sum()
    }

    pub(super) fn into_attributes(self) -> Attributes {
        self.attributes
    }
}

/// How DynamoDB measures values: "DynamoDB item sizes and formats" in its developer guide.
fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        // Two digits a byte and one more, and another for the sign.
        AttributeValue::N(digits) => digits.len() / 2 + 3,
        AttributeValue::M(map) => {
            let entries = map.iter();
            let entries = entries.map(|(name, value)| name.len() + size(value) + 1);
            3 + entries.sum::<usize>()
        }
        // Flags; other types are not used here.
        _ => 1,
    }
}

/// An item that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored<'a> {
    /// What it is, where it is damaged.
    what: &'static str,
    attributes: &'a Attributes,
}

impl<'a> Stored<'a> {
    pub(super) fn new(what: &'static str, attributes: &'a Attributes) -> Self {
        Self { what, attributes }
    }

    pub(super) fn number<T: FromStr>(self, name: &str) -> Result<T, StoreError> {
        self.optional_number(name)?
            .ok_or_else(|| self.damaged(name, "is missing"))
    }

    pub(super) fn optional_number<T: FromStr>(self, name: &str) -> Result<Option<T>, StoreError> {
        let Some(value) = self.attributes.get(name) else {
            return Ok(None);
        };
        let number = value.as_n().ok().and_then(|digits| digits.parse().ok());
        let number = number.ok_or_else(|| self.damaged(name, "is no number in its range"))?;
        Ok(Some(number))
    }

    pub(super) fn time(self, name: &str) -> Result<Option<EventTime>, StoreError> {
        Ok(self.optional_number(name)?.map(EventTime))
    }

    pub(super) fn text(self, name: &str) -> Result<&'a str, StoreError> {
        self.optional_text(name)?
            .ok_or_else(|| self.damaged(name, "is missing"))
    }

    pub(super) fn optional_text(self, name: &str) -> Result<Option<&'a str>, StoreError> {
        let Some(value) = self.attributes.get(name) else {
            return Ok(None);
        };
        let text = value.as_s().map_err(|_| self.damaged(name, "is no text"))?;
        Ok(Some(text))
    }

    pub(super) fn flag(self, name: &str) -> Result<bool, StoreError> {
        let flag = self
            .attributes
            .get(name)
            .and_then(|value| value.as_bool().ok());
        flag.copied()
            .ok_or_else(|| self.damaged(name, "is missing or neither true nor false"))
    }

    pub(super) fn bytes(self, name: &str) -> Result<&'a [u8], StoreError> {
        let value = self.attributes.get(name);
        let bytes = value.and_then(|value| value.as_b().ok());
        bytes
            .map(AsRef::as_ref)
            .ok_or_else(|| self.damaged(name, "is missing or not binary"))
    }

    pub(super) fn map(self, name: &str) -> Result<&'a Attributes, StoreError> {
        let map = self
            .attributes
            .get(name)
            .and_then(|value| value.as_m().ok());
        map.ok_or_else(|| self.damaged(name, "is missing or no map"))
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }

    pub(super) fn json<T: DeserializeOwned>(self, name: &str) -> Result<T, StoreError> {
        packing::from_json(self.bytes(name)?).map_err(|reason| self.damaged(name, reason))
    }

    pub(super) fn optional_json<T: DeserializeOwned>(
        self,
        name: &str,
    ) -> Result<Option<T>, StoreError> {
        if !self.has(name) {
            return Ok(None);
        }
        self.json(name).map(Some)
    }

    pub(super) fn compact<T: DeserializeOwned>(self, name: &str) -> Result<T, StoreError> {
        packing::from_compact(self.bytes(name)?).map_err(|reason| self.damaged(name, reason))
    }

    pub(super) fn damaged(self, name: &str, reason: impl Display) -> StoreError {
        let part = |key| match self.attributes.get(key) {
            Some(AttributeValue::S(text)) => text.as_str(),
            _ => "?",
        };
        StoreError::Damaged {
            what: self.what,
            reason: format!(
                "`{name}` of the item {} / {} {reason}",
                part(PARTITION),
                part(SORT)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> Item {
        Item::new(Key::new("p", "s"))
            .number("n", 17)
            .text("t", "text")
            .flag("f", true)
            .json("j", &vec![1, 2, 3])
            .compact("c", &"compact".to_owned())
            .time("at", Some(EventTime(5)))
            .time("never", None)
    }

    #[test]
    fn what_is_written_is_read() {
        let attributes = item().into_attributes();
        let stored = Stored::new("thing", &attributes);
        assert_eq!(stored.number::<u64>("n").expect("is there"), 17);
        assert_eq!(stored.text("t").expect("is there"), "text");
        assert!(stored.flag("f").expect("is there"));
        assert_eq!(stored.json::<Vec<u8>>("j").expect("is there"), [1, 2, 3]);
        assert_eq!(stored.compact::<String>("c").expect("is there"), "compact");
        assert_eq!(stored.time("at").expect("is there"), Some(EventTime(5)));
        assert_eq!(stored.time("never").expect("may miss"), None);
        assert!(!stored.has("never"));
    }

    #[test]
    fn damage_is_told_with_the_attribute_and_the_item() {
        let attributes = item().into_attributes();
        let stored = Stored::new("thing", &attributes);
        let errors = [
            stored.number::<u8>("t").map(drop),
            stored.number::<u8>("absent").map(drop),
            stored.text("n").map(drop),
            stored.text("absent").map(drop),
            stored.flag("n").map(drop),
            stored.bytes("n").map(drop),
            stored.map("n").map(drop),
            stored.json::<String>("j").map(drop),
            stored.json::<Vec<u8>>("t").map(drop),
            stored.compact::<Vec<String>>("j").map(drop),
        ];
        for error in errors {
            let text = error.expect_err("is damaged").to_string();
            assert!(text.contains("damaged thing"), "{text}");
            assert!(text.contains("p / s"), "{text}");
        }
    }

    #[test]
    fn sizes_are_never_understated() {
        // Names and values of texts and bytes count as they are long.
        let bare = Item::new(Key::new("p", "s"));
        assert_eq!(bare.size(), 2 + 1 + 2 + 1);
        assert_eq!(bare.clone().text("t", "äb").size(), 6 + 1 + 3);
        assert_eq!(bare.clone().bytes("b", vec![0; 100]).size(), 6 + 1 + 100);
        assert!(bare.clone().number("n", u64::MAX).size() >= 6 + 1 + 11);
        let map = HashMap::from([("k".to_owned(), AttributeValue::S("v".into()))]);
        assert_eq!(bare.with("m", AttributeValue::M(map)).size(), 6 + 1 + 3 + 3);
    }

    #[test]
    fn items_expire_in_seconds() {
        let item = Item::new(Key::seed()).expiring(EventTime(1_999), 2);
        let attributes = item.into_attributes();
        let stored = Stored::new("thing", &attributes);
        let expires: i64 = stored.number(EXPIRES).expect("is there");
        assert_eq!(expires, 1 + 2 * 86_400);
    }
}
