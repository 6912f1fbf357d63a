//! Incident events that wait for an explanation or a delivery.

use rusqlite::{OptionalExtension, params};
use wafwatch_windows::time::EventTime;

use super::{SqliteStore, from_json, to_json};
use crate::incident::IncidentEvent;
use crate::store::{Delivery, DeliveryRecord, DeliveryState, Explanation, OutboxEntry, StoreError};

impl SqliteStore {
    /// Events that nobody has explained yet, oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn events_without_explanation(
        &self,
        limit: usize,
    ) -> Result<Vec<IncidentEvent>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT event FROM events WHERE explanation IS NULL ORDER BY sequence LIMIT ?1",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map([limit], |row| row.get::<_, String>(0))?;
        rows.map(|text| from_json("event", &text?)).collect()
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
        self.connection.execute(
            "UPDATE events SET explanation = ?2 WHERE id = ?1",
            params![event, to_json(explanation)],
        )?;
        Ok(())
    }

    /// Explained events that `channel` has neither had nor refused and that are due by `now`,
    /// oldest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn undelivered(
        &self,
        channel: &str,
        now: EventTime,
        limit: usize,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT events.event, events.explanation, coalesce(deliveries.attempts, 0)
             FROM events LEFT JOIN deliveries
               ON deliveries.event = events.id AND deliveries.channel = ?1
             WHERE events.explanation IS NOT NULL
               AND (deliveries.state IS NULL
                    OR (deliveries.state = 'retrying' AND deliveries.next_at <= ?2))
             ORDER BY events.sequence LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![channel, now.0, limit])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(OutboxEntry {
                event: from_json("event", &row.get::<_, String>(0)?)?,
                explanation: from_json("explanation", &row.get::<_, String>(1)?)?,
                attempts: row.get(2)?,
            });
        }
        Ok(entries)
    }

    /// Whether `channel` still waits for any event, due or not.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn is_behind(&self, channel: &str) -> Result<bool, StoreError> {
        let query = "SELECT 1 FROM events LEFT JOIN deliveries
               ON deliveries.event = events.id AND deliveries.channel = ?1
             WHERE deliveries.state IS NULL OR deliveries.state = 'retrying' LIMIT 1";
        let found: Option<i64> = self
            .connection
            .prepare_cached(query)?
            .query_row([channel], |row| row.get(0))
            .optional()?;
        Ok(found.is_some())
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
        let (state, next_at, error) = match delivery {
            Delivery::Delivered => ("delivered", None, None),
            Delivery::Skipped => ("skipped", None, None),
            Delivery::RetryAt { at, error } => ("retrying", Some(at.0), Some(error)),
            Delivery::Dead { error } => ("dead", None, Some(error)),
        };
        self.connection
            .prepare_cached(
                "INSERT INTO deliveries (event, channel, state, attempts, next_at, error)
                 VALUES (?1, ?2, ?3, 1, ?4, ?5)
                 ON CONFLICT (event, channel) DO UPDATE SET
                   state = excluded.state, attempts = attempts + 1,
                   next_at = excluded.next_at, error = excluded.error",
            )?
            .execute(params![event, channel, state, next_at, error])?;
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
            let explanation = explanation
                .map(|text| from_json("explanation", &text))
                .transpose()?;
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
        let rows = statement.query_map([incident], |row| {
            let state: String = row.get(2)?;
            Ok(DeliveryRecord {
                event: row.get(0)?,
                channel: row.get(1)?,
                state: match state.as_str() {
                    "delivered" => DeliveryState::Delivered,
                    "skipped" => DeliveryState::Skipped,
                    "dead" => DeliveryState::Dead,
                    _ => DeliveryState::Retrying,
                },
                attempts: row.get(3)?,
                error: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
