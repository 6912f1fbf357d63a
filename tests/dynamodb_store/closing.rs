//! Closings, amendments, and the windows that are read back.

use std::collections::BTreeMap;

use wafwatch::incident::State;
use wafwatch::store::dynamodb::{AclHead, Amendment, CommitNumbers, StoredWindow};
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::time::EventTime;

use crate::values::*;

#[tokio::test]
async fn a_closing_is_read_back_whole() {
    let kept = kept("closing-is-read-back").await;
    let store = &kept.store;
    assert_eq!(store.acl_state(ACL).await.expect("reads"), None);
    assert_eq!(store.window(ACL, window(0)).await.expect("reads"), None);

    let mut closed = closing(1, 0..2);
    closed.closing.incidents = vec![incident(1)];
    closed.closing.events = vec![event(1)];
    store.close(&closed).await.expect("closes");

    let state = store.acl_state(ACL).await.expect("reads");
    assert_eq!(state.as_ref(), Some(&closed.closing.state));
    let head = AclHead {
        version: 1,
        closed_through: Some(window(1).end),
        empty_budget: 10,
    };
    let heads = BTreeMap::from([(ACL.to_owned(), head)]);
    assert_eq!(store.heads().await.expect("reads"), heads);
    let expected = StoredWindow {
        summary: summary(1, 5),
        revision: 0,
        consumed: CommitNumbers::from([(SHARD.to_owned(), 1)]),
    };
    let found = store.window(ACL, window(1)).await.expect("reads");
    assert_eq!(found, Some(expected));
    let found = store.incident(ACL, "shop-1").await.expect("reads");
    assert_eq!(found, Some(incident(1)));
    let events = store.pending_events(10).await.expect("reads");
    assert_eq!(events[0].event, event(1));
    assert_eq!(events[0].created, NOW);
}

#[tokio::test]
async fn a_closing_of_ninety_items_is_one_transaction() {
    let kept = kept("ninety-items").await;
    let mut closed = closing(1, 0..20);
    closed.closing.incidents = (0..34).map(incident).collect();
    closed.closing.events = (0..34).map(event).collect();
    kept.store.close(&closed).await.expect("closes");
    assert_eq!(kept.faults.attempts_of("TransactWriteItems"), 1);

    let from = window(0).start;
    let windows = kept.store.windows_between(ACL, from, window(20).start, 100);
    assert_eq!(windows.await.expect("reads").len(), 20);
    let events = kept.store.pending_events(100).await.expect("reads");
    assert_eq!(events.len(), 34);
    for number in 0..34 {
        let id = incident(number).id;
        let found = kept.store.incident(ACL, &id).await.expect("reads");
        assert_eq!(found, Some(incident(number)));
    }
}

#[tokio::test]
async fn of_two_closings_at_once_one_wins_and_the_other_writes_nothing() {
    let kept = kept("two-closings").await;
    let mut one = closing(1, 0..1);
    one.closing.events = vec![event(1)];
    let mut other = closing(1, 0..3);
    other.closing.events = vec![event(2)];
    let (first, second) = tokio::join!(kept.store.close(&one), kept.store.close(&other));
    assert_ne!(first.is_ok(), second.is_ok(), "{first:?} {second:?}");
    let (won, lost) = if first.is_ok() {
        (one, second)
    } else {
        (other, first)
    };
    assert_conflict(lost);
    let windows = kept
        .store
        .windows_between(ACL, window(0).start, window(9).start, 9);
    let windows = windows.await.expect("reads");
    assert_eq!(windows.len(), won.closing.windows.len());
    let events = kept.store.pending_events(10).await.expect("reads");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event, won.closing.events[0]);

    assert_conflict(kept.store.close(&closing(3, 3..4)).await);
    kept.store.close(&closing(2, 3..4)).await.expect("closes");
}

#[tokio::test]
async fn an_incident_that_resolves_may_be_forgotten_and_an_open_one_never() {
    let kept = kept("incidents-expire").await;
    let mut resolved = incident(2);
    resolved.state = State::Resolved;
    resolved.resolved = Some(window(3).end);
    let mut closed = closing(1, 0..1);
    closed.closing.incidents = vec![incident(1), resolved.clone()];
    kept.store.close(&closed).await.expect("closes");
    let found = kept.store.incident(ACL, "shop-2").await.expect("reads");
    assert_eq!(found, Some(resolved));
    let expires = |id| expires_of(&kept, format!("ACL#{ACL}"), id);
    assert_eq!(expires("INCIDENT#shop-1").await, None);
    let days = i64::from(RETENTION_DAYS);
    let expected = Some(NOW.0 / 1_000 + days * 86_400);
    assert_eq!(expires("INCIDENT#shop-2").await, expected);
    let sort = format!("WINDOW#{:019}", window(0).start.0);
    assert_eq!(expires(&sort).await, expected);
}

