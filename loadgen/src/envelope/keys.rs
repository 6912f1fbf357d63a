//! Which partition key an entry has, and so which shard.

use std::str::FromStr;

use serde::Deserialize;

/// A key may have so many bytes; what a record says is cut.
const MAX_KEY_BYTES: usize = 256;

/// How keys are chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// By what the entry carries: equal entries have equal keys.
    Content,
    /// Spread evenly over the shards.
    Random,
    /// The record's Web ACL: all of one in one shard.
    Acl,
    /// The record's client address.
    Client,
    /// One key for all.
    Fixed(String),
    /// One shard for all: the one with this number in its range.
    Hash(u128),
}

/// Text that is no choice of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "write content, random, acl, client, fixed=KEY (1 to 256 bytes) or hash=NUMBER (below 2^128)"
)]
pub struct InvalidKey;

impl FromStr for Key {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        match (text, text.split_once('=')) {
            ("content", _) => Ok(Self::Content),
            ("random", _) => Ok(Self::Random),
            ("acl", _) => Ok(Self::Acl),
            ("client", _) => Ok(Self::Client),
            (_, Some(("fixed", key))) if (1..=MAX_KEY_BYTES).contains(&key.len()) => {
                Ok(Self::Fixed(key.to_owned()))
            }
            (_, Some(("hash", number))) => number.parse().map(Self::Hash).map_err(|_| InvalidKey),
            _ => Err(InvalidKey),
        }
    }
}

/// How a key that no record decides comes about, once for every entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drawn {
    Content,
    Random,
}

impl Key {
    /// Whether records decide.
    pub(super) fn is_of_record(&self) -> bool {
        matches!(self, Self::Acl | Self::Client)
    }

    pub(super) fn drawn(&self) -> Drawn {
        match self {
            Self::Content => Drawn::Content,
            _ => Drawn::Random,
        }
    }

    /// The key of all entries, where there is one.
    pub(super) fn fixed(&self) -> Option<String> {
        match self {
            Self::Fixed(key) => Some(key.clone()),
            // A key must be there; the explicit hash decides.
            Self::Hash(_) => Some("a".to_owned()),
            _ => None,
        }
    }

    /// The key of the record that `about` tells of, unless it is drawn for the entry.
    pub(super) fn of(&self, about: &About) -> Option<String> {
        match self {
            Self::Acl => Some(cut(&about.acl)),
            Self::Client => Some(cut(&about.client)),
            _ => self.fixed(),
        }
    }

    pub(super) fn hash(&self) -> Option<u128> {
        match self {
            Self::Hash(hash) => Some(*hash),
            _ => None,
        }
    }
}

fn cut(text: &str) -> String {
    match text {
        "" => "-".to_owned(),
        text => text[..text.floor_char_boundary(MAX_KEY_BYTES)].to_owned(),
    }
}

/// What of a record matters to how it is carried.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    pub(super) acl: String,
    pub(super) client: String,
    pub(super) timestamp_ms: u64,
}

impl About {
    /// What `line` says; nothing where it is no record.
    pub(super) fn read(line: &[u8]) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Record {
            webacl_id: String,
            timestamp: u64,
            http_request: Request,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Request {
            #[serde(default)]
            client_ip: String,
        }
        let record: Result<Record, _> = serde_json::from_slice(line);
        record.map_or_else(
            |_| Self::default(),
            |record| Self {
                acl: record.webacl_id,
                client: record.http_request.client_ip,
                timestamp_ms: record.timestamp,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_understood() {
        for (text, expected) in [
            ("content", Key::Content),
            ("random", Key::Random),
            ("acl", Key::Acl),
            ("client", Key::Client),
            ("fixed=a=b", Key::Fixed("a=b".to_owned())),
            ("hash=0", Key::Hash(0)),
            (
                "hash=340282366920938463463374607431768211455",
                Key::Hash(u128::MAX),
            ),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        let long = format!("fixed={}", "x".repeat(257));
        for text in [
            "", "fixed=", "fixed", "hash=", "hash=-1", "hash=x", "ACL", &long,
        ] {
            assert_eq!(text.parse::<Key>(), Err(InvalidKey), "{text}");
        }
    }

    #[test]
    fn keys_of_records_are_never_empty_and_never_too_long() {
        let about = About {
            acl: "ä".repeat(200),
            ..About::default()
        };
        let key = Key::Acl.of(&about).expect("of the record");
        assert_eq!(key, "ä".repeat(128));
        assert_eq!(Key::Client.of(&about).as_deref(), Some("-"));
        assert_eq!(About::read(b"nonsense"), About::default());
    }
}
