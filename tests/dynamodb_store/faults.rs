//! What happens to calls on their way, and what the store makes of it.

use std::iter::repeat_n;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use wafwatch::store::Delivery;
use wafwatch::store::StoreError;
use wafwatch::store::dynamodb::{Amendment, DynamoStore};
use wafwatch_emulators::faults::{Fault, Rates, Schedule};
use wafwatch_emulators::{Ministack, sdk_config_over};

use crate::values::*;

const WRITE: &str = "TransactWriteItems";

/// More than the SDK tries by itself.
fn beyond_the_sdk(fault: Fault) -> Schedule {
    Schedule::listed(repeat_n(Some(fault), 6))
}

#[tokio::test]
async fn an_answer_that_was_lost_is_no_conflict() {
    let kept = kept("lost-answers").await;
    let store = &kept.store;
    let lose = || {
        let lost = Schedule::listed([Some(Fault::LostAnswer)]);
        kept.faults.reschedule(lost.only(WRITE));
    };
    lose();
    store
        .commit(&commit(None, vec![partial(ACL, 0, 10)]))
        .await
        .expect("was done");
    lose();
    let mut closed = closing(1, 0..1);
    closed.closing.events = vec![event(1)];
    store.close(&closed).await.expect("was done");
    lose();
    let amendment = Amendment {
        summary: summary(0, 9),
        expected_revision: Some(0),
        consumed: Default::default(),
        now: NOW,
    };
    store.amend(&amendment).await.expect("was done");
    lose();
    assert_eq!(store.seed(7).await.expect("was done"), 7);
    lose();
    let id = event(1).id;
    let failed = Delivery::RetryAt {
        at: NOW,
        error: "refused".to_owned(),
    };
    store
        .record_delivery(&id, "mail", &failed)
        .await
        .expect("was done");
    lose();
    store
        .record_delivery(&id, "mail", &Delivery::Delivered)
        .await
        .expect("was done");
    lose();
    let mail = ["mail".to_owned()];
    assert!(store.settle_event(&id, &mail, NOW).await.expect("was done"));

    assert_eq!(kept.faults.attempts_of(WRITE), 14, "each was sent twice");
    let partials = store.window_partials(window(0)).await.expect("reads");
    assert_eq!(partials[ACL].len(), 1);
    let window = store.window(ACL, window(0)).await.expect("reads");
    assert_eq!(window.expect("is there").revision, 1);
    let settled = store.settled_event(&id).await.expect("reads");
    assert_eq!(settled.expect("is kept").deliveries[0].record.attempts, 2);
}

#[tokio::test]
async fn throttling_is_waited_out() {
    let kept = kept("throttled").await;
    kept.faults.reschedule(beyond_the_sdk(Fault::Throttled));
    kept.store
        .commit(&commit(None, Vec::new()))
        .await
        .expect("in the end");
    assert_eq!(kept.faults.attempts_of(WRITE), 7);
    kept.faults.reschedule(beyond_the_sdk(Fault::Throttled));
    let state = kept.store.shard(SHARD).await.expect("in the end");
    assert_eq!(state.expect("is there").commits, 1);
    kept.faults.reschedule(beyond_the_sdk(Fault::ServiceError));
    assert_eq!(kept.store.shards().await.expect("in the end").len(), 1);
}

/// A transaction in the way is none that changed anything: the same one is sent again.
#[tokio::test]
async fn another_transaction_on_the_same_items_is_waited_out() {
    let kept = kept("conflicting").await;
    let twice = [Some(Fault::Conflicting), Some(Fault::Conflicting)];
    kept.faults.reschedule(Schedule::listed(twice));
    let commit = kept.store.commit(&commit(None, Vec::new())).await;
    commit.expect("in the end");
    assert_eq!(kept.faults.attempts_of(WRITE), 3);
}

