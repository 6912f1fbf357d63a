//! What the Lambda functions do: plain async functions over library values.
//!
//! Nothing here knows Lambda's runtime: a `main` converts its event, says how much time there is, and
//! sends the answer back. Times are arguments.

pub mod closer;
pub mod consumer;
mod deployment;
pub mod done;
pub mod forwarder;
pub mod investigator;
pub mod kinesis_event;
pub mod settings;
