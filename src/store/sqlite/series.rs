//! Figures of closed windows over time, for charts: everything that stands before the summary in a row.

use rusqlite::{OptionalExtension, Row, params};
use wafwatch_windows::counters::Counters;
use wafwatch_windows::summary::Summary;
use wafwatch_windows::time::EventTime;

use super::{SqliteStore, from_json, to_json, to_limit};
use crate::detect::Forecast;
use crate::store::StoreError;

/// The few windows that something is wrong with: finding them must not read all of them. Stores of earlier
/// versions come without it.
pub(super) const LATE_INDEX: &str = "CREATE INDEX IF NOT EXISTS windows_late
     ON windows (start, late, complete) WHERE late > 0 OR complete = 0";

/// `?4` is the length of a bucket; remainders are made positive, for times before 1970.
const BUCKETS: &str = "SELECT windows.start - ((windows.start % ?4) + ?4) % ?4 AS bucket,
        count(*), sum(total), sum(allowed), sum(blocked), sum(counted), sum(captcha),
        sum(challenge), sum(other), sum(late), sum(1 - complete), sum(findings <> '[]'),
        count(expected), sum(expected), sum(lower), sum(upper)
     FROM windows LEFT JOIN forecasts
       ON forecasts.acl = windows.acl AND forecasts.start = windows.start
     WHERE windows.acl = ?1 AND windows.start >= ?2 AND windows.start < ?3
     GROUP BY bucket ORDER BY bucket LIMIT ?5";

/// The smallest key after each key: one look-up per ACL instead of a scan.
const ACLS: &str = "WITH RECURSIVE names (acl) AS (
       SELECT min(acl) FROM windows
       UNION ALL
       SELECT (SELECT min(windows.acl) FROM windows WHERE windows.acl > names.acl)
       FROM names WHERE names.acl IS NOT NULL
     )
     SELECT acl FROM names WHERE acl IS NOT NULL LIMIT ?1";

/// Windows of one ACL that follow each other, summed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bucket {
    /// Start of the bucket.
    pub start: EventTime,
    /// Closed windows in it.
    pub windows: u64,
    /// Their counts of records; bytes are not known here and zero.
    pub counters: Counters,
    /// Records that came after their window had closed.
    pub late: u64,
    /// Windows that closed incomplete.
    pub incomplete: u64,
    /// Windows with a signal out of range.
    pub with_findings: u64,
    /// The sum of what was expected; nothing where it is not known of every window.
    pub forecast: Option<Forecast>,
}

/// Which windows, by start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// The first start.
    pub from: EventTime,
    /// Where it ends; itself not in it.
    pub until: EventTime,
}

/// What the windows of one ACL span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AclSpan {
    /// The Web ACL.
    pub acl: String,
    /// Closed windows.
    pub windows: u64,
    /// Start of the first.
    pub from: EventTime,
    /// Start of the last.
    pub last: EventTime,
}

/// What came late or is missing, over a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lateness {
    /// Records that came after their window had closed.
    pub records: u64,
    /// Windows that have any.
    pub windows: u64,
    /// Windows that closed incomplete.
    pub incomplete: u64,
}

