//! Bundles: the counts of one commit in one window, for all its ACLs.
//!
//! A bundle is written once, by the commit that its key names, and never deleted: what a closed
//! window contains is remembered by commit number, and the table forgets bundles by itself.

use std::collections::BTreeMap;

use wafwatch_windows::time::{EventTime, Window};

use super::items::{Attributes, Item, Stored};
use super::keys::{self, Key, SORT};
use super::read::Range;
use super::transact::{Condition, Writes};
use super::{CommitNumbers, CommittedPartial, DynamoStore};
use crate::store::{StoreError, StoredPartial};

/// Days after which a bundle is deleted: longer than a stream keeps records by default, and than
/// anything waits for a window to close.
const KEPT_DAYS: u32 = 14;
/// Bytes of a bundle that go into one item.
const PIECE_BYTES: usize = 340_000;

/// Encoded partials by ACL.
type Bundle<'a> = Vec<(&'a str, &'a [u8])>;

/// Adds the bundles of commit number `commit`.
pub(super) fn add_bundles(
    writes: &mut Writes,
    shard: &str,
    commit: u64,
    partials: &[StoredPartial],
    now: EventTime,
) {
    let mut windows: BTreeMap<EventTime, Bundle<'_>> = BTreeMap::new();
    for partial in partials {
        let bundle = windows.entry(partial.window.start).or_default();
        bundle.push((&partial.acl, &partial.encoded));
    }
    for (start, bundle) in windows {
        // Partials are compressed already.
        let bytes = postcard::to_stdvec(&bundle).expect("sequences of known length always encode");
        let pieces: Vec<&[u8]> = bytes.chunks(PIECE_BYTES).collect();
        for (number, piece) in pieces.iter().enumerate() {
            let item = Item::new(Key::bundle(start, shard, commit, number))
                .number("pieces", pieces.len())
                .bytes("partials", piece.to_vec())
                .expiring(now, KEPT_DAYS);
            // No other commit has this number; were it to happen, nothing may be overwritten.
            let what = format!("commit {commit} of {shard}");
            writes.put(item, Condition::Absent, what);
        }
    }
}

impl DynamoStore {
    /// The counts that were committed of `window`, by ACL, in the order of shard and commit number.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn window_partials(
        &self,
        window: Window,
    ) -> Result<BTreeMap<String, Vec<CommittedPartial>>, StoreError> {
        let items = self.items(&keys::bundles(window.start), Range::All).await?;
        by_acl(&items)
    }

    /// The same of the commits that are numbered behind `contained` and up to `numbers`, shard by
    /// shard. All of them are there as a whole where the numbers were read before.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn partials_between(
        &self,
        window: Window,
        contained: &CommitNumbers,
        numbers: &CommitNumbers,
    ) -> Result<BTreeMap<String, Vec<CommittedPartial>>, StoreError> {
        let mut items = Vec::new();
        for (shard, last) in numbers {
            let before = contained.get(shard).copied().unwrap_or(0);
            if before >= *last {
                continue;
            }
            let range = keys::bundle_range(shard, before + 1, *last);
            items.extend(self.items(&keys::bundles(window.start), range).await?);
        }
        by_acl(&items)
    }
}

fn by_acl(items: &[Attributes]) -> Result<BTreeMap<String, Vec<CommittedPartial>>, StoreError> {
    let mut bundles: BTreeMap<(&str, u64), Vec<Stored<'_>>> = BTreeMap::new();
    for item in items {
        let stored = Stored::new("bundle of counts", item);
        let commit = keys::parse_bundle(stored.text(SORT)?);
        let commit = commit.ok_or_else(|| stored.damaged(SORT, "names no commit"))?;
        bundles.entry(commit).or_default().push(stored);
    }
    let mut by_acl: BTreeMap<String, Vec<CommittedPartial>> = BTreeMap::new();
    for ((shard, commit), pieces) in bundles {
        for (acl, encoded) in decode(&pieces)? {
            let partial = CommittedPartial {
                shard: shard.to_owned(),
                commit,
                acl: acl.clone(),
                encoded,
            };
            by_acl.entry(acl).or_default().push(partial);
        }
    }
    Ok(by_acl)
}

/// Puts a bundle together from its pieces, which come in the order of their keys.
fn decode(pieces: &[Stored<'_>]) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let mut bytes = Vec::new();
    for piece in pieces {
        let count: usize = piece.number("pieces")?;
        if count != pieces.len() {
            let reason = format!("says {count}, and {} are there", pieces.len());
            return Err(piece.damaged("pieces", reason));
        }
        bytes.extend_from_slice(piece.bytes("partials")?);
    }
    postcard::from_bytes(&bytes).map_err(|error| pieces[0].damaged("partials", error))
}
