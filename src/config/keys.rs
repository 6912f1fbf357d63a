//! The keys that exist, and the nearest one to a key that does not.
//!
//! The names of the fields are asked from serde, so that they are written down once.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::analyst::AnalystConfig;
use super::detect::{CalibratedConfig, ClassicConfig, DetectConfig, EwmaConfig};
use super::investigate::InvestigateConfig;
use super::notify::NotifyTable;
use super::ranges::without_index;
use super::settings::{
    IncidentConfig, IngestConfig, PrivacyConfig, Settings, StoreConfig, WindowsConfig,
};

/// The tables of the file.
const TABLES: [&str; 13] = [
    "",
    "windows",
    "ingest",
    "detect",
    "detect.calibrated",
    "detect.classic",
    "detect.ewma",
    "incident",
    "investigate",
    "analyst",
    "store",
    "notify[]",
    "privacy",
];

/// The keys of a table; `None` for what is no table with keys of ours, as the headers of a webhook.
pub(super) fn known_keys(table: &str) -> Option<&'static [&'static str]> {
    Some(match without_index(table).as_str() {
        "" => field_names::<Settings>(),
        "windows" => field_names::<WindowsConfig>(),
        "ingest" => field_names::<IngestConfig>(),
        "detect" => field_names::<DetectConfig>(),
        "detect.calibrated" => field_names::<CalibratedConfig>(),
        "detect.classic" => field_names::<ClassicConfig>(),
        "detect.ewma" => field_names::<EwmaConfig>(),
        "incident" => field_names::<IncidentConfig>(),
        "investigate" => field_names::<InvestigateConfig>(),
        "analyst" => field_names::<AnalystConfig>(),
        "store" => field_names::<StoreConfig>(),
        "notify[]" => field_names::<NotifyTable>(),
        "privacy" => field_names::<PrivacyConfig>(),
        _ => return None,
    })
}

/// Similar enough to be a slip of the pen.
const SIMILAR: f64 = 0.6;

/// The key of `table` that is written most like `written`, or, where none is like it, one of another
/// table, with its path.
pub(super) fn nearest_key(written: &str, table: &str) -> String {
    let likeness = |known: &str| strsim::normalized_damerau_levenshtein(written, known);
    let best = |table: &str| -> Option<(f64, &'static str)> {
        let scored = known_keys(table)?
            .iter()
            .map(|known| (likeness(known), *known));
        scored.max_by(|(one, _), (other, _)| one.total_cmp(other))
    };
    let here = best(table);
    if let Some((score, known)) = here
        && score >= SIMILAR
    {
        return known.to_owned();
    }
    let elsewhere = TABLES.iter().filter_map(|table| {
        let (score, known) = best(table)?;
        Some((score, *table, known))
    });
    let nearest = elsewhere.max_by(|(one, ..), (other, ..)| one.total_cmp(other));
    match (nearest, here) {
        (Some((score, table, known)), _) if score >= SIMILAR && !table.is_empty() => {
            format!("{}.{known}", table.trim_end_matches("[]"))
        }
        (_, Some((_, known))) => known.to_owned(),
        (Some((_, _, known)), None) => known.to_owned(),
        (None, None) => String::new(),
    }
}

/// The names of a struct's fields, as serde knows them.
fn field_names<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // It fails by design, after it has been asked for the fields.
    let _ = T::deserialize(FieldNames(&mut names));
    names
}

/// A deserializer that only listens which fields a struct asks for.
struct FieldNames<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = NoData;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, NoData> {
        *self.0 = fields;
        Err(NoData)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, NoData> {
        Err(NoData)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[derive(Debug)]
struct NoData;

impl fmt::Display for NoData {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no data")
    }
}

impl std::error::Error for NoData {}

impl de::Error for NoData {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}