impl SqliteStore {
    /// Reads several things as they stand at one moment, whatever is written in between.
    ///
    /// # Errors
    ///
    /// Those of `read`, and when the store cannot be read.
    pub fn snapshot<T, E: From<StoreError>>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.connection.unchecked_transaction();
        let transaction = transaction.map_err(StoreError::from)?;
        let result = read(self)?;
        transaction.finish().map_err(StoreError::from)?;
        Ok(result)
    }

    /// Web ACLs with a closed window, by ARN, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn acls_with_windows(&self, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut statement = self.connection.prepare_cached(ACLS)?;
        let rows = statement.query_map([to_limit(limit)], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What the windows of each ACL span, by ARN.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn acl_spans(&self) -> Result<Vec<AclSpan>, StoreError> {
        // The index alone is read: rows are long.
        let mut statement = self.connection.prepare_cached(
            "SELECT acl, count(*), min(start), max(start) FROM windows INDEXED BY windows_by_start
             GROUP BY acl ORDER BY acl",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(AclSpan {
                acl: row.get(0)?,
                windows: row.get::<_, i64>(1)?.cast_unsigned(),
                from: EventTime(row.get(2)?),
                last: EventTime(row.get(3)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Starts of the first and the last closed window.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn first_and_last(&self) -> Result<Option<TimeRange>, StoreError> {
        // Asked for one by one, each is one look into the index.
        let query = "SELECT (SELECT min(start) FROM windows), (SELECT max(start) FROM windows)";
        let (first, last): (Option<i64>, Option<i64>) =
            self.connection
                .query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(first.zip(last).map(|(first, last)| TimeRange {
            from: EventTime(first),
            until: EventTime(last),
        }))
    }

    /// How far the detector was in the newest window of `acl`, as it is stored.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn newest_stage(&self, acl: &str) -> Result<Option<serde_json::Value>, StoreError> {
        let query = "SELECT stage FROM windows WHERE acl = ?1 ORDER BY start DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(query)?;
        let text = statement.query_row([acl], |row| row.get::<_, String>(0));
        let text = text.optional()?;
        text.map(|text| from_json("stage of a window", &text))
            .transpose()
    }

    /// Windows of `acl`, summed in buckets of `bucket_ms` that are aligned to the epoch, oldest first, at
    /// most `limit` buckets.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn buckets(
        &self,
        acl: &str,
        range: TimeRange,
        bucket_ms: i64,
        limit: usize,
    ) -> Result<Vec<Bucket>, StoreError> {
        // Stores that no newer version has written yet come without the table of forecasts.
        let query = if super::has_table(&self.connection, "forecasts")? {
            BUCKETS.to_owned()
        } else {
            let nothing = "(SELECT NULL AS acl, NULL AS start, NULL AS expected, NULL AS lower,
                            NULL AS upper) AS forecasts";
            BUCKETS.replace("LEFT JOIN forecasts", &format!("LEFT JOIN {nothing}"))
        };
        let mut statement = self.connection.prepare_cached(&query)?;
        let values = params![
            acl,
            range.from.0,
            range.until.0,
            bucket_ms.max(1),
            to_limit(limit)
        ];
        let rows = statement.query_map(values, bucket)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Where a range must begin to hold at most `most` windows of `acls` (`None` for all), the newest: its
    /// own beginning, or later.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn beginning_of_newest(
        &self,
        acls: Option<&[String]>,
        range: TimeRange,
        most: usize,
    ) -> Result<EventTime, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT start FROM windows INDEXED BY windows_by_start
             WHERE start >= ?1 AND start < ?2
               AND (?3 IS NULL OR acl IN (SELECT value FROM json_each(?3)))
             ORDER BY start DESC LIMIT 1 OFFSET ?4",
        )?;
        let acls = acls.map(|acls| to_json(&acls));
        let values = params![range.from.0, range.until.0, acls, to_limit(most)];
        let one_more: Option<i64> = statement.query_row(values, |row| row.get(0)).optional()?;
        Ok(one_more.map_or(range.from, |start| EventTime(start.saturating_add(1))))
    }

    /// Start of the newest window with a request of `acls` (`None` for all).
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn newest_start_with_requests(
        &self,
        acls: Option<&[String]>,
    ) -> Result<Option<EventTime>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT start FROM windows
             WHERE total > 0 AND (?1 IS NULL OR acl IN (SELECT value FROM json_each(?1)))
             ORDER BY start DESC LIMIT 1",
        )?;
        let acls = acls.map(|acls| to_json(&acls));
        let found: Option<i64> = statement.query_row([acls], |row| row.get(0)).optional()?;
        Ok(found.map(EventTime))
    }

    /// Whether any window of `acls` (`None` for all) starts in `range`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn has_windows(
        &self,
        acls: Option<&[String]>,
        range: TimeRange,
    ) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM windows INDEXED BY windows_by_start
                            WHERE start >= ?1 AND start < ?2
                              AND (?3 IS NULL OR acl IN (SELECT value FROM json_each(?3))))",
        )?;
        let acls = acls.map(|acls| to_json(&acls));
        let values = params![range.from.0, range.until.0, acls];
        Ok(statement.query_row(values, |row| row.get(0))?)
    }

    /// Hands the windows of `acls` (`None` for all) that start in `range` to `each`, one at a time, oldest
    /// first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn for_each_summary(
        &self,
        acls: Option<&[String]>,
        range: TimeRange,
        each: &mut dyn FnMut(Summary),
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT summary FROM windows INDEXED BY windows_by_start
             WHERE start >= ?1 AND start < ?2
               AND (?3 IS NULL OR acl IN (SELECT value FROM json_each(?3)))
             ORDER BY start",
        )?;
        let acls = acls.map(|acls| to_json(&acls));
        let mut rows = statement.query(params![range.from.0, range.until.0, acls])?;
        while let Some(row) = rows.next()? {
            let text = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            each(from_json("window", text)?);
        }
        Ok(())
    }

    /// What came late or is missing in `range`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn lateness(&self, range: TimeRange) -> Result<Lateness, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT coalesce(sum(late), 0), coalesce(sum(late > 0), 0),
                    coalesce(sum(1 - complete), 0)
             FROM windows
             WHERE start >= ?1 AND start < ?2 AND (late > 0 OR complete = 0)",
        )?;
        let lateness = statement.query_row([range.from.0, range.until.0], |row| {
            Ok(Lateness {
                records: unsigned(row, 0)?,
                windows: unsigned(row, 1)?,
                incomplete: unsigned(row, 2)?,
            })
        })?;
        Ok(lateness)
    }
}

fn bucket(row: &Row<'_>) -> rusqlite::Result<Bucket> {
    let windows = unsigned(row, 1)?;
    let forecast = if unsigned(row, 12)? == windows {
        Some(Forecast {
            expected: row.get(13)?,
            lower: row.get(14)?,
            upper: row.get(15)?,
        })
    } else {
        None
    };
    Ok(Bucket {
        start: EventTime(row.get(0)?),
        windows,
        counters: Counters {
            total: unsigned(row, 2)?,
            allowed: unsigned(row, 3)?,
            blocked: unsigned(row, 4)?,
            counted: unsigned(row, 5)?,
            captcha: unsigned(row, 6)?,
            challenge: unsigned(row, 7)?,
            other: unsigned(row, 8)?,
            ..Counters::default()
        },
        late: unsigned(row, 9)?,
        incomplete: unsigned(row, 10)?,
        with_findings: unsigned(row, 11)?,
        forecast,
    })
}

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}
