//! Event-time tumbling windows over AWS WAF records.

pub mod counters;
pub mod record;
pub mod summary;
pub mod time;
