use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use super::*;
use crate::analyst::builtin::BuiltIn;
use crate::incident::{IncidentEvent, Level, sample};
use crate::notify::{Message, Notifier, NotifyError};
use crate::outbox::Terms;
use crate::report::Redaction;
use crate::store::{AclState, Closing, DeliveryState, Store, Transaction};

struct Counting(Arc<Mutex<usize>>);

impl Notifier for Counting {
    fn name(&self) -> &str {
        "mail"
    }

    fn notify(&self, _: &Message) -> Result<(), NotifyError> {
        *self.0.lock().expect("never poisoned") += 1;
        Ok(())
    }
}

fn mail(taken: &Arc<Mutex<usize>>) -> Channel {
    let terms = Terms {
        name: "mail".to_owned(),
        minimum_level: Level::Low,
        redaction: Redaction::default(),
        attempts: 3,
    };
    Channel {
        terms,
        notifier: Box::new(Counting(Arc::clone(taken))),
    }
}

fn event(number: u32) -> IncidentEvent {
    sample::event("shop", number)
}

fn store_with_events(folder: &tempfile::TempDir, count: u32) -> SqliteStore {
    let path = folder.path().join("store.db");
    let mut store = SqliteStore::open(&path, WindowSize::DEFAULT).expect("opens");
    let closing = Closing {
        acl: "shop".to_owned(),
        state: AclState {
            version: 1,
            ..AclState::default()
        },
        windows: Vec::new(),
        incidents: Vec::new(),
        events: (1..=count).map(event).collect(),
    };
    let transaction = Transaction {
        closings: vec![closing],
        ..Transaction::default()
    };
    store.apply(&transaction).expect("applies");
    store
}

fn start(store: &SqliteStore, taken: &Arc<Mutex<usize>>) -> Workers {
    let settings = OutboxSettings {
        account: None,
        window_size: WindowSize::DEFAULT,
        clock: || EventTime(0),
    };
    Workers::start(store, Box::new(BuiltIn), vec![mail(taken)], &settings).expect("starts")
}

#[test]
fn a_damaged_event_is_given_up_and_the_others_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store_with_events(&folder, 3);
    Connection::open(store.path())
        .and_then(|tool| {
            tool.execute_batch(
                "UPDATE events SET event = '{' WHERE id = 'shop-1/1';
                 UPDATE events SET explanation = x'FF' WHERE id = 'shop-1/2'",
            )
        })
        .expect("damages");

    let taken = Arc::default();
    let finished = start(&store, &taken).finish(Instant::now() + Duration::from_secs(30));
    assert_eq!(*taken.lock().expect("never poisoned"), 1);
    assert_eq!(finished.left.len(), 1, "{finished:?}");
    assert_eq!(finished.left[0].fate, Fate::GivenUp);
    let problem = finished.problem.expect("is told");
    assert!(problem.contains("event shop-1/1"), "{problem}");

    let deliveries = store.deliveries_of("shop-1").expect("reads");
    let states: Vec<_> = deliveries.iter().map(|delivery| delivery.state).collect();
    use DeliveryState::{Dead, Delivered};
    assert_eq!(states, [Dead, Dead, Delivered]);
    for (delivery, what) in deliveries.iter().zip(["event", "explanation"]) {
        let error = delivery.error.as_deref().expect("has a reason");
        assert!(error.contains(&format!("damaged {what}")), "{error}");
    }
}

#[test]
fn workers_outlive_a_store_that_fails_for_a_while() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store_with_events(&folder, 1);
    let tool = Connection::open(store.path()).expect("opens");
    tool.execute_batch("ALTER TABLE events RENAME TO gone")
        .expect("breaks");
    let taken = Arc::default();
    let workers = start(&store, &taken);
    let patience = Instant::now() + Duration::from_secs(30);
    while workers.problem().is_none() {
        assert!(Instant::now() < patience, "the failure was not told");
        thread::sleep(Duration::from_millis(10));
    }
    let problem = workers.problem().expect("was there");
    assert!(problem.contains("no such table"), "{problem}");

    tool.execute_batch("ALTER TABLE gone RENAME TO events")
        .expect("mends");
    let finished = workers.finish(Instant::now() + Duration::from_secs(30));
    assert_eq!(finished, Finished::default());
    assert_eq!(*taken.lock().expect("never poisoned"), 1);
}
