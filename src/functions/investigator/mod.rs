//! Explains incident events and delivers them: what the table's stream announces, and what waits.
//!
//! Each event is read from the table, explained once (of two explanations the first that was kept
//! stands), and delivered to every channel independently. Deliveries are recorded one by one after
//! the channel has the message: a function that dies in between delivers again under the same event
//! id, and so do two that work on the same event at once. Nothing is lost, since an event leaves the
//! outbox only when every channel has it, does not want it, or has failed for good; [`sweep`] takes
//! up what the stream's call did not finish, and what is to be tried again.
//!
//! A channel that fails is no failure of the call: when it is tried again stands in the table. A
//! change is handed over again only where the table itself could not be used.
//!
//! [`sweep`]: Investigator::sweep

mod deliver;
mod explain;
mod investigated;
mod recipient;
mod step;
mod stream;
mod time;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use wafwatch_windows::time::{EventTime, WindowSize};

pub use investigated::Investigated;
pub use recipient::{Recipient, Target};
pub use stream::{BatchAnswer, Change, Item, ItemFailure, Keys, StreamEvent, Text};

use crate::analyst::bedrock::Bedrock;
use crate::config::{AnalystKind, Settings};
use crate::lookup::Account;
use crate::notify::configured::ConfiguredError;
use crate::outbox::chain;
use crate::store::StoreError;
use crate::store::dynamodb::{DynamoStore, PendingEvent};
use explain::Asked;
use step::is_swept;
use time::Time;

/// Events that are worked on at once.
const EVENTS_AT_ONCE: usize = 16;
/// Events that one sweep reads.
const SWEPT_EVENTS: usize = 1_000;

/// Explains and delivers.
#[derive(Clone)]
pub struct Investigator {
    store: DynamoStore,
    recipients: Arc<[Recipient]>,
    window_size: WindowSize,
    asked: Asked,
}

impl Investigator {
    /// Tells `recipients` of what is in `store`, whose windows are of `window_size`.
    #[must_use]
    pub fn new(store: DynamoStore, recipients: Vec<Recipient>, window_size: WindowSize) -> Self {
        Self {
            store,
            recipients: recipients.into(),
            window_size,
            asked: Asked::default(),
        }
    }

    /// The same, which asks `account` about Web ACLs.
    #[must_use]
    pub fn with_account(mut self, account: Account) -> Self {
        self.asked.account = Some(account);
        self
    }

    /// The same, which has `model` explain, with the built-in analyst behind it.
    #[must_use]
    pub fn with_model(mut self, model: Bedrock) -> Self {
        self.asked.model = Some(Arc::new(model));
        self
    }