#[tokio::test]
async fn throttling_that_does_not_end_is_told_as_busy() {
    let kept = kept("throttled-for-good").await;
    let always = Schedule::listed(repeat_n(Some(Fault::Throttled), 10_000));
    kept.faults.reschedule(always);
    let store = kept.store.clone().with_patience(Duration::from_millis(200));
    let write = store.commit(&commit(None, Vec::new())).await.map(drop);
    let read = store.heads().await.map(drop);
    for refused in [write, read] {
        let error = refused.expect_err("is throttled");
        assert!(error.is_busy() && !error.is_conflict(), "{error}");
        assert!(error.to_string().contains(&kept.table), "{error}");
    }
}

#[tokio::test]
async fn a_service_that_is_away_is_told_with_what_to_look_at() {
    let kept = kept("away").await;
    let always = Schedule::listed(repeat_n(Some(Fault::ErrorBefore), 10_000));
    kept.faults.reschedule(always);
    let error = kept.store.heads().await.expect_err("is away");
    assert!(!error.is_busy());
    let text = error.to_string();
    assert!(text.contains("does not answer"), "{text}");
}

#[tokio::test]
async fn a_missing_table_is_told_by_its_name() {
    let config = Ministack::shared().sdk_config();
    let store = DynamoStore::new(Client::new(&config), "no-such-table".to_owned(), 1);
    let read = store.shards().await.map(drop);
    let write = store.commit(&commit(None, Vec::new())).await;
    let put = store.set_settled(NOW, &Default::default(), NOW).await;
    for refused in [read, write, put] {
        let error = refused.expect_err("there is none");
        assert!(matches!(error, StoreError::Table { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("no-such-table"), "{text}");
        assert!(text.contains("deploy the template"), "{text}");
    }
}

/// A function that commits until there are `commits`, reading what is there when it starts and
/// after each conflict, as the consumer does.
async fn count_until(store: &DynamoStore, commits: u64) -> Result<(), StoreError> {
    loop {
        let state = store.shard(SHARD).await?;
        let done = state.map(|state| state.commits);
        if done.unwrap_or(0) >= commits {
            return Ok(());
        }
        match store.commit(&commit(done, vec![partial(ACL, 0, 10)])).await {
            Err(error) if !error.is_conflict() => return Err(error),
            _ => {}
        }
    }
}

#[tokio::test]
async fn commits_have_no_gap_and_no_double_under_any_faults() {
    const COMMITS: u64 = 12;
    for seed in 0..8 {
        let kept = kept(&format!("rough-{seed}")).await;
        kept.faults
            .reschedule(Schedule::seeded(seed, Rates::ROUGH, 40));
        // A second function works on the same shard, from connections of its own.
        let other = Client::new(&sdk_config_over(
            &Ministack::shared().endpoint(),
            kept.faults.over_http(),
        ));
        let other = DynamoStore::new(other, kept.table.clone(), RETENTION_DAYS);
        loop {
            let both = async {
                tokio::join!(
                    count_until(&kept.store, COMMITS),
                    count_until(&other, COMMITS)
                )
            };
            tokio::select! {
                biased;
                () = kept.faults.crashed() => kept.faults.revive(),
                results = both => {
                    if results.0.is_ok() && results.1.is_ok() {
                        break;
                    }
                }
            }
        }
        // Some may be left, a crash among them.
        kept.faults.stop();
        let partials = kept.store.window_partials(window(0)).await.expect("reads");
        let commits: Vec<u64> = partials[ACL].iter().map(|one| one.commit).collect();
        assert_eq!(commits, (1..=COMMITS).collect::<Vec<_>>(), "seed {seed}");
    }
}

/// Handlers on a multi-threaded runtime move between threads.
#[test]
fn calls_may_move_between_threads() {
    fn assert_send<T: Send>(_: T) {}
    let config = sdk_config_over(
        "http://127.0.0.1:1",
        wafwatch_emulators::faults::Faults::new(Schedule::none()).over_http(),
    );
    let store = DynamoStore::new(Client::new(&config), "t".to_owned(), 1);
    assert_send(store.commit(&commit(None, Vec::new())));
    assert_send(store.close(&closing(1, 0..1)));
    assert_send(store.window_partials(window(0)));
    assert_send(store.windows_between(ACL, NOW, NOW, 1));
    assert_send(store.record_delivery("id", "mail", &Delivery::Delivered));
    assert_send(store.settle_event("id", &[], NOW));
    assert_send(store.seed(1));
}
