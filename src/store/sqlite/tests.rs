use tempfile::TempDir;
use wafwatch_windows::counters::Counters;
use wafwatch_windows::summary::{Completeness, Summary};
use wafwatch_windows::time::{EventTime, Window, WindowSize};

use super::*;
use crate::analyst::Analyst;
use crate::detect::Stage;
use crate::incident::{IncidentEvent, State, sample};
use crate::store::{
    CheckpointUpdate, ClosedWindow, Closing, Delivery, Explanation, IncidentFilter, OutboxPlace,
    StoredPartial, WindowQuery,
};

const ACL: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/shop/1";

fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("store.db"), WindowSize::DEFAULT).expect("opens")
}

fn window(minute: i64) -> Window {
    WindowSize::DEFAULT.window_of(EventTime(minute * 60_000))
}

fn summary(minute: i64, total: u64) -> Summary {
    let counters = Counters {
        total,
        allowed: total,
        ..Counters::default()
    };
    Summary {
        counters,
        ..Summary::empty(ACL, window(minute), Completeness::Complete)
    }
}

fn checkpoint(expected_position: Option<u64>, position: u64) -> CheckpointUpdate {
    let checkpoint = Checkpoint {
        input: "log".to_owned(),
        position,
        ..Checkpoint::default()
    };
    CheckpointUpdate {
        shard: "s".to_owned(),
        expected_position,
        checkpoint,
    }
}

fn closing(version: u64, minute: i64) -> Closing {
    let state = AclState {
        version,
        closed_through: Some(window(minute).end),
        detector: vec![1, 2, 3],
        ..AclState::default()
    };
    let closed = ClosedWindow {
        summary: summary(minute, 5),
        stage: Stage::Learning {
            seen: 1,
            needed: 10,
        },
        findings: Vec::new(),
        forecast: None,
    };
    Closing {
        acl: ACL.to_owned(),
        state,
        windows: vec![closed],
        incidents: Vec::new(),
        events: Vec::new(),
    }
}

fn event(number: u32) -> IncidentEvent {
    sample::event(ACL, number)
}

#[test]
fn what_was_applied_is_there_after_opening_again() {
    let folder = TempDir::new().expect("a folder");
    let mut store = open(&folder);
    let partial = StoredPartial {
        acl: ACL.to_owned(),
        window: window(1),
        encoded: vec![9, 9],
    };
    let transaction = Transaction {
        checkpoints: vec![checkpoint(None, 10)],
        partials: vec![partial],
        closings: vec![closing(1, 0)],
        ..Transaction::default()
    };
    store.apply(&transaction).expect("applies");
    drop(store);

    let store = open(&folder);
    let checkpoints = store.checkpoints().expect("reads");
    assert_eq!(
        checkpoints,
        [("s".to_owned(), checkpoint(None, 10).checkpoint)]
    );
    assert_eq!(
        store.acl_states().expect("reads"),
        [(ACL.to_owned(), closing(1, 0).state)]
    );
    assert_eq!(
        store.windows_with_partials().expect("reads"),
        [(ACL.to_owned(), window(1))]
    );
    assert_eq!(store.partials(ACL, window(1)).expect("reads"), [vec![9, 9]]);
    assert_eq!(
        store.closed_window(ACL, window(0)).expect("reads"),
        Some(summary(0, 5))
    );
}

#[test]
fn a_stale_checkpoint_or_version_changes_nothing() {
    let folder = TempDir::new().expect("a folder");
    let mut store = open(&folder);
    store
        .apply(&Transaction {
            checkpoints: vec![checkpoint(None, 10)],
            closings: vec![closing(1, 0)],
            ..Transaction::default()
        })
        .expect("applies");

    let stale_checkpoint = Transaction {
        checkpoints: vec![checkpoint(None, 20)],
        ..Transaction::default()
    };
    let error = store.apply(&stale_checkpoint).expect_err("must conflict");
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");

    let second_close = Transaction {
        checkpoints: vec![checkpoint(Some(10), 20)],
        closings: vec![closing(1, 1)],
        ..Transaction::default()
    };
    let error = store.apply(&second_close).expect_err("must conflict");
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    let (_, stored) = store.checkpoints().expect("reads").remove(0);
    assert_eq!(
        stored.position, 10,
        "the checkpoint must not move without its window"
    );
}