    /// The investigator that a function's settings ask for, in the account of `config`. Secrets of
    /// webhooks are looked up among the environment's variables.
    ///
    /// # Errors
    ///
    /// When a channel's settings cannot work.
    pub fn of_settings(
        settings: &Settings,
        table: &str,
        config: &SdkConfig,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfiguredError> {
        let store = DynamoStore::new(
            Client::new(config),
            table.to_owned(),
            settings.store.retention_days,
        );
        let recipients = Recipient::all(settings, config, variable)?;
        let mut investigator = Self::new(store, recipients, settings.windows.size);
        if settings.investigate.account {
            let account = Account::new(config, settings.investigate.clone());
            investigator = investigator.with_account(account);
        }
        if settings.analyst.kind == AnalystKind::Bedrock {
            let model = Bedrock::new(config, settings.analyst.bedrock());
            investigator = investigator.with_model(model);
        }
        Ok(investigator)
    }

    /// Works on the events that a batch of the table's stream announces, within the time until
    /// `deadline`, the end of the call. `now` is the wall clock.
    pub async fn handle(
        &self,
        batch: &StreamEvent,
        now: EventTime,
        deadline: Instant,
    ) -> (BatchAnswer, Investigated) {
        let changes = batch.records.iter();
        let announced = changes.filter_map(|change| {
            let event = change.outbox_event()?.to_owned();
            Some((change.item.sequence_number.clone(), event))
        });
        let work = announced.map(|(sequence, event)| (sequence, Work::Announced(event)));
        let (failed, investigated) = self.all(work.collect(), Time::of_call(now, deadline)).await;
        let failures = failed
            .into_iter()
            .map(|item_identifier| ItemFailure { item_identifier });
        let answer = BatchAnswer {
            batch_item_failures: failures.collect(),
        };
        (answer, investigated)
    }

    /// Works on the events that have waited for more than a minute, and on deliveries that are to be
    /// tried again by `now`, the wall clock, within the time until `deadline`, the end of the call.
    ///
    /// # Errors
    ///
    /// When the outbox cannot be read. What fails for one event is among the problems.
    pub async fn sweep(
        &self,
        now: EventTime,
        deadline: Instant,
    ) -> Result<Investigated, StoreError> {
        let time = Time::of_call(now, deadline);
        let rows = self.store.outbox_rows(SWEPT_EVENTS).await?;
        let terms = || self.recipients.iter().map(|recipient| &recipient.terms);
        let mut waiting = BTreeMap::new();
        let mut work = Vec::new();
        for row in rows {
            let event = row.event;
            match row.content {
                Ok(pending) => {
                    waiting.insert(event.clone(), pending.created);
                    if is_swept(&pending, terms(), now) {
                        work.push((event, Work::Read(Box::new(pending))));
                    }
                }
                Err(_) => work.push((event.clone(), Work::Announced(event))),
            }
        }
        let (_, mut investigated) = self.all(work, time).await;
        for event in &investigated.left_outbox {
            waiting.remove(event);
        }
        let age = |created: &EventTime| u64::try_from(now.0 - created.0).unwrap_or(0);
        investigated.waiting = Some(waiting.len() as u64);
        investigated.oldest_waiting_ms = Some(waiting.values().map(age).max().unwrap_or(0));
        Ok(investigated)
    }

    /// Does all of `work`, several at once, and tells which of it failed in a way that passes.
    async fn all(&self, work: Vec<(String, Work)>, time: Time) -> (Vec<String>, Investigated) {
        let room = Arc::new(Semaphore::new(EVENTS_AT_ONCE));
        let mut tasks = JoinSet::new();
        for (name, work) in work {
            let investigator = self.clone();
            let room = Arc::clone(&room);
            tasks.spawn(async move {
                let _place = room.acquire().await;
                let outcome = investigator.one(work, time).await;
                (name, outcome)
            });
        }
        let mut investigated = Investigated::default();
        let mut failed = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            // What panicked once would again: the next sweep may try, but nothing waits for it.
            let Ok((name, (outcome, done))) = ended else {
                investigated
                    .tell("an event could not be worked on: a defect of wafwatch".to_owned());
                continue;
            };
            investigated.merge(done);
            if outcome == Outcome::TryAgain {
                failed.push(name);
            }
        }
        (failed, investigated)
    }

    async fn one(&self, work: Work, time: Time) -> (Outcome, Investigated) {
        let mut done = Investigated::default();
        if time.is_over() {
            return (Outcome::TryAgain, done);
        }
        let id = work.event().to_owned();
        let worked = match work {
            Work::Read(pending) => self.attend(*pending, time, &mut done).await,
            Work::Announced(id) => match self.store.pending_event(&id).await {
                Ok(Some(pending)) => self.attend(pending, time, &mut done).await,
                // Somebody else was faster.
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            },
        };
        let outcome = match worked {
            Ok(()) => Outcome::Done,
            Err(error) => {
                done.tell(format!("event {id}: {}", chain(&error)));
                match error {
                    StoreError::Damaged { .. } => {
                        self.set_aside(&id, &chain(&error), time, &mut done).await;
                        Outcome::Done
                    }
                    _ => Outcome::TryAgain,
                }
            }
        };
        (outcome, done)
    }

    /// Explains `pending` if nobody has, tries every channel that is due, and takes it out of the
    /// outbox if that was the last.
    async fn attend(
        &self,
        pending: PendingEvent,
        time: Time,
        done: &mut Investigated,
    ) -> Result<(), StoreError> {
        let event = &pending.event;
        let explanation = match &pending.explanation {
            Some(explanation) => explanation.clone(),
            None => {
                let made = self.explain(event, time, done).await;
                done.explained += 1;
                self.store.set_explanation(&event.id, &made).await?
            }
        };
        let recorded = self.deliver(&pending, &explanation, time, done).await;
        let channels = self.recipients.iter();
        let channels: Vec<String> = channels.map(|to| to.terms.name.clone()).collect();
        let now = time.now();
        if self.store.settle_event(&event.id, &channels, now).await? {
            done.left_outbox.push(event.id.clone());
        }
        recorded
    }
}

/// One event to work on.
enum Work {
    /// By its id.
    Announced(String),
    /// As it was read.
    Read(Box<PendingEvent>),
}

impl Work {
    fn event(&self) -> &str {
        match self {
            Self::Announced(id) => id,
            Self::Read(pending) => &pending.event.id,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// There is nothing left for this call.
    Done,
    /// The same may work later.
    TryAgain,
}

#[cfg(test)]
mod tests;
