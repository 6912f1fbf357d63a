//! The store as one SQLite file, which people can read with the tools they have.
//!
//! Write-ahead logging lets readers and the outbox work beside the pipeline. With
//! `synchronous = NORMAL` a killed process loses nothing; a power cut may lose the newest
//! transactions, whole, and the input is then read again from the checkpoint before them.

pub mod changes;
mod configuration;
mod forecasts;
pub mod health;
pub mod history;
mod marks;
mod names;
mod open;
mod outbox;
mod prune;
pub mod series;
mod state;
mod write;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior};
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::time::WindowSize;

use super::{AclState, Checkpoint, Store, StoreError, Transaction};
use crate::guidance::Marks;
use wafwatch_windows::summary::Summary;
use wafwatch_windows::time::Window;

const SCHEMA_VERSION: &str = "2";
/// Key of the seed of distinct counts.
const DISTINCT_SEED: &str = "distinct_seed";
/// How long a connection waits for another one's transaction, each time.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a transaction is applied again, and what the pipeline needs is read again, while another process holds the lock.
const PATIENCE: Duration = Duration::from_secs(300);
/// Pause before that, for locks that SQLite does not wait for itself.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// A store file.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    path: PathBuf,
    /// What the store holds while this is its writer; nothing in connections that never were.
    writer: Option<String>,
    patience: Duration,
}

