//! Shards, batches and functions side by side count what one process counts.
#![cfg(feature = "aws")]

mod common;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::deployment::{Deployment, Dice, Mapping, TestConsumer, deadline};
use common::{ACL, line, pipeline_settings};
use tempfile::TempDir;
use wafwatch::forward::partition_key;
use wafwatch::functions::kinesis_event::KinesisEvent;
use wafwatch::pipeline::{Pipeline, PipelineSettings};
use wafwatch::store::WindowQuery;
use wafwatch::store::sqlite::SqliteStore;
use wafwatch_windows::summary::Summary;
use wafwatch_windows::time::{EventTime, WindowSize};

/// In 2099: the emulator deletes what has expired by the real clock, and nothing here may have.
const START: i64 = 4_070_908_800_000;
const OTHER_ACL: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/api/0d4f1c1e-1111-2222-3333-444455556666";
const WINDOWS: i64 = 6;
/// Long after the last record: what is idle then is complete.
const END: EventTime = EventTime(START + WINDOWS * 60_000 + 600_000);

fn settings() -> PipelineSettings {
    let mut settings = pipeline_settings(30_000);
    settings.limits.accept_future_ms = i64::MAX / 2;
    settings.close.sketch.distinct_seed = 7;
    // Time goes on where nothing comes; what is due then is what the test is about.
    settings.close_policy.longest_wait_ms = 86_400_000;
    // Six windows and those behind them until the end.
    settings.close.dormant_after_windows = 3;
    settings
}

/// Envelopes in the order in which they are put: about a second of event time in each.
fn envelopes(dice: &mut Dice) -> Vec<Vec<u8>> {
    let mut envelopes = Vec::new();
    for second in 0..WINDOWS * 60 / 3 {
        let mut lines = String::new();
        for _ in 0..1 + dice.below(6) {
            // Up to 20 seconds late: within the lateness.
            let late = dice.below(20_000) as i64;
            let time = (START + second * 3_000 - late).max(START);
            let acl = if dice.one_in(4) { OTHER_ACL } else { ACL };
            let action = if dice.one_in(3) { "BLOCK" } else { "ALLOW" };
            let address = format!("198.51.100.{}", dice.below(200));
            let path = format!("/{}", dice.below(9));
            lines.push_str(&line(acl, time, action, &address, &path));
            lines.push('\n');
        }
        if dice.one_in(10) {
            lines.push_str("no record\n");
        }
        envelopes.push(lines.into_bytes());
    }
    envelopes
}

/// Windows with records, by ACL and start.
type Windows = BTreeMap<(String, EventTime), Summary>;

fn of_one_process(envelopes: &[Vec<u8>]) -> Windows {
    let folder = TempDir::new().expect("a folder");
    let size = WindowSize::DEFAULT;
    let store = SqliteStore::open(&folder.path().join("store.db"), size).expect("opens");
    let mut pipeline = Pipeline::open(store, settings()).expect("opens");
    pipeline.register("all", "all", None);
    for (number, envelope) in (1_u64..).zip(envelopes) {
        let sequence = number.to_string().parse().expect("is a number");
        let counted = pipeline.count_record("all", &sequence, envelope, END);
        counted.expect("counts");
    }
    pipeline.advance("all", END);
    pipeline.flush(END).expect("flushes");
    let query = WindowQuery {
        limit: 10_000,
        ..WindowQuery::default()
    };
    let listed = pipeline.store().windows(&query).expect("lists");
    let summaries = listed.into_iter().map(|listed| listed.summary);
    by_window(summaries)
}

fn by_window(summaries: impl Iterator<Item = Summary>) -> Windows {
    summaries
        .filter(|summary| summary.counters.total > 0)
        .map(|summary| ((summary.acl.clone(), summary.window.start), summary))
        .collect()
}

async fn of_deployment(deployment: &Deployment) -> Windows {
    let mut windows = Windows::new();
    for acl in [ACL, OTHER_ACL] {
        let from = EventTime(START - 600_000);
        let listed = deployment.store.windows_between(acl, from, END, 10_000);
        windows.extend(by_window(listed.await.expect("lists").into_iter()));
    }
    windows
}

/// Hands everything over that waits, in batches of any length, some of them again, some to both
/// consumers at once.
async fn deliver(
    mapping: &mut Mapping,
    consumers: &mut [TestConsumer; 2],
    dice: &mut Dice,
    most_batches: usize,
) {
    // While records come, nothing is idle yet.
    let now = EventTime(START);
    let mut earlier: Vec<KinesisEvent> = Vec::new();
    for _ in 0..most_batches {
        let waiting = mapping.waiting();
        if waiting.is_empty() {
            return;
        }
        let shard = &waiting[dice.below(waiting.len())];
        let event = mapping.batch(shard, dice.below(4), 1 + dice.below(25));
        let [one, other] = consumers;
        let answers = if dice.one_in(4) {
            let (one, other) = tokio::join!(
                one.handle(event.clone(), now, deadline()),
                other.handle(event.clone(), now, deadline()),
            );
            vec![one, other]
        } else {
            vec![one.handle(event.clone(), now, deadline()).await]
        };
        for answer in answers {
            let (answer, done) = answer.expect("is an event of a stream");
            let failures = answer.batch_item_failures;
            assert!(failures.is_empty(), "{:?}", done.problems);
        }
        mapping.answered(shard, &event, None);
        earlier.push(event);
        if dice.one_in(5) {
            let again = earlier[dice.below(earlier.len())].clone();
            let consumer = &mut consumers[dice.below(2)];
            let answered = consumer.handle(again, now, deadline()).await;
            answered.expect("is an event of a stream");
        }
    }
}

