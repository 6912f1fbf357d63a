//! What really happened in a trace.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::trace::{Trace, seconds_of};

/// Something that happened, in rows: the first, and the one after the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it was.
    pub kind: String,
    /// First row.
    pub start: usize,
    /// The row after the last.
    pub end: usize,
    /// Whether nobody has to act.
    pub is_benign: bool,
}

/// The truth about many traces.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Truth(BTreeMap<String, Vec<Labelled>>);

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Labelled {
    Rows {
        #[serde(rename = "type")]
        kind: String,
        start: usize,
        end: usize,
        #[serde(default)]
        benign: bool,
    },
    Times(String, String),
}

impl Truth {
    /// Reads the JSON.
    ///
    /// # Errors
    ///
    /// When it is not `{series: [{type, start, end, benign}]}` or `{series: [[from, to]]}`.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The events of a trace, in order; nothing where it is not known.
    #[must_use]
    pub fn of(&self, trace: &Trace) -> Vec<Event> {
        let labels = self
            .0
            .get(&trace.name)
            .or_else(|| self.0.get(&format!("{}.csv", trace.name)));
        let starts = trace.starts();
        let mut events: Vec<Event> = labels
            .into_iter()
            .flatten()
            .filter_map(|label| label.event(&starts))
            .collect();
        events.sort_by_key(|event| event.start);
        events
    }
}

impl Labelled {
    fn event(&self, starts: &[i64]) -> Option<Event> {
        match self {
            Self::Rows {
                kind,
                start,
                end,
                benign,
            } => Some(Event {
                kind: kind.clone(),
                start: *start,
                end: (*end).min(starts.len()),
                is_benign: *benign,
            }),
            Self::Times(from, to) => {
                let (from, to) = (seconds_of(from)?, seconds_of(to)?);
                Some(Event {
                    kind: "labelled".to_owned(),
                    start: starts.iter().position(|start| *start >= from)?,
                    end: starts.iter().rposition(|start| *start <= to)? + 1,
                    is_benign: false,
                })
            }
        }
    }
}
