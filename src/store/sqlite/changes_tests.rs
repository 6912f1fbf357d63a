use tempfile::TempDir;
use wafwatch_windows::counters::Counters;
use wafwatch_windows::summary::{Completeness, Summary};
use wafwatch_windows::time::WindowSize;

use super::*;
use crate::detect::{Forecast, Stage};
use crate::guidance::{Judgement, Mark};
use crate::incident::sample;
use crate::store::sqlite::series::TimeRange;
use crate::store::{AclState, ClosedWindow, Closing, Store, Transaction};

const ACL: &str = "shop";
const EVERYTHING: usize = 100;
const MINUTE: i64 = 60_000;

fn summary(minute: i64, total: u64) -> Summary {
    let window = WindowSize::DEFAULT.window_of(EventTime(minute * MINUTE));
    let mut summary = Summary::empty(ACL, window, Completeness::Complete);
    summary.counters = Counters {
        total,
        allowed: total,
        ..Counters::default()
    };
    summary
}

fn forecast(expected: f64) -> Forecast {
    Forecast {
        expected,
        lower: expected - 1.0,
        upper: expected + 1.0,
    }
}

/// Windows of these minutes, each with a forecast of ten times its minute, but for the first.
fn closing(version: u64, minutes: impl Iterator<Item = i64>) -> Transaction {
    let windows = minutes.map(|minute| ClosedWindow {
        summary: summary(minute, 5),
        stage: Stage::Ready,
        findings: Vec::new(),
        forecast: (minute > 0).then(|| forecast(10.0 * minute as f64)),
    });
    Transaction {
        closings: vec![Closing {
            acl: ACL.to_owned(),
            state: AclState {
                version,
                ..AclState::default()
            },
            windows: windows.collect(),
            incidents: Vec::new(),
            events: Vec::new(),
        }],
        ..Transaction::default()
    }
}

fn with_windows(folder: &TempDir, count: i64) -> SqliteStore {
    let path = folder.path().join("store.db");
    let mut store = SqliteStore::open(&path, WindowSize::DEFAULT).expect("opens");
    store.apply(&closing(1, 0..count)).expect("applies");
    store
}

fn changed(store: &SqliteStore, after: Revision) -> (Vec<i64>, Vec<String>) {
    let through = store.revision().expect("reads");
    let windows = store
        .changed_windows(after, through, EVERYTHING)
        .expect("reads");
    let minutes = windows.into_iter().map(|(acl, start)| {
        assert_eq!(acl, ACL);
        start.0 / MINUTE
    });
    let incidents = store.changed_incidents(after, through, EVERYTHING);
    (minutes.collect(), incidents.expect("reads"))
}

#[test]
fn each_window_is_told_once_and_again_when_it_is_amended() {
    let folder = TempDir::new().expect("a folder");
    let mut store = with_windows(&folder, 3);
    let (windows, incidents) = changed(&store, Revision::default());
    assert_eq!((windows, incidents), (vec![0, 1, 2], vec![]));

    let seen = store.revision().expect("reads");
    assert_eq!(changed(&store, seen), (vec![], vec![]));
    let amendment = Transaction {
        amended: vec![summary(1, 6)],
        ..Transaction::default()
    };
    store.apply(&amendment).expect("applies");
    assert_eq!(changed(&store, seen).0, [1]);
    assert_eq!(changed(&store, Revision::default()).0, [0, 1, 2]);
    store.prune(EventTime(2 * MINUTE)).expect("prunes");
    assert_eq!(changed(&store, Revision::default()).0, [2]);
    assert!(store.revision().expect("reads").windows > seen.windows);
}

#[test]
fn an_incident_is_told_when_it_changes_is_explained_and_marked() {
    let folder = TempDir::new().expect("a folder");
    let mut store = with_windows(&folder, 1);
    let event = sample::event(ACL, 1);
    let mut transaction = closing(2, 1..2);
    transaction.closings[0].incidents = vec![event.incident.clone()];
    transaction.closings[0].events = vec![event.clone()];
    store.apply(&transaction).expect("applies");
    let told = |store: &SqliteStore, seen: &mut Revision| {
        let (_, incidents) = changed(store, *seen);
        *seen = store.revision().expect("reads");
        incidents
    };
    let mut seen = Revision::default();
    assert_eq!(told(&store, &mut seen), ["shop-1"]);
    assert!(told(&store, &mut seen).is_empty());
    store.set_unexplainable(&event.id).expect("writes");
    assert_eq!(told(&store, &mut seen), ["shop-1"]);
    let mark = Mark::new(&event.incident, Judgement::Expected, EventTime(1));
    let another = store.reopen().expect("opens");
    another.set_mark(&mark).expect("writes");
    another.set_mark(&mark).expect("writes");
    assert_eq!(told(&store, &mut seen), ["shop-1"]);
    assert_eq!(store.mark("shop-1").expect("reads"), Some(mark));
    assert!(another.remove_mark("shop-1").expect("writes"));
    assert_eq!(told(&store, &mut seen), ["shop-1"]);
    assert_eq!(store.mark("shop-1").expect("reads"), None);
}

#[test]
fn others_writing_is_seen_and_stores_are_told_apart() {
    let folder = TempDir::new().expect("a folder");
    let mut store = with_windows(&folder, 1);
    let looking = SqliteStore::open_existing(store.path()).expect("opens");
    let before = looking.data_version().expect("reads");
    assert_eq!(looking.data_version().expect("reads"), before);
    store.apply(&closing(2, 1..2)).expect("applies");
    assert_ne!(looking.data_version().expect("reads"), before);

    let identity = looking.identity().expect("reads").expect("has one");
    assert!(
        identity.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "{identity}"
    );
    let other = TempDir::new().expect("a folder");
    let other = with_windows(&other, 0).identity().expect("reads");
    assert_ne!(other, Some(identity));
}

