//! What a call did, for its log and its metrics.

use crate::analyst::ModelRecord;
use crate::metrics::Health;
use crate::store::Delivery;

/// Problems that are told of one call.
const MAX_PROBLEMS: usize = 20;

/// What a call did.
#[derive(Debug, Clone, PartialEq, Default)]
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
    /// What a model had to do with the explanations.
    pub models: Vec<ModelRecord>,
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

    pub(super) fn merge(&mut self, other: Self) {
        self.explained += other.explained;
        self.delivered += other.delivered;
        self.skipped += other.skipped;
        self.retrying += other.retrying;
        self.given_up += other.given_up;
        self.left_outbox.extend(other.left_outbox);
        self.models.extend(other.models);
        for problem in other.problems {
            self.tell(problem);
        }
    }

    pub(super) fn count(&mut self, channel: &str, delivery: &Delivery) {
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

    pub(super) fn tell(&mut self, problem: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
}
