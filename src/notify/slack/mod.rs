//! Posts messages to a Slack channel through an incoming webhook.
//!
//! The webhook's URL is its secret: it comes from the environment or a file, never from the settings,
//! and nothing shows more of it than its host. Slack deduplicates nothing: a message that is delivered
//! twice appears twice, with the same event at its end.

mod blocks;
mod refusal;

use std::fmt;
use std::time::Duration;

use super::http::{Endpoint, InvalidEndpoint, UnixClock, header_value};
use super::{Message, Notifier, NotifyError};

#[cfg(test)]
pub(super) use blocks::payload;

/// The name of the channel.
const NAME: &str = "slack";

/// Posts to one Slack channel.
pub struct Slack {
    endpoint: Endpoint,
    clock: UnixClock,
}

impl fmt::Debug for Slack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Slack")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl Slack {
    /// A channel to the incoming webhook at `url`, each attempt within `timeout`; `clock` is what a
    /// date in `Retry-After` is read by.
    ///
    /// # Errors
    ///
    /// When the URL cannot be posted to, or would be sent unencrypted to another machine.
    pub fn new(url: &str, timeout: Duration, clock: UnixClock) -> Result<Self, InvalidEndpoint> {
        Ok(Self {
            endpoint: Endpoint::secret(url, timeout)?,
            clock,
        })
    }
}

impl Notifier for Slack {
    fn name(&self) -> &str {
        NAME
    }

    fn notify(&self, message: &Message) -> Result<(), NotifyError> {
        let body = blocks::payload(message).to_string();
        let posted = self.endpoint.post(&[], &body);
        let taken = posted.and_then(|answer| {
            refusal::of(&answer, (self.clock)()).map_err(|mut refusal| {
                refusal.problem = self.endpoint.named(&refusal.problem);
                refusal
            })
        });
        taken.map_err(|refusal| NotifyError {
            channel: NAME.to_owned(),
            event_id: header_value(&message.event_id),
            problem: refusal.problem,
            retry: refusal.retry,
        })
    }
}

#[cfg(test)]
mod tests;
