//! What was seen of Web ACLs' configurations.

use rusqlite::{OptionalExtension, params};

use super::{SqliteStore, from_json, to_json};
use crate::investigate::surroundings::ConfigurationHistory;
use crate::store::StoreError;

/// Stores of earlier versions come without it.
pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS configurations (
         acl     TEXT PRIMARY KEY,
         last    INTEGER NOT NULL, -- when it was looked at last
         history TEXT NOT NULL     -- JSON: the newest configuration, and the one before it
     ) WITHOUT ROWID";

impl SqliteStore {
    /// What was seen of a Web ACL's configuration, if anything.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn configuration_history(
        &self,
        acl: &str,
    ) -> Result<Option<ConfigurationHistory>, StoreError> {
        let query = "SELECT history FROM configurations WHERE acl = ?1";
        let text: Option<String> = self
            .connection
            .query_row(query, [acl], |row| row.get(0))
            .optional()
            .map_err(|error| StoreError::from(error).of(&self.path))?;
        text.map(|text| from_json("configuration of an ACL", &text))
            .transpose()
    }

    /// Keeps what was seen of a Web ACL's configuration.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn keep_configuration(
        &self,
        acl: &str,
        history: &ConfigurationHistory,
    ) -> Result<(), StoreError> {
        let kept = self.connection.execute(
            "INSERT OR REPLACE INTO configurations VALUES (?1, ?2, ?3)",
            params![acl, history.latest.last.0, to_json(history)],
        );
        kept.map_err(|error| StoreError::from(error).of(&self.path))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wafwatch_windows::time::{EventTime, WindowSize};

    use super::*;
    use crate::investigate::surroundings::{AclConfiguration, Action, Logging};

    #[test]
    fn what_was_seen_last_is_kept_until_it_is_old() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        let mut store = SqliteStore::open(&path, WindowSize::DEFAULT).expect("opens");
        assert_eq!(store.configuration_history("shop").expect("reads"), None);
        let mut history = None;
        for (action, now) in [(Action::Allow, 1), (Action::Block, 2)] {
            let configuration = AclConfiguration::new(action, Vec::new(), Logging::Off);
            let next = ConfigurationHistory::with(history, configuration, EventTime(now));
            store.keep_configuration("shop", &next).expect("keeps");
            history = Some(next);
        }
        let other = store.reopen().expect("opens");
        assert_eq!(other.configuration_history("shop").expect("reads"), history);
        store.prune(EventTime(1)).expect("prunes");
        assert_eq!(store.configuration_history("shop").expect("reads"), history);
        store.prune(EventTime(2)).expect("prunes");
        assert_eq!(store.configuration_history("shop").expect("reads"), None);
    }

    #[test]
    fn a_store_of_an_earlier_version_gets_the_table() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        let store = SqliteStore::open(&path, WindowSize::DEFAULT).expect("opens");
        let dropped = store.connection.execute("DROP TABLE configurations", []);
        dropped.expect("drops");
        drop(store);
        let store = SqliteStore::open(&path, WindowSize::DEFAULT).expect("opens");
        assert_eq!(store.configuration_history("shop").expect("reads"), None);
    }
}