/// Lets time pass until everything is closed.
async fn let_time_pass(consumer: &mut TestConsumer) {
    let nothing = KinesisEvent {
        records: Vec::new(),
    };
    for round in 0..4 {
        // Shards that were asked just now are not asked again at once.
        let now = END.plus(round * 20_000);
        let (_, done) = consumer
            .handle(nothing.clone(), now, deadline())
            .await
            .expect("is an event");
        assert!(done.problems.is_empty(), "{:?}", done.problems);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Resharding {
    None,
    SplitAndMerge,
}

async fn counts_the_same(shards: i32, seed: u64, resharding: Resharding) {
    let mut dice = Dice(seed);
    let envelopes = envelopes(&mut dice);
    let deployment = Deployment::new(shards, settings()).await;
    let mut consumers = [deployment.consumer(1), deployment.consumer(2)];
    let mut mapping = Mapping::default();
    let half = envelopes.len() / 2;
    let (first, second) = envelopes.split_at(half);
    put(&deployment, first, &mut dice).await;
    mapping.refresh(&deployment).await;
    // The second half comes while the first is still being counted.
    deliver(&mut mapping, &mut consumers, &mut dice, 3).await;
    if resharding == Resharding::SplitAndMerge {
        let open = mapping.shards();
        deployment.split(&open[0]).await;
        if open.len() > 2 {
            deployment.merge(&open[1], &open[2]).await;
        }
        mapping.refresh(&deployment).await;
    }
    put(&deployment, second, &mut dice).await;
    mapping.refresh(&deployment).await;
    deliver(&mut mapping, &mut consumers, &mut dice, usize::MAX).await;
    let_time_pass(&mut consumers[0]).await;

    let counted = of_deployment(&deployment).await;
    let expected = of_one_process(&envelopes);
    assert!(expected.len() >= 2 * WINDOWS as usize);
    let keys = |windows: &Windows| windows.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&counted), keys(&expected));
    for (key, expected) in &expected {
        assert_eq!(&counted[key], expected);
    }
    let states = deployment.store.shards().await.expect("reads");
    let read: u64 = states
        .values()
        .map(|state| state.checkpoint.accounts.read)
        .sum();
    let text = envelopes.concat();
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(read, lines as u64);
    assert!(
        states
            .values()
            .all(|state| state.checkpoint.accounts.balance())
    );
}

/// Puts envelopes, packed as the forwarder packs them; some twice, as after an answer that was lost.
async fn put(deployment: &Deployment, envelopes: &[Vec<u8>], dice: &mut Dice) {
    for envelope in envelopes {
        for _ in 0..1 + usize::from(dice.one_in(5)) {
            deployment
                .put(&partition_key(envelope), envelope.clone())
                .await;
        }
    }
}

#[tokio::test]
async fn two_shards_count_what_one_process_counts() {
    counts_the_same(2, 1, Resharding::None).await;
}

#[tokio::test]
async fn four_shards_count_what_one_process_counts() {
    counts_the_same(4, 2, Resharding::None).await;
}

#[tokio::test]
async fn resharding_in_the_middle_of_a_window_changes_no_count() {
    counts_the_same(2, 3, Resharding::SplitAndMerge).await;
    counts_the_same(4, 4, Resharding::SplitAndMerge).await;
}

#[tokio::test]
async fn a_shard_of_which_nobody_has_counted_holds_windows_back() {
    let deployment = Deployment::new(2, settings()).await;
    let mut dice = Dice(5);
    let envelopes = envelopes(&mut dice);
    put(&deployment, &envelopes, &mut dice).await;
    let mut mapping = Mapping::default();
    mapping.refresh(&deployment).await;
    let [one, other] = &mapping.shards()[..] else {
        panic!("two shards");
    };
    let mut consumer = deployment.consumer(1);
    let all = mapping.batch(one, 0, usize::MAX >> 1);
    assert!(STANDARD.decode(&all.records[0].kinesis.data).is_ok());
    for now in [EventTime(START), END] {
        let (_, done) = consumer
            .handle(all.clone(), now, deadline())
            .await
            .expect("an event");
        assert_eq!(done.health.windows_closed, 0, "at {}", now.0);
    }
    assert_eq!(of_deployment(&deployment).await, Windows::new());
    let rest = mapping.batch(other, 0, usize::MAX >> 1);
    let handled = consumer.handle(rest, END.plus(20_000), deadline()).await;
    handled.expect("an event");
    let_time_pass(&mut consumer).await;
    assert_eq!(of_deployment(&deployment).await, of_one_process(&envelopes));
}
