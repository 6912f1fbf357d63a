//! Delivers explained events to one channel.

use std::time::Duration;

use wafwatch_windows::time::EventTime;

use super::problems::chain;
use crate::incident::Level;
use crate::notify::{Message, Notifier, NotifyError, Retry, backoff};
use crate::report::{Redaction, Report};
use crate::store::sqlite::SqliteStore;
use crate::store::{Delivery, OutboxEntry, OutboxPlace, StoreError};

/// Events that one round delivers at most.
const ROUND: usize = 64;

/// Where messages go, and which ones.
pub struct Channel {
    /// Its name in the settings, under which deliveries are recorded.
    pub name: String,
    /// The channel itself.
    pub notifier: Box<dyn Notifier>,
    /// Messages below this level are skipped.
    pub minimum_level: Level,
    /// What is masked.
    pub redaction: Redaction,
    /// How often a delivery is tried before it is given up.
    pub attempts: u32,
}

/// What a round of deliveries did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Round {
    /// Messages that the channel took, did not want, or will never get.
    pub settled: usize,
    /// Why a delivery is tried again later; the round ends there.
    pub retrying: Option<String>,
    /// Why the last of the deliveries that were given up for good failed.
    pub given_up: Option<String>,
}

/// Delivers what is due on `channel` by `now`, and moves its `place`: the default one for the first
/// round, which then looks at all events, once.
///
/// A failure ends the round, so that a dead channel is tried once and not once per message; the
/// failed message then waits for its retry while the next round goes on with the others.
///
/// # Errors
///
/// When the store fails.
pub fn deliver_due(
    store: &SqliteStore,
    channel: &Channel,
    place: &mut OutboxPlace,
    now: EventTime,
) -> Result<Round, StoreError> {
    let mut round = Round::default();
    let name = &channel.name;
    for row in store.undelivered(name, *place, now, ROUND)? {
        let delivery = match &row.content {
            Ok(entry) => deliver(channel, entry, now),
            // One that cannot be read must not keep the others.
            Err(error) => Delivery::Dead {
                error: chain(error),
            },
        };
        store.record_delivery(&row.event, name, &delivery)?;
        match delivery {
            Delivery::Delivered | Delivery::Skipped => round.settled += 1,
            Delivery::Dead { error } => {
                round.settled += 1;
                round.given_up = Some(error);
            }
            Delivery::RetryAt { error, .. } => {
                round.retrying = Some(error);
                break;
            }
        }
    }
    *place = store.place_of(name, *place)?;
    Ok(round)
}

fn deliver(channel: &Channel, entry: &OutboxEntry, now: EventTime) -> Delivery {
    let explanation = &entry.explanation;
    if explanation.assessment.severity < channel.minimum_level {
        return Delivery::Skipped;
    }
    let report = Report::new(
        &entry.event,
        &explanation.evidence,
        &explanation.assessment,
        Duration::from_millis(explanation.analysis_milliseconds),
    )
    .with_redaction(channel.redaction);
    match channel.notifier.notify(&Message::of(&report)) {
        Ok(()) => Delivery::Delivered,
        Err(error) => after_failure(channel, entry, &error, now),
    }
}

fn after_failure(
    channel: &Channel,
    entry: &OutboxEntry,
    error: &NotifyError,
    now: EventTime,
) -> Delivery {
    let attempt = entry.attempts + 1;
    let reason = error.to_string();
    // The event decides the jitter, so that many events that failed together spread out.
    let seed = entry.event.id.bytes().fold(0_u64, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let wait = match error.retry {
        Retry::Never => return Delivery::Dead { error: reason },
        _ if attempt >= channel.attempts => return Delivery::Dead { error: reason },
        Retry::After(wait) => wait,
        Retry::Later => backoff::delay(attempt, seed),
    };
    let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    Delivery::RetryAt {
        at: now.plus(wait),
        error: reason,
    }
}
