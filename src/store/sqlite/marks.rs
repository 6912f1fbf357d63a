//! What people said of incidents.

use rusqlite::{Connection, OptionalExtension, params};

use super::{SqliteStore, from_json, has_table, to_json, while_busy};
use crate::guidance::feedback::MAX_MARKS;
use crate::guidance::{Mark, Marks};
use crate::store::StoreError;

/// Stores of earlier versions come without it.
pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS marks (
    incident TEXT PRIMARY KEY,
    acl      TEXT NOT NULL,
    made     INTEGER NOT NULL,
    mark     TEXT NOT NULL -- JSON
) WITHOUT ROWID;";

impl SqliteStore {
    /// Keeps what was said of an incident, in place of what was said of it before. It counts from the
    /// next window on that closes.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn set_mark(&self, mark: &Mark) -> Result<(), StoreError> {
        let text = to_json(mark);
        while_busy(self.path(), self.patience, || {
            self.connection.execute_batch(TABLE)?;
            self.connection.execute(
                "INSERT OR REPLACE INTO marks (incident, acl, made, mark) VALUES (?1, ?2, ?3, ?4)",
                params![mark.incident, mark.acl, mark.made.0, text],
            )?;
            Ok(())
        })
    }

    /// Takes back what was said of an incident; tells whether there was anything.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn remove_mark(&self, incident: &str) -> Result<bool, StoreError> {
        while_busy(self.path(), self.patience, || {
            self.connection.execute_batch(TABLE)?;
            let delete = "DELETE FROM marks WHERE incident = ?1";
            Ok(self.connection.execute(delete, [incident])? > 0)
        })
    }

    /// What was said of an incident.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn mark(&self, incident: &str) -> Result<Option<Mark>, StoreError> {
        if !has_table(&self.connection, "marks")? {
            return Ok(None);
        }
        let query = "SELECT mark FROM marks WHERE incident = ?1";
        let mut statement = self.connection.prepare_cached(query)?;
        let text = statement.query_row([incident], |row| row.get::<_, String>(0));
        let text = text.optional()?;
        text.map(|text| from_json("mark", &text)).transpose()
    }

    /// Closed windows in which a finding was muted for what was said of an incident.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn windows_muted_by(&self, incident: &str) -> Result<u64, StoreError> {
        let by = format!(" with {incident}\"");
        let query = "SELECT count(*) FROM windows WHERE findings <> '[]' AND instr(findings, ?1)";
        let count: i64 = self.connection.query_row(query, [by], |row| row.get(0))?;
        Ok(count.cast_unsigned())
    }
}

/// The newest marks of each ACL.
pub(super) fn marks(connection: &Connection) -> Result<Marks, StoreError> {
    let mut marks = Marks::new();
    // Stores that no newer version has written yet come without the table.
    if !has_table(connection, "marks")? {
        return Ok(marks);
    }
    let query = "SELECT acl, mark FROM marks ORDER BY acl, made DESC, incident";
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let of_acl = marks.entry(row.get(0)?).or_default();
        if of_acl.len() < MAX_MARKS {
            of_acl.push(from_json("mark", &row.get::<_, String>(1)?)?);
        }
    }
    Ok(marks)
}
