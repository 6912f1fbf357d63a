//! An [`EventTime`] as an RFC 3339 text in settings, or as TOML's own date and time.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};
use toml::Value;
use wafwatch_windows::time::EventTime;

pub(super) fn serialize<S: Serializer>(time: &EventTime, serializer: S) -> Result<S::Ok, S::Error> {
    let timestamp = Timestamp::from_millisecond(time.0).unwrap_or(match time.0 < 0 {
        true => Timestamp::MIN,
        false => Timestamp::MAX,
    });
    serializer.collect_str(&timestamp)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<EventTime, D::Error> {
    let text = match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Datetime(time) => time.to_string(),
        other => {
            return Err(D::Error::custom(format!(
                "a time is no {}",
                other.type_str()
            )));
        }
    };
    let timestamp: Timestamp = text.parse().map_err(D::Error::custom)?;
    Ok(EventTime(timestamp.as_millisecond()))
}
