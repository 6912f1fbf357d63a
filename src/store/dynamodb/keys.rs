//! The keys of the table: who lives where.
//!
//! Times in keys are milliseconds since the epoch, padded so that keys sort as the times do.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};
use wafwatch_windows::time::EventTime;

use super::read::Range;

/// Name of the partition key.
pub const PARTITION: &str = "pk";
/// Name of the sort key.
pub const SORT: &str = "sk";

/// Partition of the events that wait; the table's stream is filtered by it.
pub const OUTBOX: &str = "OUTBOX";
pub(super) const SHARDS: &str = "SHARDS";
pub(super) const ACLS: &str = "ACLS";
pub(super) const SETTLED: &str = "SETTLED";
pub(super) const MARKS: &str = "MARKS";

/// What a sort key may be at most.
const MAX_SORT_BYTES: usize = 1_024;
/// ACL names up to this length are keys as they are.
const LONGEST_NAME: usize = 400;

/// The key of one item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) partition: String,
    pub(super) sort: String,
}

impl Key {
    pub(super) fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self {
            partition: partition.into(),
            sort: sort.into(),
        }
    }

    /// The deployment's seed.
    pub(super) fn seed() -> Self {
        Self::new("META", "SEED")
    }

    pub(super) fn shard(shard: &str) -> Self {
        Self::new(SHARDS, shard)
    }

    /// The `piece`th bundle of a commit's counts in the window that starts at `start`.
    pub(super) fn bundle(start: EventTime, shard: &str, commit: u64, piece: usize) -> Self {
        Self::new(bundles(start), format!("{shard}#{commit:020}#{piece:03}"))
    }

    pub(super) fn head(acl: &str) -> Self {
        Self::new(ACLS, name_of(acl))
    }

    pub(super) fn state(acl: &str) -> Self {
        Self::new(of_acl(acl), "STATE")
    }

    /// What was seen of an ACL's configuration.
    pub(super) fn configuration(acl: &str) -> Self {
        Self::new(of_acl(acl), "CONFIGURATION")
    }

    pub(super) fn window(acl: &str, start: EventTime) -> Self {
        Self::new(of_acl(acl), window_sort(start))
    }

    /// What of a window does not fit its own item; outside the range of `WINDOW#` keys, so that
    /// windows are read without it.
    pub(super) fn window_piece(acl: &str, start: EventTime, piece: usize) -> Self {
        Self::new(
            of_acl(acl),
            format!("{}{piece:03}", window_pieces_prefix(start)),
        )
    }

    pub(super) fn incident(acl: &str, incident: &str) -> Self {
        Self::new(of_acl(acl), format!("INCIDENT#{incident}"))
    }

    pub(super) fn settled(start: EventTime) -> Self {
        Self::new(SETTLED, padded(start))
    }

    /// What was said of an incident.
    pub(super) fn mark(incident: &str) -> Self {
        Self::new(MARKS, incident)
    }

    pub(super) fn pending_event(event: &str) -> Self {
        Self::new(OUTBOX, event)
    }

    pub(super) fn settled_event(event: &str) -> Self {
        Self::new(format!("EVENT#{event}"), "EVENT")
    }

    /// Whether DynamoDB takes it; what it takes of a partition key is twice as long.
    pub(super) fn is_too_long(&self) -> bool {
        self.sort.len() > MAX_SORT_BYTES || self.partition.len() > 2 * MAX_SORT_BYTES
    }

    pub(super) fn into_attributes(self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PARTITION.to_owned(), AttributeValue::S(self.partition)),
            (SORT.to_owned(), AttributeValue::S(self.sort)),
        ])
    }
}

/// The partition of an ACL's state, windows and incidents.
pub(super) fn of_acl(acl: &str) -> String {
    format!("ACL#{}", name_of(acl))
}

