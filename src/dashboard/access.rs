//! Who may ask.
//!
//! - **Loopback without a token** answers who reaches it, if the request names it as `Host`: a page of
//!   somebody else whose name was made to point here (DNS rebinding) names itself.
//! - **With a token**, which any other address demands, the API answers who shows it, as a bearer or by
//!   the cookie that showing it once sets. The page itself holds nothing and needs none.
//! - **Changes** are taken from pages of this server only: a browser says where a request comes from
//!   (`Origin`, `Sec-Fetch-Site`), and a form of another site cannot send JSON.

use std::fmt::{self, Write as _};
use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, Method, header};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::answer::Refusal;

/// Name of the cookie.
pub(super) const COOKIE: &str = "wafwatch_session";
/// Shortest token.
pub const MINIMUM_TOKEN_BYTES: usize = 16;

/// What clients must show. It never shows itself.
#[derive(Clone)]
pub struct Token(Vec<u8>);

/// A token that can be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the dashboard's token has fewer than {MINIMUM_TOKEN_BYTES} bytes and could be guessed: take a random \
     one, as `openssl rand -hex 32` makes"
)]
pub struct WeakToken;

impl Token {
    /// The token made of `text`.
    ///
    /// # Errors
    ///
    /// Where it is shorter than [`MINIMUM_TOKEN_BYTES`].
    pub fn new(text: &str) -> Result<Self, WeakToken> {
        if text.len() < MINIMUM_TOKEN_BYTES {
            return Err(WeakToken);
        }
        Ok(Self(text.as_bytes().to_vec()))
    }

    fn mac(&self, text: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0)
            .expect("HMAC takes keys of any length: longer ones are hashed");
        mac.update(text);
        mac
    }

    /// Whether `shown` is the token, in a time that tells nothing about it: digests under a key are
    /// compared, by the library's own comparison.
    fn is(&self, shown: &[u8]) -> bool {
        let expected = self.mac(&self.0).finalize().into_bytes();
        self.mac(shown).verify_slice(&expected).is_ok()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(..)")
    }
}

/// Decides who may ask.
#[derive(Debug)]
pub(super) struct Access {
    bound: SocketAddr,
    token: Option<Token>,
    /// Begins anew with each process: cookies of an earlier one are worth nothing.
    epoch: i64,
}

impl Access {
    pub(super) fn new(bound: SocketAddr, token: Option<Token>, epoch: i64) -> Self {
        Self {
            bound,
            token,
            epoch,
        }
    }

    pub(super) fn is_token_required(&self) -> bool {
        self.token.is_some()
    }

    /// Checks what every request must keep to.
    pub(super) fn check_host(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = text(headers, header::HOST).unwrap_or_default();
        if self.token.is_none() && !self.is_own_name(host) {
            return Err(Refusal::Forbidden(
                "the request's Host is not this dashboard's: open it under its own address",
            ));
        }
        Ok(())
    }

    /// Checks that what asks the API is the dashboard's own page, or no page at all. The page itself may be
    /// reached by a link from anywhere.
    pub(super) fn check_origin(&self, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = text(headers, header::HOST).unwrap_or_default();
        if let Some(site) = text(headers, "sec-fetch-site")
            && !matches!(site, "same-origin" | "none")
        {
            return Err(Refusal::Forbidden(
                "the request comes from a page of another site: use the dashboard's own",
            ));
        }
        let is_change = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        if is_change
            && let Some(origin) = text(headers, header::ORIGIN)
            && !is_origin_of(origin, host)
        {
            return Err(Refusal::Forbidden(
                "the request's Origin is not this dashboard: use the dashboard's own page",
            ));
        }
        Ok(())
    }

    /// Whether the client has shown the token, or need not.
    pub(super) fn is_authenticated(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else {
            return true;
        };
        let bearer = text(headers, header::AUTHORIZATION)
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        if bearer.is_some_and(|(_, shown)| token.is(shown.trim().as_bytes())) {
            return true;
        }
        let cookies = headers.get_all(header::COOKIE).into_iter();
        let cookies = cookies.filter_map(|value| value.to_str().ok());
        let mut sessions = cookies
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='));
        sessions.any(|session| {
            let mac = token.mac(self.session_text().as_bytes());
            let bytes = from_hex(session);
            bytes.is_some_and(|bytes| mac.verify_slice(&bytes).is_ok())
        })
    }

