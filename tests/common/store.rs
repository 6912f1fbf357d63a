//! Looks into a store file from outside.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Row};
use wafwatch::store::sqlite::SqliteStore;
use wafwatch::store::{Store, WindowQuery};
use wafwatch_windows::partial::Partial;
use wafwatch_windows::settings::SketchSettings;

use super::command::Sandbox;

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

/// How many records the sandbox's `store.db` has counted.
pub fn counted(sandbox: &Sandbox) -> u64 {
    let path = sandbox.path("store.db");
    let rows = try_rows(&path, "SELECT sum(accepted) FROM shards").unwrap_or_default();
    match rows.first().map(|row| &row[0]) {
        Some(Value::Integer(sum)) => sum.cast_unsigned(),
        _ => 0,
    }
}

/// The records in closed windows of the sandbox's `store.db` and in those that are still open.
pub fn in_windows(sandbox: &Sandbox) -> u64 {
    let store = SqliteStore::open_existing(&sandbox.path("store.db")).expect("it is there");
    let query = WindowQuery {
        limit: usize::MAX,
        ..WindowQuery::default()
    };
    let closed = store.windows(&query).expect("it can be read");
    let mut total: u64 = closed
        .iter()
        .map(|window| window.summary.counters.total)
        .sum();
    let settings = SketchSettings {
        distinct_seed: kept_seed(sandbox),
        ..SketchSettings::default()
    };
    for (acl, window) in store.windows_with_partials().expect("it can be read") {
        for encoded in store.partials(&acl, window).expect("it can be read") {
            let partial = Partial::decode(&encoded, &settings);
            total += partial.expect("it can be decoded").counters().total;
        }
    }
    total
}

/// The seed that the store drew for itself.
fn kept_seed(sandbox: &Sandbox) -> u64 {
    let query = "SELECT value FROM meta WHERE key = 'distinct_seed'";
    let rows = rows(&sandbox.path("store.db"), query);
    let Value::Text(seed) = &rows[0][0] else {
        panic!("{rows:?}");
    };
    seed.parse().expect("a number")
}
