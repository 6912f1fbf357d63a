//! Counting: a shard's counts and the state behind them, in one transaction.

use std::collections::BTreeSet;

use super::partials::add_bundles;
use super::transact::{Condition, Writes, too_large};
use super::{Commit, DynamoStore, MAX_COMMIT_BYTES, MAX_COMMIT_WINDOWS, shards};
use crate::store::StoreError;

impl DynamoStore {
    /// Writes a shard's counts and its state, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where the stored commits are not the expected ones: another
    /// function counts this shard. [`StoreError::TooLarge`] beyond the limits of a commit, before
    /// anything is sent. Otherwise when the table cannot be written.
    pub async fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        check(commit)?;
        let Commit {
            shard,
            expected_commits,
            state,
            partials,
        } = commit;
        let mut writes = Writes::default();
        writes.put(
            shards::encode(shard, state),
            Condition::counter(shards::COMMITS, *expected_commits),
            format!("the checkpoint of {shard}"),
        );
        add_bundles(&mut writes, shard, state.commits, partials, state.updated);
        self.transact(writes).await
    }
}

fn check(commit: &Commit) -> Result<(), StoreError> {
    let what = || format!("a commit of {}", commit.shard);
    let partials = &commit.partials;
    let windows: BTreeSet<_> = partials.iter().map(|one| one.window.start).collect();
    if windows.len() > MAX_COMMIT_WINDOWS {
        let limit = MAX_COMMIT_WINDOWS;
        return Err(too_large(&what(), windows.len(), limit, "windows"));
    }
    let bytes = partials.iter().map(|one| one.encoded.len()).sum();
    if bytes > MAX_COMMIT_BYTES {
        return Err(too_large(&what(), bytes, MAX_COMMIT_BYTES, "bytes"));
    }
    Ok(())
}
