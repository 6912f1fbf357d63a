//! What was said of incidents.

use wafwatch::guidance::feedback::MAX_MARKS;
use wafwatch::guidance::{Judgement, Mark};
use wafwatch_windows::time::EventTime;

use crate::values::{ACL, event, kept};

#[tokio::test]
async fn marks_are_kept_replaced_and_taken_back() {
    let kept = kept("marks").await;
    let store = &kept.store;
    assert!(store.marks().await.expect("reads").is_empty());
    let incident = event(1).incident;
    let mark = |judgement, made| Mark::new(&incident, judgement, EventTime(made));
    let irrelevant = mark(Judgement::Irrelevant, 1);
    store.set_mark(&irrelevant).await.expect("writes");
    let marks = store.marks().await.expect("reads");
    assert_eq!(marks[ACL], [irrelevant]);
    let relevant = mark(Judgement::Relevant, 2);
    store.set_mark(&relevant).await.expect("writes");
    assert_eq!(store.marks().await.expect("reads")[ACL], [relevant]);
    for _ in 0..2 {
        store.remove_mark(&incident.id).await.expect("writes");
        assert!(store.marks().await.expect("reads").is_empty());
    }
}

#[tokio::test]
async fn the_newest_marks_of_an_acl_are_read() {
    let kept = kept("many-marks").await;
    let mut incident = event(1).incident;
    for number in 0..=MAX_MARKS {
        incident.id = format!("shop-{number}");
        let made = EventTime(number as i64);
        let mark = Mark::new(&incident, Judgement::Expected, made);
        kept.store.set_mark(&mark).await.expect("writes");
    }
    let marks = kept.store.marks().await.expect("reads");
    assert_eq!(marks[ACL].len(), MAX_MARKS);
    let newest = marks[ACL].iter().map(|mark| mark.made.0).max();
    assert_eq!(newest, Some(MAX_MARKS as i64));
    assert!(marks[ACL].iter().all(|mark| mark.made.0 > 0));
}
