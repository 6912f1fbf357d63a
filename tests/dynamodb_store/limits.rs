//! What is too large for a page, an item or a transaction.

use std::ops::Range;

use wafwatch::store::StoreError;
use wafwatch::store::dynamodb::{
    ClosingCommit, MAX_CLOSING_WINDOWS, MAX_COMMIT_BYTES, MAX_COMMIT_WINDOWS,
};
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::summary::Summary;

use crate::values::*;

fn assert_too_large<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    let error = result.expect_err("does not fit");
    assert!(error.is_too_large(), "{error}");
    error.to_string()
}

#[tokio::test]
async fn the_largest_commit_fits() {
    let kept = kept("largest-commit").await;
    let windows = i64::try_from(MAX_COMMIT_WINDOWS).expect("is small");
    let bytes = MAX_COMMIT_BYTES / MAX_COMMIT_WINDOWS;
    let full = (0..windows).map(|minute| partial(ACL, minute, bytes));
    let full = commit(None, full.collect());
    kept.store.commit(&full).await.expect("fits");
    let last = kept.store.window_partials(window(windows - 1)).await;
    assert_eq!(last.expect("reads")[ACL][0].encoded.len(), bytes);

    // As many bytes in one window, which is read in several pages: of 1 MB each.
    let one = commit(Some(1), vec![partial(ACL, -1, MAX_COMMIT_BYTES)]);
    kept.store.commit(&one).await.expect("fits");
    let before = kept.faults.attempts_of("Query");
    let partials = kept.store.window_partials(window(-1)).await.expect("reads");
    assert!(kept.faults.attempts_of("Query") - before >= 3);
    assert_eq!(partials[ACL][0].encoded, one.partials[0].encoded);
    assert_eq!(partials[ACL].len(), 1);
}

#[tokio::test]
async fn a_commit_beyond_the_limits_is_refused_before_it_is_sent() {
    let kept = kept("commit-too-large").await;
    let windows = i64::try_from(MAX_COMMIT_WINDOWS).expect("is small") + 1;
    let many = (0..windows).map(|minute| partial(ACL, minute, 1)).collect();
    let text = assert_too_large(kept.store.commit(&commit(None, many)).await);
    assert!(text.contains("65 of 64 windows"), "{text}");
    let large = vec![partial(ACL, 0, MAX_COMMIT_BYTES), partial("other", 0, 1)];
    let text = assert_too_large(kept.store.commit(&commit(None, large)).await);
    assert!(text.contains(SHARD), "{text}");
    assert_eq!(kept.faults.attempts_of("TransactWriteItems"), 0);
}

/// A closing of windows with the figures of `summary`.
fn closing_like(summary: &Summary, version: u64, minutes: Range<i64>) -> ClosingCommit {
    let mut closed = closing(version, minutes);
    for window in &mut closed.closing.windows {
        let place = window.summary.window;
        window.summary = summary.clone();
        window.summary.window = place;
    }
    closed
}

#[tokio::test]
async fn as_many_hostile_windows_as_may_be_fit_one_closing() {
    let kept = kept("hostile-windows").await;
    let hostile = hostile_summary(0, 256, &SketchSettings::default());
    let json = serde_json::to_vec(&hostile).expect("serialises").len();
    assert!(json > 150_000, "{json}");
    let windows = i64::try_from(MAX_CLOSING_WINDOWS).expect("is small");
    let full = closing_like(&hostile, 1, 0..windows);
    kept.store.close(&full).await.expect("fits");
    assert_eq!(kept.faults.attempts_of("TransactWriteItems"), 1);
    let from = window(0).start;
    let read = kept.store.windows_between(ACL, from, window(99).start, 99);
    assert_eq!(read.await.expect("reads").len(), MAX_CLOSING_WINDOWS);
    // The emulator's pages are of 1 MB too.
    assert!(kept.faults.attempts_of("Query") >= 2);
}

#[tokio::test]
async fn a_closing_beyond_the_limits_is_refused_before_it_is_sent() {
    let kept = kept("closing-too-large").await;
    let settings = SketchSettings {
        top_n: 200,
        ..SketchSettings::default()
    };
    let hostile = hostile_summary(0, 256, &settings);
    let text = assert_too_large(kept.store.close(&closing_like(&hostile, 1, 0..20)).await);
    assert!(text.contains("bytes"), "{text}");
    let windows = i64::try_from(MAX_CLOSING_WINDOWS).expect("is small") + 1;
    let text = assert_too_large(kept.store.close(&closing(1, 0..windows)).await);
    assert!(text.contains("21 of 20 windows"), "{text}");
    let mut detector = closing(1, 11..12);
    detector.closing.state.detector = noise(1, 600_000).into_bytes();
    let text = assert_too_large(kept.store.close(&detector).await);
    assert!(text.contains(&format!("the state of {ACL}")), "{text}");
    assert_eq!(kept.faults.attempts_of("TransactWriteItems"), 0);

    // What its caller does then: fewer at once.
    let fewer = closing_like(&hostile, 1, 0..3);
    kept.store.close(&fewer).await.expect("fits");
}

#[tokio::test]
async fn every_page_of_a_list_is_read() {
    let kept = kept("pages").await;
    // 120 states of 20 kB: more than two pages.
    for number in 0..120 {
        let mut one = commit(None, Vec::new());
        one.shard = format!("shard-{number:03}");
        one.state.checkpoint.input = noise(number, 20_000);
        kept.store.commit(&one).await.expect("commits");
    }
    let shards = kept.store.shards().await.expect("reads");
    assert_eq!(shards.len(), 120);
    assert!(kept.faults.attempts_of("Query") >= 3);
}
