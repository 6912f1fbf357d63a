//! Incident events in a table, as closing a window puts them there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use serde_json::{Value, json};
use wafwatch::detect::{Mix, Stage};
use wafwatch::incident::{EventKind, Incident, IncidentEvent, Level, Severity, State};
use wafwatch::store::dynamodb::{ClosingCommit, DynamoStore, table};
use wafwatch::store::{AclState, ClosedWindow, Closing};
use wafwatch_windows::counters::Counters;
use wafwatch_windows::summary::{Completeness, Summary};
use wafwatch_windows::time::{EventTime, Window};

/// Creates a table of its own and opens the store in it.
pub async fn store(config: &SdkConfig) -> DynamoStore {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("wafwatch-{}-{number}", std::process::id());
    let client = Client::new(config);
    table::create(&client, &name).await.expect("creates");
    DynamoStore::new(client, name, 30)
}

/// Closes a window of the ACL `name` in which an incident opens; gives the event's id.
pub async fn open_incident(store: &DynamoStore, name: &str, now: EventTime) -> String {
    let acl = format!("arn:aws:wafv2:us-east-1:111122223333:regional/webacl/{name}/id");
    let start = EventTime(now.0 - now.0.rem_euclid(60_000) - 120_000);
    let window = Window {
        start,
        end: start.plus(60_000),
    };
    let incident = Incident {
        id: format!("{name}-20261120T100000Z"),
        acl: acl.clone(),
        state: State::Open,
        opened: window.start,
        last_window: window,
        resolved: None,
        severity: Severity(70),
        announced: Level::High,
        windows: 1,
        quiet_windows: 0,
        counters: Counters::default(),
        findings: Vec::new(),
        mix: Mix::Unchanged,
        messages: 1,
    };
    let event = IncidentEvent {
        id: format!("{}/1", incident.id),
        kind: EventKind::Opened,
        window,
        incident: incident.clone(),
    };
    let id = event.id.clone();
    let closing = Closing {
        acl: acl.clone(),
        state: AclState {
            version: 1,
            closed_through: Some(window.end),
            ..AclState::default()
        },
        windows: vec![ClosedWindow {
            summary: Summary::empty(&acl, window, Completeness::Complete),
            stage: Stage::Ready,
            findings: Vec::new(),
            forecast: None,
        }],
        incidents: vec![incident],
        events: vec![event],
    };
    let commit = ClosingCommit {
        closing,
        consumed: BTreeMap::new(),
        now,
    };
    store.close(&commit).await.expect("closes");
    id
}

/// The table's stream as Lambda hands it over, with these events.
pub fn stream_event(events: &[String]) -> Value {
    let records = events.iter().enumerate().map(|(index, event)| {
        json!({
            "eventID": format!("{index:032x}"),
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_480_642_020.0,
                "Keys": {"pk": {"S": "OUTBOX"}, "sk": {"S": event}},
                "NewImage": {"pk": {"S": "OUTBOX"}, "sk": {"S": event}},
                "SequenceNumber": format!("{}", 100_000 + index),
                "SizeBytes": 54,
                "StreamViewType": "NEW_IMAGE",
            },
            "eventSourceARN": "arn:aws:dynamodb:us-east-1:111122223333:table/t/stream/2026",
        })
    });
    json!({"Records": records.collect::<Vec<_>>()})
}
