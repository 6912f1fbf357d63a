//! Windows that are done, and the deployment's seed: small marks that many functions share.

use std::collections::BTreeMap;

use wafwatch_windows::time::EventTime;

use super::items::{Item, Stored};
use super::keys::{self, Key, SORT};
use super::read::Range;
use super::transact::{Condition, Writes};
use super::{CommitNumbers, DynamoStore};
use crate::store::StoreError;

/// Days that a mark is kept: as long as the bundles that it speaks of.
const KEPT_DAYS: u32 = 14;

impl DynamoStore {
    /// The deployment's seed for all hashing: `proposed` where none is kept yet.
    ///
    /// # Errors
    ///
    /// When the table cannot be read or written.
    pub async fn seed(&self, proposed: u64) -> Result<u64, StoreError> {
        if let Some(seed) = self.stored_seed().await? {
            return Ok(seed);
        }
        let mut writes = Writes::default();
        let item = Item::new(Key::seed()).number("seed", proposed);
        writes.put(item, Condition::Absent, "the seed");
        match self.transact(writes).await {
            Ok(()) => Ok(proposed),
            // Another function was first.
            Err(error) if error.is_conflict() => self.stored_seed().await?.ok_or(error),
            Err(error) => Err(error),
        }
    }

    async fn stored_seed(&self) -> Result<Option<u64>, StoreError> {
        let item = self.get(Key::seed()).await?;
        item.map(|item| Stored::new("seed", &item).number("seed"))
            .transpose()
    }

    /// Windows from `from` on whose ACLs are all closed or amended, with the commits they contain.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn settled(
        &self,
        from: EventTime,
    ) -> Result<BTreeMap<EventTime, CommitNumbers>, StoreError> {
        let range = Range::From(keys::padded(from));
        let items = self.items(keys::SETTLED, range).await?;
        let settled = items.iter().map(|item| {
            let stored = Stored::new("mark of a settled window", item);
            let start = keys::parse_padded(stored.text(SORT)?);
            let start = start.ok_or_else(|| stored.damaged(SORT, "is no time"))?;
            Ok((start, stored.compact("consumed")?))
        });
        settled.collect()
    }

    /// Says that all ACLs of the window that starts at `start` contain `consumed`.
    ///
    /// # Errors
    ///
    /// When the table cannot be written.
    pub async fn set_settled(
        &self,
        start: EventTime,
        consumed: &CommitNumbers,
        now: EventTime,
    ) -> Result<(), StoreError> {
        let item = Item::new(Key::settled(start))
            .compact("consumed", consumed)
            .expiring(now, KEPT_DAYS);
        let item = item.into_attributes();
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item));
        self.read("PutItem", || request.clone().send()).await?;
        Ok(())
    }
}
