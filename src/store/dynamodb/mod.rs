//! Keeps everything in one DynamoDB table, for many functions at once.
//!
//! (contract; the owner of this folder writes the real module docs: the key design with its reasons)

mod values;

use aws_sdk_dynamodb::Client;
use std::collections::BTreeMap;
use wafwatch_windows::summary::Summary;
use wafwatch_windows::time::{EventTime, Window};

pub use values::{
    AclHead, Amendment, ClosingCommit, Commit, CommitNumbers, CommittedPartial,
    MAX_CLOSING_WINDOWS, MAX_COMMIT_BYTES, MAX_COMMIT_WINDOWS, PackIds, PendingDelivery,
    PendingEvent, ShardState, StoredWindow,
};

use crate::store::{AclState, Delivery, Explanation, StoreError};

/// The table.
#[derive(Debug, Clone)]
pub struct DynamoStore {
    client: Client,
    table: String,
    retention_days: u32,
}

impl DynamoStore {
    /// The store in `table`; closed windows, incidents and settled events are kept `retention_days`.
    #[must_use]
    pub fn new(client: Client, table: String, retention_days: u32) -> Self {
        Self {
            client,
            table,
            retention_days,
        }
    }
    /// The deployment's seed for all hashing: `proposed` where none is kept yet.
    pub async fn seed(&self, proposed: u64) -> Result<u64, StoreError> {
        unimplemented!()
    }
    /// One shard's state (strongly consistent, as all reads here).
    pub async fn shard(&self, shard: &str) -> Result<Option<ShardState>, StoreError> {
        unimplemented!()
    }
    /// Every shard's state.
    pub async fn shards(&self) -> Result<BTreeMap<String, ShardState>, StoreError> {
        unimplemented!()
    }
    /// Every ACL's head.
    pub async fn heads(&self) -> Result<BTreeMap<String, AclHead>, StoreError> {
        unimplemented!()
    }
    /// One ACL's whole state; `None` before its first closed window.
    pub async fn acl_state(&self, acl: &str) -> Result<Option<AclState>, StoreError> {
        unimplemented!()
    }
    /// The counts that were committed of `window`, by ACL, in the order of shard and commit number.
    pub async fn window_partials(
        &self,
        window: Window,
    ) -> Result<BTreeMap<String, Vec<CommittedPartial>>, StoreError> {
        unimplemented!()
    }
    /// One closed window.
    pub async fn window(
        &self,
        acl: &str,
        window: Window,
    ) -> Result<Option<StoredWindow>, StoreError> {
        unimplemented!()
    }
    /// Closed windows of `acl` that start in `[from, until)`, oldest first, at most `limit`, the newest where there are more.
    pub async fn windows_between(
        &self,
        acl: &str,
        from: EventTime,
        until: EventTime,
        limit: usize,
    ) -> Result<Vec<Summary>, StoreError> {
        unimplemented!()
    }
    /// Windows from `from` on whose ACLs are all closed or amended, with the commits they contain.
    pub async fn settled(
        &self,
        from: EventTime,
    ) -> Result<BTreeMap<EventTime, CommitNumbers>, StoreError> {
        unimplemented!()
    }
    /// Says that all ACLs of the window that starts at `start` contain `consumed`.
    pub async fn set_settled(
        &self,
        start: EventTime,
        consumed: &CommitNumbers,
        now: EventTime,
    ) -> Result<(), StoreError> {
        unimplemented!()
    }
    /// Writes a shard's counts and its state, whole or not at all. `StoreError::Conflict` where the stored commits are not the expected ones.
    pub async fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        unimplemented!()
    }
    /// Closes windows, whole or not at all. `Conflict` where the ACL's version is not the expected one.
    pub async fn close(&self, closing: &ClosingCommit) -> Result<(), StoreError> {
        unimplemented!()
    }
    /// Amends a closed window. `Conflict` where its revision is not the expected one.
    pub async fn amend(&self, amendment: &Amendment) -> Result<(), StoreError> {
        unimplemented!()
    }
    /// Events that wait, oldest first, at most `limit`.
    pub async fn pending_events(&self, limit: usize) -> Result<Vec<PendingEvent>, StoreError> {
        unimplemented!()
    }
    /// One event that waits.
    pub async fn pending_event(&self, id: &str) -> Result<Option<PendingEvent>, StoreError> {
        unimplemented!()
    }
    /// Keeps the explanation of an event, unless it has one; returns the one that stands.
    pub async fn set_explanation(
        &self,
        id: &str,
        explanation: &Explanation,
    ) -> Result<Explanation, StoreError> {
        unimplemented!()
    }
    /// Records how a delivery ended.
    pub async fn record_delivery(
        &self,
        id: &str,
        channel: &str,
        delivery: &Delivery,
    ) -> Result<(), StoreError> {
        unimplemented!()
    }
    /// Takes an event out of the outbox, into the history, if every one of `channels` is settled; tells whether it was.
    pub async fn settle_event(
        &self,
        id: &str,
        channels: &[String],
        now: EventTime,
    ) -> Result<bool, StoreError> {
        unimplemented!()
    }
}