#[test]
fn buckets_sum_windows_and_know_what_was_expected_of_all() {
    let folder = TempDir::new().expect("a folder");
    let mut store = with_windows(&folder, 6);
    let all = TimeRange {
        from: EventTime(0),
        until: EventTime(6 * MINUTE),
    };
    let figures = |store: &SqliteStore, minutes: i64| -> Vec<(i64, u64, u64, Option<f64>)> {
        let buckets = store.buckets(ACL, all, minutes * MINUTE, EVERYTHING);
        let buckets = buckets.expect("reads").into_iter();
        buckets
            .map(|bucket| {
                let expected = bucket.forecast.map(|forecast| forecast.expected);
                let minute = bucket.start.0 / MINUTE;
                (minute, bucket.windows, bucket.counters.total, expected)
            })
            .collect()
    };
    assert_eq!(
        figures(&store, 1)[..2],
        [(0, 1, 5, None), (1, 1, 5, Some(10.0))]
    );
    assert_eq!(
        figures(&store, 4),
        [(0, 4, 20, None), (4, 2, 10, Some(90.0))]
    );
    let amendment = Transaction {
        amended: vec![summary(5, 7)],
        ..Transaction::default()
    };
    store.apply(&amendment).expect("applies");
    assert_eq!(
        figures(&store, 4)[1],
        (4, 2, 12, Some(90.0)),
        "a forecast stays as it was"
    );
    assert_eq!(store.prune(EventTime(2 * MINUTE)).expect("prunes"), 2);
    let query = "SELECT count(*) FROM forecasts";
    let left: i64 = store
        .connection
        .query_row(query, [], |row| row.get(0))
        .expect("reads");
    assert_eq!(left, 4);
}

#[test]
fn ranges_are_found_without_reading_rows() {
    let folder = TempDir::new().expect("a folder");
    let store = with_windows(&folder, 6);
    let range = |from, until| TimeRange {
        from: EventTime(from * MINUTE),
        until: EventTime(until * MINUTE),
    };
    assert_eq!(store.acls_with_windows(9).expect("reads"), [ACL]);
    let spans = store.acl_spans().expect("reads");
    assert_eq!(
        (spans.len(), spans[0].windows, spans[0].last.0),
        (1, 6, 5 * MINUTE)
    );
    assert_eq!(store.first_and_last().expect("reads"), Some(range(0, 5)));
    let newest = |most| {
        store
            .beginning_of_newest(None, range(0, 6), most)
            .expect("reads")
    };
    assert_eq!(newest(6), EventTime(0));
    assert_eq!(
        newest(2),
        EventTime(3 * MINUTE + 1),
        "behind the third newest"
    );
    let named = |name: &str| Some(vec![name.to_owned()]);
    for (acls, from, expected) in [
        (None, 5, true),
        (None, 6, false),
        (named(ACL), 0, true),
        (named("another"), 0, false),
    ] {
        let found = store
            .has_windows(acls.as_deref(), range(from, 9))
            .expect("reads");
        assert_eq!(found, expected, "{acls:?} {from}");
    }
    let mut starts = Vec::new();
    store
        .for_each_summary(named(ACL).as_deref(), range(1, 3), &mut |summary| {
            starts.push(summary.window.start.0 / MINUTE);
        })
        .expect("reads");
    assert_eq!(starts, [1, 2]);
}

#[test]
fn what_is_late_is_found_by_its_index() {
    let folder = TempDir::new().expect("a folder");
    let mut store = with_windows(&folder, 6);
    let mut late = summary(3, 9);
    late.late = 4;
    late.completeness = Completeness::Incomplete;
    let amended = vec![late];
    let amendment = Transaction {
        amended,
        ..Transaction::default()
    };
    store.apply(&amendment).expect("applies");
    let all = TimeRange {
        from: EventTime(0),
        until: EventTime(6 * MINUTE),
    };
    let lateness = store.lateness(all).expect("reads");
    let found = (lateness.records, lateness.windows, lateness.incomplete);
    assert_eq!(found, (4, 1, 1));
    let query = "EXPLAIN QUERY PLAN SELECT sum(late) FROM windows
                 WHERE start >= 0 AND start < 1 AND (late > 0 OR complete = 0)";
    let plan: String = store
        .connection
        .query_row(query, [], |row| row.get(3))
        .expect("explains");
    assert!(plan.contains("windows_late"), "{plan}");
}

#[test]
fn a_store_of_an_earlier_build_is_read_without_what_it_lacks() {
    let folder = TempDir::new().expect("a folder");
    let store = with_windows(&folder, 2);
    store
        .connection
        .execute_batch(
            "DROP TRIGGER forecast_goes_with_its_window; DROP TABLE forecasts;
             DROP TRIGGER window_changed; DROP TRIGGER window_deleted; DROP TABLE window_changes;
             DROP TABLE incident_changes; DROP TABLE marks;
             DELETE FROM meta WHERE key = 'identity'",
        )
        .expect("drops");
    let looking = SqliteStore::open_existing(store.path()).expect("opens");
    assert_eq!(looking.identity().expect("reads"), None);
    assert_eq!(looking.revision().expect("reads"), Revision::default());
    assert_eq!(looking.mark("shop-1").expect("reads"), None);
    let all = TimeRange {
        from: EventTime(0),
        until: EventTime(2 * MINUTE),
    };
    let buckets = looking
        .buckets(ACL, all, MINUTE, EVERYTHING)
        .expect("reads");
    assert_eq!(buckets.len(), 2);
    assert!(buckets.iter().all(|bucket| bucket.forecast.is_none()));
}
