//! One request, reduced to the choices that make it: small, and rendered only when it is written.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::catalog::TextId;
use crate::json;
use crate::kit::KitId;
use crate::rules::RulingId;

/// Whether a request is normal life or belongs to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Background,
    /// The event with this number, in the order of the truth.
    Event(u16),
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
    pub(crate) country: TextId,
    pub(crate) kit: KitId,
}

/// Text that may end in a number: `/products/` and 1042.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbered {
    pub(crate) text: TextId,
    /// Zero writes nothing.
    pub(crate) number: u32,
}

/// HTTP methods that occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
}

impl Method {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    pub(crate) fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put)
    }
}

/// What a crew makes of an arrival; the rest of a [`Request`] follows from its part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft {
    pub(crate) client: Client,
    pub(crate) method: Method,
    pub(crate) uri: Numbered,
    pub(crate) args: Numbered,
    pub(crate) ruling: RulingId,
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