    /// The cookie for a client that shows the token.
    pub(super) fn session(&self, shown: &str) -> Result<String, Refusal> {
        let Some(token) = &self.token else {
            return Ok(String::new());
        };
        if !token.is(shown.as_bytes()) {
            return Err(Refusal::WrongToken);
        }
        let mac = token.mac(self.session_text().as_bytes());
        let mut session = String::new();
        for byte in mac.finalize().into_bytes() {
            // Writing to a string cannot fail.
            let _ = write!(session, "{byte:02x}");
        }
        Ok(session)
    }

    fn session_text(&self) -> String {
        format!("session of {}", self.epoch)
    }

    /// Whether `host` is a name of the address that is listened on.
    fn is_own_name(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
            _ => (host, Some(80)),
        };
        let bare = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'));
        let address: Option<IpAddr> = bare.unwrap_or(name).parse().ok();
        let is_here = match address {
            Some(address) => address == self.bound.ip() || address.is_loopback(),
            None => name.eq_ignore_ascii_case("localhost"),
        };
        is_here && port == Some(self.bound.port())
    }
}

fn is_origin_of(origin: &str, host: &str) -> bool {
    let named = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    named.is_some_and(|named| !host.is_empty() && named.eq_ignore_ascii_case(host))
}

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or(""))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    let bytes = digits.map(|pair| {
        let pair = std::str::from_utf8(pair)
            .ok()
            .filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| {
                let value = value.parse().expect("is a value");
                (header::HeaderName::from_static(name), value)
            })
            .collect()
    }

    fn open() -> Access {
        Access::new("127.0.0.1:8460".parse().expect("an address"), None, 1)
    }

    fn guarded(epoch: i64) -> Access {
        let token = Token::new(TOKEN).expect("is long enough");
        Access::new(
            "0.0.0.0:8460".parse().expect("an address"),
            Some(token),
            epoch,
        )
    }

    #[test]
    fn only_names_of_this_machine_are_answered_without_a_token() {
        for host in [
            "127.0.0.1:8460",
            "localhost:8460",
            "LocalHost:8460",
            "[::1]:8460",
        ] {
            let checked = open().check_host(&headers(&[("host", host)]));
            checked.expect(host);
        }
        for host in [
            "evil.example:8460",
            "127.0.0.1",
            "127.0.0.1:8461",
            "localhost.evil.example:8460",
            "",
            "[::1]",
        ] {
            let checked = open().check_host(&headers(&[("host", host)]));
            checked.expect_err(host);
        }
        open()
            .check_host(&HeaderMap::new())
            .expect_err("names nobody");
    }

    #[test]
    fn pages_of_others_change_nothing() {
        let host = ("host", "127.0.0.1:8460");
        for refused in [
            ("origin", "http://evil.example"),
            ("origin", "null"),
            ("origin", "http://127.0.0.1:9999"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let checked = open().check_origin(&Method::POST, &headers(&[host, refused]));
            checked.expect_err(refused.1);
        }
        for allowed in [
            ("origin", "http://127.0.0.1:8460"),
            ("sec-fetch-site", "same-origin"),
            ("accept", "*/*"),
        ] {
            let checked = open().check_origin(&Method::POST, &headers(&[host, allowed]));
            checked.expect(allowed.1);
        }
    }

    #[test]
    fn the_token_opens_as_a_bearer_and_by_its_cookie() {
        let access = guarded(1);
        assert!(!access.is_authenticated(&HeaderMap::new()));
        let bearer = format!("Bearer {TOKEN}");
        assert!(access.is_authenticated(&headers(&[("authorization", &bearer)])));
        for wrong in [
            "Bearer 0123456789abcdef0124",
            "Bearer",
            "Basic abc",
            "Bearer ",
        ] {
            assert!(
                !access.is_authenticated(&headers(&[("authorization", wrong)])),
                "{wrong}"
            );
        }
        access.session("wrong").expect_err("is wrong");
        let session = access.session(TOKEN).expect("is right");
        assert!(!session.contains(TOKEN));
        let cookie = format!("other=1; {COOKIE}={session}");
        assert!(access.is_authenticated(&headers(&[("cookie", &cookie)])));
        assert!(
            !guarded(2).is_authenticated(&headers(&[("cookie", &cookie)])),
            "another process"
        );
        for wrong in ["", "zz", "0", "ééé"] {
            let cookie = format!("{COOKIE}={wrong}");
            assert!(
                !access.is_authenticated(&headers(&[("cookie", &cookie)])),
                "{wrong}"
            );
        }
    }

    #[test]
    fn short_tokens_are_refused_and_none_is_shown() {
        assert_eq!(Token::new("short").expect_err("is short"), WeakToken);
        assert_eq!(
            format!("{:?}", Token::new(TOKEN).expect("is long")),
            "Token(..)"
        );
    }
}
