//! Incident events that wait for an explanation or a delivery.

use rusqlite::{Row, ToSql, params};
use serde::de::DeserializeOwned;
use wafwatch_windows::time::EventTime;

use super::names::{name, value};
use super::{SqliteStore, damaged, from_json, to_json};
use crate::incident::IncidentEvent;
use crate::store::{
    Delivery, DeliveryRecord, DeliveryState, Explanation, OutboxEntry, OutboxPlace, OutboxRow,
    StoreError,
};

/// Lets the explainer find its few rows without reading all events.
pub(super) const UNEXPLAINED_INDEX: &str = "CREATE INDEX IF NOT EXISTS events_unexplained
     ON events (sequence) WHERE explanation IS NULL";

/// The explanation of an event that none can be made of: JSON, and no explanation.
const UNEXPLAINABLE: &str = "null";

const UNEXPLAINED: &str = "SELECT id, event FROM events WHERE explanation IS NULL
     ORDER BY sequence LIMIT ?1";

/// Both begin behind the events that the channel has settled, and so cost what it has left to do.
const UNDELIVERED: &str = "SELECT events.id, events.event, events.explanation,
            coalesce(deliveries.attempts, 0)
     FROM events LEFT JOIN deliveries
       ON deliveries.event = events.id AND deliveries.channel = ?1
     WHERE events.sequence > ?2 AND events.explanation IS NOT NULL
       AND (deliveries.state IS NULL
            OR (deliveries.state = ?3 AND deliveries.next_at <= ?4))
     ORDER BY events.sequence LIMIT ?5";
const FIRST_UNSETTLED: &str = "SELECT
     (SELECT events.sequence FROM events LEFT JOIN deliveries
        ON deliveries.event = events.id AND deliveries.channel = ?1
      WHERE events.sequence > ?2 AND (deliveries.state IS NULL OR deliveries.state = ?3)
      ORDER BY events.sequence LIMIT 1),
     (SELECT max(sequence) FROM events)";

