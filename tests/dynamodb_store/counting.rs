//! Commits of shards, and what is read back of them.

use std::collections::BTreeMap;

use wafwatch::store::dynamodb::{CommitNumbers, CommittedPartial};
use wafwatch_windows::partial::Partial;
use wafwatch_windows::record::{Action, Record};
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::time::EventTime;

use crate::values::*;

#[tokio::test]
async fn a_commit_is_read_back_whole() {
    let kept = kept("commit-is-read-back").await;
    let store = &kept.store;
    assert_eq!(store.shard(SHARD).await.expect("reads"), None);
    assert!(store.shards().await.expect("reads").is_empty());

    let first = commit(None, vec![partial(ACL, 0, 50), partial("other", 0, 60)]);
    store.commit(&first).await.expect("commits");
    let second = commit(Some(1), vec![partial(ACL, 0, 70), partial(ACL, 1, 80)]);
    store.commit(&second).await.expect("commits");

    let state = store.shard(SHARD).await.expect("reads");
    assert_eq!(state.as_ref(), Some(&second.state));
    let shards = BTreeMap::from([(SHARD.to_owned(), second.state)]);
    assert_eq!(store.shards().await.expect("reads"), shards);

    let committed = |commit, acl: &str, bytes| CommittedPartial {
        shard: SHARD.to_owned(),
        commit,
        acl: acl.to_owned(),
        encoded: partial(acl, 0, bytes).encoded,
    };
    let of_window = store.window_partials(window(0)).await.expect("reads");
    let expected = BTreeMap::from([
        (
            ACL.to_owned(),
            vec![committed(1, ACL, 50), committed(2, ACL, 70)],
        ),
        ("other".to_owned(), vec![committed(1, "other", 60)]),
    ]);
    assert_eq!(of_window, expected);
    let none = store.window_partials(window(9)).await.expect("reads");
    assert!(none.is_empty());
}

#[tokio::test]
async fn partials_come_in_the_order_of_shards_and_commits() {
    let kept = kept("order-of-partials").await;
    let mut commits = Vec::new();
    for shard in ["s", "s!", "r"] {
        for number in 1..=11 {
            let mut one = commit((number > 1).then(|| number - 1), vec![partial(ACL, 0, 10)]);
            one.shard = shard.to_owned();
            kept.store.commit(&one).await.expect("commits");
            commits.push((shard.to_owned(), number));
        }
    }
    commits.sort();
    let partials = kept.store.window_partials(window(0)).await.expect("reads");
    let found: Vec<_> = partials[ACL]
        .iter()
        .map(|one| (one.shard.clone(), one.commit))
        .collect();
    assert_eq!(found, commits);
}

#[tokio::test]
async fn commits_from_another_state_conflict_and_write_nothing() {
    let kept = kept("commits-conflict").await;
    let store = &kept.store;
    assert_conflict(
        store
            .commit(&commit(Some(1), vec![partial(ACL, 0, 10)]))
            .await,
    );
    assert_eq!(store.shard(SHARD).await.expect("reads"), None);
    store
        .commit(&commit(None, Vec::new()))
        .await
        .expect("commits");
    for expected in [None, Some(0), Some(2)] {
        let other = commit(expected, vec![partial(ACL, 0, 10)]);
        assert_conflict(store.commit(&other).await);
    }
    assert!(
        store
            .window_partials(window(0))
            .await
            .expect("reads")
            .is_empty()
    );
    let state = store.shard(SHARD).await.expect("reads").expect("is there");
    assert_eq!(state.commits, 1);
}

#[tokio::test]
async fn a_watermark_moves_without_a_commit_number() {
    let kept = kept("watermark-moves").await;
    kept.store
        .commit(&commit(None, Vec::new()))
        .await
        .expect("commits");
    let mut idle = commit(Some(1), Vec::new());
    idle.state.commits = 1;
    idle.state.checkpoint.watermark = Some(window(7).end);
    idle.state.checkpoint.finished = true;
    kept.store.commit(&idle).await.expect("commits");
    let state = kept.store.shard(SHARD).await.expect("reads");
    assert_eq!(state, Some(idle.state));
}

#[tokio::test]
async fn of_two_writers_at_once_one_wins_each_round() {
    const ROUNDS: u64 = 10;
    let kept = kept("two-writers").await;
    let mut wins = [0, 0];
    for round in 0..ROUNDS {
        let expected = (round > 0).then_some(round);
        let of_writer = |bytes| commit(expected, vec![partial(ACL, 0, bytes)]);
        let (one, other) = (of_writer(10), of_writer(20));
        let (first, second) = tokio::join!(kept.store.commit(&one), kept.store.commit(&other));
        assert_ne!(first.is_ok(), second.is_ok(), "{first:?} {second:?}");
        wins[usize::from(second.is_ok())] += 1;
        assert_conflict(if first.is_ok() { second } else { first });
    }
    assert_eq!(wins[0] + wins[1], ROUNDS);
    let partials = kept.store.window_partials(window(0)).await.expect("reads");
    assert_eq!(partials[ACL].len() as u64, ROUNDS, "one bundle a round");
    let lengths = partials[ACL].iter().filter(|one| one.encoded.len() == 20);
    assert_eq!(lengths.count() as u64, wins[1]);
}

#[tokio::test]
async fn real_partials_survive_the_table() {
    let kept = kept("real-partials").await;
    let settings = SketchSettings::default();
    let mut counted = Partial::new(&settings);
    for request in 0..500_u64 {
        let (uri, agent) = (noise(request, 256), noise(request + 1_000, 256));
        let mut record = Record::new(window(0).start, ACL, Action::Block);
        record.client_address = Some("192.0.2.1");
        record.uri = Some(&uri);
        record.user_agent = Some(&agent);
        counted.observe(&record);
    }
    let mut stored = partial(ACL, 0, 0);
    stored.encoded = counted.encode(settings.budget_bytes);
    kept.store
        .commit(&commit(None, vec![stored.clone()]))
        .await
        .expect("commits");
    let partials = kept.store.window_partials(window(0)).await.expect("reads");
    let encoded = &partials[ACL][0].encoded;
    assert_eq!(encoded, &stored.encoded);
    let decoded = Partial::decode(encoded, &settings).expect("decodes");
    assert_eq!(decoded.counters().total, 500);
}

#[tokio::test]
async fn the_first_seed_stands() {
    let kept = kept("seeds").await;
    let (one, other) = tokio::join!(kept.store.seed(u64::MAX), kept.store.seed(2));
    let seed = one.expect("is kept");
    assert_eq!(other.expect("is kept"), seed);
    assert!([u64::MAX, 2].contains(&seed));
    assert_eq!(kept.store.seed(3).await.expect("is kept"), seed);
}

#[tokio::test]
async fn settled_windows_are_read_from_a_time_on() {
    let kept = kept("settled").await;
    let consumed = |commit| CommitNumbers::from([(SHARD.to_owned(), commit)]);
    for (minute, commit) in [(0, 1), (1, 2), (2, 3), (1, 4)] {
        let start = window(minute).start;
        let consumed = consumed(commit);
        let set = kept.store.set_settled(start, &consumed, NOW);
        set.await.expect("writes");
    }
    let settled = kept.store.settled(window(1).start).await.expect("reads");
    let expected = BTreeMap::from([
        (window(1).start, consumed(4)),
        (window(2).start, consumed(3)),
    ]);
    assert_eq!(settled, expected);
    let all = kept
        .store
        .settled(EventTime(i64::MIN))
        .await
        .expect("reads");
    assert_eq!(all.len(), 3);
}
