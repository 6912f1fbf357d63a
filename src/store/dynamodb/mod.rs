//! Keeps everything in one DynamoDB table, for many functions at once.
//!
//! | `pk` | `sk` | what |
//! | --- | --- | --- |
//! | `META` | `SEED` | the deployment's seed |
//! | `SHARDS` | shard | how far it is counted; `commits` numbers its commits |
//! | `PARTIALS#<start>` | `<shard>#<commit>#<piece>` | a bundle: the counts of one commit in one window |
//! | `ACLS` | ACL | its head; `version` numbers its closings |
//! | `ACL#<acl>` | `STATE` | detector, open incident |
//! | `ACL#<acl>` | `CONFIGURATION` | what was seen of its configuration |
//! | `ACL#<acl>` | `WINDOW#<start>` | a closed window; `revision` numbers its amendments |
//! | `ACL#<acl>` | `PIECE#<start>#<piece>` | what of a window does not fit its item |
//! | `ACL#<acl>` | `INCIDENT#<id>` | an incident |
//! | `MARKS` | incident | what was said of it |
//! | `SETTLED` | start | the commits that every ACL's window contains |
//! | `OUTBOX` | event id | an event that waits |
//! | `EVENT#<event id>` | `EVENT` | an event that waits no more |
//!
//! **Exactness.** A [commit](DynamoStore::commit) is one transaction: the shard's state, on the
//! condition that `commits` is what was read, and the bundles. So a bundle is there if and only if
//! its number was reached, has one writer, and is never changed. A closed window remembers
//! `consumed`, the last commit of each shard that is in it; whatever has a higher number is late.
//! Nothing has to be deleted for counts to be counted once: bundles, settled marks and, by the
//! retention, windows and events carry `expires` and go by themselves, for free.
//!
//! **Conflicts.** Every conditional write is a transaction with a token, sent again with the same
//! token by the SDK and here, so that an answer that was lost after success is no conflict.
//! [`StoreError::Conflict`] therefore means somebody else: read again. Load and meeting
//! transactions are waited out for [`DynamoStore::with_patience`], ten seconds unless told.
//!
//! **Sizes.** Items stay under 390,000 bytes, transactions under 3 MB and 100 items, checked before
//! they are sent: bundles and summaries are split, the rest is [`StoreError::TooLarge`].

mod acls;
mod call;
mod close;
mod commit;
mod configuration;
mod items;
mod keys;
mod marks;
mod outbox;
mod packing;
mod partials;
mod read;
mod settled;
mod shards;
pub mod table;
mod transact;
mod values;
mod windows;

use std::time::Duration;

use aws_sdk_dynamodb::Client;

pub use keys::{OUTBOX, PARTITION, SORT};
pub use values::{
    AclHead, Amendment, ClosingCommit, Commit, CommitNumbers, CommittedPartial,
    MAX_CLOSING_WINDOWS, MAX_COMMIT_BYTES, MAX_COMMIT_WINDOWS, PackIds, PendingDelivery,
    PendingEvent, ShardState, StoredWindow,
};

#[cfg(doc)]
use crate::store::StoreError;

/// The table.
#[derive(Debug, Clone)]
pub struct DynamoStore {
    client: Client,
    table: String,
    retention_days: u32,
    patience: Duration,
}

impl DynamoStore {
    /// The store in `table`; closed windows, resolved incidents and settled events are kept
    /// `retention_days`.
    #[must_use]
    pub fn new(client: Client, table: String, retention_days: u32) -> Self {
        Self {
            client,
            table,
            retention_days,
            patience: call::PATIENCE,
        }
    }

    /// The same, which tries calls again for another time while the table is busy.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The table's name.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }
}
