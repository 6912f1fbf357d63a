//! Reads closed windows and incidents, for evidence and for people.

use rusqlite::{Connection, OptionalExtension, params};
use wafwatch_windows::summary::Summary;
use wafwatch_windows::time::{EventTime, Window};

use super::{SqliteStore, from_json, names, to_json};
use crate::analyst::Cause;
use crate::detect::Finding;
use crate::incident::{Incident, Severity, State};
use crate::investigate::WindowHistory;
use crate::store::{IncidentFilter, StoreError, WindowQuery};

/// Which incidents to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncidentQuery {
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those of these Web ACLs.
    pub acls: Option<Vec<String>>,
    /// Only those that were open after this time.
    pub from: Option<EventTime>,
    /// Only those that opened before this time.
    pub until: Option<EventTime>,
    /// At most so many, the newest.
    pub limit: usize,
}

/// A closed window as it is listed.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ListedWindow {
    /// The window.
    pub summary: Summary,
    /// Signals that were out of range.
    pub findings: Vec<Finding>,
    /// How far the detector was, as it is stored.
    pub stage: serde_json::Value,
}

/// Sums over all windows of an ACL.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct AclTotals {
    /// The Web ACL.
    pub acl: String,
    /// Closed windows.
    pub windows: u64,
    /// Records in them.
    pub total: u64,
    /// Allowed.
    pub allowed: u64,
    /// Blocked.
    pub blocked: u64,
    /// Matched by a COUNT rule.
    pub counted: u64,
    /// Records that came after their window had closed.
    pub late: u64,
    /// Windows that closed before all shards had delivered.
    pub incomplete: u64,
    /// Start of the first window.
    pub from: EventTime,
    /// End of the last one.
    pub until: EventTime,
}

/// One point of an ACL's series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesPoint {
    /// Start of the window.
    pub start: EventTime,
    /// Requests.
    pub total: u64,
    /// Of these, blocked.
    pub blocked: u64,
    /// Whether a signal was out of range.
    pub has_findings: bool,
}

pub(super) fn closed_window(
    connection: &Connection,
    acl: &str,
    window: Window,
) -> Result<Option<Summary>, StoreError> {
    let query = "SELECT summary FROM windows WHERE acl = ?1 AND start = ?2";
    let text: Option<String> = connection
        .prepare_cached(query)?
        .query_row(params![acl, window.start.0], |row| row.get(0))
        .optional()?;
    text.map(|text| from_json("window", &text)).transpose()
}

fn listed(mut rows: rusqlite::Rows<'_>) -> Result<Vec<ListedWindow>, StoreError> {
    let mut windows = Vec::new();
    while let Some(row) = rows.next()? {
        windows.push(ListedWindow {
            summary: from_json("window", &row.get::<_, String>(0)?)?,
            findings: from_json("findings of a window", &row.get::<_, String>(1)?)?,
            stage: from_json("stage of a window", &row.get::<_, String>(2)?)?,
        });
    }
    Ok(windows)
}

