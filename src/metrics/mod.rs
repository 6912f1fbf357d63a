//! Says what happened as log lines that are metrics too, in CloudWatch's embedded metric format.
//!
//! - [`window_line`]: one line per closed window, with the metrics of [`Scope::Window`] under the
//!   one dimension [`ACL_DIMENSION`], and its top lists for tables in Logs Insights;
//! - [`incident_line`]: one line per incident event, without metrics;
//! - [`health_line`]: one line per call of a function, with the metrics of [`Scope::Health`] under the
//!   one dimension [`FUNCTION_DIMENSION`];
//! - [`model_lines`]: the lines of a model's part in an explanation, with the metrics of
//!   [`Scope::Model`] under OpenTelemetry's attributes.
//!
//! Every metric stands in [`Metric`], every field in [`field`]: dashboards, alarms and queries are
//! tested against them. Times are arguments: a window's metrics carry the window's start.
//!
//! Each line is one line of printable characters below [`MAX_LINE_BYTES`], whatever requests said.

mod document;
pub mod field;
mod health;
mod incident;
mod model;
mod table;
mod window;

pub use health::{Function, FunctionKind, Health, health_line};
pub use incident::incident_line;
pub use model::model_lines;
pub use table::{Metric, Scope, Unit};
pub use window::{TopField, acl_dimension, window_line};

/// The namespace of every metric.
pub const NAMESPACE: &str = "WafWatch";

/// The one dimension of a window's metrics: a Web ACL, as [`acl_dimension`] names it.
pub const ACL_DIMENSION: &str = "ACL";

/// The one dimension of the pipeline's metrics: a function's name in the account.
pub const FUNCTION_DIMENSION: &str = "Function";

/// No line is longer: CloudWatch Logs took 256 KiB per event, newline and overhead included, before
/// it took 1 MiB, and agents between still do.
pub const MAX_LINE_BYTES: usize = 250 * 1024;

#[cfg(test)]
mod specification;
