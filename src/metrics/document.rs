//! One line under construction.
//!
//! Logs Insights finds no more than the first 200 fields of a line, so they are written in the
//! order in which they are added: what is filtered by first, long lists last, and `_aws`, which
//! nobody queries, at the very end.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use wafwatch_windows::time::EventTime;

use super::field;
use super::table::Metric;
use super::{ACL_DIMENSION, FUNCTION_DIMENSION, MAX_LINE_BYTES, NAMESPACE};
use crate::report::hostile;

/// Longest text of a request in a line, in characters.
pub(super) const MAX_TEXT_CHARS: usize = 120;
/// Longest text of our own in a line, in characters.
pub(super) const MAX_OWN_TEXT_CHARS: usize = 400;
/// Most values that one metric may have in a line.
pub(super) const MAX_VALUES: usize = 100;

/// Under which dimensions a line's metrics stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimensions {
    /// Under the Web ACL that [`ACL_DIMENSION`] names.
    Acl,
    /// Under the function that [`FUNCTION_DIMENSION`] names.
    Function,
    /// Under the fields of these names.
    Fields(&'static [&'static str]),
}

/// A line: fields in order, and the metrics among them.
#[derive(Debug)]
pub(super) struct Document {
    fields: Vec<(&'static str, Value)>,
    metrics: Vec<Metric>,
}

impl Document {
    pub(super) fn new(kind: &'static str) -> Self {
        Self {
            fields: vec![(field::KIND, Value::from(kind))],
            metrics: Vec::new(),
        }
    }

    pub(super) fn field(&mut self, name: &'static str, value: impl Into<Value>) {
        self.fields.push((name, value.into()));
    }

    pub(super) fn count(&mut self, metric: Metric, value: u64) {
        self.value(metric, Value::from(value));
    }

    /// A share or an estimate. JSON knows no infinity, and CloudWatch drops lines with one.
    pub(super) fn number(&mut self, metric: Metric, value: f64) {
        let finite = if value.is_finite() { value } else { 0.0 };
        self.value(metric, json!(finite));
    }

    /// Several values of one metric, of which the largest [`MAX_VALUES`] are kept; none at all is no
    /// value.
    pub(super) fn values(&mut self, metric: Metric, values: &[u64]) {
        let mut largest_first = values.to_vec();
        largest_first.sort_unstable_by(|one, other| other.cmp(one));
        largest_first.truncate(MAX_VALUES);
        if !largest_first.is_empty() {
            self.value(metric, Value::from(largest_first));
        }
    }

    fn value(&mut self, metric: Metric, value: Value) {
        self.fields.push((metric.name(), value));
        self.metrics.push(metric);
    }

    /// The line, whose metrics stand at `time`.
    ///
    /// A line that would be too long loses lists from its end: fields are added by importance. The
    /// limits of the parts keep lines far below that.
    pub(super) fn into_line(mut self, time: EventTime, dimensions: Dimensions) -> String {
        let metadata = self.metadata(time, dimensions);
        loop {
            let line = self.written(&metadata);
            if line.len() <= MAX_LINE_BYTES {
                return line;
            }
            let lists = self.fields.iter();
            let Some(last_list) = lists.rev().position(|(_, value)| value.is_array()) else {
                return line;
            };
            self.fields.remove(self.fields.len() - 1 - last_list);
        }
    }

    /// A line without metrics.
    pub(super) fn into_plain_line(self) -> String {
        self.written(&None)
    }

    fn metadata(&self, time: EventTime, dimensions: Dimensions) -> Option<Value> {
        let definitions: Vec<Value> = self
            .metrics
            .iter()
            .map(|metric| json!({"Name": metric.name(), "Unit": metric.unit().name()}))
            .collect();
        let dimension_set: &[&str] = match dimensions {
            Dimensions::Acl => &[ACL_DIMENSION],
            Dimensions::Function => &[FUNCTION_DIMENSION],
            Dimensions::Fields(names) => names,
        };
        Some(json!({
            "Timestamp": time.0.max(0),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [dimension_set],
                "Metrics": definitions,
            }],
        }))
    }

    fn written(&self, metadata: &Option<Value>) -> String {
        let mut line = String::from("{");
        let fields = self.fields.iter().map(|(name, value)| (*name, value));
        let metadata = metadata.iter().map(|value| ("_aws", value));
        for (place, (name, value)) in fields.chain(metadata).enumerate() {
            if place > 0 {
                line.push(',');
            }
            line.push_str(&Value::from(name).to_string());
            line.push(':');
            line.push_str(&value.to_string());
        }
        line.push('}');
        hostile::escaped_json(&line)
    }
}

/// `text` of a request: one line without anything invisible, cut.
pub(super) fn text(text: &str) -> Value {
    Value::from(hostile::one_line(text, MAX_TEXT_CHARS))
}

/// A sentence of ours that may quote a request.
pub(super) fn own_text(text: &str) -> Value {
    Value::from(hostile::one_line(text, MAX_OWN_TEXT_CHARS))
}

/// A time as RFC 3339; one beyond what can be written so, as milliseconds.
pub(super) fn time(time: EventTime) -> Value {
    match Timestamp::from_millisecond(time.0) {
        Ok(timestamp) => Value::from(timestamp.to_string()),
        Err(_) => Value::from(time.0),
    }
}

/// A number that JSON can hold.
pub(super) fn finite(number: f64) -> Value {
    json!(if number.is_finite() { number } else { 0.0 })
}

/// An object of these fields.
pub(super) fn object(fields: Vec<(&str, Value)>) -> Value {
    let fields = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Value::Object(fields.collect::<Map<_, _>>())
}
