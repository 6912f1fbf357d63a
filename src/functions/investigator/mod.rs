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

mod recipient;
mod stream;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use wafwatch_windows::time::{EventTime, WindowSize};

pub use recipient::{Recipient, Target};
pub use stream::{BatchAnswer, Change, Item, ItemFailure, Keys, StreamEvent, Text};

use crate::analyst::Analyst;
use crate::analyst::builtin::BuiltIn;
use crate::config::Settings;
use crate::incident::IncidentEvent;
use crate::investigate::{Span, Spans, assemble};
use crate::metrics::Health;
use crate::notify::configured::ConfiguredError;
use crate::outbox::{Terms, chain};
use crate::store::dynamodb::{DynamoStore, PendingEvent};
use crate::store::{Delivery, DeliveryState, Explanation, StoreError};

/// What is left of a call's time to record how deliveries ended.
const MARGIN: Duration = Duration::from_secs(3);
/// Longest time for one attempt on a channel.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
/// Events that are worked on at once.
const EVENTS_AT_ONCE: usize = 16;
/// Events that one sweep reads.
const SWEPT_EVENTS: usize = 1_000;
/// How long the stream's call has an event for itself.
const LEFT_TO_THE_STREAM_MS: i64 = 60_000;
/// Problems that are told of one call.
const MAX_PROBLEMS: usize = 20;

/// What a call did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Investigated {
    /// Events that were explained.
    pub explained: u64,
    /// Messages that a channel took.
    pub delivered: u64,
    /// Messages that a channel did not want.
    pub skipped: u64,
    /// Deliveries that are tried again.
    pub retrying: u64,
    /// Deliveries that were given up.
    pub given_up: u64,
    /// Events that left the outbox.
    pub left_outbox: Vec<String>,
    /// Of a sweep: events that wait, after it.
    pub waiting: Option<u64>,
    /// Of a sweep: how long the oldest of them has waited, in milliseconds.
    pub oldest_waiting_ms: Option<u64>,
    /// What went wrong, the first few, one line each.
    pub problems: Vec<String>,
}

impl Investigated {
    /// Adds what there is to say of it to a function's health.
    pub fn add_to(&self, health: &mut Health) {
        health.messages_delivered += self.delivered;
        health.messages_given_up += self.given_up;
        health.events_waiting = self.waiting.or(health.events_waiting);
        health.oldest_event_age_ms = self.oldest_waiting_ms.or(health.oldest_event_age_ms);
    }

    fn merge(&mut self, other: Self) {
        self.explained += other.explained;
        self.delivered += other.delivered;
        self.skipped += other.skipped;
        self.retrying += other.retrying;
        self.given_up += other.given_up;
        self.left_outbox.extend(other.left_outbox);
        for problem in other.problems {
            self.tell(problem);
        }
    }

    fn count(&mut self, channel: &str, delivery: &Delivery) {
        match delivery {
            Delivery::Delivered => self.delivered += 1,
            Delivery::Skipped => self.skipped += 1,
            Delivery::RetryAt { error, .. } => {
                self.retrying += 1;
                self.tell(format!("tried again later on {channel}: {error}"));
            }
            Delivery::Dead { error } => {
                self.given_up += 1;
                self.tell(format!("given up on {channel}: {error}"));
            }
        }
    }

    fn tell(&mut self, problem: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

/// Explains and delivers.
#[derive(Clone)]
pub struct Investigator {
    store: DynamoStore,
    recipients: Arc<[Recipient]>,
    window_size: WindowSize,
}

/// When a call began, by both clocks, and when it must end.
#[derive(Debug, Clone, Copy)]
struct Time {
    began: Instant,
    now: EventTime,
    until: Instant,
}

impl Time {
    fn of_call(now: EventTime, deadline: Instant) -> Self {
        Self {
            began: Instant::now(),
            now,
            until: deadline.checked_sub(MARGIN).unwrap_or(deadline),
        }
    }

    fn now(&self) -> EventTime {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.now.plus(passed)
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    fn of_attempt(&self) -> Instant {
        self.until.min(Instant::now() + ATTEMPT_TIMEOUT)
    }
}

/// What is to be done for one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Nothing, ever.
    Settled,
    /// Nothing yet.
    Wait,
    /// Another attempt, after so many.
    Attempt(u32),
}

fn step(pending: &PendingEvent, terms: &Terms, now: EventTime) -> Step {
    let mut deliveries = pending.deliveries.iter();
    let delivery = deliveries.find(|delivery| delivery.record.channel == terms.name);
    let Some(delivery) = delivery else {
        return Step::Attempt(0);
    };
    match delivery.record.state {
        DeliveryState::Delivered | DeliveryState::Skipped | DeliveryState::Dead => Step::Settled,
        DeliveryState::Retrying if delivery.next_at.is_some_and(|next| next > now) => Step::Wait,
        DeliveryState::Retrying => Step::Attempt(delivery.record.attempts),
    }
}

/// Whether a sweep has anything to do for an event: what the stream's call left undone, and retries.
fn is_swept<'a>(
    pending: &PendingEvent,
    mut recipients: impl Iterator<Item = &'a Terms>,
    now: EventTime,
) -> bool {
    let is_left = now.minus(LEFT_TO_THE_STREAM_MS) >= pending.created;
    let steps: Vec<Step> = recipients
        .by_ref()
        .map(|terms| step(pending, terms, now))
        .collect();
    let is_settled = steps.iter().all(|step| *step == Step::Settled);
    let has_work = steps.iter().any(|step| match step {
        Step::Attempt(0) => is_left,
        Step::Attempt(_) => true,
        Step::Settled | Step::Wait => false,
    });
    has_work || (is_settled && is_left)
}

impl Investigator {
    /// Tells `recipients` of what is in `store`, whose windows are of `window_size`.
    #[must_use]
    pub fn new(store: DynamoStore, recipients: Vec<Recipient>, window_size: WindowSize) -> Self {
        Self {
            store,
            recipients: recipients.into(),
            window_size,
        }
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
        Ok(Self::new(store, recipients, settings.windows.size))
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
                let made = self.explain(event).await;
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

    async fn explain(&self, event: &IncidentEvent) -> Explanation {
        let started = Instant::now();
        let acl = &event.incident.acl;
        let read = |span: Span| {
            let store = &self.store;
            store.windows_between(acl, span.from, span.until, span.limit)
        };
        let spans = Spans::of(event, self.window_size.milliseconds());
        let (incident, baseline) = tokio::join!(read(spans.incident), read(spans.baseline));
        let evidence = assemble(event, incident, baseline);
        let assessment = BuiltIn.assess(&evidence);
        Explanation {
            evidence,
            assessment,
            analysis_milliseconds: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Tries the channels beside each other and records each as it ends: a slow one delays none.
    async fn deliver(
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
    async fn set_aside(&self, id: &str, problem: &str, time: Time, done: &mut Investigated) {
        match self.store.set_aside(id, problem, time.now()).await {
            Ok(()) => {
                done.given_up += self.recipients.len() as u64;
                done.left_outbox.push(id.to_owned());
            }
            Err(error) => done.tell(format!("event {id}: {}", chain(&error))),
        }
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
