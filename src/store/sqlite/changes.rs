//! Which windows and incidents changed, in the order in which they did.
//!
//! Triggers keep it, so that nothing that writes can forget to: the pipeline, the explainer, and
//! `wafwatch incidents mark` in another process. Each window and incident has one row, which moves to
//! the end with every change; so the list is as long as what the store holds, and whoever was away for
//! long finds each change once.

use rusqlite::params;
use wafwatch_windows::time::EventTime;

use super::{SqliteStore, has_table, to_limit};
use crate::store::StoreError;

/// Stores of earlier versions come without them.
///
/// Deleting before inserting holds under whatever conflict clause the triggering statement has, which
/// would override one here.
pub(super) const TABLES: &str = "CREATE TABLE IF NOT EXISTS window_changes (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    acl      TEXT NOT NULL,
    start    INTEGER NOT NULL,
    UNIQUE (acl, start)
);
CREATE TABLE IF NOT EXISTS incident_changes (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    incident TEXT NOT NULL UNIQUE
);
CREATE TRIGGER IF NOT EXISTS window_changed AFTER INSERT ON windows BEGIN
    DELETE FROM window_changes WHERE acl = new.acl AND start = new.start;
    INSERT INTO window_changes (acl, start) VALUES (new.acl, new.start);
END;
CREATE TRIGGER IF NOT EXISTS window_deleted AFTER DELETE ON windows BEGIN
    DELETE FROM window_changes WHERE acl = old.acl AND start = old.start;
END;
CREATE TRIGGER IF NOT EXISTS incident_changed AFTER INSERT ON incidents BEGIN
    DELETE FROM incident_changes WHERE incident = new.id;
    INSERT INTO incident_changes (incident) VALUES (new.id);
END;
CREATE TRIGGER IF NOT EXISTS incident_deleted AFTER DELETE ON incidents BEGIN
    DELETE FROM incident_changes WHERE incident = old.id;
END;
CREATE TRIGGER IF NOT EXISTS incident_explained AFTER UPDATE OF explanation ON events BEGIN
    DELETE FROM incident_changes WHERE incident = new.incident;
    INSERT INTO incident_changes (incident) VALUES (new.incident);
END;
CREATE TRIGGER IF NOT EXISTS incident_marked AFTER INSERT ON marks BEGIN
    DELETE FROM incident_changes WHERE incident = new.incident;
    INSERT INTO incident_changes (incident) VALUES (new.incident);
END;
CREATE TRIGGER IF NOT EXISTS incident_unmarked AFTER DELETE ON marks BEGIN
    DELETE FROM incident_changes WHERE incident = old.incident;
    INSERT INTO incident_changes (incident) VALUES (old.incident);
END;
INSERT OR IGNORE INTO meta VALUES ('identity', lower(hex(randomblob(8))));";

/// How far somebody has followed a store's changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Revision {
    /// The newest change of a window.
    pub windows: i64,
    /// The newest change of an incident.
    pub incidents: i64,
}

impl SqliteStore {
    /// A number that changes whenever another connection has changed the store.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        let query = "PRAGMA data_version";
        Ok(self.connection.query_row(query, [], |row| row.get(0))?)
    }

    /// What tells this store from another one at the same path, in letters and digits; nothing in one that
    /// no newer version has written yet, which has no changes either.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn identity(&self) -> Result<Option<String>, StoreError> {
        self.meta("identity")
    }

    /// The newest changes.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn revision(&self) -> Result<Revision, StoreError> {
        if !has_table(&self.connection, "window_changes")? {
            return Ok(Revision::default());
        }
        // The highest number that was ever given, also where its row is gone.
        let query = "SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'window_changes'),
                            (SELECT seq FROM sqlite_sequence WHERE name = 'incident_changes')";
        let revision = self.connection.query_row(query, [], |row| {
            Ok(Revision {
                windows: row.get::<_, Option<i64>>(0)?.unwrap_or(0),
                incidents: row.get::<_, Option<i64>>(1)?.unwrap_or(0),
            })
        })?;
        Ok(revision)
    }

    /// Windows that changed behind `after`, up to `through`, by ACL and start, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn changed_windows(
        &self,
        after: Revision,
        through: Revision,
        limit: usize,
    ) -> Result<Vec<(String, EventTime)>, StoreError> {
        if after.windows >= through.windows {
            return Ok(Vec::new());
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT acl, start FROM window_changes WHERE revision > ?1 AND revision <= ?2
             ORDER BY acl, start LIMIT ?3",
        )?;
        let rows = statement.query_map(
            params![after.windows, through.windows, to_limit(limit)],
            |row| Ok((row.get(0)?, EventTime(row.get(1)?))),
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Incidents that changed behind `after`, up to `through`, oldest change first, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn changed_incidents(
        &self,
        after: Revision,
        through: Revision,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        if after.incidents >= through.incidents {
            return Ok(Vec::new());
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT incident FROM incident_changes WHERE revision > ?1 AND revision <= ?2
             ORDER BY revision LIMIT ?3",
        )?;
        let rows = statement.query_map(
            params![after.incidents, through.incidents, to_limit(limit)],
            |row| row.get(0),
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
#[path = "changes_tests.rs"]
mod tests;
