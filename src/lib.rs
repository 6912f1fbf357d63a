//! `wafwatch`: streaming anomaly detection for AWS WAF logs.

pub mod analyst;
pub mod cli;
pub mod close;
pub mod detect;
pub mod incident;
pub mod ingest;
pub mod investigate;
pub mod notify;
pub mod outbox;
pub mod report;
pub mod source;
pub mod store;
