//! The command from outside, where it sends: schedules, reports, files, recordings and endpoints.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

struct Room(TempDir);

impl Room {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).expect("space");
    }

    fn loadgen(&self, line: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_loadgen"))
            .args(line.split_whitespace())
            .current_dir(self.0.path())
            .env("ENDPOINT_KEY", "a-key")
            .output()
            .expect("the command starts")
    }

    fn succeed(&self, line: &str) -> Vec<u8> {
        let output = self.loadgen(line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said}");
        output.stdout
    }

    /// Exit code and what was said.
    fn fail(&self, line: &str) -> (Option<i32>, String) {
        let output = self.loadgen(line);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    }

    fn json(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.path(name)).expect("the file exists");
        serde_json::from_str(&text).expect("JSON")
    }
}

fn unzip(path: &Path) -> Vec<u8> {
    let file = std::fs::File::open(path).expect("the file exists");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut bytes)
        .expect("valid gzip");
    bytes
}

#[test]
fn files_rotate_and_hold_what_one_file_would() {
    let room = Room::new();
    room.succeed("attack --out logs.jsonl.gz --rotate 64KiB");
    let whole = room.succeed("attack");
    let mut found = Vec::new();
    let mut files = 0;
    for number in 1.. {
        let path = room.path(&format!("logs-{number:05}.jsonl.gz"));
        if !path.exists() {
            break;
        }
        let part = unzip(&path);
        assert!(part.ends_with(b"\n") && part.len() < 67 * 1_024);
        found.extend(part);
        files += 1;
    }
    assert!(found == whole);
    assert_eq!(files, 4);
}

#[test]
fn a_schedule_takes_its_time_and_reports_latency() {
    let room = Room::new();
    let begun = Instant::now();
    // Two seconds of an hour.
    room.succeed(
        "outage --duration 1h --lead-in 10m --event 1m --rate 1 --speed 1800x --out a.jsonl \
         --report r.json --hgrm h.hgrm",
    );
    let took = begun.elapsed();
    assert!(took > Duration::from_millis(1_900), "{took:?}");
    let report = room.json("r.json");
    let lines = std::fs::read_to_string(room.path("a.jsonl")).expect("the file exists");
    let count = lines.lines().count() as u64;
    assert_eq!(report["records"].as_u64(), Some(count));
    assert_eq!(report["speed"], "1800x");
    assert!(
        report["latency"]["p50"]
            .as_f64()
            .is_some_and(|p50| p50 < 500.0),
        "{report}"
    );
    let hgrm = std::fs::read_to_string(room.path("h.hgrm")).expect("the file exists");
    assert!(
        hgrm.contains("1.000000000000") && hgrm.contains("#[Mean"),
        "{hgrm}"
    );
    // What is written on a schedule is what is written without one.
    let at_once = room.succeed("outage --duration 1h --lead-in 10m --event 1m --rate 1");
    assert_eq!(lines.into_bytes(), at_once);
}

#[test]
fn a_scenario_file_is_made_and_its_errors_have_lines() {
    let room = Room::new();
    room.write(
        "s.toml",
        "name = \"mine\"\nduration = \"30m\"\n[site]\nkind = \"website\"\nrate = 1.0\n\
         [[phase]]\nstart = \"10m\"\nlength = \"5m\"\nattack = \"xss\"\n",
    );
    let lines = room.succeed("run s.toml --truth t.json --seed 3 --start 2026-02-01T00:00:00Z");
    let truth = room.json("t.json");
    let expected = serde_json::json!({
        "file": "mine", "seed": 3, "start_ms": 1_769_904_000_000_i64, "duration_ms": 1_800_000,
    });
    assert_eq!(truth["options"], expected);
    assert_eq!(truth["events"][0]["counts"]["blocked"], 150);
    assert_eq!(truth["bytes"].as_u64(), Some(lines.len() as u64));

    room.write("bad.toml", "name = \"mine\"\nspeed = 3\n");
    let (code, said) = room.fail("run bad.toml");
    assert_eq!(code, Some(2));
    assert!(
        said.contains("in bad.toml: line 2, speed: unknown field"),
        "{said}"
    );
    assert_eq!(room.fail("run nowhere.toml").0, Some(1));
}

