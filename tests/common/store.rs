//! Looks into a store file from outside.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Row};

/// Rows of values.
pub type Rows = Vec<Vec<Value>>;

/// What `query` finds in the store at `path`.
pub fn rows(path: &Path, query: &str) -> Rows {
    try_rows(path, query).unwrap_or_else(|error| panic!("{query} in {}: {error}", path.display()))
}

/// What `query` finds in the store at `path`, which may be in the making.
pub fn try_rows(path: &Path, query: &str) -> rusqlite::Result<Rows> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = connection.prepare(query)?;
    let columns = statement.column_count();
    let row = |row: &Row<'_>| (0..columns).map(|column| row.get(column)).collect();
    statement.query_map([], row)?.collect()
}
