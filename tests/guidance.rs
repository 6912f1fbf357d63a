//! What people say beforehand and afterwards, and what the command makes of it.

mod common;

use std::fmt::Write as _;

use common::command::Sandbox;
use common::{ACL, line};
use serde_json::Value;

/// Monday, 2026-01-05T00:00:00Z.
const START: i64 = 1_767_571_200_000;
const MINUTE: i64 = 60_000;
const DAY: i64 = 1_440 * MINUTE;

/// A day of ten requests a minute, with `burst` more in each of five minutes from noon on.
fn day(number: i64, burst: i64) -> String {
    let mut text = String::new();
    for minute in 0..1_440 {
        let start = START + number * DAY + minute * MINUTE;
        let in_burst = (720..725).contains(&minute);
        let count = if in_burst { 10 + burst } else { 10 };
        for request in 0..count {
            let time = start + request * MINUTE / count;
            let address = format!("192.0.2.{}", request % 10);
            let line = line(ACL, time, "ALLOW", &address, "/");
            writeln!(text, "{line}").expect("a string takes it");
        }
    }
    text
}

fn incidents(sandbox: &Sandbox) -> Vec<Value> {
    let listed = sandbox.json(&["incidents", "list"]);
    listed.as_array().expect("a list").clone()
}

fn id_of(incident: &Value) -> String {
    let id = incident["id"]
        .as_str()
        .or(incident["incident"]["id"].as_str());
    id.unwrap_or_else(|| panic!("no id: {incident}")).to_owned()
}

fn replay(sandbox: &Sandbox, name: &str, text: &str) {
    let path = sandbox.write(name, text);
    let path = path.to_str().expect("is text");
    let ended = sandbox.run(&["replay", path]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn what_is_marked_changes_the_next_days_until_it_is_undone() {
    let sandbox = Sandbox::new();
    replay(&sandbox, "monday.log", &day(0, 290));
    let first = incidents(&sandbox);
    assert_eq!(first.len(), 1, "{first:?}");
    let id = id_of(&first[0]);

    let marked = sandbox.run(&["incidents", "mark", &id, "irrelevant"]);
    assert_eq!(marked.code, Some(0), "{}", marked.stderr);
    assert!(marked.stdout.contains("feedback undo"), "{}", marked.stdout);
    replay(&sandbox, "tuesday.log", &day(1, 290));
    assert_eq!(incidents(&sandbox).len(), 1, "the same burst is muted");
    let listed = sandbox.json(&["feedback", "list"]);
    assert_eq!(listed[0]["incident"], id.as_str());
    assert_eq!(listed[0]["judgement"], "irrelevant");
    assert!(listed[0]["muted_windows"].as_u64() >= Some(1), "{listed}");

    replay(&sandbox, "wednesday.log", &day(2, 2_900));
    assert_eq!(incidents(&sandbox).len(), 2, "a much larger one is not");

    let undone = sandbox.run(&["feedback", "undo", &id[..id.len() - 1]]);
    assert_eq!(undone.code, Some(0), "{}", undone.stderr);
    assert_eq!(
        sandbox.json(&["feedback", "list"]),
        Value::Array(Vec::new())
    );
    replay(&sandbox, "thursday.log", &day(3, 290));
    assert_eq!(incidents(&sandbox).len(), 3, "as on the first day");

    let again = sandbox.run(&["feedback", "undo", &id]);
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.contains("feedback list"), "{}", again.stderr);
}

/// The incidents and messages of one day under a calendar with one event at noon.
fn under(effect: &str, burst: i64) -> (usize, usize) {
    let sandbox = Sandbox::new();
    let calendar = sandbox.write(
        "calendar.toml",
        format!(
            "[[event]]\nname = \"release\"\nfrom = \"2026-01-05T12:00:00Z\"\n\
             until = \"2026-01-05T13:00:00Z\"\n{effect}\n"
        ),
    );
    let calendar = calendar.to_str().expect("is text");
    sandbox.write(
        "wafwatch.toml",
        format!(
            "[detect]\ndetector = \"classic\"\n[incident]\ncalendar = '{calendar}'\n\
             [[notify]]\nkind = \"jsonl\"\npath = \"messages.jsonl\"\n"
        ),
    );
    let log = sandbox.write("day.log", day(0, burst));
    let log = log.to_str().expect("is text");
    let ended = sandbox.run(&["replay", "--notify", log]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let messages = std::fs::read_to_string(sandbox.path("messages.jsonl")).unwrap_or_default();
    (incidents(&sandbox).len(), messages.lines().count())
}

#[test]
fn the_calendar_says_what_to_expect_to_ignore_and_when_to_be_silent() {
    let (usual, told) = under("effect = \"ignore\"\nacl = \"another\"", 290);
    assert_eq!((usual, told), (1, 2), "opened and resolved");
    assert_eq!(under("effect = \"ignore\"", 290), (0, 0));
    assert_eq!(under("effect = \"silence\"", 290), (1, 0), "it is recorded");
    assert_eq!(under("effect = \"expect\"\nfactor = 50.0", 290), (0, 0));
    let (beyond, _) = under("effect = \"expect\"\nfactor = 2.0", 290);
    assert_eq!(beyond, 1);
}

#[test]
fn a_calendar_that_cannot_be_is_told_before_anything_is_read() {
    let sandbox = Sandbox::new();
    sandbox.write("wafwatch.toml", "[incident]\ncalendar = \"plans.toml\"\n");
    let log = sandbox.write("day.log", "");
    let log = log.to_str().expect("is text");
    let absent = sandbox.run(&["replay", log]);
    assert_eq!(absent.code, Some(2), "{absent:?}");
    assert!(absent.stderr.contains("incident.calendar"), "{absent:?}");
    sandbox.write("plans.toml", "[[event]]\nname = \"x\"\n");
    for arguments in [&["replay", log][..], &["config", "check"]] {
        let wrong = sandbox.run(arguments);
        assert_eq!(wrong.code, Some(2), "{wrong:?}");
        assert!(wrong.stderr.contains("plans.toml"), "{wrong:?}");
    }
}
