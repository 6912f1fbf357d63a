//! An event that waits, and its deliveries, as an item of the table.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use wafwatch_windows::time::EventTime;

use super::super::items::{Attributes, Item, Stored};
use super::super::keys::Key;
use super::super::{PendingDelivery, PendingEvent};
use crate::incident::IncidentEvent;
use crate::store::{Delivery, DeliveryRecord, DeliveryState, StoreError};

pub(super) const REVISION: &str = "revision";
pub(super) const CREATED: &str = "created";
pub(super) const EXPLANATION: &str = "explanation";
pub(super) const DELIVERIES: &str = "deliveries";
/// Bytes that are kept of why a delivery failed: it is told by whoever failed it.
const MAX_ERROR_BYTES: usize = 1_000;
/// The item of an event that begins to wait.
pub(in super::super) fn encode(event: &IncidentEvent, now: EventTime) -> Item {
    Item::new(Key::pending_event(&event.id))
        // For people; what is read is `event`.
        .text("incident", &event.incident.id)
        .text("kind", event.kind.name())
        .json("event", event)
        .time(CREATED, Some(now))
        .with(DELIVERIES, AttributeValue::M(HashMap::new()))
        .number(REVISION, 0)
}

pub(super) fn decode(item: &Attributes, id: &str) -> Result<PendingEvent, StoreError> {
    let stored = Stored::new("event", item);
    let deliveries = stored.map(DELIVERIES)?.iter();
    let mut deliveries = deliveries
        .map(|(channel, value)| decode_delivery(stored, id, channel, value))
        .collect::<Result<Vec<PendingDelivery>, _>>()?;
    deliveries.sort_by(|one, other| one.record.channel.cmp(&other.record.channel));
    Ok(PendingEvent {
        event: stored.json("event")?,
        explanation: stored.optional_json(EXPLANATION)?,
        deliveries,
        created: EventTime(stored.number(CREATED)?),
    })
}

pub(super) fn encode_delivery(delivery: &Delivery, attempts: u32) -> AttributeValue {
    let (next_at, error) = match delivery {
        Delivery::Delivered | Delivery::Skipped => (None, None),
        Delivery::RetryAt { at, error } => (Some(at.0), Some(error)),
        Delivery::Dead { error } => (None, Some(error)),
    };
    let mut record = HashMap::from([
        (
            "state".to_owned(),
            AttributeValue::S(name(delivery.state()).to_owned()),
        ),
        (
            "attempts".to_owned(),
            AttributeValue::N(attempts.to_string()),
        ),
    ]);
    if let Some(at) = next_at {
        record.insert("next_at".to_owned(), AttributeValue::N(at.to_string()));
    }
    if let Some(error) = error {
        record.insert("error".to_owned(), AttributeValue::S(cut(error)));
    }
    AttributeValue::M(record)
}

pub(super) fn decode_delivery(
    event: Stored<'_>,
    id: &str,
    channel: &str,
    value: &AttributeValue,
) -> Result<PendingDelivery, StoreError> {
    let record = value
        .as_m()
        .map_err(|_| event.damaged(DELIVERIES, "holds one that is no map"))?;
    let record = Stored::new("delivery", record);
    let state = record.text("state")?;
    let state = STATES.iter().find(|(_, name)| *name == state);
    let (state, _) = state.ok_or_else(|| event.damaged(DELIVERIES, "has an unknown state"))?;
    Ok(PendingDelivery {
        record: DeliveryRecord {
            event: id.to_owned(),
            channel: channel.to_owned(),
            state: *state,
            attempts: record.number("attempts")?,
            error: record.optional_text("error")?.map(str::to_owned),
        },
        next_at: record.time("next_at")?,
    })
}

const STATES: [(DeliveryState, &str); 4] = [
    (DeliveryState::Delivered, "delivered"),
    (DeliveryState::Skipped, "skipped"),
    (DeliveryState::Retrying, "retrying"),
    (DeliveryState::Dead, "dead"),
];

fn name(state: DeliveryState) -> &'static str {
    let mut states = STATES.iter();
    let found = states.find(|(candidate, _)| *candidate == state);
    found.expect("every state has a name").1
}

pub(super) fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_ERROR_BYTES)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_errors_are_cut_between_characters() {
        let error = "ä".repeat(2_000);
        assert_eq!(cut(&error).len(), MAX_ERROR_BYTES);
        assert_eq!(cut(&format!("x{error}")).len(), MAX_ERROR_BYTES - 1);
        assert_eq!(cut("short"), "short");
    }
}
