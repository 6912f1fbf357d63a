//! Event-time tumbling windows over AWS WAF records.

pub mod counters;
pub mod late;
pub mod record;
pub mod summary;
pub mod time;
