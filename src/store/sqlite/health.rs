//! How the store and its outbox stand, for people who look after them.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};
use wafwatch_windows::time::EventTime;

use super::names::{name, value};
use super::{SqliteStore, has_table};
use crate::incident::State;
use crate::store::{DeliveryState, StoreError};

/// Keeps when each channel last took a message: deliveries are deleted with their incidents.
pub(super) const CHANNELS_TABLE: &str = "CREATE TABLE IF NOT EXISTS channels (
     channel      TEXT PRIMARY KEY,
     last_success INTEGER NOT NULL
 ) WITHOUT ROWID";

/// What a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreHealth {
    /// Closed windows.
    pub windows: u64,
    /// End of the newest of them.
    pub closed_through: Option<EventTime>,
    /// Windows with counts that are still open.
    pub open_windows: u64,
    /// Incidents.
    pub incidents: u64,
    /// Of these, those that go on.
    pub open_incidents: u64,
    /// Events of incidents: what people are told.
    pub events: u64,
    /// Of these, those that nobody has explained yet.
    pub unexplained: u64,
}

/// How a channel stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChannelHealth {
    /// Messages that were not tried yet.
    pub waiting: u64,
    /// Messages that failed and are tried again.
    pub retrying: u64,
    /// Messages that were given up.
    pub dead: u64,
    /// Messages that the channel took.
    pub delivered: u64,
    /// Messages that it does not want.
    pub skipped: u64,
    /// When it last took one.
    pub last_success: Option<EventTime>,
    /// The failure that is tried again next.
    pub next_retry: Option<FailedDelivery>,
    /// The newest message that was given up.
    pub last_dead: Option<FailedDelivery>,
}

/// A delivery that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedDelivery {
    /// The event.
    pub event: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again.
    pub next_at: Option<EventTime>,
    /// Why it failed.
    pub error: String,
}

/// What models had to do with the stored explanations.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct AnalystUsage {
    /// Explanations.
    pub explanations: u64,
    /// Of these, those that a model had a part in.
    pub asked: u64,
    /// Of these, those that it answered.
    pub answered: u64,
    /// The others, which the built-in analyst answered after all.
    pub fell_back: u64,
    /// Tokens of questions, as the service counted them.
    pub input_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// Their price in US dollars; nothing where no price is known.
    pub cost_usd: Option<f64>,
    /// Explanations that used tokens of unknown price.
    pub unpriced: u64,
}

