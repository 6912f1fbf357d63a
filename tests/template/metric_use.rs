//! What dashboards and alarms say of a metric, against what the code emits.

use wafwatch::metrics::{ACL_DIMENSION, FUNCTION_DIMENSION, Metric, NAMESPACE, Scope};

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
        let [(dimension, value)] = self.dimensions.as_slice() else {
            panic!(
                "{place}: {} has one dimension, not {:?}",
                self.name, self.dimensions
            );
        };
        match metric.scope() {
            Scope::Window => {
                assert_eq!(
                    (dimension.as_str(), value.as_str()),
                    (ACL_DIMENSION, acl_value),
                    "{place}"
                );
            }
            Scope::Health => {
                assert_eq!(dimension, FUNCTION_DIMENSION, "{place}: {}", self.name);
                let program = program_of(value);
                let reporters = metric.reported_by().iter().map(|kind| kind.name());
                let is_reported = reporters.into_iter().any(|name| Some(name) == program);
                assert!(is_reported, "{place}: {value} does not emit {}", self.name);
            }
            Scope::Model => panic!(
                "{place}: no function asks a model, so none emits {}",
                self.name
            ),
        }
        Some(metric)
    }
}
