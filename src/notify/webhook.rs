//! Posts messages to a URL, signed.
//!
//! The body is the message as JSON. `X-Wafwatch-Event` carries the event's id, and, where a secret
//! is set, `X-Wafwatch-Signature` carries `t={unix seconds},v1={hex}`: the HMAC-SHA256 of
//! `{t}.{body}`. `docs/webhook.md` says how receivers verify it.

mod signature;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::http::{Endpoint, Refusal, Verdict, header_value, verdict};
pub use super::http::{InvalidEndpoint, UnixClock};
use super::{Message, Notifier, NotifyError};
pub use signature::Secret;
use signature::signature;

/// Where and how to post.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// An `http` or `https` URL.
    pub url: String,
    /// Signs the messages; unsigned where absent.
    pub secret: Option<Secret>,
    /// Further headers of every message, as `Authorization`.
    pub headers: BTreeMap<String, String>,
    /// Longest time for one attempt, from resolving the name to the end of the answer.
    pub timeout: Duration,
}

impl WebhookSettings {
    /// Ten seconds.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
}

/// Posts to one URL.
pub struct Webhook {
    endpoint: Endpoint,
    secret: Option<Secret>,
    headers: BTreeMap<String, String>,
    clock: UnixClock,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Webhook")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl Webhook {
    /// A channel that posts as `settings` say; `clock` is what receivers check signatures by.
    ///
    /// # Errors
    ///
    /// When the settings cannot work.
    pub fn new(settings: WebhookSettings, clock: UnixClock) -> Result<Self, InvalidEndpoint> {
        Ok(Self {
            endpoint: Endpoint::new(&settings.url, settings.timeout)?,
            secret: settings.secret,
            headers: settings.headers,
            clock,
        })
    }

    fn post(&self, message: &Message) -> Result<(), Refusal> {
        let body = message.to_json().to_string();
        let event = header_value(&message.event_id);
        let signed = self
            .secret
            .as_ref()
            .map(|secret| signature(secret, (self.clock)(), &body));
        let mut headers = vec![("X-Wafwatch-Event", event.as_str())];
        let configured = self.headers.iter();
        headers.extend(configured.map(|(name, value)| (name.as_str(), value.as_str())));
        headers.extend(
            signed
                .as_deref()
                .map(|value| ("X-Wafwatch-Signature", value)),
        );
        let answer = self.endpoint.post(&headers, &body)?;
        let retry_after = answer.retry_after.as_deref();
        match verdict(answer.status, retry_after, (self.clock)()) {
            Verdict::Delivered => Ok(()),
            Verdict::Refused { meaning, retry } => {
                let quoted = answer.quoted();
                let words = format!("answered {}: {meaning}{quoted}", answer.status);
                let problem = self.endpoint.named(&words);
                Err(Refusal { problem, retry })
            }
        }
    }
}

impl Notifier for Webhook {
    fn name(&self) -> &str {
        "webhook"
    }

    fn notify(&self, message: &Message) -> Result<(), NotifyError> {
        self.post(message).map_err(|refusal| NotifyError {
            channel: self.name().to_owned(),
            event_id: header_value(&message.event_id),
            problem: refusal.problem,
            retry: refusal.retry,
        })
    }
}

#[cfg(test)]
mod tests;