#[test]
fn closing_deletes_the_partials_and_amending_keeps_the_verdict() {
    let folder = TempDir::new().expect("a folder");
    let mut store = open(&folder);
    let partial = StoredPartial {
        acl: ACL.to_owned(),
        window: window(0),
        encoded: vec![1],
    };
    store
        .apply(&Transaction {
            partials: vec![partial],
            ..Transaction::default()
        })
        .expect("applies");
    store
        .apply(&Transaction {
            closings: vec![closing(1, 0)],
            ..Transaction::default()
        })
        .expect("applies");
    assert!(store.windows_with_partials().expect("reads").is_empty());

    let amended = Summary {
        late: 2,
        ..summary(0, 7)
    };
    store
        .apply(&Transaction {
            amended: vec![amended.clone()],
            ..Transaction::default()
        })
        .expect("applies");
    let query = WindowQuery {
        limit: 10,
        ..WindowQuery::default()
    };
    let listed = store.windows(&query).expect("reads");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].summary, amended);
    assert_eq!(listed[0].stage["learning"]["seen"], 1);
}

#[test]
fn each_channel_gets_each_event_until_it_has_it() {
    let folder = TempDir::new().expect("a folder");
    let mut store = open(&folder);
    let mut first = closing(1, 0);
    first.events = vec![event(1), event(2)];
    first.incidents = vec![event(2).incident];
    store
        .apply(&Transaction {
            closings: vec![first],
            ..Transaction::default()
        })
        .expect("applies");

    let pending: Vec<IncidentEvent> = store
        .events_without_explanation(10)
        .expect("reads")
        .into_iter()
        .map(|row| row.content.expect("decodes"))
        .collect();
    assert_eq!(pending, [event(1), event(2)]);
    let start = OutboxPlace::default();
    let now = EventTime(1_000);
    assert!(
        store
            .undelivered("mail", start, now, 10)
            .expect("reads")
            .is_empty(),
        "no report yet"
    );
    for number in [1, 2] {
        let evidence = crate::investigate::gather(&event(number), &store, 60_000);
        let assessment = crate::analyst::builtin::BuiltIn.assess(&evidence);
        let explanation = Explanation {
            evidence,
            assessment,
            analysis_milliseconds: 0,
        };
        store
            .set_explanation(&event(number).id, &explanation)
            .expect("writes");
    }

    let retry = Delivery::RetryAt {
        at: EventTime(5_000),
        error: "down".to_owned(),
    };
    store
        .record_delivery("shop-1/1", "mail", &retry)
        .expect("writes");
    store
        .record_delivery("shop-1/2", "mail", &Delivery::Delivered)
        .expect("writes");
    assert!(
        store
            .undelivered("mail", start, now, 10)
            .expect("reads")
            .is_empty()
    );
    let place = store.place_of("mail", start).expect("reads");
    assert_eq!((place.settled_through, place.is_behind), (0, true));
    let due = store
        .undelivered("mail", start, EventTime(5_000), 10)
        .expect("reads");
    assert_eq!(due.len(), 1);
    let entry = due[0].content.as_ref().expect("decodes");
    assert_eq!((entry.event.id.as_str(), entry.attempts), ("shop-1/1", 1));
    assert_eq!(
        store
            .undelivered("chat", start, now, 10)
            .expect("reads")
            .len(),
        2
    );

    let dead = Delivery::Dead {
        error: "gone".to_owned(),
    };
    store
        .record_delivery("shop-1/1", "mail", &dead)
        .expect("writes");
    let place = store.place_of("mail", place).expect("reads");
    assert_eq!((place.settled_through, place.is_behind), (2, false));
    let entries = store.undelivered("mail", place, EventTime(9_000), 10);
    assert!(entries.expect("reads").is_empty());
    let incidents = store.incidents(IncidentFilter::Open, 10).expect("reads");
    assert_eq!(incidents.len(), 1);
    assert_eq!(store.deliveries_of("shop-1").expect("reads").len(), 2);
}

