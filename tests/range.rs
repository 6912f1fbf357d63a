//! Replays of a stretch of time.

mod common;

use common::command::Sandbox;
use common::store::{counted, in_windows};
use common::{ACL, line};
use serde_json::Value;

const START: i64 = 1_767_571_200_000;
const MINUTES: i64 = 60;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let record = |minute: i64| line(ACL, START + minute * 60_000, "ALLOW", "192.0.2.1", "/") + "\n";
    let lines: String = (0..MINUTES).map(record).collect();
    sandbox.write("waf.log", lines);
    sandbox
}

fn replay(sandbox: &Sandbox, from: i64, to: i64) -> Value {
    let time = |minute: i64| {
        let time = jiff::Timestamp::from_millisecond(START + minute * 60_000);
        time.expect("a time").to_string()
    };
    let (from, to) = (time(from), time(to));
    sandbox.json(&[
        "replay", "waf.log", "--store", "store.db", "--from", &from, "--to", &to,
    ])
}

fn assert_counted(sandbox: &Sandbox, records: u64) {
    assert_eq!(counted(sandbox), records);
    assert_eq!(in_windows(sandbox), records);
}

#[test]
fn ranges_touch_and_overlap_and_every_record_counts_once() {
    let sandbox = sandbox();
    let summary = replay(&sandbox, 10, 20);
    assert_eq!(summary["accounts"]["read"], 10);
    assert_eq!(summary["accounts"]["outside_range"], 50);
    assert_counted(&sandbox, 10);
    let again = replay(&sandbox, 10, 20);
    assert_eq!(again["already_counted"][0], "waf.log");
    replay(&sandbox, 12, 18);
    assert_counted(&sandbox, 10);
    replay(&sandbox, 15, 30);
    assert_counted(&sandbox, 20);
    replay(&sandbox, 0, 40);
    assert_counted(&sandbox, 40);
    // Everything is what was left out.
    sandbox.json(&["replay", "waf.log", "--store", "store.db"]);
    assert_counted(&sandbox, 60);
    let summary = replay(&sandbox, 0, 60);
    assert_eq!(summary["already_counted"][0], "waf.log");
    assert_counted(&sandbox, 60);
}

#[test]
fn a_file_that_grows_is_read_on_in_the_range() {
    let sandbox = sandbox();
    replay(&sandbox, 50, 70);
    assert_counted(&sandbox, 10);
    let mut text = std::fs::read_to_string(sandbox.path("waf.log")).expect("is there");
    for minute in [61, 69, 70] {
        text += &(line(ACL, START + minute * 60_000, "ALLOW", "192.0.2.1", "/") + "\n");
    }
    sandbox.write("waf.log", text);
    replay(&sandbox, 50, 70);
    assert_counted(&sandbox, 12);
}

#[test]
fn a_range_must_have_a_beginning_before_its_end() {
    let sandbox = sandbox();
    let day = "2026-01-05T00:00:00Z";
    let ended = sandbox.run(&["replay", "waf.log", "--from", day, "--to", day]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let ended = sandbox.run(&["replay", "waf.log", "--from", "soon"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("2026-01-05T12:00:00Z"),
        "{}",
        ended.stderr
    );
}
