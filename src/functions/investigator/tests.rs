use super::step::{Step, is_swept, step};
use super::*;
use crate::incident::Level;
use crate::incident::sample::event;
use crate::outbox::Terms;
use crate::report::Redaction;
use crate::store::dynamodb::PendingDelivery;
use crate::store::{DeliveryRecord, DeliveryState};

const CREATED: EventTime = EventTime(1_000_000);

fn pending(deliveries: &[(&str, DeliveryState, Option<i64>)]) -> PendingEvent {
    let deliveries = deliveries
        .iter()
        .map(|(channel, state, next_at)| PendingDelivery {
            record: DeliveryRecord {
                event: "shop-1/1".to_owned(),
                channel: (*channel).to_owned(),
                state: *state,
                attempts: 2,
                error: None,
            },
            next_at: next_at.map(EventTime),
        });
    PendingEvent {
        event: event("shop", 1),
        explanation: None,
        deliveries: deliveries.collect(),
        created: CREATED,
    }
}

fn terms(name: &str) -> Terms {
    Terms {
        name: name.to_owned(),
        minimum_level: Level::Low,
        redaction: Redaction::default(),
        attempts: 8,
    }
}

#[test]
fn a_channel_is_tried_until_it_is_settled() {
    use DeliveryState::{Dead, Delivered, Retrying, Skipped};
    let later = CREATED.0 + 5_000;
    let step_of =
        |deliveries: &[_], now| step(&pending(deliveries), &terms("mail"), EventTime(now));
    assert_eq!(step_of(&[], later), Step::Attempt(0));
    assert_eq!(
        step_of(&[("hook", Delivered, None)], later),
        Step::Attempt(0)
    );
    for state in [Delivered, Skipped, Dead] {
        assert_eq!(step_of(&[("mail", state, None)], later), Step::Settled);
    }
    let retry = [("mail", Retrying, Some(later))];
    assert_eq!(step_of(&retry, later - 1), Step::Wait);
    assert_eq!(step_of(&retry, later), Step::Attempt(2));
    assert_eq!(
        step_of(&[("mail", Retrying, None)], later),
        Step::Attempt(2)
    );
}

#[test]
fn a_sweep_leaves_new_events_to_the_stream_and_takes_the_rest() {
    use DeliveryState::{Delivered, Retrying};
    let both = [terms("mail"), terms("hook")];
    let is_swept_at =
        |deliveries: &[_], age| is_swept(&pending(deliveries), both.iter(), CREATED.plus(age));
    assert!(!is_swept_at(&[], 59_999));
    assert!(is_swept_at(&[], 60_000));
    // A retry is due whatever the event's age.
    let retry = [
        ("mail", Retrying, Some(CREATED.0 + 2_000)),
        ("hook", Delivered, None),
    ];
    assert!(!is_swept_at(&retry, 1_999));
    assert!(is_swept_at(&retry, 2_000));
    assert!(!is_swept_at(
        &[
            ("mail", Retrying, Some(i64::MAX)),
            ("hook", Delivered, None)
        ],
        90_000
    ));
    // Settled on every channel, and still there: whoever delivered it died before taking it out.
    let settled = [("mail", Delivered, None), ("hook", Delivered, None)];
    assert!(!is_swept_at(&settled, 59_999));
    assert!(is_swept_at(&settled, 60_000));
    assert!(is_swept(&pending(&[]), [].iter(), CREATED.plus(60_000)));
}
