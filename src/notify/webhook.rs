//! Posts messages to a URL, signed.
//!
//! The body is the message as JSON. `X-Wafwatch-Event` carries the event's id, and, where a secret
//! is set, `X-Wafwatch-Signature` carries `t={unix seconds},v1={hex}`: the HMAC-SHA256 of
//! `{t}.{body}`. Redirects are not followed: a signed report goes where it was meant to go, or
//! nowhere. `docs/webhook.md` says how receivers verify it.

mod answer;
mod signature;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::time::Duration;

use ureq::http::Uri;
use ureq::{Agent, Body, Proxy, http};

use super::{Message, Notifier, NotifyError, Retry};
use crate::investigate::hostile::one_line;
use answer::{Verdict, verdict};
pub use signature::Secret;
use signature::signature;

/// Longest part of an answer that is read.
const MAX_ANSWER_BYTES: u64 = 4 * 1024;
/// Longest part of an answer that an error quotes.
const MAX_QUOTED_CHARS: usize = 200;
const MAX_HEADER_CHARS: usize = 256;

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

/// A URL that cannot be posted to. It names no more of the URL than its scheme: the rest may be a
/// secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWebhook {
    /// It is no URL.
    #[error("the webhook's url cannot be read: give one such as https://example.com/hook")]
    NoUrl,
    /// It is no web address.
    #[error("a webhook cannot use the scheme {scheme}: use http or https")]
    Scheme {
        /// What it uses instead.
        scheme: String,
    },
    /// No attempt could ever succeed.
    #[error("the webhook's timeout is zero: give at least a second")]
    NoTime,
}

/// The time in whole seconds since the Unix epoch, as receivers check it.
pub type UnixClock = Box<dyn Fn() -> i64 + Send + Sync>;

/// Posts to one URL.
pub struct Webhook {
    agent: Agent,
    url: Uri,
    secret: Option<Secret>,
    headers: BTreeMap<String, String>,
    clock: UnixClock,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Webhook")
            .field("host", &self.url.host())
            .finish_non_exhaustive()
    }
}

impl Webhook {
    /// A channel that posts as `settings` say. A proxy is taken from the environment
    /// (`HTTPS_PROXY`, `NO_PROXY`...).
    ///
    /// # Errors
    ///
    /// When the settings cannot work.
    pub fn new(settings: WebhookSettings, clock: UnixClock) -> Result<Self, InvalidWebhook> {
        let url: Uri = settings.url.parse().map_err(|_| InvalidWebhook::NoUrl)?;
        let scheme = url.scheme_str().ok_or(InvalidWebhook::NoUrl)?;
        if !matches!(scheme, "http" | "https") {
            let scheme = one_line(scheme, MAX_HEADER_CHARS);
            return Err(InvalidWebhook::Scheme { scheme });
        }
        if url.host().is_none_or(str::is_empty) {
            return Err(InvalidWebhook::NoUrl);
        }
        if settings.timeout.is_zero() {
            return Err(InvalidWebhook::NoTime);
        }
        Ok(Self {
            agent: agent(settings.timeout, Proxy::try_from_env()),
            url,
            secret: settings.secret,
            headers: settings.headers,
            clock,
        })
    }

    fn post(&self, message: &Message) -> Result<http::Response<Body>, ureq::Error> {
        let body = message.to_json().to_string();
        let mut request = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json")
            .header("X-Wafwatch-Event", header_value(&message.event_id));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(secret) = &self.secret {
            let signature = signature(secret, (self.clock)(), &body);
            request = request.header("X-Wafwatch-Signature", signature);
        }
        request.send(body.as_bytes())
    }

    fn error(&self, message: &Message, problem: String, retry: Retry) -> NotifyError {
        let host = one_line(self.url.host().unwrap_or_default(), MAX_HEADER_CHARS);
        NotifyError {
            channel: self.name().to_owned(),
            event_id: header_value(&message.event_id),
            problem: format!("{host} {problem}"),
            retry,
        }
    }
}

fn agent(timeout: Duration, proxy: Option<Proxy>) -> Agent {
    Agent::config_builder()
        .timeout_global(Some(timeout))
        .proxy(proxy)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .user_agent(concat!("wafwatch/", env!("CARGO_PKG_VERSION")))
        // Messages are rare: a kept connection would mostly be a dead one.
        .max_idle_connections(0)
        .build()
        .new_agent()
}

impl Notifier for Webhook {
    fn name(&self) -> &str {
        "webhook"
    }

    fn notify(&self, message: &Message) -> Result<(), NotifyError> {
        let response = self.post(message).map_err(|error| {
            let retry = answer::retry_after_failure(&error);
            let reason = one_line(&error.to_string(), MAX_QUOTED_CHARS);
            self.error(message, format!("could not be reached: {reason}"), retry)
        })?;
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok());
        match verdict(response.status().as_u16(), retry_after, (self.clock)()) {
            Verdict::Delivered => Ok(()),
            Verdict::Refused { meaning, retry } => {
                let status = response.status().as_u16();
                let quoted = quoted(response);
                let problem = format!("answered {status}: {meaning}{quoted}");
                Err(self.error(message, problem, retry))
            }
        }
    }
}

/// The beginning of an answer, as it may stand in an error.
fn quoted(response: http::Response<Body>) -> String {
    let mut bytes = Vec::new();
    // Whatever came before a failure is quoted; the status has already decided.
    let _ = response
        .into_body()
        .into_reader()
        .take(MAX_ANSWER_BYTES)
        .read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let text = one_line(text.trim(), MAX_QUOTED_CHARS);
    if text.is_empty() {
        return String::new();
    }
    format!(": {text}")
}

/// `text` as a header may carry it: one line of ASCII.
fn header_value(text: &str) -> String {
    let line = one_line(text, MAX_HEADER_CHARS);
    line.chars()
        .map(|c| if c.is_ascii() { c } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests;
