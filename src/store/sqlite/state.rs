//! Reads what the pipeline starts from: checkpoints, ACL states, partials.

use rusqlite::{Connection, params};
use wafwatch_windows::time::{EventTime, Window};

use super::from_json;
use crate::store::{AclState, Checkpoint, NotASequenceNumber, SequenceNumber, StoreError};

pub(super) fn checkpoints(
    connection: &Connection,
) -> Result<Vec<(String, Checkpoint)>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT shard, input, position, sequence, watermark, finished, accounts
         FROM shards ORDER BY shard",
    )?;
    let mut rows = statement.query([])?;
    let mut checkpoints = Vec::new();
    while let Some(row) = rows.next()? {
        let accounts: String = row.get("accounts")?;
        let sequence: Option<String> = row.get("sequence")?;
        let checkpoint = Checkpoint {
            input: row.get("input")?,
            position: row.get::<_, i64>("position")?.cast_unsigned(),
            sequence: sequence.map(|text| parse_sequence(&text)).transpose()?,
            watermark: row.get::<_, Option<i64>>("watermark")?.map(EventTime),
            finished: row.get("finished")?,
            accounts: from_json("account of a shard", &accounts)?,
        };
        checkpoints.push((row.get("shard")?, checkpoint));
    }
    Ok(checkpoints)
}

fn parse_sequence(text: &str) -> Result<SequenceNumber, StoreError> {
    text.parse()
        .map_err(|error: NotASequenceNumber| StoreError::Damaged {
            what: "sequence number of a shard",
            reason: error.to_string(),
        })
}

pub(super) fn acl_states(connection: &Connection) -> Result<Vec<(String, AclState)>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT acl, version, closed_through, empty_budget, detector, incident
         FROM acls ORDER BY acl",
    )?;
    let mut rows = statement.query([])?;
    let mut states = Vec::new();
    while let Some(row) = rows.next()? {
        let incident: Option<String> = row.get("incident")?;
        let state = AclState {
            version: row.get::<_, i64>("version")?.cast_unsigned(),
            closed_through: row.get::<_, Option<i64>>("closed_through")?.map(EventTime),
            empty_budget: row.get("empty_budget")?,
            detector: row.get("detector")?,
            incident: incident
                .map(|text| from_json("incident", &text))
                .transpose()?,
        };
        states.push((row.get("acl")?, state));
    }
    Ok(states)
}

pub(super) fn windows_with_partials(
    connection: &Connection,
) -> Result<Vec<(String, Window)>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT DISTINCT acl, window_start, window_end FROM partials ORDER BY acl, window_start",
    )?;
    let rows = statement.query_map([], |row| {
        let window = Window {
            start: EventTime(row.get(1)?),
            end: EventTime(row.get(2)?),
        };
        Ok((row.get(0)?, window))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn has_partials(connection: &Connection) -> Result<bool, StoreError> {
    let query = "SELECT EXISTS (SELECT 1 FROM partials)";
    Ok(connection.query_row(query, [], |row| row.get(0))?)
}

pub(super) fn partials(
    connection: &Connection,
    acl: &str,
    window: Window,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT encoded FROM partials WHERE acl = ?1 AND window_start = ?2 ORDER BY id",
    )?;
    let rows = statement.query_map(params![acl, window.start.0], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
