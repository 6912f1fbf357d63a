//! One request, reduced to the choices that make it: small, and rendered only when it is written.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::json;
use crate::kit::KitId;
use crate::rules::Verdict;

/// Whether a request is normal life or belongs to the scenario's event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Background,
    Event,
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Address {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Address {
    /// Appends the address as text.
    pub(crate) fn push(self, buffer: &mut Vec<u8>) {
        match self {
            Self::V4(address) => {
                for (place, octet) in address.octets().into_iter().enumerate() {
                    if place > 0 {
                        buffer.push(b'.');
                    }
                    json::push_number(buffer, u64::from(octet));
                }
            }
            Self::V6(address) => buffer.extend_from_slice(address.to_string().as_bytes()),
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::V4(address) => address.fmt(formatter),
            Self::V6(address) => address.fmt(formatter),
        }
    }
}

/// Who sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) address: Address,
    /// Two-letter code.
    pub(crate) country: &'static str,
    pub(crate) kit: KitId,
}

impl Client {
    pub(crate) const fn v4(octets: [u8; 4], country: &'static str, kit: KitId) -> Self {
        let [a, b, c, d] = octets;
        Self {
            address: Address::V4(Ipv4Addr::new(a, b, c, d)),
            country,
            kit,
        }
    }
}

/// Text that may end in a number: `/products/` and 1042.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbered {
    pub(crate) text: &'static str,
    /// Zero writes nothing.
    pub(crate) number: u32,
}

impl Numbered {
    pub(crate) const fn plain(text: &'static str) -> Self {
        Self { text, number: 0 }
    }

    /// Appends the text, escaped for a JSON string.
    pub(crate) fn push(self, buffer: &mut Vec<u8>) {
        json::push_text(buffer, self.text);
        if self.number > 0 {
            json::push_number(buffer, u64::from(self.number));
        }
    }
}

/// HTTP methods that occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
}

impl Method {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// What an actor does with an arrival; the rest of a [`Request`] follows from its part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft {
    pub(crate) client: Client,
    pub(crate) method: Method,
    pub(crate) uri: Numbered,
    pub(crate) args: Numbered,
    pub(crate) verdict: Verdict,
}

/// A request as WAF saw it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    /// Unix milliseconds.
    pub(crate) timestamp_ms: i64,
    /// Number of the Web ACL, from zero.
    pub(crate) acl: u32,
    pub(crate) origin: Origin,
    /// What identifiers and sizes in the record are made of.
    pub(crate) entropy: u64,
    pub(crate) draft: Draft,
}

/// Makes a request of every arrival of a part.
pub(crate) trait Actor {
    /// What arrives `since_ns` after the begin of the run.
    fn act(&mut self, since_ns: u64, dice: &mut crate::dice::Dice) -> Draft;
}