impl SqliteStore {
    /// Closed windows that `query` asks for, oldest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn windows(&self, query: &WindowQuery) -> Result<Vec<ListedWindow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT summary, findings, stage FROM windows
             WHERE (?1 IS NULL OR instr(acl, ?1) > 0) AND start >= ?2 AND start < ?3
             ORDER BY start DESC, acl LIMIT ?4",
        )?;
        let rows = statement.query(params![
            query.acl,
            query.from.map_or(i64::MIN, |time| time.0),
            query.until.map_or(i64::MAX, |time| time.0),
            i64::try_from(query.limit).unwrap_or(i64::MAX),
        ])?;
        let mut windows = listed(rows)?;
        windows.reverse();
        Ok(windows)
    }

    /// The newest window that `query` asks for and that has any request.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn newest_window_with_requests(
        &self,
        query: &WindowQuery,
    ) -> Result<Option<ListedWindow>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT summary, findings, stage FROM windows
             WHERE total > 0 AND (?1 IS NULL OR instr(acl, ?1) > 0) AND start >= ?2 AND start < ?3
             ORDER BY start DESC, acl LIMIT 1",
        )?;
        let rows = statement.query(params![
            query.acl,
            query.from.map_or(i64::MIN, |time| time.0),
            query.until.map_or(i64::MAX, |time| time.0),
        ])?;
        Ok(listed(rows)?.pop())
    }

    /// Sums by ACL.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn acl_totals(&self) -> Result<Vec<AclTotals>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT acl, count(*), sum(total), sum(allowed), sum(blocked), sum(counted),
                    sum(late), sum(1 - complete), min(start), max(end)
             FROM windows GROUP BY acl ORDER BY acl",
        )?;
        let rows = statement.query_map([], |row| {
            let count = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
            Ok(AclTotals {
                acl: row.get(0)?,
                windows: count(1)?,
                total: count(2)?,
                allowed: count(3)?,
                blocked: count(4)?,
                counted: count(5)?,
                late: count(6)?,
                incomplete: count(7)?,
                from: EventTime(row.get(8)?),
                until: EventTime(row.get(9)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The figures of an ACL's windows, oldest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn series(&self, acl: &str) -> Result<Vec<SeriesPoint>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT start, total, blocked, findings <> '[]' FROM windows
             WHERE acl = ?1 ORDER BY start",
        )?;
        let rows = statement.query_map([acl], |row| {
            Ok(SeriesPoint {
                start: EventTime(row.get(0)?),
                total: row.get::<_, i64>(1)?.cast_unsigned(),
                blocked: row.get::<_, i64>(2)?.cast_unsigned(),
                has_findings: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Windows with findings, newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn windows_with_findings(&self, limit: usize) -> Result<Vec<ListedWindow>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT summary, findings, stage FROM windows WHERE findings <> '[]'
             ORDER BY start DESC, acl LIMIT ?1",
        )?;
        listed(statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?)
    }

    /// Incidents, newest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn incidents(
        &self,
        filter: IncidentFilter,
        limit: usize,
    ) -> Result<Vec<Incident>, StoreError> {
        let state = match filter {
            IncidentFilter::All => None,
            IncidentFilter::Open => Some(State::Open),
        };
        self.incidents_between(&IncidentQuery {
            state,
            limit,
            ..IncidentQuery::default()
        })
    }

    /// Incidents that `query` asks for, newest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn incidents_between(&self, query: &IncidentQuery) -> Result<Vec<Incident>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT incident FROM incidents
             WHERE (?1 IS NULL OR state = ?1)
               AND (?2 IS NULL OR acl IN (SELECT value FROM json_each(?2)))
               AND opened < ?4 AND (resolved IS NULL OR resolved > ?3)
             ORDER BY opened DESC, id LIMIT ?5",
        )?;
        let values = params![
            query.state.map(names::name),
            query.acls.as_ref().map(to_json),
            query.from.map_or(i64::MIN, |time| time.0),
            query.until.map_or(i64::MAX, |time| time.0),
            i64::try_from(query.limit).unwrap_or(i64::MAX),
        ];
        let rows = statement.query_map(values, |row| row.get::<_, String>(0))?;
        rows.map(|text| from_json("incident", &text?)).collect()
    }

    /// The ids of all incidents.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn incident_ids(&self) -> Result<Vec<String>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id FROM incidents ORDER BY id")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What the newest explanation of an incident makes of it: severity and cause.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn assessed(&self, incident: &str) -> Result<Option<(Severity, Cause)>, StoreError> {
        // An explanation is long, and two of its values are wanted.
        let mut statement = self.connection.prepare_cached(
            "SELECT explanation -> '$.assessment.severity_score',
                    explanation -> '$.assessment.cause'
             FROM events
             WHERE incident = ?1 AND explanation IS NOT NULL AND explanation <> 'null'
             ORDER BY sequence DESC LIMIT 1",
        )?;
        let found: Option<(String, String)> = statement
            .query_row([incident], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((severity, cause)) = found else {
            return Ok(None);
        };
        Ok(Some((
            from_json("severity of an explanation", &severity)?,
            from_json("cause of an explanation", &cause)?,
        )))
    }

    /// The incidents whose id is or begins with `prefix`, at most two: enough to tell none, the
    /// one, and an ambiguous prefix apart.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn incidents_with_prefix(&self, prefix: &str) -> Result<Vec<Incident>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT incident FROM incidents
             WHERE id = ?1 OR (substr(id, 1, length(?1)) = ?1
                               AND NOT EXISTS (SELECT 1 FROM incidents WHERE id = ?1))
             ORDER BY id LIMIT 2",
        )?;
        let rows = statement.query_map([prefix], |row| row.get::<_, String>(0))?;
        rows.map(|text| from_json("incident", &text?)).collect()
    }
}

impl WindowHistory for SqliteStore {
    type Error = StoreError;

    fn windows_between(
        &self,
        acl: &str,
        from: EventTime,
        until: EventTime,
        limit: usize,
    ) -> Result<Vec<Summary>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT summary FROM windows WHERE acl = ?1 AND start >= ?2 AND start < ?3
             ORDER BY start DESC LIMIT ?4",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![acl, from.0, until.0, limit], |row| {
            row.get::<_, String>(0)
        })?;
        let mut summaries: Vec<Summary> = rows
            .map(|text| from_json("window", &text?))
            .collect::<Result<_, _>>()?;
        summaries.reverse();
        Ok(summaries)
    }
}
