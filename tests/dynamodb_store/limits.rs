//! What is too large for a page, an item or a transaction.

use wafwatch::store::StoreError;
use wafwatch::store::dynamodb::{MAX_CLOSING_WINDOWS, MAX_COMMIT_BYTES, MAX_COMMIT_WINDOWS};
use wafwatch_windows::settings::SketchSettings;

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

#[tokio::test]
async fn hostile_windows_fit_one_by_one_and_too_many_are_refused_before_they_are_sent() {
    let kept = kept("hostile-windows").await;
    let settings = SketchSettings::default();
    let hostile = hostile_summary(0, 256, &settings);
    let json = serde_json::to_vec(&hostile).expect("serialises").len();
    assert!(json > 150_000, "{json}");
    let mut one = closing(1, 0..1);
    one.closing.windows[0].summary = hostile.clone();
    kept.store.close(&one).await.expect("fits");
    assert_eq!(kept.faults.attempts_of("TransactWriteItems"), 1);

    let mut many = closing(2, 1..21);
    for window in &mut many.closing.windows {
        let place = window.summary.window;
        window.summary = hostile.clone();
        window.summary.window = place;
    }
    match kept.store.close(&many).await {
        Ok(()) => assert_eq!(kept.faults.attempts_of("TransactWriteItems"), 2),
        refused => {
            let text = assert_too_large(refused);
            assert!(text.contains("bytes"), "{text}");
            assert_eq!(kept.faults.attempts_of("TransactWriteItems"), 1);
        }
    }

    let windows = i64::try_from(MAX_CLOSING_WINDOWS).expect("is small") + 1;
    let text = assert_too_large(kept.store.close(&closing(2, 0..windows)).await);
    assert!(text.contains("21 of 20 windows"), "{text}");
    let mut detector = closing(2, 1..2);
    detector.closing.state.detector = vec![0; 400_000];
    let text = assert_too_large(kept.store.close(&detector).await);
    assert!(text.contains(&format!("the state of {ACL}")), "{text}");
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
