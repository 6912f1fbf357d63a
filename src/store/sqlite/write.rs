//! Writes a transaction: all of it, conditionally, or nothing.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use wafwatch_windows::summary::{Completeness, Summary};
use wafwatch_windows::time::Window;

use super::{forecasts, names, to_json};
use crate::incident::{Incident, IncidentEvent};
use crate::store::{
    CheckpointUpdate, ClosedWindow, Closing, SequenceNumber, StoreError, StoredPartial, Transaction,
};

pub(super) fn apply(
    connection: &mut Connection,
    writer: &str,
    path: &Path,
    transaction: &Transaction,
) -> Result<(), StoreError> {
    // Taking the write lock first keeps what the conditions read from changing before the write.
    let write = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    check_writer(&write, writer, path)?;
    for update in &transaction.checkpoints {
        move_checkpoint(&write, update)?;
    }
    for partial in &transaction.partials {
        add_partial(&write, partial)?;
    }
    for partial in &transaction.compacted {
        delete_partials(&write, &partial.acl, partial.window)?;
        add_partial(&write, partial)?;
    }
    for closing in &transaction.closings {
        close(&write, closing)?;
    }
    for summary in &transaction.amended {
        amend(&write, summary)?;
    }
    write.commit()?;
    Ok(())
}

/// Closing a window deletes all its partials, so nobody else may have added any.
fn check_writer(write: &Connection, writer: &str, path: &Path) -> Result<(), StoreError> {
    let query = "SELECT value FROM meta WHERE key = 'writer'";
    let stored: Option<String> = write
        .prepare_cached(query)?
        .query_row([], |row| row.get(0))
        .optional()?;
    if stored.as_deref() == Some(writer) {
        return Ok(());
    }
    Err(StoreError::Conflict {
        what: format!(
            "the store {}, which only one may write, was taken over",
            path.display()
        ),
    })
}

fn move_checkpoint(write: &Connection, update: &CheckpointUpdate) -> Result<(), StoreError> {
    let query = "SELECT position FROM shards WHERE shard = ?1";
    let stored: Option<i64> = write
        .prepare_cached(query)?
        .query_row([&update.shard], |row| row.get(0))
        .optional()?;
    if stored.map(i64::cast_unsigned) != update.expected_position {
        return Err(StoreError::Conflict {
            what: format!("the checkpoint of {} was changed", update.shard),
        });
    }
    let checkpoint = &update.checkpoint;
    let accounts = &checkpoint.accounts;
    write
        .prepare_cached(
            "INSERT OR REPLACE INTO shards
             (shard, input, position, sequence, watermark, finished,
              read, accepted, rejected, accounts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            update.shard,
            checkpoint.input,
            checkpoint.position.cast_signed(),
            checkpoint.sequence.as_ref().map(SequenceNumber::as_str),
            checkpoint.watermark.map(|time| time.0),
            checkpoint.finished,
            accounts.read.cast_signed(),
            accounts.accepted.cast_signed(),
            accounts.rejected_total().cast_signed(),
            to_json(accounts),
        ])?;
    Ok(())
}

fn add_partial(write: &Connection, partial: &StoredPartial) -> Result<(), StoreError> {
    write
        .prepare_cached(
            "INSERT INTO partials (acl, window_start, window_end, encoded) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            partial.acl,
            partial.window.start.0,
            partial.window.end.0,
            partial.encoded
        ])?;
    Ok(())
}

