//! Tells browsers what changed in the store.
//!
//! One task looks a few times a second whether another connection has committed anything; that costs
//! one read of a number. Then every stream reads for itself what changed behind its own cursor: a
//! browser that is slow, or was away for an hour, gets each changed window and incident once, as it
//! stands now, and nothing has to be kept for it. Cursors outlive the process, because the store keeps
//! the order of changes.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::answer::{Answer, Refusal};
use super::api;
use super::rates::Counts;
use super::readers::FileIdentity;
use super::router::{App, MAX_STREAMS};
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::changes::Revision;

/// How often the store is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Shortest time between two tellings of health.
const HEALTH_EVERY: Duration = Duration::from_secs(2);
/// Longest time between them: what is behind the clock falls further behind by itself.
const HEALTH_AT_LEAST: Duration = Duration::from_secs(10);
/// Changes that are told one by one.
pub(super) const MAX_CHANGES: usize = 5_000;

/// What streams wait for.
#[derive(Debug)]
pub(super) struct Feed {
    /// Counts up when the store has changed.
    pub changes: watch::Sender<u64>,
    /// The newest health, as JSON.
    pub health: watch::Sender<Option<Arc<str>>>,
}

/// Looks at the store until the runtime ends.
pub(super) async fn look_now_and_then(app: Arc<App>) {
    let mut look = Look::default();
    let mut told: Option<Instant> = None;
    let mut is_stale = true;
    loop {
        let path = app.readers.path().to_owned();
        let looked = tokio::task::spawn_blocking(move || {
            let changed = look.at(&path);
            (look, changed)
        });
        let Ok((kept, changed)) = looked.await else {
            return;
        };
        look = kept;
        if let Some(counts) = look.counts {
            let mut rates = app.rates.lock().unwrap_or_else(PoisonError::into_inner);
            rates.look(Instant::now(), counts);
        }
        if changed {
            is_stale = true;
            app.feed
                .changes
                .send_modify(|changes| *changes = changes.wrapping_add(1));
        }
        let since = told.map_or(HEALTH_AT_LEAST, |told| told.elapsed());
        let is_due = since >= HEALTH_AT_LEAST || (is_stale && since >= HEALTH_EVERY);
        let has_listeners = app.streams.available_permits() < MAX_STREAMS;
        if is_due && has_listeners {
            told = Some(Instant::now());
            is_stale = false;
            // A store that cannot be read is told by what asks for it.
            if let Ok(answer) = api::health::current(&app).await {
                app.feed.health.send_replace(Some(answer.as_text().into()));
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A connection that sees when others write.
#[derive(Debug, Default)]
struct Look {
    file: Option<FileIdentity>,
    store: Option<SqliteStore>,
    version: Option<i64>,
    counts: Option<Counts>,
}

impl Look {
    /// Whether anything has changed since the last look.
    fn at(&mut self, path: &std::path::Path) -> bool {
        let file = FileIdentity::of(path);
        if self.file != file || self.store.is_none() {
            let was = self.store.is_some() || self.version.is_some();
            *self = Self {
                file,
                store: SqliteStore::open_existing(path).ok(),
                version: None,
                counts: None,
            };
            self.recount();
            return was || self.store.is_some();
        }
        let version = self.store.as_ref().map(SqliteStore::data_version);
        let Some(Ok(version)) = version else {
            self.store = None;
            return true;
        };
        let has_changed = self.version.is_some_and(|before| before != version);
        if self.version.is_none() || has_changed {
            self.version = Some(version);
            self.recount();
        }
        has_changed
    }

    fn recount(&mut self) {
        let counts = self.store.as_ref().map(SqliteStore::record_counts);
        let Some(Ok((read, accepted, rejected))) = counts else {
            return;
        };
        self.counts = Some(Counts {
            read,
            accepted,
            rejected,
        });
    }
}

/// How far a browser has followed a store: what goes over the wire as the id of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The store; empty for one that keeps no changes.
    pub store: String,
    pub revision: Revision,
}

impl Cursor {
    /// Where the store stands.
    pub(super) fn of(store: &SqliteStore) -> Result<Self, Refusal> {
        Ok(Self {
            store: store.identity()?.unwrap_or_default(),
            revision: store.revision()?,
        })
    }

    /// Reads what [`to_string`](ToString::to_string) wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(3, '-');
        let incidents = parts.next()?.parse().ok()?;
        let windows = parts.next()?.parse().ok()?;
        let store = parts.next()?;
        let is_plain = store.len() <= 64 && store.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_plain.then(|| Self {
            store: store.to_owned(),
            revision: Revision { windows, incidents },
        })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Revision { windows, incidents } = self.revision;
        write!(formatter, "{}-{windows}-{incidents}", self.store)
    }
}

/// An event in the format of server-sent events. JSON holds no line ends.
pub(super) fn frame(event: &str, id: Option<&Cursor>, data: &Answer) -> String {
    let id = id.map_or(String::new(), |id| format!("id: {id}\n"));
    format!("event: {event}\n{id}data: {}\n\n", data.as_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_they_are_written() {
        for store in ["", "0123abcd"] {
            let cursor = Cursor {
                store: store.to_owned(),
                revision: Revision {
                    windows: 12,
                    incidents: 3,
                },
            };
            assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        }
        for wrong in ["", "a", "a-1", "a-x-1", "a b-1-2", "a-1-2-x", "é-1-2"] {
            assert_eq!(Cursor::parse(wrong), None, "{wrong}");
        }
    }
}
