//! Tells people and systems about incidents.
//!
//! A [`Notifier`] delivers one [`Message`] once, and says of a failure whether another attempt
//! makes sense ([`Retry`]). When to try again is the business of whoever keeps the messages.
//! A message may be delivered twice: receivers deduplicate by [`Message::event_id`].

pub mod configured;
#[cfg(test)]
mod hostile_tests;
mod http;
pub mod jsonl;
#[cfg(test)]
mod masking_tests;
mod message;
#[cfg(test)]
mod samples;
#[cfg(feature = "securityhub")]
pub mod securityhub;
#[cfg(feature = "aws")]
mod service;
pub mod slack;
#[cfg(feature = "aws")]
pub mod sns;
pub mod terminal;
pub mod webhook;

use std::time::Duration;

pub use message::{Message, MessageKind};

/// A channel to people or systems.
pub trait Notifier: Send + Sync {
    /// The name of the channel in settings, errors and metrics.
    fn name(&self) -> &str;

    /// Delivers `message`, or says why not.
    ///
    /// # Errors
    ///
    /// When the message was not, or perhaps not, delivered; [`NotifyError::retry`] says whether
    /// another attempt makes sense.
    fn notify(&self, message: &Message) -> Result<(), NotifyError>;
}

/// A message that was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("channel {channel} did not deliver {event_id}: {problem}")]
pub struct NotifyError {
    /// The channel.
    pub channel: String,
    /// The message's event.
    pub event_id: String,
    /// What went wrong, and what to do where that is known. Holds no secret and no hostile text.
    pub problem: String,
    /// Whether to try again.
    pub retry: Retry,
}

/// Whether another attempt makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Yes, after a while.
    Later,
    /// Yes, but not before this time has passed: the receiver asked for it.
    After(Duration),
    /// No: it would fail in the same way until the settings change.
    Never,
}
