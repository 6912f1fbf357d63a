//! Opens a store without changing it.

use std::fmt::Write as _;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{BUSY_TIMEOUT, SqliteStore, open_error};
use crate::store::StoreError;

/// A connection that cannot write.
///
/// Readers of a write-ahead log share its index, a file beside the store. Where that is not there
/// and cannot be made (a folder that may only be read), a store without a log has no writer and is
/// read as the file that it is.
pub(super) fn read_only(path: &Path) -> Result<SqliteStore, StoreError> {
    if !path.exists() {
        return Err(StoreError::Absent {
            path: path.to_owned(),
        });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(readable);
    let connection = match opened {
        Err(error) if lacks_index(&error) && !log_of(path).exists() => frozen(path),
        opened => opened,
    };
    let connection = connection.map_err(|source| open_error(path, source).of(path))?;
    Ok(SqliteStore::over(connection, path))
}

/// The same connection, when the file behind it can be read: opening alone does not look at it.
fn readable(connection: Connection) -> rusqlite::Result<Connection> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let looked = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    match looked {
        // What else it may be is told by whoever checks the schema.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => Ok(connection),
        looked => looked.map(|()| connection),
    }
}

fn lacks_index(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}

fn log_of(path: &Path) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn frozen(path: &Path) -> rusqlite::Result<Connection> {
    let text = path
        .to_str()
        .ok_or_else(|| rusqlite::Error::InvalidPath(path.to_owned()))?;
    let mut uri = "file:".to_owned();
    for character in text.chars() {
        match character {
            '%' | '?' | '#' => {
                // Writing to a string cannot fail.
                let _ = write!(uri, "%{:02X}", u32::from(character));
            }
            other => uri.push(other),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri, flags).and_then(readable)
}

#[cfg(test)]
mod tests {
    use wafwatch_windows::time::WindowSize;

    use super::*;

    #[test]
    fn a_database_of_somebody_else_stays_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("theirs.db");
        let theirs = Connection::open(&path).expect("opens");
        theirs
            .execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)")
            .expect("writes");
        drop(theirs);
        let before = std::fs::read(&path).expect("reads");

        for error in [
            SqliteStore::open_existing(&path).expect_err("foreign"),
            SqliteStore::open(&path, WindowSize::DEFAULT).expect_err("foreign"),
        ] {
            assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
        }
        assert!(std::fs::read(&path).expect("reads") == before, "changed");
        assert!(!log_of(&path).exists(), "a log was made");
    }

    #[test]
    fn looking_reads_but_does_not_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("with % and ?#.db");
        drop(SqliteStore::open(&path, WindowSize::DEFAULT).expect("makes"));
        let store = SqliteStore::open_existing(&path).expect("opens");
        assert_eq!(store.window_size().expect("reads"), WindowSize::DEFAULT);
        store
            .connection
            .execute("DELETE FROM meta", [])
            .expect_err("read only");
        let frozen = SqliteStore::over(frozen(&path).expect("opens"), &path);
        frozen.check_schema(None).expect("is a store");
    }

    #[test]
    fn what_is_only_in_the_log_is_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        let _writer = SqliteStore::open(&path, WindowSize::DEFAULT).expect("makes");
        let copy = folder.path().join("killed.db");
        std::fs::copy(&path, &copy).expect("copies");
        std::fs::copy(log_of(&path), log_of(&copy)).expect("copies");
        SqliteStore::open_existing(&copy).expect("the schema is in the log");
    }
}
