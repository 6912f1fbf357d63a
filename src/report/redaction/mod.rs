//! Masks what a report may not show: account ids and parts of addresses.
//!
//! What is masked is decided here and applied while a report is written (`cleaning`), before any
//! channel sees it: a channel gets a message whose texts are masked already, and nothing else.

mod accounts;
mod addresses;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use accounts::MASK;

/// What a report masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Redaction {
    /// Mask AWS account ids: inside ARNs, and wherever twelve digits stand alone.
    pub account_ids: bool,
    /// How much of client addresses is masked.
    pub addresses: AddressMask,
}

/// How much of an address is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressMask {
    /// Nothing.
    #[default]
    None,
    /// The host: the last octet of an IPv4 address, the lower 80 bits of an IPv6 address.
    Host,
    /// Most of the network too: the last two octets, the lower 96 bits.
    Network,
}

impl Redaction {
    /// `text` with everything masked that is to be masked.
    #[must_use]
    pub fn applied(self, text: &str) -> String {
        let text = if self.account_ids {
            accounts::masked(text)
        } else {
            text.to_owned()
        };
        match self.addresses {
            AddressMask::None => text,
            mask => addresses::masked(&text, mask),
        }
    }
}

impl Redaction {
    /// `value` with every text in it [masked](Self::applied).
    #[must_use]
    pub fn applied_to_json(self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.applied(text)),
            Value::Array(values) => values
                .iter()
                .map(|value| self.applied_to_json(value))
                .collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(key, value)| (key.clone(), self.applied_to_json(value)))
                .collect(),
            other => other.clone(),
        }
    }
}

/// A value of one event that is masked wherever it stands, and what stands in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) value: String,
    pub(super) mask: String,
}

impl Redaction {
    /// What to mask of this account, if anything.
    pub(super) fn known_account(self, account: &str) -> Option<Known> {
        let is_masked = self.account_ids && accounts::is_account(account);
        is_masked.then(|| Known {
            value: account.to_owned(),
            mask: MASK.to_owned(),
        })
    }

    /// What to mask of this address, if it would not be found in any text.
    pub(super) fn known_address(self, address: &str) -> Option<Known> {
        let mask = addresses::known_mask(address, self.addresses)?;
        Some(Known {
            value: address.to_owned(),
            mask,
        })
    }
}
