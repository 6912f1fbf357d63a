//! Delivers explained events to one channel.

use wafwatch_windows::time::EventTime;

use super::Terms;
use super::problems::chain;
use crate::notify::Notifier;
use crate::store::sqlite::SqliteStore;
use crate::store::{Delivery, OutboxEntry, OutboxPlace, StoreError};

/// Events that one round delivers at most.
const ROUND: usize = 64;

/// Where messages go, and which ones.
pub struct Channel {
    /// Which ones, and how often each is tried.
    pub terms: Terms,
    /// The channel itself.
    pub notifier: Box<dyn Notifier>,
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
    /// What the channel made of the last message that it was given; absent where it was given none.
    pub last_attempt: Option<Attempt>,
}

/// What a channel made of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It took it.
    Taken,
    /// It did not, for this reason.
    Refused(String),
}

impl Attempt {
    /// The attempt behind a delivery; none where the channel did not want the message.
    fn of(delivery: &Delivery) -> Option<Self> {
        match delivery {
            Delivery::Skipped => None,
            Delivery::Delivered => Some(Self::Taken),
            Delivery::RetryAt { error, .. } | Delivery::Dead { error } => {
                Some(Self::Refused(error.clone()))
            }
        }
    }
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
    let name = &channel.terms.name;
    for row in store.undelivered(name, *place, now, ROUND)? {
        let delivery = match &row.content {
            Ok(entry) => {
                let delivery = deliver(channel, entry, now);
                round.last_attempt = Attempt::of(&delivery).or(round.last_attempt);
                delivery
            }
            // One that cannot be read must not keep the others.
            Err(error) => Delivery::Dead {
                error: chain(error),
            },
        };
        store.record_delivery(&row.event, name, &delivery)?;
        if delivery == Delivery::Delivered {
            store.note_success(name, now)?;
        }
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
    let terms = &channel.terms;
    let Some(message) = terms.message(&entry.event, &entry.explanation) else {
        return Delivery::Skipped;
    };
    let attempt = channel.notifier.notify(&message);
    terms.delivery(attempt, &entry.event.id, entry.attempts, now)
}
