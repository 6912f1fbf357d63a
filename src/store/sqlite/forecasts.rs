//! What detectors expected of the requests of closed windows.
//!
//! Beside the windows and not in them: SQLite reads a row from its front, and behind the summary, which
//! is most of a row, these three numbers would cost as much as the summary.

use rusqlite::{Connection, params};
use wafwatch_windows::summary::Summary;

use crate::detect::Forecast;
use crate::store::StoreError;

/// Stores of earlier versions come without it.
pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS forecasts (
    acl      TEXT NOT NULL,
    start    INTEGER NOT NULL,
    expected REAL NOT NULL,
    lower    REAL NOT NULL,
    upper    REAL NOT NULL,
    PRIMARY KEY (acl, start)
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS forecast_goes_with_its_window AFTER DELETE ON windows BEGIN
    DELETE FROM forecasts WHERE acl = old.acl AND start = old.start;
END;";

pub(super) fn put(
    write: &Connection,
    summary: &Summary,
    forecast: &Forecast,
) -> Result<(), StoreError> {
    let Forecast {
        expected,
        lower,
        upper,
    } = forecast;
    write
        .prepare_cached(
            "INSERT OR REPLACE INTO forecasts (acl, start, expected, lower, upper)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            summary.acl,
            summary.window.start.0,
            expected,
            lower,
            upper
        ])?;
    Ok(())
}
