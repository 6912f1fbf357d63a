//! Knows packed records again.
//!
//! A producer that gets no answer sends the same bytes again, and the stream then holds them twice.
//! The forwarder names what it packs by its content, in the partition key, so that a shard can tell.

use crate::forward::{pack_id, partition_key};
use crate::store::dynamodb::PackIds;

/// Packed records that a shard remembers.
pub const REMEMBERED: usize = 128;

/// What a shard remembers of a packed record; nothing where the record is none, or where its key is
/// not that of its content: then it says nothing about having been seen.
#[must_use]
pub fn id(key: &str, bytes: &[u8]) -> Option<u64> {
    pack_id(key).filter(|_| key == partition_key(bytes))
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
pub fn inherited(parents: &[&PackIds]) -> PackIds {
    let share = REMEMBERED / parents.len().max(1);
    let newest = |packs: &&PackIds| {
        let excess = packs.len().saturating_sub(share);
        packs[excess..].to_vec()
    };
    parents.iter().flat_map(newest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_by_its_content_has_an_id() {
        let key = partition_key(b"records");
        assert!(id(&key, b"records").is_some());
        assert_eq!(id(&key, b"other records"), None);
        assert_eq!(id("random", b"records"), None);
    }

    #[test]
    fn the_newest_are_remembered_and_inherited() {
        let mut packs = PackIds::new();
        for id in 0..200 {
            remember(&mut packs, id);
        }
        assert_eq!((packs.len(), packs[0]), (REMEMBERED, 72));
        assert_eq!(inherited(&[&packs]), packs);
        let merged = inherited(&[&packs, &vec![7]]);
        assert_eq!((merged.len(), merged[0], merged[64]), (65, 136, 7));
        assert_eq!(inherited(&[]), PackIds::new());
    }
}
