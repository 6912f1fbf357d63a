//! Events that wait to be explained and delivered.
//!
//! Two functions may work on one event at once. Every change of an item is conditional on the
//! revision that was read, and made again from what is there otherwise, so that neither loses what
//! the other recorded; and a delivery that reached its channel stays delivered, whatever another
//! attempt met.

mod item;

use std::ops::ControlFlow;

use aws_sdk_dynamodb::types::AttributeValue;
use wafwatch_windows::time::EventTime;

pub(super) use self::item::encode;
use self::item::{
    CREATED, DELIVERIES, EXPLANATION, REVISION, cut, decode, decode_delivery, encode_delivery,
};
use super::items::{Attributes, Item, Stored};
use super::keys::{self, Key, SORT};
use super::read::{Order, Range};
use super::transact::{Condition, Writes};
use super::{DynamoStore, PendingEvent};
use crate::store::{Delivery, DeliveryState, Explanation, OutboxRow, StoreError};

/// How often a change is made again that met another one.
const TRIES: usize = 10;

/// What a change makes of an item.
enum Changed {
    /// Nothing is to be written.
    Stays,
    /// This instead.
    Becomes(Item),
    /// It leaves the outbox, and is kept as this.
    Leaves(Item),
}

/// How a change ended.
enum Outcome {
    /// The event does not wait.
    Absent,
    /// The item is as the change wants it.
    Done,
}

impl DynamoStore {
    /// Events that wait, oldest first, at most `limit`. Those that cannot be decoded are left out:
    /// see [`Self::outbox_rows`].
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn pending_events(&self, limit: usize) -> Result<Vec<PendingEvent>, StoreError> {
        let rows = self.outbox_rows(limit).await?;
        let events = rows.into_iter().filter_map(|row| row.content.ok());
        Ok(events.collect())
    }

