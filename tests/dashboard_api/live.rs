//! What a browser is told while logs are watched.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use super::schema::Contract;
use super::server::{Event, Server};
use crate::common::command::Sandbox;
use crate::common::{ACL, line};

/// Small windows that close soon.
const SETTINGS: &str = "
[windows]
size_seconds = 10
lateness_seconds = 1
idle_delay_seconds = 5
longest_wait_seconds = 60
";
const STEP_MS: i64 = 500;

fn append(log: &Path, from: i64, until: i64) -> u64 {
    let mut options = OpenOptions::new();
    let mut file = options.append(true).create(true).open(log).expect("opens");
    let mut written = 0;
    let mut time = from;
    while time < until {
        let record = line(ACL, time, "ALLOW", "192.0.2.1", "/") + "\n";
        file.write_all(record.as_bytes()).expect("can be written");
        time += STEP_MS;
        written += 1;
    }
    written
}

fn sum(event: &Event) -> (u64, i64) {
    let series = &event.data["series"][0];
    let totals = series["total"].as_array().expect("a column").iter();
    let starts = series["start"].as_array().expect("a column").iter();
    (
        totals.filter_map(Value::as_u64).sum(),
        starts.filter_map(Value::as_i64).max().expect("a window"),
    )
}

#[test]
fn windows_arrive_and_a_lost_connection_catches_up() {
    let contract = Contract::read();
    let sandbox = Sandbox::new();
    sandbox.write("wafwatch.toml", SETTINGS);
    let log = sandbox.path("waf.log");
    let now = jiff::Timestamp::now().as_millisecond();
    let start = now - 600_000;
    append(&log, start, start + 200_000);
    let arguments = [
        "watch",
        "waf.log",
        "--quiet",
        "--store",
        "store.db",
        "--dashboard",
        "127.0.0.1:0",
    ];
    let server = Server::started(&mut sandbox.command(&arguments));

    let mut stream = server.follow(None);
    assert!(stream.head.contains("text/event-stream"), "{}", stream.head);
    let health = stream.next_of(&["health"]);
    contract.check_named("Health", &health.data);
    assert_eq!(health.data["mode"], "watch");
    append(&log, start + 200_000, start + 300_000);
    let mut newest = 0;
    let mut last = None;
    while newest < start + 280_000 {
        let event = stream.next_of(&["windows"]);
        contract.check_named("WindowsChanged", &event.data);
        newest = sum(&event).1;
        last = event.id;
    }
    drop(stream);

    // What happens now, nobody is told of until somebody comes back.
    append(&log, start + 300_000, start + 500_000);
    let mut watching = server.follow(None);
    let mut seen = 0;
    while seen < start + 470_000 {
        let event = watching.next_of(&["windows"]);
        seen = seen.max(sum(&event).1);
    }
    let last = last.expect("events have ids");
    let mut stream = server.follow(Some(&last));
    let missed = stream.next_of(&["windows", "reset"]);
    assert_eq!(missed.kind, "windows", "{missed:?}");
    let starts = missed.data["series"][0]["start"]
        .as_array()
        .expect("a column");
    let starts: Vec<i64> = starts.iter().filter_map(Value::as_i64).collect();
    assert!(starts.is_sorted() && starts.windows(2).all(|pair| pair[1] - pair[0] == 10_000));
    assert!(
        starts
            .first()
            .is_some_and(|first| *first <= newest + 10_000),
        "{starts:?} {newest}"
    );
    assert!(
        starts.last().is_some_and(|last| *last >= seen),
        "{starts:?} {seen}"
    );

    // Late records amend a window: it is told again.
    append(&log, start + 100_000, start + 101_000);
    let mut late: BTreeMap<i64, u64> = BTreeMap::new();
    while late.values().sum::<u64>() < 2 {
        let event = watching.next_of(&["windows"]);
        let series = &event.data["series"][0];
        let starts = series["start"].as_array().expect("a column").iter();
        let counts = series["late"].as_array().expect("a column").iter();
        let starts = starts.filter_map(Value::as_i64);
        late.extend(starts.zip(counts.filter_map(Value::as_u64)));
    }
    assert_eq!(late.values().sum::<u64>(), 2);
    assert_eq!(server.interrupt(), Some(130));
}

#[test]
fn a_cursor_of_another_store_begins_anew_and_streams_are_few() {
    let contract = Contract::read();
    let sandbox = Sandbox::new();
    sandbox.write(
        "waf.jsonl",
        line(ACL, 1_767_571_200_000, "ALLOW", "192.0.2.1", "/"),
    );
    sandbox.json(&["replay", "waf.jsonl", "--store", "store.db"]);
    let server = Server::serve(&sandbox);
    for unknown in ["0123456789abcdef-1-1", "nonsense", "", "-5--5"] {
        let event = server.follow(Some(unknown)).next_of(&["reset", "windows"]);
        contract.check_named("Reset", &event.data);
        assert_eq!(event.data["reason"], "unknown_cursor", "{unknown}");
    }
    let mut stream = server.follow(None);
    stream.next_of(&["health"]);
    sandbox.json(&["replay", "waf.jsonl", "--store", "store.db", "--fresh"]);
    let event = stream.next_of(&["reset"]);
    assert_eq!(event.data["reason"], "store_replaced");
    assert_eq!(server.api("acls")["acls"][0]["windows"], 1);

    let streams: Vec<_> = (0..32).map(|_| server.follow(None)).collect();
    let busy = server.get("/api/v1/events");
    contract.check("GET", "/api/v1/events", busy.status, &busy.json());
    assert_eq!((busy.status, busy.error().as_str()), (429, "too_many"));
    assert_eq!(streams.len(), 32);
}
