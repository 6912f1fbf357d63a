//! Stable other names for the people in recorded logs.
//!
//! A name is a keyed hash (HMAC-SHA-256, RFC 2104), cut to what it stands in for: equal addresses
//! stay equal under the same key, in every run, and nobody without the key can tell or try whose
//! they were. IPv4 addresses become ones of 240.0.0.0/4, which nobody has: 2^28 of them, so that
//! among n addresses about n^2 / 2^29 pairs fall together. IPv6 addresses become ones of
//! 2001:db8::/32, where none do. No network survives: two neighbours are none afterwards.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What takes the place of a secret.
const REDACTED: &str = "REDACTED";
/// A shorter key could be tried out.
pub const MIN_KEY_BYTES: usize = 16;

/// Headers that name the client's address, or a list of addresses.
const ADDRESS_HEADERS: [&str; 8] = [
    "x-forwarded-for",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-originating-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
];

/// A header whose name has one of these in it says who somebody is, or is a secret.
const TELLING: [&str; 18] = [
    "account", "api-key", "apikey", "auth", "cookie", "csrf", "customer", "email", "identity",
    "login", "name", "oidc", "password", "phone", "secret", "session", "token", "xsrf",
];
/// Headers that do so under short names.
const TELLING_EXACTLY: [&str; 2] = ["forwarded", "from"];

/// Whether paths and query strings stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uris {
    /// As they were recorded.
    Kept,
    /// Every segment and every query string under another name.
    Hidden,
}

/// A key too short to keep a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key has {0} bytes: write at least 16 random ones")]
pub struct InvalidKey(usize);

/// Gives other names.
#[derive(Clone)]
pub struct Pseudonyms {
    mac: Hmac<Sha256>,
    pub(super) uris: Uris,
}

impl Pseudonyms {
    /// Names under `key`.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] for fewer than 16 bytes.
    pub fn new(key: &[u8], uris: Uris) -> Result<Self, InvalidKey> {
        if key.len() < MIN_KEY_BYTES {
            return Err(InvalidKey(key.len()));
        }
        let mac = Hmac::new_from_slice(key).map_err(|_| InvalidKey(key.len()))?;
        Ok(Self { mac, uris })
    }

    /// Another address of the same family; for what is no address, nothing of it.
    pub(super) fn address(&self, text: &str) -> String {
        let address: Result<IpAddr, _> = text.trim().parse();
        match address {
            Ok(IpAddr::V4(address)) => {
                let bits = self.bits(b"4", &address.octets()) >> 100;
                Ipv4Addr::from(0xf000_0000 | bits as u32).to_string()
            }
            Ok(IpAddr::V6(address)) => {
                let bits = self.bits(b"6", &address.octets()) >> 32;
                Ipv6Addr::from(0x2001_0db8_u128 << 96 | bits).to_string()
            }
            Err(_) => REDACTED.to_owned(),
        }
    }

    /// The value of a header, as far as it names nobody.
    pub(super) fn header(&self, name: &str, value: &str) -> String {
        let name = name.to_ascii_lowercase();
        if ADDRESS_HEADERS.contains(&name.as_str()) {
            let addresses: Vec<String> = value.split(',').map(|one| self.address(one)).collect();
            return addresses.join(", ");
        }
        let is_telling = TELLING.iter().any(|part| name.contains(part))
            || TELLING_EXACTLY.contains(&name.as_str());
        if is_telling {
            return REDACTED.to_owned();
        }
        if name == "referer" {
            return self.referer(value);
        }
        value.to_owned()
    }

    /// Without its query string, and without its path where paths are hidden.
    fn referer(&self, value: &str) -> String {
        let page = value.split(['?', '#']).next().unwrap_or_default();
        let (scheme, rest) = page.split_once("://").unwrap_or(("", page));
        // What stands before an at sign is a name, with or without a password.
        let host_at = rest.split('/').next().unwrap_or_default().rfind('@');
        let rest = &rest[host_at.map_or(0, |at| at + 1)..];
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        match self.uris {
            Uris::Kept => format!("{scheme}://{host}{path}"),
            Uris::Hidden => format!("{scheme}://{host}{}", self.path(path)),
        }
    }

    /// A path of as many segments, each under another name.
    pub(super) fn path(&self, path: &str) -> String {
        let segments = path.split('/').map(|segment| match segment {
            "" => String::new(),
            segment => self.name(b"p", segment),
        });
        segments.collect::<Vec<String>>().join("/")
    }

    /// One name for a whole query string.
    pub(super) fn query(&self, args: &str) -> String {
        match args {
            "" => String::new(),
            args => format!("q={}", self.name(b"q", args)),
        }
    }

    fn name(&self, domain: &[u8], text: &str) -> String {
        format!("{:012x}", self.bits(domain, text.as_bytes()) >> 80)
    }

    /// 128 bits for `text`; `domain` keeps equal texts of different kinds apart.
    fn bits(&self, domain: &[u8], text: &[u8]) -> u128 {
        let mut mac = self.mac.clone();
        mac.update(domain);
        mac.update(text);
        let hash = mac.finalize().into_bytes();
        let mut first = [0_u8; 16];
        first.copy_from_slice(&hash[..16]);
        u128::from_be_bytes(first)
    }
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Pseudonyms")
            .field("uris", &self.uris)
            .finish_non_exhaustive()
    }
}
