//! `wafwatch`: streaming anomaly detection for AWS WAF logs.
//!
//! The modules stand in the order in which data goes through them; ARCHITECTURE.md tells what each
//! may rely on.

#[cfg(feature = "aws")]
pub mod account;
pub mod analyst;
#[cfg(feature = "aws")]
mod archive;
pub mod backoff;
pub mod backtest;
pub mod cli;
pub mod close;
pub mod config;
#[cfg(feature = "dashboard")]
pub mod dashboard;
pub mod detect;
#[cfg(feature = "aws")]
pub mod distributed;
pub mod forward;
#[cfg(feature = "aws")]
pub mod functions;
pub mod guidance;
pub mod host;
pub mod incident;
pub mod ingest;
pub mod investigate;
#[cfg(feature = "aws")]
pub mod lookup;
pub mod metrics;
pub mod notify;
pub mod outbox;
pub mod pipeline;
pub mod report;
pub mod source;
pub mod store;
