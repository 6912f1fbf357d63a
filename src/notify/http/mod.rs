//! Posts a body to one URL and tells what the receiver made of it: for every channel over HTTP.
//!
//! The URL may be a secret, so nothing here shows more of it than its host. Redirects are not
//! followed: a report goes where it was meant to go, or nowhere.

mod answer;
#[cfg(test)]
pub(super) mod receiver;

use std::fmt;
use std::io::Read;
use std::time::Duration;

use ureq::http::Uri;
use ureq::{Agent, Body, Proxy, http};

use super::Retry;
use crate::investigate::hostile::one_line;
pub(super) use answer::{Verdict, verdict};

/// Longest part of an answer that is read.
const MAX_ANSWER_BYTES: u64 = 4 * 1024;
/// Longest part of an answer that an error quotes.
const MAX_QUOTED_CHARS: usize = 200;
const MAX_HEADER_CHARS: usize = 256;

/// The time in whole seconds since the Unix epoch.
pub type UnixClock = Box<dyn Fn() -> i64 + Send + Sync>;

/// A URL that cannot be posted to. It names no more of the URL than its scheme: the rest may be a
/// secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEndpoint {
    /// It is no URL.
    #[error("its url cannot be read: give one such as https://example.com/hook")]
    NoUrl,
    /// It is no web address.
    #[error("it cannot use the scheme {scheme}: use http or https")]
    Scheme {
        /// What it uses instead.
        scheme: String,
    },
    /// A secret URL would go over the network for everybody to read.
    #[error("its url is a secret and must not be sent in the clear: use https")]
    InTheClear,
    /// No attempt could ever succeed.
    #[error("its timeout is zero: give at least a second")]
    NoTime,
}

/// A message that the receiver did not take, in words that hold no secret and no hostile text.
pub(super) struct Refusal {
    /// What went wrong.
    pub problem: String,
    /// Whether to try again.
    pub retry: Retry,
}

/// Posts to one URL.
pub(super) struct Endpoint {
    agent: Agent,
    url: Uri,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Endpoint")
            .field("host", &self.url.host())
            .finish_non_exhaustive()
    }
}

/// What a receiver answered, as far as it is read.
pub(super) struct Answer {
    /// The status.
    pub status: u16,
    /// The beginning of the body, on one harmless line.
    pub said: String,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
}

impl Endpoint {
    /// Posts to `url`, each attempt within `timeout`, from resolving the name to the end of the
    /// answer. A proxy is taken from the environment (`HTTPS_PROXY`, `NO_PROXY`...).
    pub(super) fn new(url: &str, timeout: Duration) -> Result<Self, InvalidEndpoint> {
        let url: Uri = url.parse().map_err(|_| InvalidEndpoint::NoUrl)?;
        let scheme = url.scheme_str().ok_or(InvalidEndpoint::NoUrl)?;
        if !matches!(scheme, "http" | "https") {
            let scheme = one_line(scheme, MAX_HEADER_CHARS);
            return Err(InvalidEndpoint::Scheme { scheme });
        }
        if url.host().is_none_or(str::is_empty) {
            return Err(InvalidEndpoint::NoUrl);
        }
        if timeout.is_zero() {
            return Err(InvalidEndpoint::NoTime);
        }
        // Whatever proxy the machine has is not for the loopback.
        let proxy = Proxy::try_from_env().filter(|_| !is_loopback(&url));
        Ok(Self {
            agent: agent(timeout, proxy),
            url,
        })
    }

    /// The same for a URL that is a secret: only this machine may get it unencrypted.
    pub(super) fn secret(url: &str, timeout: Duration) -> Result<Self, InvalidEndpoint> {
        let endpoint = Self::new(url, timeout)?;
        let is_private = endpoint.url.scheme_str() == Some("https") || is_loopback(&endpoint.url);
        if is_private {
            Ok(endpoint)
        } else {
            Err(InvalidEndpoint::InTheClear)
        }
    }

