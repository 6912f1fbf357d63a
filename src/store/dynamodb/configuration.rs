//! What was seen of Web ACLs' configurations.
//!
//! Two functions that look at once keep the same, up to seconds; so whoever writes last may.

use super::DynamoStore;
use super::items::{Attributes, Item, Stored};
use super::keys::Key;
use super::transact::{Condition, Writes};
use crate::investigate::surroundings::ConfigurationHistory;
use crate::store::StoreError;

const HISTORY: &str = "history";

impl DynamoStore {
    /// What was seen of a Web ACL's configuration, if anything.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn configuration_history(
        &self,
        acl: &str,
    ) -> Result<Option<ConfigurationHistory>, StoreError> {
        let item = self.get(Key::configuration(acl)).await?;
        item.as_ref().map(decode).transpose()
    }

    /// Keeps what was seen of a Web ACL's configuration, for as long as windows are kept.
    ///
    /// # Errors
    ///
    /// When the table cannot be written.
    pub async fn keep_configuration(
        &self,
        acl: &str,
        history: &ConfigurationHistory,
    ) -> Result<(), StoreError> {
        let item = Item::new(Key::configuration(acl))
            .json(HISTORY, history)
            .expiring(history.latest.last, self.retention_days);
        let mut writes = Writes::default();
        writes.put(item, Condition::Any, "the configuration of an ACL");
        self.transact(writes).await
    }
}

fn decode(item: &Attributes) -> Result<ConfigurationHistory, StoreError> {
    Stored::new("configuration of an ACL", item).json(HISTORY)
}