impl SqliteStore {
    /// Opens the store at `path` for writing, and makes it where there is none.
    ///
    /// Whoever opened it before can [apply](Store::apply) nothing any more.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, is something else, or holds windows of another size.
    pub fn open(path: &Path, window_size: WindowSize) -> Result<Self, StoreError> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.exists()) {
            return Err(StoreError::NoFolder {
                path: path.to_owned(),
                folder: folder.to_owned(),
            });
        }
        let connection = Connection::open(path).map_err(|source| open_error(path, source))?;
        let mut store = Self::over(connection, path);
        store
            .become_writer(window_size)
            .map_err(|error| error.of(path))?;
        Ok(store)
    }

    /// Opens an existing store for commands that only look: nothing in the file changes.
    ///
    /// # Errors
    ///
    /// When there is no such file, or it is no store.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        let store = open::read_only(path)?;
        store.check_schema(None).map_err(|error| error.of(path))?;
        Ok(store)
    }

    /// Another connection to the same file, for another thread. It reads, serves the outbox and
    /// prunes, but applies nothing.
    ///
    /// # Errors
    ///
    /// When the file is no longer there or no longer a store.
    pub fn reopen(&self) -> Result<Self, StoreError> {
        let path = &self.path;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(path, flags).map_err(|source| open_error(path, source))?;
        let store = Self::over(connection, path);
        let prepared = store
            .check_schema(None)
            .and_then(|()| store.prepare_connection());
        prepared.map_err(|error| error.of(path))?;
        Ok(store)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn over(connection: Connection, path: &Path) -> Self {
        Self {
            connection,
            path: path.to_owned(),
            writer: None,
            patience: PATIENCE,
        }
    }

    fn prepare_connection(&self) -> Result<(), StoreError> {
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        self.connection.pragma_update(None, "journal_mode", "WAL")?;
        self.connection
            .pragma_update(None, "synchronous", "NORMAL")?;
        // Deleted partials leave free pages; the log should not keep a replay's worth of them.
        self.connection
            .pragma_update(None, "journal_size_limit", 16 << 20)?;
        Ok(())
    }

    /// Makes the schema where there is none, and leaves a token by which each transaction can see
    /// that nobody else has become the writer since.
    fn become_writer(&mut self, window_size: WindowSize) -> Result<(), StoreError> {
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        // Whatever else the file holds must not be touched, not even its journal mode.
        if !self.is_empty()? {
            self.check_schema(Some(window_size))?;
        }
        self.prepare_connection()?;
        let write =
            rusqlite::Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        if self.is_empty()? {
            self.make_schema(window_size)?;
        }
        // Another process may have made the schema since it was looked at.
        self.check_schema(Some(window_size))?;
        // Stores of earlier versions come without them.
        self.connection.execute_batch(outbox::UNEXPLAINED_INDEX)?;
        self.connection.execute_batch(marks::TABLE)?;
        self.connection.execute_batch(health::CHANNELS_TABLE)?;
        self.connection.execute_batch(configuration::TABLE)?;
        self.connection.execute_batch(series::LATE_INDEX)?;
        self.connection.execute_batch(forecasts::TABLE)?;
        self.connection.execute_batch(changes::TABLES)?;
        let query = "INSERT OR REPLACE INTO meta VALUES ('writer', hex(randomblob(16)))
             RETURNING value";
        let token = write.query_row(query, [], |row| row.get(0))?;
        write.commit()?;
        self.writer = Some(token);
        Ok(())
    }

    fn is_empty(&self) -> Result<bool, StoreError> {
        let query = "SELECT count(*) FROM sqlite_schema";
        let tables = self
            .connection
            .query_row(query, [], |row| row.get::<_, i64>(0))
            .map_err(|error| self.unlike_a_store(error))?;
        Ok(tables == 0)
    }

    fn make_schema(&self, window_size: WindowSize) -> Result<(), StoreError> {
        let schema = include_str!("schema.sql");
        let seconds = window_size.seconds();
        self.connection.execute_batch(&format!(
            "{schema}
             INSERT INTO meta VALUES ('schema_version', '{SCHEMA_VERSION}');
             INSERT INTO meta VALUES ('window_seconds', '{seconds}');"
        ))?;
        Ok(())
    }

    fn check_schema(&self, window_size: Option<WindowSize>) -> Result<(), StoreError> {
        let query = "SELECT value FROM meta WHERE key = 'schema_version'";
        let version: Option<String> = self
            .connection
            .query_row(query, [], |row| row.get(0))
            .optional()
            .map_err(|error| self.unlike_a_store(error))?;
        let version = version.ok_or_else(|| self.foreign("no schema version"))?;
        if version != SCHEMA_VERSION {
            return Err(self.foreign(&format!("schema version {version}")));
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

    /// Tells a file that is something else from a store that cannot be read right now.
    fn unlike_a_store(&self, error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => self.foreign("not a database"),
            // What SQLite says of tables and columns that are not there.
            Some(ErrorCode::Unknown) => self.foreign("not a wafwatch store"),
            Some(_) => open_error(&self.path, error),
            None => self.foreign("not a wafwatch store"),
        }
    }

    fn foreign(&self, found: &str) -> StoreError {
        StoreError::Foreign {
            path: self.path.clone(),
            found: found.to_owned(),
        }
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

    /// The seed under which this store's distinct counts are hashed: `configured`, or the one that it was
    /// used with before, or `fresh` for a new store. It is kept.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written.
    pub fn distinct_seed(
        &mut self,
        configured: Option<u64>,
        fresh: u64,
    ) -> Result<u64, StoreError> {
        while_busy(&self.path, self.patience, || {
            let seed = match (configured, self.meta(DISTINCT_SEED)?) {
                (Some(configured), _) => configured,
                (None, Some(kept)) => kept.parse().map_err(|_| damaged("seed", "not a number"))?,
                // Earlier versions kept none: what they counted is hashed with the default.
                (None, None) if state::has_partials(&self.connection)? => {
                    SketchSettings::default().distinct_seed
                }
                (None, None) => fresh,
            };
            self.connection.execute(
                "INSERT OR REPLACE INTO meta VALUES (?1, ?2)",
                [DISTINCT_SEED, &seed.to_string()],
            )?;
            Ok(seed)
        })
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
        self.read(state::checkpoints)
    }

    fn acl_states(&self) -> Result<Vec<(String, AclState)>, StoreError> {
        self.read(state::acl_states)
    }

    fn marks(&self) -> Result<Marks, StoreError> {
        self.read(marks::marks)
    }

    fn windows_with_partials(&self) -> Result<Vec<(String, Window)>, StoreError> {
        self.read(state::windows_with_partials)
    }

    fn partials(&self, acl: &str, window: Window) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read(|connection| state::partials(connection, acl, window))
    }

    fn closed_window(&self, acl: &str, window: Window) -> Result<Option<Summary>, StoreError> {
        self.read(|connection| history::closed_window(connection, acl, window))
    }

    fn apply(&mut self, transaction: &Transaction) -> Result<(), StoreError> {
        let Some(writer) = &self.writer else {
            return Err(StoreError::NotTheWriter {
                path: self.path.clone(),
            });
        };
        let path = &self.path;
        // Of one that fails nothing was written, and it does not change: it can be applied again.
        while_busy(path, self.patience, || {
            write::apply(&mut self.connection, writer, path, transaction)
        })
    }
}

impl SqliteStore {
    /// Reads what the pipeline needs as patiently as its transactions are written.
    fn read<T>(
        &self,
        read: impl Fn(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        while_busy(&self.path, self.patience, || read(&self.connection))
    }
}

/// Does `work` again while somebody else's lock is all that it fails for, and `patience` lasts.
fn while_busy<T>(
    path: &Path,
    patience: Duration,
    mut work: impl FnMut() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let deadline = Instant::now() + patience;
    loop {
        match work().map_err(|error| error.of(path)) {
            Err(error) if error.is_busy() && Instant::now() < deadline => {
                thread::sleep(AGAIN_AFTER);
            }
            result => return result,
        }
    }
}

/// A limit as SQLite takes it.
fn to_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn has_table(connection: &Connection, name: &str) -> Result<bool, StoreError> {
    let query = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?1)";
    Ok(connection.query_row(query, [name], |row| row.get(0))?)
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