async fn expires_of(kept: &Kept, partition: String, sort: &str) -> Option<i64> {
    use aws_sdk_dynamodb::types::AttributeValue;
    let request = kept.client.get_item().table_name(&kept.table);
    let request = request
        .key("pk", AttributeValue::S(partition))
        .key("sk", AttributeValue::S(sort.to_owned()));
    let item = request.send().await.expect("reads").item.expect("is there");
    let expires = item.get("expires")?;
    Some(expires.as_n().expect("a number").parse().expect("a number"))
}

fn amendment(minute: i64, total: u64, expected_revision: Option<u64>) -> Amendment {
    Amendment {
        summary: summary(minute, total),
        expected_revision,
        consumed: CommitNumbers::from([(SHARD.to_owned(), total)]),
        now: NOW,
    }
}

#[tokio::test]
async fn amendments_count_revisions_and_conflict() {
    let kept = kept("amendments").await;
    let store = &kept.store;
    assert_conflict(store.amend(&amendment(0, 6, Some(0))).await);
    store.close(&closing(1, 0..1)).await.expect("closes");
    assert_conflict(store.amend(&amendment(0, 6, None)).await);
    store
        .amend(&amendment(0, 6, Some(0)))
        .await
        .expect("amends");
    assert_conflict(store.amend(&amendment(0, 7, Some(0))).await);
    store
        .amend(&amendment(0, 7, Some(1)))
        .await
        .expect("amends");
    let expected = StoredWindow {
        summary: summary(0, 7),
        revision: 2,
        consumed: CommitNumbers::from([(SHARD.to_owned(), 7)]),
    };
    let found = store.window(ACL, window(0)).await.expect("reads");
    assert_eq!(found, Some(expected));

    // A window of a dormant ACL that never closed.
    store.amend(&amendment(5, 1, None)).await.expect("amends");
    let found = store.window(ACL, window(5)).await.expect("reads");
    assert_eq!(found.expect("is there").revision, 0);
}

#[tokio::test]
async fn windows_between_are_the_newest_in_order() {
    let kept = kept("windows-between").await;
    for version in 1..=3 {
        let first = version as i64 * 20 - 20;
        let closed = closing(version, first..first + 20);
        kept.store.close(&closed).await.expect("closes");
    }
    let between = async |from: i64, until: EventTime, limit| {
        let windows = kept
            .store
            .windows_between(ACL, window(from).start, until, limit);
        let windows = windows.await.expect("reads");
        let minutes = windows
            .iter()
            .map(|one| (one.window.start.0 - window(0).start.0) / 60_000);
        minutes.collect::<Vec<_>>()
    };
    assert_eq!(between(5, window(9).start, 100).await, [5, 6, 7, 8]);
    assert_eq!(between(5, window(9).start, 2).await, [7, 8]);
    assert_eq!(between(5, window(9).start.plus(1), 2).await, [8, 9]);
    assert_eq!(between(0, window(99).start, 100).await.len(), 60);
    assert!(between(9, window(9).start, 100).await.is_empty());
    assert!(between(0, window(9).start, 0).await.is_empty());
}

#[tokio::test]
async fn summaries_beyond_an_item_are_kept_in_several() {
    let kept = kept("large-summaries").await;
    let settings = SketchSettings {
        top_n: 200,
        ..SketchSettings::default()
    };
    let hostile = hostile_summary(0, 256, &settings);
    let mut closed = closing(1, 0..2);
    closed.closing.windows[0].summary = hostile.clone();
    kept.store.close(&closed).await.expect("closes");
    let found = kept.store.window(ACL, window(0)).await.expect("reads");
    assert_eq!(found.expect("is there").summary, hostile);
    assert_eq!(kept.faults.attempts_of("Query"), 1, "it is in pieces");
    let windows = kept
        .store
        .windows_between(ACL, window(0).start, window(9).start, 9);
    assert_eq!(windows.await.expect("reads"), [hostile, summary(1, 5)]);

    // Amended to a small one, and to a large one again.
    for (revision, summary) in [(0, summary(0, 9)), (1, hostile_summary(0, 255, &settings))] {
        let mut amended = amendment(0, 0, Some(revision));
        amended.summary = summary.clone();
        kept.store.amend(&amended).await.expect("amends");
        let found = kept.store.window(ACL, window(0)).await.expect("reads");
        assert_eq!(found.expect("is there").summary, summary);
    }
}

#[tokio::test]
async fn acls_of_any_name_are_kept_apart() {
    let kept = kept("long-names").await;
    let names = [
        format!("{}1", "ä".repeat(1_000)),
        format!("{}2", "ä".repeat(1_000)),
    ];
    for name in &names {
        let mut closed = closing(1, 0..1);
        closed.closing.acl = name.clone();
        closed.closing.windows[0].summary.acl = name.clone();
        kept.store.close(&closed).await.expect("closes");
    }
    let heads = kept.store.heads().await.expect("reads");
    assert_eq!(heads.into_keys().collect::<Vec<_>>(), names);
    for name in &names {
        let found = kept.store.window(name, window(0)).await.expect("reads");
        assert_eq!(&found.expect("is there").summary.acl, name);
    }
}
