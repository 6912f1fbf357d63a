//! What can go wrong with a store.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// A store that cannot be opened, read or written.
///
/// A message does not repeat its cause: that is the error's source, for whoever prints the chain.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such file.
    #[error(
        "there is no store at {path}: name another file with --store, or make one \
         with `wafwatch replay` or `wafwatch watch`"
    )]
    Absent {
        /// The file.
        path: PathBuf,
    },
    /// The file's folder does not exist.
    #[error("cannot make the store {path}: there is no folder {folder}; make it first")]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// The folder that it would be in.
        folder: PathBuf,
    },
    /// The file cannot be opened as a store.
    #[error(
        "cannot open the store {path}: see that the file may be read and written \
         and its folder written to"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The file is a store of another program or a newer version.
    #[error("{path} is not a store of this version ({found}); choose another file with --store")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What was found in it.
        found: String,
    },
    /// The store was made with another window size.
    #[error(
        "{path} holds windows of {stored} seconds, not {wanted}: \
         use another store, or set the window size to {stored}"
    )]
    WindowSize {
        /// The file.
        path: PathBuf,
        /// Seconds that the store was made with.
        stored: u32,
        /// Seconds that are set now.
        wanted: u32,
    },
    /// Somebody else moved on what a transaction started from, or writes the store now.
    #[error("{what} by another wafwatch process")]
    Conflict {
        /// What happened to what: "the checkpoint of a shard was changed".
        what: String,
    },
    /// The connection was opened to look or for the outbox, not to write windows.
    #[error("this connection to the store {path} is not its writer: open the store for writing")]
    NotTheWriter {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds the file's lock for too long.
    #[error(
        "the store {path} is locked: another wafwatch, a backup or a database tool with an \
         open transaction holds it; end that and try again"
    )]
    Busy {
        /// The file.
        path: PathBuf,
        /// What was met.
        source: rusqlite::Error,
    },
    /// DynamoDB refused a call or did not answer.
    #[error("cannot do {operation} on the table {table}: {hint}")]
    Table {
        /// The operation of DynamoDB's API.
        operation: &'static str,
        /// The table.
        table: String,
        /// What is wrong, and what to do.
        hint: String,
        /// What was met.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// DynamoDB refused a call for its load, or for another transaction, for too long.
    #[error(
        "cannot do {operation} on the table {table}: it is throttled or busy with another \
         transaction; the same may work later"
    )]
    TableBusy {
        /// The operation of DynamoDB's API.
        operation: &'static str,
        /// The table.
        table: String,
        /// What was met last.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A value exceeds what the store can hold at one place or write at once.
    #[error("{what} is too large for the store: {size} of {limit} {unit}")]
    TooLarge {
        /// The value.
        what: String,
        /// Its size.
        size: usize,
        /// What fits.
        limit: usize,
        /// Of what: bytes, items.
        unit: &'static str,
    },
    /// A value in the store cannot be decoded.
    #[error("the store holds a damaged {what}: {reason}")]
    Damaged {
        /// What kind of value.
        what: &'static str,
        /// Why it cannot be decoded.
        reason: String,
    },
    /// Reading or writing failed.
    #[error("the store cannot be used")]
    Database(#[from] rusqlite::Error),
}

impl StoreError {
    /// Whether somebody else's lock, or the load, is all that is wrong, so that the same may work
    /// later.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::TableBusy { .. } => true,
            Self::Open { source, .. } | Self::Database(source) => is_busy(source),
            _ => false,
        }
    }

    /// Whether somebody else did the work: what it started from has to be read again.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Whether what is stored cannot be read as what it should be.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }

    /// Whether less at once may fit.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::TooLarge { .. })
    }

    /// Says which store is busy, where that is what is wrong.
    pub(super) fn of(self, path: &std::path::Path) -> Self {
        match self {
            Self::Database(source) | Self::Open { source, .. } if is_busy(&source) => Self::Busy {
                path: path.to_owned(),
                source,
            },
            other => other,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}