/// An ACL's name in keys. ARNs are shorter than [`LONGEST_NAME`]; logs may say anything.
fn name_of(acl: &str) -> Cow<'_, str> {
    if acl.len() <= LONGEST_NAME {
        return Cow::Borrowed(acl);
    }
    let beginning = &acl[..acl.floor_char_boundary(LONGEST_NAME)];
    let mut name = format!("{beginning}…#");
    for byte in Sha256::digest(acl) {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    Cow::Owned(name)
}

/// The partition of the bundles of the window that starts at `start`.
pub(super) fn bundles(start: EventTime) -> String {
    format!("PARTIALS#{}", padded(start))
}

/// The bundles of the commits of `shard` from number `first` to `last`.
pub(super) fn bundle_range(shard: &str, first: u64, last: u64) -> Range {
    // Digits sort before the tilde.
    Range::Between(
        format!("{shard}#{first:020}#"),
        format!("{shard}#{last:020}#~"),
    )
}

pub(super) fn window_sort(start: EventTime) -> String {
    format!("WINDOW#{}", padded(start))
}

pub(super) fn window_pieces_prefix(start: EventTime) -> String {
    format!("PIECE#{}#", padded(start))
}

/// Shard and commit number of a bundle's sort key.
pub(super) fn parse_bundle(sort: &str) -> Option<(&str, u64)> {
    // From the end: a shard may be called anything.
    let mut fields = sort.rsplitn(3, '#');
    let _piece: usize = fields.next()?.parse().ok()?;
    let commit = fields.next()?.parse().ok()?;
    Some((fields.next()?, commit))
}

/// A time as a key: times before the epoch, which no WAF writes, sort before it too.
pub(super) fn padded(time: EventTime) -> String {
    if time.0 >= 0 {
        return format!("{:019}", time.0);
    }
    format!("-{:019}", time.0.wrapping_sub(i64::MIN))
}

pub(super) fn parse_padded(text: &str) -> Option<EventTime> {
    if let Some(offset) = text.strip_prefix('-') {
        let offset: i64 = offset.parse().ok()?;
        return Some(EventTime(i64::MIN.checked_add(offset)?));
    }
    text.parse().ok().map(EventTime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sort_as_keys_and_come_back() {
        let times = [i64::MIN, -60_000, -1, 0, 1, 1_750_000_000_000, i64::MAX];
        let keys: Vec<String> = times.map(|time| padded(EventTime(time))).to_vec();
        assert!(keys.is_sorted(), "{keys:?}");
        for (time, key) in times.iter().zip(&keys) {
            assert_eq!(parse_padded(key), Some(EventTime(*time)), "{key}");
        }
        assert_eq!(parse_padded("x"), None);
        assert_eq!(parse_padded("--1"), None);
    }

    #[test]
    fn bundles_tell_their_shard_whatever_it_is_called() {
        for shard in ["shardId-000000000003", "a#b", ""] {
            let key = Key::bundle(EventTime(60_000), shard, 17, 2);
            assert_eq!(parse_bundle(&key.sort), Some((shard, 17)));
        }
        let of = |commit| Key::bundle(EventTime(0), "s", commit, 0).sort;
        assert!(of(9) < of(10));
        for damaged in ["", "s", "s#1", "s#x#000", "s#1#x"] {
            assert_eq!(parse_bundle(damaged), None, "{damaged}");
        }
    }

    #[test]
    fn keys_that_dynamodb_refuses_are_known() {
        assert!(!Key::shard(&"a".repeat(1_024)).is_too_long());
        assert!(Key::shard(&"a".repeat(1_025)).is_too_long());
        assert!(Key::settled_event(&"a".repeat(2_048)).is_too_long());
    }

    #[test]
    fn acls_of_any_name_have_keys_of_their_own() {
        let arn = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/shop/1";
        assert_eq!(Key::head(arn).sort, arn);
        let long = |end| format!("{}{end}", "ä".repeat(1_000));
        let (one, other) = (Key::head(&long("1")), Key::head(&long("2")));
        assert_ne!(one, other);
        assert!(!one.is_too_long());
        assert!(!Key::state(&long("1")).is_too_long());
    }
}