#[test]
fn other_files_and_other_window_sizes_are_refused() {
    let folder = TempDir::new().expect("a folder");
    drop(open(&folder));
    let path = folder.path().join("store.db");
    let hour = WindowSize::from_seconds(3_600).expect("in range");
    let error = SqliteStore::open(&path, hour).expect_err("another size");
    assert!(
        matches!(
            error,
            StoreError::WindowSize {
                stored: 60,
                wanted: 3_600,
                ..
            }
        ),
        "{error}"
    );

    let text = folder.path().join("text.db");
    std::fs::write(
        &text,
        "this is no database, and long enough to be read as one",
    )
    .expect("writes");
    for error in [
        SqliteStore::open(&text, hour).expect_err("not a database"),
        SqliteStore::open_existing(&text).expect_err("not a database"),
    ] {
        assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    }
    let error = SqliteStore::open_existing(&folder.path().join("absent.db")).expect_err("absent");
    assert!(matches!(error, StoreError::Absent { .. }), "{error}");
    let error = SqliteStore::open(&folder.path().join("no/store.db"), hour).expect_err("absent");
    assert!(matches!(error, StoreError::NoFolder { .. }), "{error}");
}

#[test]
fn pruning_takes_old_windows_and_keeps_the_rest() {
    let folder = TempDir::new().expect("a folder");
    let mut store = open(&folder);
    for (version, minute) in [(1, 0), (2, 1), (3, 2)] {
        let closings = vec![closing(version, minute)];
        store
            .apply(&Transaction {
                closings,
                ..Transaction::default()
            })
            .expect("applies");
    }
    assert_eq!(store.prune(window(1).end).expect("prunes"), 2);
    let query = WindowQuery {
        limit: 10,
        ..WindowQuery::default()
    };
    assert_eq!(store.windows(&query).expect("reads").len(), 1);
}

#[test]
fn pruning_keeps_what_people_have_not_been_told() {
    let folder = TempDir::new().expect("a folder");
    let mut store = open(&folder);
    let mut first = closing(1, 0);
    first.events = vec![event(1), event(2), event(3)];
    let mut incident = event(3).incident;
    incident.state = State::Resolved;
    incident.resolved = Some(EventTime(0));
    first.incidents = vec![incident];
    store
        .apply(&Transaction {
            closings: vec![first],
            ..Transaction::default()
        })
        .expect("applies");
    for id in ["shop-1/1", "shop-1/2"] {
        store.set_unexplainable(id).expect("writes");
    }
    let retry = Delivery::RetryAt {
        at: EventTime(5_000),
        error: "down".to_owned(),
    };
    for (id, delivery) in [("shop-1/1", Delivery::Delivered), ("shop-1/2", retry)] {
        store
            .record_delivery(id, "mail", &delivery)
            .expect("writes");
    }

    let left = |store: &SqliteStore| -> Vec<String> {
        let events = store.events_of("shop-1").expect("reads");
        events.into_iter().map(|(event, _)| event.id).collect()
    };
    store.prune(EventTime(1)).expect("prunes");
    assert_eq!(left(&store), ["shop-1/2", "shop-1/3"]);
    assert_eq!(store.deliveries_of("shop-1").expect("reads").len(), 1);
    let incidents =
        |store: &SqliteStore| store.incidents(IncidentFilter::All, 9).map(|all| all.len());
    assert_eq!(incidents(&store).expect("reads"), 1);

    store.set_unexplainable("shop-1/3").expect("writes");
    store
        .record_delivery("shop-1/2", "mail", &Delivery::Delivered)
        .expect("writes");
    store.prune(EventTime(1)).expect("prunes");
    assert!(left(&store).is_empty());
    assert!(store.deliveries_of("shop-1").expect("reads").is_empty());
    assert_eq!(incidents(&store).expect("reads"), 0);
}

#[test]
fn whoever_opens_last_is_the_only_writer() {
    let folder = TempDir::new().expect("a folder");
    let transaction = Transaction {
        checkpoints: vec![checkpoint(None, 10)],
        ..Transaction::default()
    };
    let mut first = open(&folder);
    let mut second = open(&folder);
    let error = first.apply(&transaction).expect_err("must conflict");
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    assert!(error.to_string().contains("taken over"), "{error}");
    let error = second
        .reopen()
        .expect("opens")
        .apply(&transaction)
        .expect_err("serves the outbox only");
    assert!(matches!(error, StoreError::NotTheWriter { .. }), "{error}");
    second.apply(&transaction).expect("applies");
}

