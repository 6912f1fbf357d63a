//! Events that wait: explanations, deliveries, and two investigators at once.

use wafwatch::incident::IncidentEvent;
use wafwatch::store::{Delivery, DeliveryState};
use wafwatch_windows::time::EventTime;

use crate::values::*;

/// Puts events into the outbox, a minute apart, the oldest first.
async fn with_events(name: &str, events: &[IncidentEvent]) -> Kept {
    let kept = kept(name).await;
    for (index, event) in events.iter().enumerate() {
        let minute = i64::try_from(index).expect("is small");
        let mut closed = closing(index as u64 + 1, minute..minute + 1);
        closed.closing.events = vec![event.clone()];
        closed.now = NOW.plus(60_000 * minute);
        kept.store.close(&closed).await.expect("closes");
    }
    kept
}

fn retry(attempt: i64) -> Delivery {
    Delivery::RetryAt {
        at: NOW.plus(attempt),
        error: format!("refused {attempt}"),
    }
}

#[tokio::test]
async fn events_wait_in_the_order_of_their_age() {
    let events = [event(3), event(1), event(2)];
    let kept = with_events("order-of-events", &events).await;
    let waiting = async |limit| {
        let events = kept.store.pending_events(limit).await.expect("reads");
        let ids = events.into_iter().map(|event| event.event.id);
        ids.collect::<Vec<_>>()
    };
    assert_eq!(waiting(10).await, ["shop-3/1", "shop-1/1", "shop-2/1"]);
    assert_eq!(waiting(2).await, ["shop-3/1", "shop-1/1"]);
    let one = kept.store.pending_event("shop-1/1").await.expect("reads");
    assert_eq!(one.expect("waits").event, event(1));
    assert_eq!(kept.store.pending_event("none").await.expect("reads"), None);
}

#[tokio::test]
async fn the_first_explanation_stands() {
    let event = event(1);
    let kept = with_events("explanations", std::slice::from_ref(&event)).await;
    let (one, other) = (explanation(&event, "one"), explanation(&event, "other"));
    let (first, second) = tokio::join!(
        kept.store.set_explanation(&event.id, &one),
        kept.store.set_explanation(&event.id, &other)
    );
    let standing = first.expect("is kept");
    assert_eq!(second.expect("is kept"), standing);
    let kept_one = kept.store.pending_event(&event.id).await.expect("reads");
    assert_eq!(kept_one.expect("waits").explanation, Some(standing.clone()));

    // Also when another one has settled the event meanwhile.
    assert!(
        kept.store
            .settle_event(&event.id, &[], NOW)
            .await
            .expect("settles")
    );
    let late = kept.store.set_explanation(&event.id, &other).await;
    assert_eq!(late.expect("is told"), standing);
}

#[tokio::test]
async fn deliveries_are_recorded_by_channel() {
    let event = event(1);
    let kept = with_events("deliveries", std::slice::from_ref(&event)).await;
    let store = &kept.store;
    for attempt in 1..=2 {
        let retry = retry(attempt);
        let recorded = store.record_delivery(&event.id, "web.hook#1", &retry);
        recorded.await.expect("records");
    }
    let mail = store.record_delivery(&event.id, "mail", &Delivery::Skipped);
    mail.await.expect("records");
    let deliveries = store.pending_event(&event.id).await.expect("reads");
    let deliveries = deliveries.expect("waits").deliveries;
    assert_eq!(deliveries.len(), 2);
    assert_eq!(deliveries[0].record.channel, "mail");
    assert_eq!(deliveries[0].record.state, DeliveryState::Skipped);
    let hook = &deliveries[1];
    assert_eq!(hook.record.event, event.id);
    assert_eq!(hook.record.state, DeliveryState::Retrying);
    assert_eq!(hook.record.attempts, 2);
    assert_eq!(hook.record.error.as_deref(), Some("refused 2"));
    assert_eq!(hook.next_at, Some(NOW.plus(2)));
}