#[test]
fn a_recording_is_sent_again_at_another_time_under_other_names() {
    let room = Room::new();
    room.succeed("xss --rate 0.5 --lead-in 5m --event 1m --out in.jsonl.gz --disorder 5s");
    let original = unzip(&room.path("in.jsonl.gz"));
    room.write("key", "0123456789abcdef");

    let start = "--start 2026-03-01T00:00:00Z --speed max";
    let again = room.succeed(&format!("replay in.jsonl.gz {start}"));
    let first = original
        .split(|byte| *byte == b'\n')
        .next()
        .expect("a line");
    let first: Value = serde_json::from_slice(first).expect("JSON");
    let shift = 1_772_323_200_000 - first["timestamp"].as_i64().expect("a time");
    let pairs = original
        .split(|byte| *byte == b'\n')
        .zip(again.split(|byte| *byte == b'\n'));
    let mut count = 0;
    for (old, new) in pairs.filter(|(old, _)| !old.is_empty()) {
        let old: Value = serde_json::from_slice(old).expect("JSON");
        let mut new: Value = serde_json::from_slice(new).expect("JSON");
        let time = new["timestamp"].as_i64().expect("a time") - shift;
        new["timestamp"] = time.into();
        assert_eq!(old, new);
        count += 1;
    }
    assert!(count > 300, "{count}");

    let hidden = format!("replay in.jsonl.gz {start} --pseudonymise key --pseudonymise-uris");
    let named = room.succeed(&hidden);
    assert_eq!(named, room.succeed(&hidden));
    let text = String::from_utf8(named).expect("text");
    for part in [
        "198.18.",
        "198.19.",
        "203.0.113.",
        "session=",
        "/products",
        "script",
    ] {
        assert!(
            !text
                .replace("\"matchedData\":[\"<\",\"script\"]", "")
                .contains(part),
            "{part}"
        );
    }
    assert_eq!(text.lines().count(), count);

    room.write("short", "abc");
    let (code, said) = room.fail("replay in.jsonl.gz --pseudonymise short");
    assert_eq!(code, Some(1));
    assert!(said.contains("at least 16"), "{said}");
    room.write("table", "PAR1");
    let (code, said) = room.fail("replay table");
    assert_eq!(code, Some(1));
    assert!(said.contains("table is a Parquet file"), "{said}");
}

/// A server that answers one request at a time, each after `delay`; and what it was asked.
fn endpoint(status: &'static str, delay: Duration) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || answer(connection, status, delay, &sender));
        }
    });
    (port, receiver)
}

fn answer(connection: TcpStream, status: &str, delay: Duration, asked: &Sender<String>) {
    let mut reader = BufReader::new(connection.try_clone().expect("a socket"));
    let mut writer = connection;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if !matches!(reader.read_line(&mut head), Ok(1..)) {
                return;
            }
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.parse().ok())?
        });
        let mut body = vec![0; length.unwrap_or(0)];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        std::thread::sleep(delay);
        let _ = asked.send(head);
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Length: 2\r\nLocation: http://192.0.2.1/\r\n\r\nok"
        );
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

#[test]
fn records_become_requests_with_their_paths_and_the_key() {
    let room = Room::new();
    // An answer that leads elsewhere is not followed.
    let (port, asked) = endpoint("302 Found", Duration::ZERO);
    room.succeed(&format!(
        "attack --url http://127.0.0.1:{port}/prod --allow-host 127.0.0.1 \
         --api-key-env ENDPOINT_KEY --report r.json"
    ));
    let asked: Vec<String> = asked.try_iter().collect();
    assert_eq!(asked.len(), 119);
    let of_admin = asked
        .iter()
        .filter(|head| head.starts_with("GET /prod/admin"));
    assert_eq!(of_admin.count(), 100);
    for head in &asked {
        let head = head.to_ascii_lowercase();
        assert!(head.contains("x-api-key: a-key\r\n"), "{head}");
        assert!(head.contains("user-agent: python-"), "{head}");
    }
    let report = room.json("r.json");
    assert_eq!(report["answers"]["302"], 119);
    assert_eq!(report["failures"], serde_json::json!({}));
    let text = report.to_string();
    assert!(!text.contains("a-key"), "{text}");
}

#[test]
fn a_slow_endpoint_shows_as_latency_and_not_as_fewer_requests() {
    let room = Room::new();
    let (port, asked) = endpoint("200 OK", Duration::from_millis(20));
    // A hundred requests within 100 ms, over one connection that takes 20 ms for each.
    room.succeed(&format!(
        "attack --lead-in 0s --event 1s --duration 1s --speed 10x --connections 1 \
         --url http://127.0.0.1:{port} --allow-host 127.0.0.1 --report r.json"
    ));
    assert_eq!(asked.try_iter().count(), 100);
    let report = room.json("r.json");
    let figure = |kind: &str, name: &str| report[kind][name].as_f64().expect("a figure");
    assert!(figure("service", "p50") < 200.0, "{report}");
    // The last one was due after 100 ms and waited for 99 others.
    assert!(figure("latency", "max") > 1_700.0, "{report}");
    assert!(figure("latency", "p50") > 800.0, "{report}");
}

#[test]
fn hosts_that_are_not_named_are_refused() {
    let room = Room::new();
    let (port, asked) = endpoint("200 OK", Duration::ZERO);
    for hosts in ["", "--allow-host localhost", "--allow-host example.org"] {
        let (code, said) = room.fail(&format!("attack --url http://127.0.0.1:{port} {hosts}"));
        assert_eq!(code, Some(2));
        assert!(said.contains("127.0.0.1 is not allowed"), "{said}");
    }
    assert_eq!(asked.try_iter().count(), 0);
}

#[test]
fn an_endpoint_that_is_gone_is_counted() {
    let room = Room::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    room.succeed(&format!(
        "attack --url http://127.0.0.1:{port} --allow-host 127.0.0.1 --report r.json"
    ));
    let failures = &room.json("r.json")["failures"];
    let counts = failures.as_object().expect("an object").values();
    assert_eq!(counts.filter_map(Value::as_u64).sum::<u64>(), 119);
}