#[test]
fn a_lock_is_waited_for_and_named_when_it_lasts() {
    let folder = TempDir::new().expect("a folder");
    let mut store = open(&folder);
    store
        .connection
        .busy_timeout(Duration::from_millis(1))
        .expect("sets");
    let transaction = Transaction {
        checkpoints: vec![checkpoint(None, 10)],
        ..Transaction::default()
    };
    let tool = store.reopen().expect("opens");
    tool.connection
        .execute_batch("BEGIN IMMEDIATE")
        .expect("locks");

    store.patience = Duration::from_millis(150);
    let error = store.apply(&transaction).expect_err("is locked");
    assert!(error.is_busy(), "{error}");
    assert!(error.to_string().contains("store.db"), "{error}");

    store.patience = Duration::from_secs(60);
    let release = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        tool.connection.execute_batch("COMMIT").expect("unlocks");
    });
    store.apply(&transaction).expect("applies once it is free");
    release.join().expect("ends");
}

#[test]
fn reading_waits_for_a_lock_too() {
    let folder = TempDir::new().expect("a folder");
    let mut store = open(&folder);
    // Leaving the write-ahead log takes the whole file.
    let tool = Connection::open(store.path()).expect("opens");
    store
        .connection
        .execute_batch("PRAGMA journal_mode = DELETE")
        .expect("switches");
    tool.execute_batch("BEGIN EXCLUSIVE").expect("locks");
    store
        .connection
        .busy_timeout(Duration::from_millis(1))
        .expect("sets");

    store.patience = Duration::from_millis(150);
    let error = store.checkpoints().expect_err("is locked");
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");

    store.patience = Duration::from_secs(60);
    let release = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        tool.execute_batch("COMMIT").expect("unlocks");
    });
    store.checkpoints().expect("reads once it is free");
    release.join().expect("ends");
}

#[test]
fn forgetting_takes_what_cannot_come_again_and_keeps_the_checkpoints_of_files() {
    let folder = TempDir::new().expect("a folder");
    let mut store = open(&folder);
    let shard = |shard: &str, minute: Option<i64>| {
        let mut update = checkpoint(None, 10);
        update.shard = shard.to_owned();
        update.checkpoint.watermark = minute.map(|minute| window(minute).start);
        update
    };
    let acl = |acl: &str, empty_budget: u32, minute: i64| {
        let mut closing = closing(1, minute);
        closing.acl = acl.to_owned();
        closing.state.empty_budget = empty_budget;
        closing
    };
    let transaction = Transaction {
        checkpoints: vec![
            shard("file-1", Some(1)),
            shard("stdin 1", Some(1)),
            shard("stdin 2", None),
            shard("stdin 3", Some(9)),
        ],
        closings: vec![acl("asleep", 0, 1), acl("awake", 1, 1), acl("recent", 0, 9)],
        ..Transaction::default()
    };
    store.apply(&transaction).expect("applies");
    let is_gone = |shard: &str| shard.starts_with("stdin ");
    assert_eq!(store.forget(window(5).start, &is_gone).expect("forgets"), 3);
    let shards = store.checkpoints().expect("reads").into_iter();
    let shards: Vec<String> = shards.map(|(shard, _)| shard).collect();
    assert_eq!(shards, ["file-1", "stdin 3"]);
    let acls = store.acl_states().expect("reads").into_iter();
    let acls: Vec<String> = acls.map(|(acl, _)| acl).collect();
    assert_eq!(acls, ["awake", "recent"]);
}

#[test]
fn the_seed_of_a_store_stays_unless_another_one_is_wanted() {
    let folder = TempDir::new().expect("a folder");
    let mut store = open(&folder);
    assert_eq!(
        store.distinct_seed(None, u64::MAX).expect("keeps"),
        u64::MAX
    );
    drop(store);
    let mut store = open(&folder);
    assert_eq!(store.distinct_seed(None, 2).expect("keeps"), u64::MAX);
    assert_eq!(store.distinct_seed(Some(3), 2).expect("keeps"), 3);
    assert_eq!(store.distinct_seed(None, 2).expect("keeps"), 3);

    // One of an earlier version, with counts in it.
    let partial = StoredPartial {
        acl: ACL.to_owned(),
        window: window(1),
        encoded: vec![9],
    };
    let transaction = Transaction {
        partials: vec![partial],
        ..Transaction::default()
    };
    store.apply(&transaction).expect("applies");
    store
        .connection
        .execute("DELETE FROM meta WHERE key = 'distinct_seed'", [])
        .expect("writes");
    let default = SketchSettings::default().distinct_seed;
    assert_eq!(store.distinct_seed(None, 2).expect("keeps"), default);
}