#[tokio::test]
async fn what_a_channel_has_is_never_sent_again() {
    let event = event(1);
    let kept = with_events("delivered-stays", std::slice::from_ref(&event)).await;
    let dead = Delivery::Dead {
        error: "gone".to_owned(),
    };
    let steps = [
        (retry(1), DeliveryState::Retrying, 1),
        (dead.clone(), DeliveryState::Dead, 2),
        (retry(2), DeliveryState::Dead, 2),
        (Delivery::Delivered, DeliveryState::Delivered, 3),
        (retry(3), DeliveryState::Delivered, 3),
        (dead, DeliveryState::Delivered, 3),
        (Delivery::Skipped, DeliveryState::Delivered, 3),
    ];
    for (delivery, state, attempts) in steps {
        let recorded = kept.store.record_delivery(&event.id, "mail", &delivery);
        recorded.await.expect("records");
        let waiting = kept.store.pending_event(&event.id).await.expect("reads");
        let record = &waiting.expect("waits").deliveries[0].record;
        assert_eq!(
            (record.state, record.attempts),
            (state, attempts),
            "{delivery:?}"
        );
    }
}

#[tokio::test]
async fn an_event_leaves_when_every_channel_is_settled() {
    let event = event(1);
    let kept = with_events("leaving", std::slice::from_ref(&event)).await;
    let store = &kept.store;
    let channels = ["mail".to_owned(), "hook".to_owned()];
    let settle = async || store.settle_event(&event.id, &channels, NOW).await;
    let record = async |channel: &str, delivery: &Delivery| {
        let recorded = store.record_delivery(&event.id, channel, delivery);
        recorded.await.expect("records");
    };
    assert!(!settle().await.expect("reads"));
    record("mail", &Delivery::Delivered).await;
    record("hook", &retry(1)).await;
    assert!(!settle().await.expect("reads"));
    let dead = Delivery::Dead {
        error: "gone".to_owned(),
    };
    record("hook", &dead).await;
    assert!(settle().await.expect("settles"));
    assert!(settle().await.expect("is settled"), "it waits no more");
    assert!(store.pending_events(9).await.expect("reads").is_empty());
    let settled = store.settled_event(&event.id).await.expect("reads");
    let settled = settled.expect("is kept");
    assert_eq!(settled.event, event);
    assert_eq!(settled.deliveries.len(), 2);
    // Whoever comes late finds nothing to do.
    record("mail", &retry(9)).await;
    assert_eq!(store.pending_event(&event.id).await.expect("reads"), None);
}

#[tokio::test]
async fn two_investigators_lose_no_delivery() {
    const CHANNELS: usize = 6;
    let event = event(1);
    let kept = with_events("two-investigators", std::slice::from_ref(&event)).await;
    let channels: Vec<String> = (0..CHANNELS).map(|number| format!("c{number}")).collect();
    let investigator = async |channels: &[String]| {
        for channel in channels {
            let delivered = Delivery::Delivered;
            let recorded = kept.store.record_delivery(&event.id, channel, &delivered);
            recorded.await.expect("records");
        }
    };
    let (even, odd) = channels.split_at(CHANNELS / 2);
    let settle = async || {
        for _ in 0..3 {
            let settled = kept.store.settle_event(&event.id, &channels, NOW).await;
            settled.expect("reads");
        }
    };
    tokio::join!(investigator(even), investigator(odd), settle());
    let settled = kept.store.settle_event(&event.id, &channels, NOW).await;
    assert!(settled.expect("settles"));
    let settled = kept.store.settled_event(&event.id).await.expect("reads");
    let deliveries = settled.expect("is kept").deliveries;
    assert_eq!(deliveries.len(), CHANNELS);
    assert!(
        deliveries
            .iter()
            .all(|one| one.record.state == DeliveryState::Delivered && one.record.attempts == 1)
    );
}

#[tokio::test]
async fn an_event_set_aside_keeps_no_other_waiting() {
    let kept = with_events("set-aside", &[event(1), event(2)]).await;
    let reason = "x".repeat(5_000);
    kept.store
        .set_aside("shop-1/1", &reason, NOW)
        .await
        .expect("sets aside");
    let waiting = kept.store.pending_events(9).await.expect("reads");
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].event, event(2));
    let aside = kept.store.settled_event("shop-1/1").await.expect("reads");
    assert_eq!(aside.expect("is kept").created, EventTime(NOW.0));
}
