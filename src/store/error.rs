//! What can go wrong with a store.

use std::path::PathBuf;

/// A store that cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened as a store.
    #[error("cannot open the store {path}: {source}; choose another file with --store")]
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
    /// Somebody else moved on what a transaction started from.
    #[error("{what} was changed by another process: only one may write a store at a time")]
    Conflict {
        /// The shard or ACL.
        what: String,
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
    #[error("the store cannot be used: {0}")]
    Database(#[from] rusqlite::Error),
}
