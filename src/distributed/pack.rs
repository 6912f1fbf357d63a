//! Knows packed records again.
//!
//! A producer that gets no answer sends the same bytes again, and the stream then holds them twice.
//! The forwarder names what it packs by its content, in the partition key, so that a shard can tell.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::store::dynamodb::PackIds;

/// How the partition keys of packed records begin; 32 hexadecimal digits follow.
pub const PARTITION_KEY_PREFIX: &str = "wafwatch-";

/// Packed records that a shard remembers.
pub const REMEMBERED: usize = 128;

/// Bytes of the digest that the partition key shows.
const SHOWN_BYTES: usize = 16;

/// The partition key of packed `bytes`.
#[must_use]
pub fn partition_key(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut key = PARTITION_KEY_PREFIX.to_owned();
    for byte in digest.iter().take(SHOWN_BYTES) {
        // Writing to a text cannot fail.
        let _ = write!(key, "{byte:02x}");
    }
    key
}

/// What a shard remembers of a packed record; nothing where the record is none, or where its key is
/// not that of its content: then it says nothing about having been seen.
#[must_use]
pub fn id(key: &str, bytes: &[u8]) -> Option<u64> {
    if !key.starts_with(PARTITION_KEY_PREFIX) || key != partition_key(bytes) {
        return None;
    }
    let digest = Sha256::digest(bytes);
    let (first, _) = digest.split_first_chunk::<8>()?;
    Some(u64::from_be_bytes(*first))
}

/// Remembers `id`, and forgets the oldest beyond [`REMEMBERED`].
pub(super) fn remember(packs: &mut PackIds, id: u64) {
    packs.push(id);
    let excess = packs.len().saturating_sub(REMEMBERED);
    packs.drain(..excess);
}

/// What the child of shards that remember `parents` remembers: a duplicate of what one of them
/// counted last may come in the child.
#[must_use]
pub fn inherited<'a>(parents: impl Iterator<Item = &'a PackIds> + Clone) -> PackIds {
    let share = REMEMBERED / parents.clone().count().max(1);
    let newest = |packs: &'a PackIds| {
        let excess = packs.len().saturating_sub(share);
        packs.iter().skip(excess).copied()
    };
    parents.flat_map(newest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_by_its_content_has_an_id() {
        let key = partition_key(b"records");
        assert_eq!(key.len(), PARTITION_KEY_PREFIX.len() + 32);
        assert!(id(&key, b"records").is_some());
        assert_eq!(id(&key, b"other records"), None);
        assert_eq!(id("wafwatch-", b"records"), None);
        assert_eq!(id("random", b"records"), None);
        assert_ne!(
            id(&partition_key(b"a"), b"a"),
            id(&partition_key(b"b"), b"b")
        );
    }

    #[test]
    fn the_newest_are_remembered_and_inherited() {
        let mut packs = PackIds::new();
        for id in 0..200 {
            remember(&mut packs, id);
        }
        assert_eq!((packs.len(), packs[0]), (REMEMBERED, 72));
        assert_eq!(inherited([&packs].into_iter()), packs);
        let merged = inherited([&packs, &vec![7]].into_iter());
        assert_eq!((merged.len(), merged[0], merged[64]), (65, 136, 7));
        assert_eq!(inherited([].into_iter()), PackIds::new());
    }
}