    /// Posts `body` as JSON with these headers.
    pub(super) fn post(&self, headers: &[(&str, &str)], body: &str) -> Result<Answer, Refusal> {
        let mut request = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send(body.as_bytes()).map_err(|error| Refusal {
            problem: self.named(&format!(
                "could not be reached: {}",
                one_line(&error.to_string(), MAX_QUOTED_CHARS)
            )),
            retry: answer::retry_after_failure(&error),
        })?;
        let status = response.status().as_u16();
        let header = response.headers().get("retry-after");
        let retry_after = header.and_then(|value| value.to_str().ok().map(str::to_owned));
        Ok(Answer {
            status,
            // The status alone tells that a message was taken: its answer is not waited for.
            said: match status {
                200..=299 => String::new(),
                _ => beginning(response),
            },
            retry_after,
        })
    }

    /// `words` behind the name of the receiver.
    pub(super) fn named(&self, words: &str) -> String {
        let host = one_line(self.url.host().unwrap_or_default(), MAX_HEADER_CHARS);
        format!("{host} {words}")
    }
}

impl Answer {
    /// What the answer says, behind a colon, as the end of an error.
    pub(super) fn quoted(&self) -> String {
        if self.said.is_empty() {
            return String::new();
        }
        format!(": {}", self.said)
    }
}

fn is_loopback(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_address = host
        .parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    is_address || host.eq_ignore_ascii_case("localhost")
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

/// The beginning of an answer, as it may stand in an error.
fn beginning(response: http::Response<Body>) -> String {
    let mut bytes = Vec::new();
    // Whatever came before a failure is quoted; the status has already decided.
    let _ = response
        .into_body()
        .into_reader()
        .take(MAX_ANSWER_BYTES)
        .read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    one_line(text.trim(), MAX_QUOTED_CHARS)
}

/// `text` as a header may carry it: one line of ASCII.
pub(super) fn header_value(text: &str) -> String {
    let line = one_line(text, MAX_HEADER_CHARS);
    line.chars()
        .map(|c| if c.is_ascii() { c } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(made: Result<Endpoint, InvalidEndpoint>) -> Option<InvalidEndpoint> {
        made.err()
    }

    #[test]
    fn urls_that_cannot_work_are_refused_without_telling_them() {
        let new = |url: &str, seconds| refused(Endpoint::new(url, Duration::from_secs(seconds)));
        assert_eq!(new("https://example.com/hook", 5), None);
        for url in ["", "example.com/hook", "/hook", "http://", "not a url"] {
            assert_eq!(new(url, 5), Some(InvalidEndpoint::NoUrl), "{url}");
        }
        let scheme = "ftp".to_owned();
        assert_eq!(
            new("ftp://example.com/", 5),
            Some(InvalidEndpoint::Scheme { scheme })
        );
        assert_eq!(
            new("https://example.com/", 0),
            Some(InvalidEndpoint::NoTime)
        );
    }

    #[test]
    fn a_secret_url_leaves_the_machine_encrypted_or_not_at_all() {
        let secret = |url: &str| refused(Endpoint::secret(url, Duration::from_secs(5)));
        for url in [
            "https://hooks.example/T0/B0/x",
            "http://127.0.0.1:8080/x",
            "http://[::1]/x",
            "http://localhost/x",
        ] {
            assert_eq!(secret(url), None, "{url}");
        }
        for url in ["http://hooks.example/x", "http://127.0.0.1.example/x"] {
            assert_eq!(secret(url), Some(InvalidEndpoint::InTheClear), "{url}");
        }
    }

    #[test]
    fn nothing_shows_more_of_a_url_than_its_host() {
        let url = "https://hooks.example/T0/B0/t0psecret";
        let endpoint = Endpoint::secret(url, Duration::from_secs(5)).expect("is valid");
        let shown = format!("{endpoint:?} {}", endpoint.named("is down"));
        assert!(shown.contains("hooks.example is down"), "{shown}");
        assert!(
            !shown.contains("t0psecret") && !shown.contains("/T0"),
            "{shown}"
        );
    }
}
