//! What is left to do for an event.

use wafwatch_windows::time::EventTime;

use crate::outbox::Terms;
use crate::store::DeliveryState;
use crate::store::dynamodb::PendingEvent;

/// How long the stream's call has an event for itself.
const LEFT_TO_THE_STREAM_MS: i64 = 60_000;

/// What is to be done for one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing, ever.
    Settled,
    /// Nothing yet.
    Wait,
    /// Another attempt, after so many.
    Attempt(u32),
}

pub(super) fn step(pending: &PendingEvent, terms: &Terms, now: EventTime) -> Step {
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
pub(super) fn is_swept<'a>(
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
