//! The command from outside, where it looks for what becomes of its records: the test is who counts them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);
const MINUTE_MS: i64 = 60_000;
/// Where scenarios begin unless told otherwise.
const START_MS: i64 = 1_767_571_200_000;

fn loadgen(folder: &Path, line: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(line.split_whitespace())
        .current_dir(folder)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts")
}

fn report(folder: &Path, child: Child) -> Value {
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("windows (since their last record was sent)"),
        "{said}"
    );
    let text = std::fs::read_to_string(folder.join("r.json")).expect("a report");
    serde_json::from_str(&text).expect("JSON")
}

fn wait_for(what: &str, mut is_met: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_met() {
        assert!(Instant::now() < until, "{what} did not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until the run has sent everything: 119 lines.
fn wait_until_sent(folder: &Path) {
    wait_for("the records", || {
        let text = std::fs::read_to_string(folder.join("a.jsonl")).unwrap_or_default();
        text.lines().count() == 119
    });
}

fn window(number: i64) -> Value {
    let start = START_MS + number * MINUTE_MS;
    json!({"summary": {"acl": "a", "window": {"start": start, "end": start + MINUTE_MS}}})
}

/// The numbers of minutes in which the run has records.
fn minutes(folder: &Path) -> Vec<i64> {
    let text = std::fs::read_to_string(folder.join("a.jsonl")).expect("is there");
    let mut minutes: Vec<i64> = text
        .lines()
        .map(|line| {
            let record: Value = serde_json::from_str(line).expect("JSON");
            (record["timestamp"].as_i64().expect("a time") - START_MS) / MINUTE_MS
        })
        .collect();
    minutes.dedup();
    minutes
}

#[test]
fn windows_and_messages_are_measured_from_their_last_record_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("bound");
    drop(free);
    let child = loadgen(
        folder,
        &format!(
            "attack --out a.jsonl --report r.json --hgrm h.hgrm --probe-wait 3s \
             --probe-windows file:w.jsonl --probe-messages listen:{address}"
        ),
    );
    wait_until_sent(folder);
    let minutes = minutes(folder);
    let mut lines: String = minutes
        .iter()
        .map(|minute| format!("{}\n", window(*minute)))
        .collect();
    // Seen twice, and one in which nothing was sent.
    lines += &format!("{}\n{}\n", window(minutes[0]), window(100_000));
    std::fs::write(folder.join("w.jsonl"), lines).expect("space");

    let message =
        json!({"event_id": "i/1", "report": {"input_alert": window(minutes[3])["summary"]}});
    let body = message.to_string();
    let mut connection = TcpStream::connect(address).expect("it listens");
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection
        .write_all((head + &body).as_bytes())
        .expect("it reads");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");

    let report = report(folder, child);
    assert_eq!(
        report["windows"]["seen"].as_u64(),
        Some(minutes.len() as u64)
    );
    assert_eq!(
        (&report["windows"]["others"], &report["windows"]["failures"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(report["messages"]["seen"], 1);
    assert!(report["messages"]["latency"]["p50"].as_f64() > Some(0.0));
    for name in ["h.hgrm", "h.windows.hgrm", "h.messages.hgrm"] {
        let text = std::fs::read_to_string(folder.join(name)).expect(name);
        assert!(text.contains("#[Mean"), "{name}");
    }
}

#[test]
fn a_command_is_run_until_it_shows_the_newest_window() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    // What is there before the run is none of its windows, though it has the same time as one.
    std::fs::write(folder.join("w.json"), json!([window(0)]).to_string()).expect("space");
    let child = loadgen(
        folder,
        "attack --out a.jsonl --report r.json --probe-every 10ms --probe-wait 1h \
         --probe-windows run:cat<w.json",
    );
    wait_until_sent(folder);
    let windows: Vec<Value> = minutes(folder).into_iter().map(window).collect();
    let count = windows.iter().filter(|one| **one != window(0)).count() as u64;
    // In one step, so that no look sees half of it.
    std::fs::write(folder.join("w.new"), Value::from(windows).to_string()).expect("space");
    std::fs::rename(folder.join("w.new"), folder.join("w.json")).expect("the same folder");
    let report = report(folder, child);
    assert_eq!(report["windows"]["seen"].as_u64(), Some(count));
    assert_eq!(report["messages"], Value::Null);
}