impl SqliteStore {
    /// What became of the records of all inputs: read, accepted, rejected.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn record_counts(&self) -> Result<(u64, u64, u64), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT coalesce(sum(read), 0), coalesce(sum(accepted), 0), coalesce(sum(rejected), 0)
             FROM shards",
        )?;
        let counts = statement.query_row([], |row| {
            let count = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
            Ok((count(0)?, count(1)?, count(2)?))
        })?;
        Ok(counts)
    }

    /// What models had to do with the stored explanations. Reads all of them.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn analyst_usage(&self) -> Result<AnalystUsage, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*), count(model), coalesce(sum(model ->> '$.outcome.kind' = 'answered'), 0),
                    coalesce(sum(model ->> '$.usage.input_tokens'), 0),
                    coalesce(sum(model ->> '$.usage.output_tokens'), 0),
                    sum(model ->> '$.usage.cost_usd'),
                    coalesce(sum(model ->> '$.usage.cost_usd' IS NULL
                                 AND model ->> '$.usage.input_tokens' > 0), 0)
             FROM (SELECT explanation -> '$.assessment.model' AS model FROM events
                   WHERE explanation IS NOT NULL AND explanation <> 'null')",
        )?;
        let usage = statement.query_row([], |row| {
            let count = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
            let (asked, answered) = (count(1)?, count(2)?);
            Ok(AnalystUsage {
                explanations: count(0)?,
                asked,
                answered,
                fell_back: asked.saturating_sub(answered),
                input_tokens: count(3)?,
                output_tokens: count(4)?,
                cost_usd: row.get(5)?,
                unpriced: count(6)?,
            })
        })?;
        Ok(usage)
    }

    /// What the store holds.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn health(&self) -> Result<StoreHealth, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT (SELECT count(*) FROM windows), (SELECT end FROM windows ORDER BY start DESC LIMIT 1),
                    (SELECT count(*) FROM (SELECT DISTINCT acl, window_start FROM partials)),
                    (SELECT count(*) FROM incidents),
                    (SELECT count(*) FROM incidents WHERE state = ?1),
                    (SELECT count(*) FROM events),
                    (SELECT count(*) FROM events WHERE explanation IS NULL)",
        )?;
        let health = statement.query_row([name(State::Open)], |row| {
            let count = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
            Ok(StoreHealth {
                windows: count(0)?,
                closed_through: row.get::<_, Option<i64>>(1)?.map(EventTime),
                open_windows: count(2)?,
                incidents: count(3)?,
                open_incidents: count(4)?,
                events: count(5)?,
                unexplained: count(6)?,
            })
        })?;
        Ok(health)
    }

    /// How the channels stand: those in `configured`, and all that the store knows of.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn channel_health(
        &self,
        configured: &[String],
    ) -> Result<BTreeMap<String, ChannelHealth>, StoreError> {
        let events = self.health()?.events;
        let new = |name: &String| (name.clone(), ChannelHealth::default());
        let mut channels: BTreeMap<String, ChannelHealth> = configured.iter().map(new).collect();
        for (channel, state, count) in self.delivery_counts()? {
            let health = channels.entry(channel).or_default();
            match state {
                DeliveryState::Delivered => health.delivered = count,
                DeliveryState::Skipped => health.skipped = count,
                DeliveryState::Retrying => health.retrying = count,
                DeliveryState::Dead => health.dead = count,
            }
        }
        for (channel, time) in self.last_successes()? {
            channels.entry(channel).or_default().last_success = Some(time);
        }
        for (channel, health) in &mut channels {
            let tried = health.delivered + health.skipped + health.retrying + health.dead;
            // Nobody tries a channel that was taken out of the settings.
            let is_configured = configured.contains(channel);
            health.waiting = match is_configured {
                true => events.saturating_sub(tried),
                false => 0,
            };
            health.next_retry = self.failed(channel, DeliveryState::Retrying, "next_at")?;
            health.last_dead = self.failed(channel, DeliveryState::Dead, "events.sequence DESC")?;
        }
        Ok(channels)
    }

    /// Notes that `channel` took a message at this time.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn note_success(&self, channel: &str, at: EventTime) -> Result<(), StoreError> {
        let written = self
            .connection
            .prepare_cached(
                "INSERT INTO channels (channel, last_success) VALUES (?1, ?2)
                 ON CONFLICT (channel) DO UPDATE SET last_success = excluded.last_success",
            )
            .and_then(|mut statement| statement.execute(params![channel, at.0]));
        written.map_err(|error| StoreError::from(error).of(&self.path))?;
        Ok(())
    }

    fn delivery_counts(&self) -> Result<Vec<(String, DeliveryState, u64)>, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT channel, state, count(*) FROM deliveries GROUP BY channel, state")?;
        let mut rows = statement.query([])?;
        let mut counts = Vec::new();
        while let Some(row) = rows.next()? {
            let state = value(&row.get::<_, String>(1)?)?;
            counts.push((row.get(0)?, state, row.get::<_, i64>(2)?.cast_unsigned()));
        }
        Ok(counts)
    }

    fn last_successes(&self) -> Result<Vec<(String, EventTime)>, StoreError> {
        // Stores that no newer version has written yet come without the table.
        if !has_table(&self.connection, "channels")? {
            return Ok(Vec::new());
        }
        let mut statement = self
            .connection
            .prepare("SELECT channel, last_success FROM channels")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, EventTime(row.get(1)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The first of the deliveries to `channel` in `state`, by `order`, which is our own SQL.
    fn failed(
        &self,
        channel: &str,
        state: DeliveryState,
        order: &str,
    ) -> Result<Option<FailedDelivery>, StoreError> {
        let mut statement = self.connection.prepare(&format!(
            "SELECT deliveries.event, attempts, next_at, deliveries.error
             FROM deliveries JOIN events ON events.id = deliveries.event
             WHERE channel = ?1 AND deliveries.state = ?2 ORDER BY {order} LIMIT 1"
        ))?;
        let found = statement.query_row(params![channel, name(state)], |row| {
            Ok(FailedDelivery {
                event: row.get(0)?,
                attempts: row.get(1)?,
                next_at: row.get::<_, Option<i64>>(2)?.map(EventTime),
                error: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
            })
        });
        Ok(found.optional()?)
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use wafwatch_windows::time::WindowSize;

    use super::*;
    use crate::incident::sample;
    use crate::store::{AclState, Closing, Delivery, Store, Transaction};

    fn store_with_events(folder: &TempDir, count: u32) -> SqliteStore {
        let path = folder.path().join("store.db");
        let mut store = SqliteStore::open(&path, WindowSize::DEFAULT).expect("opens");
        let closing = Closing {
            acl: "shop".to_owned(),
            state: AclState {
                version: 1,
                ..AclState::default()
            },
            windows: Vec::new(),
            incidents: vec![sample::event("shop", 1).incident],
            events: (1..=count)
                .map(|number| sample::event("shop", number))
                .collect(),
        };
        let transaction = Transaction {
            closings: vec![closing],
            ..Transaction::default()
        };
        store.apply(&transaction).expect("applies");
        store
    }

    #[test]
    fn every_channel_is_accounted_for() {
        let folder = TempDir::new().expect("a folder");
        let store = store_with_events(&folder, 4);
        let down = |at| Delivery::RetryAt {
            at: EventTime(at),
            error: format!("down until {at}"),
        };
        let gone = Delivery::Dead {
            error: "gone".to_owned(),
        };
        for (event, channel, delivery) in [
            ("shop-1/1", "hook", gone),
            ("shop-1/2", "hook", down(9_000)),
            ("shop-1/3", "hook", down(5_000)),
            ("shop-1/1", "mail", Delivery::Delivered),
            ("shop-1/1", "old", Delivery::Delivered),
        ] {
            store
                .record_delivery(event, channel, &delivery)
                .expect("writes");
        }
        store
            .note_success("mail", EventTime(7_000))
            .expect("writes");
        store
            .note_success("mail", EventTime(8_000))
            .expect("writes");

        let configured = ["hook", "mail", "new"].map(str::to_owned);
        let channels = store.channel_health(&configured).expect("reads");
        let names: Vec<&str> = channels.keys().map(String::as_str).collect();
        assert_eq!(names, ["hook", "mail", "new", "old"]);
        let hook = &channels["hook"];
        assert_eq!((hook.waiting, hook.retrying, hook.dead), (1, 2, 1));
        assert_eq!(hook.last_success, None);
        let next = hook.next_retry.as_ref().expect("is tried again");
        assert_eq!(
            (next.event.as_str(), next.next_at),
            ("shop-1/3", Some(EventTime(5_000)))
        );
        assert_eq!(next.error, "down until 5000");
        let dead = hook.last_dead.as_ref().expect("was given up");
        assert_eq!(
            (dead.event.as_str(), dead.error.as_str()),
            ("shop-1/1", "gone")
        );
        let mail = &channels["mail"];
        assert_eq!((mail.waiting, mail.delivered), (3, 1));
        assert_eq!(mail.last_success, Some(EventTime(8_000)));
        assert_eq!(channels["new"].waiting, 4);
        assert_eq!((channels["old"].waiting, channels["old"].delivered), (0, 1));

        let health = store.health().expect("reads");
        assert_eq!((health.events, health.unexplained), (4, 4));
        assert_eq!((health.incidents, health.open_incidents), (1, 1));
        assert_eq!((health.windows, health.closed_through), (0, None));
    }

    #[test]
    fn a_store_of_an_earlier_version_has_no_successes() {
        let folder = TempDir::new().expect("a folder");
        let store = store_with_events(&folder, 1);
        store
            .connection
            .execute_batch("DROP TABLE channels")
            .expect("drops");
        let looking = SqliteStore::open_existing(store.path()).expect("opens");
        let channels = looking.channel_health(&["mail".to_owned()]).expect("reads");
        assert_eq!(
            (channels["mail"].waiting, channels["mail"].last_success),
            (1, None)
        );
    }
}