fn close(write: &Connection, closing: &Closing) -> Result<(), StoreError> {
    let query = "SELECT version FROM acls WHERE acl = ?1";
    let stored: Option<i64> = write
        .prepare_cached(query)?
        .query_row([&closing.acl], |row| row.get(0))
        .optional()?;
    let expected = closing
        .state
        .version
        .checked_sub(1)
        .filter(|version| *version > 0);
    if stored.map(i64::cast_unsigned) != expected {
        return Err(StoreError::Conflict {
            what: format!("the state of {} was changed", closing.acl),
        });
    }
    let state = &closing.state;
    write
        .prepare_cached(
            "INSERT OR REPLACE INTO acls
             (acl, version, closed_through, empty_budget, detector, incident)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            closing.acl,
            state.version.cast_signed(),
            state.closed_through.map(|time| time.0),
            state.empty_budget,
            state.detector,
            state.incident.as_ref().map(to_json),
        ])?;
    for window in &closing.windows {
        insert_window(write, window)?;
        delete_partials(write, &closing.acl, window.summary.window)?;
    }
    for incident in &closing.incidents {
        put_incident(write, incident)?;
    }
    for event in &closing.events {
        add_event(write, event)?;
    }
    Ok(())
}

fn insert_window(write: &Connection, closed: &ClosedWindow) -> Result<(), StoreError> {
    if let Some(forecast) = &closed.forecast {
        forecasts::put(write, &closed.summary, forecast)?;
    }
    put_window(
        write,
        &closed.summary,
        &to_json(&closed.stage),
        &to_json(&closed.findings),
    )
}

/// Replaces the figures of a closed window and keeps what the detector had said of it.
fn amend(write: &Connection, summary: &Summary) -> Result<(), StoreError> {
    let query = "SELECT stage, findings FROM windows WHERE acl = ?1 AND start = ?2";
    let verdict: Option<(String, String)> = write
        .prepare_cached(query)?
        .query_row(params![summary.acl, summary.window.start.0], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let (stage, findings) =
        verdict.unwrap_or_else(|| ("\"never_scored\"".to_owned(), "[]".to_owned()));
    put_window(write, summary, &stage, &findings)?;
    delete_partials(write, &summary.acl, summary.window)
}

fn put_window(
    write: &Connection,
    summary: &Summary,
    stage: &str,
    findings: &str,
) -> Result<(), StoreError> {
    let counters = &summary.counters;
    write
        .prepare_cached(
            "INSERT OR REPLACE INTO windows
             (acl, start, start_utc, end, complete, total, allowed, blocked, counted, captcha,
              challenge, other, blocked_ratio, distinct_addresses, late, stage, findings, summary)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
                     ?18)",
        )?
        .execute(params![
            summary.acl,
            summary.window.start.0,
            utc(summary.window),
            summary.window.end.0,
            summary.completeness == Completeness::Complete,
            counters.total.cast_signed(),
            counters.allowed.cast_signed(),
            counters.blocked.cast_signed(),
            counters.counted.cast_signed(),
            counters.captcha.cast_signed(),
            counters.challenge.cast_signed(),
            counters.other.cast_signed(),
            counters.blocked_ratio(),
            summary.distinct_addresses.estimate,
            summary.late.cast_signed(),
            stage,
            findings,
            to_json(summary),
        ])?;
    Ok(())
}

fn utc(window: Window) -> String {
    Timestamp::from_millisecond(window.start.0)
        .map_or_else(|_| window.start.0.to_string(), |time| time.to_string())
}

fn delete_partials(write: &Connection, acl: &str, window: Window) -> Result<(), StoreError> {
    write
        .prepare_cached("DELETE FROM partials WHERE acl = ?1 AND window_start = ?2")?
        .execute(params![acl, window.start.0])?;
    Ok(())
}

fn put_incident(write: &Connection, incident: &Incident) -> Result<(), StoreError> {
    write
        .prepare_cached(
            "INSERT OR REPLACE INTO incidents
             (id, acl, state, severity, opened, resolved, incident)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            incident.id,
            incident.acl,
            names::name(incident.state),
            incident.severity.0,
            incident.opened.0,
            incident.resolved.map(|time| time.0),
            to_json(incident),
        ])?;
    Ok(())
}

fn add_event(write: &Connection, event: &IncidentEvent) -> Result<(), StoreError> {
    write
        .prepare_cached("INSERT INTO events (id, incident, kind, event) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            event.id,
            event.incident.id,
            event.kind.name(),
            to_json(event)
        ])?;
    Ok(())
}
