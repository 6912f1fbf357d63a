//! What dashboards and alarms say of a metric, against what the code emits.

use serde_json::Value;
use wafwatch::analyst::{Cause, FirstOpinion, ModelRecord, Outcome, Usage};
use wafwatch::incident::Level;
use wafwatch::metrics::{ACL_DIMENSION, FUNCTION_DIMENSION, Metric, NAMESPACE, Scope, model_lines};
use wafwatch_windows::time::EventTime;

use crate::document::program_of;

/// A metric as a widget or an alarm names it.
#[derive(Debug)]
pub struct MetricUse {
    /// Where, for messages.
    pub place: String,
    pub namespace: String,
    pub name: String,
    /// Name and value of each dimension.
    pub dimensions: Vec<(String, String)>,
}

impl MetricUse {
    /// The metric of ours that this is, checked; `None` for one of AWS.
    pub fn checked(&self, acl_value: &str) -> Option<Metric> {
        let place = &self.place;
        if self.namespace != NAMESPACE {
            assert!(
                self.namespace.starts_with("AWS/"),
                "{place}: {}",
                self.namespace
            );
            return None;
        }
        let known = Metric::ALL
            .into_iter()
            .find(|metric| metric.name() == self.name);
        let metric = known.unwrap_or_else(|| panic!("{place}: nobody emits {}", self.name));
        match metric.scope() {
            Scope::Window => {
                let (dimension, value) = self.only_dimension();
                assert_eq!((dimension, value), (ACL_DIMENSION, acl_value), "{place}");
            }
            Scope::Health => {
                let (dimension, value) = self.only_dimension();
                assert_eq!(dimension, FUNCTION_DIMENSION, "{place}: {}", self.name);
                let program = program_of(value);
                let reporters = metric.reported_by().iter().map(|kind| kind.name());
                let is_reported = reporters.into_iter().any(|name| Some(name) == program);
                assert!(is_reported, "{place}: {value} does not emit {}", self.name);
            }
            Scope::Model => self.check_model(metric),
        }
        Some(metric)
    }

    fn only_dimension(&self) -> (&str, &str) {
        let [(dimension, value)] = self.dimensions.as_slice() else {
            let place = &self.place;
            panic!(
                "{place}: {} has one dimension, not {:?}",
                self.name, self.dimensions
            );
        };
        (dimension, value)
    }

    /// Whether a line about an answer of the template's model has these dimensions.
    fn check_model(&self, metric: Metric) {
        let place = &self.place;
        let emitted = model_lines(&answered(), EventTime(0))
            .into_iter()
            .any(|line| {
                let line: Value = serde_json::from_str(&line).expect("a line is JSON");
                let directive = &line["_aws"]["CloudWatchMetrics"][0];
                let metrics = directive["Metrics"].as_array().expect("metrics");
                let names = directive["Dimensions"][0].as_array().expect("dimensions");
                let is_told = metrics.iter().any(|told| told["Name"] == metric.name());
                let is_alike = names.len() == self.dimensions.len();
                let has = |(name, value): &(String, String)| {
                    names.contains(&Value::from(name.as_str())) && line[name] == value.as_str()
                };
                is_told && is_alike && self.dimensions.iter().all(has)
            });
        assert!(emitted, "{place}: nobody emits {self:?}");
    }
}

/// An answer of the model that the template names.
fn answered() -> ModelRecord {
    ModelRecord {
        model: "${BedrockModelId}".to_owned(),
        prompt: "any".to_owned(),
        outcome: Outcome::Answered,
        usage: Usage {
            input_tokens: 1,
            output_tokens: 1,
            cost_usd: Some(1.0),
            ..Usage::default()
        },
        removed: 0,
        first: FirstOpinion {
            severity: Level::High,
            confidence: 0.5,
            cause: Cause::Scanner,
        },
        is_held_back: false,
    }
}
