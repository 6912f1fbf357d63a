//! The store as one SQLite file, which people can read with the tools they have.
//!
//! Write-ahead logging lets readers and the outbox work beside the pipeline. With
//! `synchronous = NORMAL` a killed process loses nothing; a power cut may lose the newest
//! transactions, whole, and the input is then read again from the checkpoint before them.

pub mod history;
mod outbox;
mod state;
mod write;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use wafwatch_windows::time::WindowSize;

use super::{AclState, Checkpoint, Store, StoreError, Transaction};
use wafwatch_windows::summary::Summary;
use wafwatch_windows::time::Window;

const SCHEMA_VERSION: &str = "1";
/// How long a connection waits for another one's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A store file.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    path: PathBuf,
}

impl SqliteStore {
    /// Opens the store at `path` for writing, and makes it where there is none.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, is something else, or holds windows of another size.
    pub fn open(path: &Path, window_size: WindowSize) -> Result<Self, StoreError> {
        let connection = Connection::open(path).map_err(|source| open_error(path, source))?;
        let store = Self {
            connection,
            path: path.to_owned(),
        };
        store
            .prepare_connection()
            .map_err(|source| open_error(path, source))?;
        store.make_schema(window_size)?;
        store.check_schema(Some(window_size))?;
        Ok(store)
    }

    /// Opens an existing store for commands that only look.
    ///
    /// # Errors
    ///
    /// When there is no such file, or it is no store.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(path, flags).map_err(|source| open_error(path, source))?;
        let store = Self {
            connection,
            path: path.to_owned(),
        };
        store
            .prepare_connection()
            .map_err(|source| open_error(path, source))?;
        store.check_schema(None)?;
        Ok(store)
    }

    /// Another connection to the same file, for another thread.
    ///
    /// # Errors
    ///
    /// As [`Self::open_existing`].
    pub fn reopen(&self) -> Result<Self, StoreError> {
        Self::open_existing(&self.path)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn prepare_connection(&self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        self.connection.pragma_update(None, "journal_mode", "WAL")?;
        self.connection
            .pragma_update(None, "synchronous", "NORMAL")?;
        // Deleted partials leave free pages; the log should not keep a replay's worth of them.
        self.connection
            .pragma_update(None, "journal_size_limit", 16 << 20)?;
        Ok(())
    }

    fn make_schema(&self, window_size: WindowSize) -> Result<(), StoreError> {
        let tables: i64 =
            self.connection
                .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables > 0 {
            return Ok(());
        }
        let schema = include_str!("schema.sql");
        let seconds = window_size.seconds();
        self.connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; {schema}
             INSERT INTO meta VALUES ('schema_version', '{SCHEMA_VERSION}');
             INSERT INTO meta VALUES ('window_seconds', '{seconds}');
             COMMIT;"
        ))?;
        Ok(())
    }

    fn check_schema(&self, window_size: Option<WindowSize>) -> Result<(), StoreError> {
        let foreign = |found: String| StoreError::Foreign {
            path: self.path.clone(),
            found,
        };
        let version = self
            .meta("schema_version")
            .map_err(|_| foreign("not a wafwatch store".to_owned()))?
            .ok_or_else(|| foreign("no schema version".to_owned()))?;
        if version != SCHEMA_VERSION {
            return Err(foreign(format!("schema version {version}")));
        }
        let stored = self.window_seconds()?;
        let wanted = window_size.map_or(stored, WindowSize::seconds);
        if stored != wanted {
            return Err(StoreError::WindowSize {
                path: self.path.clone(),
                stored,
                wanted,
            });
        }
        Ok(())
    }

    fn window_seconds(&self) -> Result<u32, StoreError> {
        let text = self.meta("window_seconds")?.unwrap_or_default();
        text.parse()
            .map_err(|_| damaged("window size", "not a number"))
    }

    /// The size of the store's windows.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn window_size(&self) -> Result<WindowSize, StoreError> {
        WindowSize::from_seconds(self.window_seconds()?)
            .map_err(|error| damaged("window size", error))
    }

    fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let query = "SELECT value FROM meta WHERE key = ?1";
        Ok(self
            .connection
            .query_row(query, [key], |row| row.get(0))
            .optional()?)
    }
}

impl Store for SqliteStore {
    fn checkpoints(&self) -> Result<Vec<(String, Checkpoint)>, StoreError> {
        state::checkpoints(&self.connection)
    }

    fn acl_states(&self) -> Result<Vec<(String, AclState)>, StoreError> {
        state::acl_states(&self.connection)
    }

    fn windows_with_partials(&self) -> Result<Vec<(String, Window)>, StoreError> {
        state::windows_with_partials(&self.connection)
    }

    fn partials(&self, acl: &str, window: Window) -> Result<Vec<Vec<u8>>, StoreError> {
        state::partials(&self.connection, acl, window)
    }

    fn closed_window(&self, acl: &str, window: Window) -> Result<Option<Summary>, StoreError> {
        history::closed_window(&self.connection, acl, window)
    }

    fn apply(&mut self, transaction: &Transaction) -> Result<(), StoreError> {
        write::apply(&mut self.connection, transaction)
    }
}

fn open_error(path: &Path, source: rusqlite::Error) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        source,
    }
}

fn damaged(what: &'static str, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged {
        what,
        reason: reason.to_string(),
    }
}

/// Decodes a JSON column.
fn from_json<T: serde::de::DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| damaged(what, error))
}

/// Encodes a JSON column.
fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain values with string keys always encode")
}

#[cfg(test)]
mod tests;
