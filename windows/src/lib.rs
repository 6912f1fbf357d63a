//! Event-time tumbling windows over AWS WAF records.
pub mod accumulator;
pub mod counters;
mod distinct;
mod key;
pub mod partial;
pub mod record;
pub mod settings;
mod sketch;
pub mod summary;
pub mod text;
pub mod time;
