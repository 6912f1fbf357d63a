//! Delivers an explained event to the channels that are due.

use tokio::task::JoinSet;

use super::step::{Step, step};
use super::time::Time;
use super::{Investigated, Investigator};
use crate::outbox::chain;
use crate::store::dynamodb::PendingEvent;
use crate::store::{Delivery, Explanation, StoreError};

impl Investigator {
    /// Tries the channels beside each other and records each as it ends: a slow one delays none.
    pub(super) async fn deliver(
        &self,
        pending: &PendingEvent,
        explanation: &Explanation,
        time: Time,
        done: &mut Investigated,
    ) -> Result<(), StoreError> {
        let event = &pending.event;
        let mut attempts = JoinSet::new();
        for recipient in self.recipients.iter() {
            let Step::Attempt(earlier) = step(pending, &recipient.terms, time.now()) else {
                continue;
            };
            let recipient = recipient.clone();
            let message = recipient.terms.message(event, explanation);
            let id = event.id.clone();
            attempts.spawn(async move {
                let terms = recipient.terms.clone();
                let delivery = match message {
                    None => Delivery::Skipped,
                    Some(message) => {
                        let attempt = recipient.attempt(message, time.of_attempt()).await;
                        terms.delivery(attempt, &id, earlier, time.now())
                    }
                };
                (terms.name, delivery)
            });
        }
        let mut recorded = Ok(());
        while let Some(ended) = attempts.join_next().await {
            // One that panicked is not recorded, and so is tried again.
            let Ok((channel, delivery)) = ended else {
                done.tell(format!("event {}: a channel failed from within", event.id));
                continue;
            };
            done.count(&channel, &delivery);
            let record = self
                .store
                .record_delivery(&event.id, &channel, &delivery)
                .await;
            recorded = recorded.and(record);
        }
        recorded
    }

    /// Takes an event that cannot be decoded out of the way of the others.
    pub(super) async fn set_aside(
        &self,
        id: &str,
        problem: &str,
        time: Time,
        done: &mut Investigated,
    ) {
        match self.store.set_aside(id, problem, time.now()).await {
            Ok(()) => {
                done.given_up += self.recipients.len() as u64;
                done.left_outbox.push(id.to_owned());
            }
            Err(error) => done.tell(format!("event {id}: {}", chain(&error))),
        }
    }
}