impl SqliteStore {
    /// Events that nobody has explained yet, oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn events_without_explanation(
        &self,
        limit: usize,
    ) -> Result<Vec<OutboxRow<IncidentEvent>>, StoreError> {
        let mut statement = self.connection.prepare_cached(UNEXPLAINED)?;
        let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            events.push(OutboxRow {
                event: row.get(0)?,
                content: column(row, 1, "event"),
            });
        }
        Ok(events)
    }

    /// Keeps the explanation that was made of an event.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn set_explanation(
        &self,
        event: &str,
        explanation: &Explanation,
    ) -> Result<(), StoreError> {
        let query = "UPDATE events SET explanation = ?2 WHERE id = ?1";
        self.write(query, params![event, to_json(explanation)])
    }

    /// Keeps that no explanation can be made of an event: it is not asked for again.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn set_unexplainable(&self, event: &str) -> Result<(), StoreError> {
        let query = "UPDATE events SET explanation = ?2 WHERE id = ?1";
        self.write(query, params![event, UNEXPLAINABLE])
    }

    /// Events behind `place` that were explained, that `channel` has neither had nor refused, and
    /// that are due by `now`, oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn undelivered(
        &self,
        channel: &str,
        place: OutboxPlace,
        now: EventTime,
        limit: usize,
    ) -> Result<Vec<OutboxRow<OutboxEntry>>, StoreError> {
        let mut statement = self.connection.prepare_cached(UNDELIVERED)?;
        let mut rows = statement.query(params![
            channel,
            place.settled_through,
            name(DeliveryState::Retrying),
            now.0,
            i64::try_from(limit).unwrap_or(i64::MAX),
        ])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(OutboxRow {
                event: row.get(0)?,
                content: entry(row),
            });
        }
        Ok(entries)
    }

    /// Where `channel` stands, which was at `place` or further.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn place_of(&self, channel: &str, place: OutboxPlace) -> Result<OutboxPlace, StoreError> {
        let mut statement = self.connection.prepare_cached(FIRST_UNSETTLED)?;
        let after = place.settled_through;
        let retrying = name(DeliveryState::Retrying);
        // Both in one statement: an event that comes in between would be passed over.
        let (unsettled, newest): (Option<i64>, Option<i64>) = statement
            .query_row(params![channel, after, retrying], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let settled = unsettled.map_or(newest.unwrap_or(after), |sequence| sequence - 1);
        Ok(OutboxPlace {
            settled_through: settled.max(after),
            is_behind: unsettled.is_some(),
        })
    }

    /// Records how a delivery ended.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn record_delivery(
        &self,
        event: &str,
        channel: &str,
        delivery: &Delivery,
    ) -> Result<(), StoreError> {
        let (next_at, error) = match delivery {
            Delivery::Delivered | Delivery::Skipped => (None, None),
            Delivery::RetryAt { at, error } => (Some(at.0), Some(error)),
            Delivery::Dead { error } => (None, Some(error)),
        };
        self.write(
            "INSERT INTO deliveries (event, channel, state, attempts, next_at, error)
             VALUES (?1, ?2, ?3, 1, ?4, ?5)
             ON CONFLICT (event, channel) DO UPDATE SET
               state = excluded.state, attempts = attempts + 1,
               next_at = excluded.next_at, error = excluded.error",
            params![event, channel, name(delivery.state()), next_at, error],
        )
    }

    fn write(&self, query: &str, values: &[&dyn ToSql]) -> Result<(), StoreError> {
        let written = self
            .connection
            .prepare_cached(query)
            .and_then(|mut statement| statement.execute(values));
        written.map_err(|error| StoreError::from(error).of(&self.path))?;
        Ok(())
    }

    /// The events of an incident with their explanations, oldest first.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn events_of(
        &self,
        incident: &str,
    ) -> Result<Vec<(IncidentEvent, Option<Explanation>)>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT event, explanation FROM events WHERE incident = ?1 ORDER BY sequence",
        )?;
        let mut rows = statement.query([incident])?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            let explanation: Option<String> = row.get(1)?;
            let explanation: Option<Option<Explanation>> = explanation
                .map(|text| from_json("explanation", &text))
                .transpose()?;
            let explanation = explanation.flatten();
            events.push((from_json("event", &row.get::<_, String>(0)?)?, explanation));
        }
        Ok(events)
    }

    /// How the deliveries of an incident's events stand.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn deliveries_of(&self, incident: &str) -> Result<Vec<DeliveryRecord>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT deliveries.event, channel, state, attempts, error
             FROM deliveries JOIN events ON events.id = deliveries.event
             WHERE events.incident = ?1 ORDER BY events.sequence, channel",
        )?;
        let mut rows = statement.query([incident])?;
        let mut deliveries = Vec::new();
        while let Some(row) = rows.next()? {
            deliveries.push(DeliveryRecord {
                event: row.get(0)?,
                channel: row.get(1)?,
                state: value(&row.get::<_, String>(2)?)?,
                attempts: row.get(3)?,
                error: row.get(4)?,
            });
        }
        Ok(deliveries)
    }
}

fn entry(row: &Row<'_>) -> Result<OutboxEntry, StoreError> {
    let event = column(row, 1, "event")?;
    let explanation: Option<Explanation> = column(row, 2, "explanation")?;
    let attempts = row.get(3);
    Ok(OutboxEntry {
        event,
        explanation: explanation
            .ok_or_else(|| damaged("event", "no explanation could be made of it"))?,
        attempts: attempts.map_err(|error| damaged("count of attempts", error))?,
    })
}

/// Decodes a column that may hold anything.
fn column<T: DeserializeOwned>(
    row: &Row<'_>,
    index: usize,
    what: &'static str,
) -> Result<T, StoreError> {
    let text = row.get_ref(index)?.as_str();
    from_json(what, text.map_err(|error| damaged(what, error))?)
}

#[cfg(test)]
mod tests {
    use wafwatch_windows::time::WindowSize;

    use super::*;

    #[test]
    fn looking_for_work_does_not_read_all_events() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        let store = SqliteStore::open(&path, WindowSize::DEFAULT).expect("opens");
        for query in [UNEXPLAINED, UNDELIVERED, FIRST_UNSETTLED] {
            let mut statement = store
                .connection
                .prepare(&format!("EXPLAIN QUERY PLAN {query}"))
                .expect("prepares");
            let mut rows = statement.raw_query();
            let mut plan = Vec::new();
            while let Some(row) = rows.next().expect("explains") {
                plan.push(row.get::<_, String>(3).expect("is text"));
            }
            assert!(!plan.is_empty());
            for step in plan {
                // The partial index holds nothing but the rows that are asked for.
                let is_cheap = step.ends_with("USING INDEX events_unexplained")
                    || !step.starts_with("SCAN events") && !step.starts_with("SCAN deliveries");
                assert!(is_cheap, "{query}: {step}");
            }
        }
    }
}