    /// Events that wait, oldest first, at most `limit`, each with what it holds or why that cannot
    /// be decoded: one that is damaged must not keep the others. [`Self::set_aside`] takes it out.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn outbox_rows(
        &self,
        limit: usize,
    ) -> Result<Vec<OutboxRow<PendingEvent>>, StoreError> {
        let mut oldest: Vec<Attributes> = Vec::new();
        let age = |item: &Attributes| {
            let created = Stored::new("event", item).time(CREATED);
            created.ok().flatten().unwrap_or_default()
        };
        let visit = |page: Vec<Attributes>| {
            oldest.extend(page);
            oldest.sort_by_cached_key(age);
            oldest.truncate(limit);
            ControlFlow::Continue(())
        };
        self.visit(keys::OUTBOX, Range::All, Order::Ascending, None, visit)
            .await?;
        let rows = oldest.iter().map(|item| {
            let id = Stored::new("event", item).text(SORT)?;
            Ok(OutboxRow {
                event: id.to_owned(),
                content: decode(item, id),
            })
        });
        rows.collect()
    }

    /// One event that waits.
    ///
    /// # Errors
    ///
    /// When the table cannot be read, or the event cannot be decoded.
    pub async fn pending_event(&self, id: &str) -> Result<Option<PendingEvent>, StoreError> {
        let item = self.get(Key::pending_event(id)).await?;
        item.map(|item| decode(&item, id)).transpose()
    }

    /// One event that waits no more, with how its deliveries ended.
    ///
    /// # Errors
    ///
    /// When the table cannot be read, or the event cannot be decoded.
    pub async fn settled_event(&self, id: &str) -> Result<Option<PendingEvent>, StoreError> {
        let item = self.get(Key::settled_event(id)).await?;
        item.map(|item| decode(&item, id)).transpose()
    }

    /// Keeps the explanation of an event, unless it has one; returns the one that stands.
    ///
    /// # Errors
    ///
    /// When the table cannot be read or written.
    pub async fn set_explanation(
        &self,
        id: &str,
        explanation: &Explanation,
    ) -> Result<Explanation, StoreError> {
        let outcome = self
            .change(id, |item| {
                let stored = Stored::new("event", item);
                if stored.has(EXPLANATION) {
                    return Ok(Changed::Stays);
                }
                let item = Item::again(item.clone()).json(EXPLANATION, explanation);
                Ok(Changed::Becomes(item))
            })
            .await?;
        let event = match outcome {
            Outcome::Done => self.pending_event(id).await?,
            Outcome::Absent => self.settled_event(id).await?,
        };
        let standing = event.and_then(|event| event.explanation);
        Ok(standing.unwrap_or_else(|| explanation.clone()))
    }

    /// Records how a delivery ended. One that is settled already stays as it is, but for a channel
    /// that has the event after all. An event that waits no more takes nothing.
    ///
    /// # Errors
    ///
    /// When the table cannot be read or written.
    pub async fn record_delivery(
        &self,
        id: &str,
        channel: &str,
        delivery: &Delivery,
    ) -> Result<(), StoreError> {
        self.change(id, |item| {
            let stored = Stored::new("event", item);
            let mut deliveries = stored.map(DELIVERIES)?.clone();
            let attempts = match deliveries.get(channel) {
                None => 0,
                Some(value) => {
                    let earlier = decode_delivery(stored, id, channel, value)?.record;
                    if !is_news(earlier.state, delivery.state()) {
                        return Ok(Changed::Stays);
                    }
                    earlier.attempts
                }
            };
            let record = encode_delivery(delivery, attempts.saturating_add(1));
            deliveries.insert(channel.to_owned(), record);
            let deliveries = AttributeValue::M(deliveries);
            let item = Item::again(item.clone()).with(DELIVERIES, deliveries);
            Ok(Changed::Becomes(item))
        })
        .await?;
        Ok(())
    }

    /// Takes an event out of the outbox, into the history, if every one of `channels` is settled;
    /// tells whether it waits no more.
    ///
    /// # Errors
    ///
    /// When the table cannot be read or written.
    pub async fn settle_event(
        &self,
        id: &str,
        channels: &[String],
        now: EventTime,
    ) -> Result<bool, StoreError> {
        let mut is_settled = false;
        let outcome = self
            .change(id, |item| {
                let stored = Stored::new("event", item);
                let deliveries = stored.map(DELIVERIES)?;
                for channel in channels {
                    let delivery = deliveries.get(channel);
                    let delivery =
                        delivery.map(|value| decode_delivery(stored, id, channel, value));
                    let state = delivery.transpose()?.map(|delivery| delivery.record.state);
                    if !state.is_some_and(is_final) {
                        is_settled = false;
                        return Ok(Changed::Stays);
                    }
                }
                is_settled = true;
                Ok(Changed::Leaves(self.history_of(item, id, now)))
            })
            .await?;
        Ok(is_settled || matches!(outcome, Outcome::Absent))
    }

    /// Takes an event that can never be delivered out of the outbox, into the history, with the
    /// reason.
    ///
    /// # Errors
    ///
    /// When the table cannot be read or written.
    pub async fn set_aside(
        &self,
        id: &str,
        reason: &str,
        now: EventTime,
    ) -> Result<(), StoreError> {
        self.change(id, |item| {
            let kept = self.history_of(item, id, now);
            Ok(Changed::Leaves(kept.text("set_aside", cut(reason))))
        })
        .await?;
        Ok(())
    }

    fn history_of(&self, item: &Attributes, id: &str, now: EventTime) -> Item {
        Item::again(item.clone())
            .moved_to(Key::settled_event(id))
            .time("settled", Some(now))
            .expiring(now, self.retention_days)
    }

    /// Changes a waiting event as `change` says, from what is there, until no other change came
    /// between.
    async fn change(
        &self,
        id: &str,
        mut change: impl FnMut(&Attributes) -> Result<Changed, StoreError>,
    ) -> Result<Outcome, StoreError> {
        let what = format!("the event {id}");
        let mut tries = 1;
        loop {
            let Some(item) = self.get(Key::pending_event(id)).await? else {
                return Ok(Outcome::Absent);
            };
            // A damaged revision is as good as any: nobody else can know it either.
            let seen = Stored::new("event", &item).number::<u64>(REVISION);
            let condition = seen.as_ref().map_or(Condition::Any, |&revision| {
                Condition::Number(REVISION, revision)
            });
            let next = seen.unwrap_or_default().wrapping_add(1);
            let mut writes = Writes::default();
            match change(&item)? {
                Changed::Stays => return Ok(Outcome::Done),
                Changed::Becomes(changed) => {
                    writes.put(changed.number(REVISION, next), condition, &what);
                }
                Changed::Leaves(kept) => {
                    writes.delete(Key::pending_event(id), condition, &what);
                    writes.put(kept.number(REVISION, next), Condition::Any, &what);
                }
            }
            match self.transact(writes).await {
                Ok(()) => return Ok(Outcome::Done),
                Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

/// Whether the channel is asked no more.
fn is_final(state: DeliveryState) -> bool {
    match state {
        DeliveryState::Delivered | DeliveryState::Skipped | DeliveryState::Dead => true,
        DeliveryState::Retrying => false,
    }
}

/// Whether `next` says more than `earlier`.
fn is_news(earlier: DeliveryState, next: DeliveryState) -> bool {
    let has_it_after_all = next == DeliveryState::Delivered && earlier != DeliveryState::Delivered;
    !is_final(earlier) || has_it_after_all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settled_delivery_gives_way_to_nothing_but_its_arrival() {
        use DeliveryState::{Dead, Delivered, Retrying, Skipped};
        for next in [Delivered, Skipped, Retrying, Dead] {
            assert!(is_news(Retrying, next));
            assert!(!is_news(Delivered, next));
            assert_eq!(is_news(Dead, next), next == Delivered);
            assert_eq!(is_news(Skipped, next), next == Delivered);
        }
    }
}
