//! Recorded windows to run over, read from CSV.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use wafwatch_windows::summary::{
    Completeness, Dimension, DistinctCount, Summary, TopItem, TopList,
};
use wafwatch_windows::time::{EventTime, Window};

/// The path that stands for logins in a series that only counts them.
pub const LOGIN_PATH: &str = "/login";
const ACL_COLUMNS: [&str; 8] = [
    "t",
    "total",
    "allowed",
    "blocked",
    "counted",
    "distinct_ip",
    "top_ip",
    "login",
];

/// A recorded series.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Its name: the file's, without `.csv`.
    pub name: String,
    /// Length of its windows in seconds: the median distance of its rows.
    pub window_seconds: f64,
    /// What it holds.
    pub rows: Rows,
}

/// What a trace holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    /// One number per window, with the window's start in Unix seconds.
    Values(Vec<(i64, f64)>),
    /// Windows of an ACL.
    Windows(Vec<Summary>),
}

/// A CSV that is no trace.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The header names other columns.
    #[error(
        "the header {header:?} is not timestamp,value nor t,total,allowed,blocked,counted,distinct_ip,top_ip,login"
    )]
    Header {
        /// What it says.
        header: String,
    },
    /// A row does not hold what the header says.
    #[error("line {line} is no row of this series: {row:?}")]
    Row {
        /// Its number, from 1.
        line: usize,
        /// What it holds.
        row: String,
    },
    /// There are no rows.
    #[error("the series has no rows")]
    Empty,
}

impl Trace {
    /// Reads a CSV.
    ///
    /// # Errors
    ///
    /// [`TraceError`] where it is none of the two kinds.
    pub fn from_csv(name: &str, text: &str) -> Result<Self, TraceError> {
        let mut lines = text.lines().enumerate();
        let header = lines.next().map_or("", |(_, header)| header.trim());
        let columns: Vec<&str> = header.split(',').map(str::trim).collect();
        let rows = lines.filter(|(_, line)| !line.trim().is_empty());
        let bad = |line: usize, row: &str| TraceError::Row {
            line: line + 1,
            row: row.chars().take(120).collect(),
        };
        if columns.starts_with(&["timestamp", "value"]) {
            let values: Result<Vec<(i64, f64)>, TraceError> = rows
                .map(|(line, row)| value_row(row).ok_or_else(|| bad(line, row)))
                .collect();
            return Self::of_values(name, values?);
        }
        if columns == ACL_COLUMNS {
            let windows: Result<Vec<[u64; 8]>, TraceError> = rows
                .map(|(line, row)| acl_row(row).ok_or_else(|| bad(line, row)))
                .collect();
            return Self::of_counts(name, &windows?);
        }
        Err(TraceError::Header {
            header: header.chars().take(120).collect(),
        })
    }

    /// Windows of one ACL, oldest first.
    ///
    /// # Errors
    ///
    /// [`TraceError::Empty`] without any.
    pub fn of_windows(name: &str, windows: Vec<Summary>) -> Result<Self, TraceError> {
        let starts: Vec<i64> = windows
            .iter()
            .map(|summary| summary.window.start.0.div_euclid(1_000))
            .collect();
        Ok(Self {
            name: name.to_owned(),
            window_seconds: median_distance(&starts)?,
            rows: Rows::Windows(windows),
        })
    }

    fn of_values(name: &str, values: Vec<(i64, f64)>) -> Result<Self, TraceError> {
        let starts: Vec<i64> = values.iter().map(|(start, _)| *start).collect();
        Ok(Self {
            name: name.to_owned(),
            window_seconds: median_distance(&starts)?,
            rows: Rows::Values(values),
        })
    }

    fn of_counts(name: &str, rows: &[[u64; 8]]) -> Result<Self, TraceError> {
        let starts: Vec<i64> = rows.iter().map(|row| row[0].cast_signed()).collect();
        let seconds = median_distance(&starts)?;
        let windows = rows.iter().map(|row| summary(name, row, seconds as i64));
        Ok(Self {
            name: name.to_owned(),
            window_seconds: seconds,
            rows: Rows::Windows(windows.collect()),
        })
    }

    /// The starts of its windows in Unix seconds.
    #[must_use]
    pub fn starts(&self) -> Vec<i64> {
        match &self.rows {
            Rows::Values(values) => values.iter().map(|(start, _)| *start).collect(),
            Rows::Windows(windows) => windows
                .iter()
                .map(|summary| summary.window.start.0.div_euclid(1_000))
                .collect(),
        }
    }
}

fn median_distance(starts: &[i64]) -> Result<f64, TraceError> {
    if starts.is_empty() {
        return Err(TraceError::Empty);
    }
    let mut distances: Vec<i64> = starts
        .windows(2)
        .map(|pair| pair[1].saturating_sub(pair[0]))
        .filter(|distance| *distance > 0)
        .collect();
    distances.sort_unstable();
    let median = distances.get(distances.len() / 2).copied().unwrap_or(60);
    Ok(median as f64)
}

/// Unix seconds of `2015-02-26 21:42:53`, with or without parts of a second, or of a whole number.
#[must_use]
pub fn seconds_of(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(seconds);
    }
    let time: DateTime = text.parse().ok()?;
    let zoned = time.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_second())
}

fn value_row(row: &str) -> Option<(i64, f64)> {
    let mut fields = row.split(',');
    let start = seconds_of(fields.next()?)?;
    let value: f64 = fields.next()?.trim().parse().ok()?;
    value.is_finite().then_some((start, value))
}

fn acl_row(row: &str) -> Option<[u64; 8]> {
    let mut values = [0; 8];
    let mut fields = row.split(',');
    for value in &mut values {
        *value = fields.next()?.trim().parse().ok()?;
    }
    // Times are milliseconds later on.
    (values[0] < 1 << 40).then_some(values)
}

fn summary(acl: &str, row: &[u64; 8], seconds: i64) -> Summary {
    let [
        start,
        total,
        allowed,
        blocked,
        counted,
        distinct,
        busiest,
        login,
    ] = *row;
    let start = EventTime(start.cast_signed() * 1_000);
    let window = Window {
        start,
        end: start.plus(seconds * 1_000),
    };
    let mut summary = Summary::empty(acl, window, Completeness::Complete);
    summary.counters.total = total;
    summary.counters.allowed = allowed;
    summary.counters.blocked = blocked;
    summary.counters.counted = counted;
    summary.distinct_addresses = DistinctCount {
        estimate: distinct as f64,
        lower: distinct as f64,
        upper: distinct as f64,
    };
    let mut list = |dimension, key: &str, count: u64| {
        let list = TopList {
            items: vec![TopItem::new(key, count, count)],
            error: 0,
            weight: total,
            unlisted: None,
        };
        if count > 0 {
            summary.top.insert(dimension, list);
        }
    };
    list(Dimension::ClientAddress, "192.0.2.1", busiest);
    list(Dimension::Uri, LOGIN_PATH, login);
    summary
}
