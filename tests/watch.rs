//! Live: logs that grow while they are watched, with the clock running.

#![cfg(unix)]

mod common;

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::command::{Ended, Sandbox, signal, wait_until};
use common::store::{counted, in_windows, rows, try_rows};
use common::{ACL, line, webhook};
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::Value;
use sha2::Sha256;

/// Small windows that close soon.
const WINDOWS: &str = "
[windows]
size_seconds = 10
lateness_seconds = 1
idle_delay_seconds = 5
longest_wait_seconds = 60
";
const SECRET: &str = "shared with the receiver";
const ATTACKER: &str = "203.0.113.99";
const ATTACK: u64 = 100;
/// Milliseconds between two requests of normal life.
const PACE_MS: i64 = 500;
const HISTORY_MS: i64 = 400_000;
const HISTORY_RECORDS: u64 = 800;

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Normal life up to now, whenever it is asked for, written to a log.
struct Site {
    log: PathBuf,
    next: i64,
    written: u64,
}

impl Site {
    fn new(log: PathBuf) -> Self {
        Self {
            log,
            next: now() - HISTORY_MS,
            written: 0,
        }
    }

    fn lines_until_now(&mut self) -> String {
        let mut lines = String::new();
        while self.next <= now() {
            let address = format!("192.0.2.{}", self.written % 40);
            lines += &line(ACL, self.next, "ALLOW", &address, "/");
            lines.push('\n');
            self.next += PACE_MS;
            self.written += 1;
        }
        lines
    }

    fn attack_lines(&mut self) -> String {
        let time = now();
        let attack = line(ACL, time, "BLOCK", ATTACKER, "/admin")
            .replace("Default_Action", "AWSManagedRulesAdminProtectionRuleSet")
            + "\n";
        self.written += ATTACK;
        attack.repeat(usize::try_from(ATTACK).expect("fits"))
    }

    fn append(&self, lines: &str) {
        let mut options = OpenOptions::new();
        let mut file = options
            .append(true)
            .create(true)
            .open(&self.log)
            .expect("opens");
        file.write_all(lines.as_bytes()).expect("it can be written");
    }

    fn live(&mut self) {
        let lines = self.lines_until_now();
        self.append(&lines);
    }

    fn rotate(&mut self) {
        let mut rotated = self.log.clone().into_os_string();
        rotated.push(".1");
        fs::rename(&self.log, rotated).expect("it is there");
    }
}

/// A running `wafwatch watch --json`.
struct Watch {
    /// Nothing once it has ended.
    child: Option<Child>,
    messages: Receiver<Value>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        // As hard as it gets; and a test that failed leaves no process behind.
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Watch {
    fn start(sandbox: &Sandbox, input: &str) -> Self {
        let mut command = sandbox.command(&["watch", input, "--json", "--store", "store.db"]);
        command.env("HOOK_SECRET", SECRET);
        command.stdin(std::process::Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let (send, messages) = channel();
        thread::spawn(move || {
            for line in stdout.lines() {
                let line = line.expect("it prints UTF-8");
                let message = serde_json::from_str(&line).expect("every line is JSON");
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            child: Some(child),
            messages,
        }
    }

    /// What it tells on standard error, line by line, as long as it runs.
    fn told(&mut self) -> Arc<Mutex<Vec<String>>> {
        let child = self.child.as_mut().expect("it runs");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let told = Arc::<Mutex<Vec<String>>>::default();
        let collected = Arc::clone(&told);
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                collected.lock().expect("never poisoned").push(line);
            }
        });
        told
    }

    fn end(mut self) -> Ended {
        let child = self.child.take().expect("it runs");
        Ended::of(child.wait_with_output().expect("it ends"))
    }

    fn terminate(self) {
        signal(self.child.as_ref().expect("it runs"), "TERM");
        let ended = self.end();
        assert_eq!(ended.code, Some(130), "{}", ended.stderr);
        assert!(ended.stderr.contains("0 rejected"), "{}", ended.stderr);
    }
}

fn is_the_attack(message: &Value) -> bool {
    message["kind"] == "opened"
        && message["text"].as_str().is_some_and(|text| {
            text.contains("admin probing") && text.contains("203[.]0[.]113[.]99")
        })
}

fn assert_all_counted(sandbox: &Sandbox, site: &Site) {
    assert_eq!(counted(sandbox), site.written);
    assert_eq!(in_windows(sandbox), site.written);
}

fn assert_signed(request: &webhook::Request) {
    let signature = request.header("X-Wafwatch-Signature").expect("a signature");
    let (time, given) = signature.split_once(",v1=").expect("two parts");
    let time = time.strip_prefix("t=").expect("a time");
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length will do");
    mac.update(format!("{time}.{}", request.body).as_bytes());
    let expected: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(given, expected);
}

#[test]
fn a_log_is_followed_through_rotation_and_restarts_and_everybody_is_told() {
    let sandbox = Sandbox::new();
    let (address, requests) = webhook::listen();
    let notify = format!(
        "{WINDOWS}
[[notify]]
kind = \"terminal\"
[[notify]]
kind = \"jsonl\"
path = \"messages.jsonl\"
[[notify]]
kind = \"webhook\"
url = \"http://{address}/waf\"
secret_env = \"HOOK_SECRET\"
"
    );
    sandbox.write("wafwatch.toml", notify);
    let mut site = Site::new(sandbox.path("waf.log"));

    // The log need not be there yet.
    let mut watch = Watch::start(&sandbox, "waf.log");
    let told = watch.told();
    site.live();
    wait_until("the history", || {
        site.live();
        counted(&sandbox) >= HISTORY_RECORDS
    });
    site.rotate();
    site.live();
    let attack = site.attack_lines();
    site.append(&attack);

    let mut on_terminal = None;
    wait_until("a message on the terminal", || {
        site.live();
        on_terminal = watch
            .messages
            .try_iter()
            .find(is_the_attack)
            .or(on_terminal.take());
        on_terminal.is_some()
    });
    let on_terminal = on_terminal.expect("waited for it");
    let id = on_terminal["event_id"].as_str().expect("an id").to_owned();

    let messages = sandbox.path("messages.jsonl");
    let in_file = || -> Vec<Value> {
        let text = fs::read_to_string(&messages).unwrap_or_default();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    };
    wait_until("a message in the file", || {
        in_file().iter().any(is_the_attack)
    });
    // The first request is refused, and comes again.
    let mut posted = Vec::new();
    wait_until("two requests", || {
        site.live();
        posted.extend(requests.try_iter());
        posted.len() >= 2
    });
    for request in &posted[..2] {
        assert!(request.head[0].starts_with("POST /waf "), "{request:?}");
        assert_eq!(request.header("X-Wafwatch-Event"), Some(id.as_str()));
        assert_signed(request);
        let body: Value = serde_json::from_str(&request.body).expect("JSON");
        assert_eq!(body, on_terminal);
    }

    // That the channel refuses is told once, and that it does so no more.
    let about_the_hook = || -> Vec<String> {
        let told = told.lock().expect("never poisoned");
        let lines = told.iter().filter(|line| line.contains("channel webhook"));
        lines.cloned().collect()
    };
    wait_until("both are told", || {
        site.live();
        about_the_hook().len() >= 2
    });
    let lines = about_the_hook();
    assert!(lines[0].contains("does not take messages"), "{lines:?}");
    assert!(lines[0].contains("answered 503"), "{lines:?}");
    assert!(lines[1].ends_with("takes messages again"), "{lines:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");

    // Killed or ended, the next run goes on where the last commit was.
    drop(watch);
    for _ in 0..2 {
        site.live();
        let watch = Watch::start(&sandbox, "waf.log");
        wait_until("what came meanwhile", || counted(&sandbox) == site.written);
        watch.terminate();
        assert_all_counted(&sandbox, &site);
    }

    let mut ids: Vec<String> = in_file()
        .iter()
        .map(|message| message["event_id"].to_string())
        .collect();
    let told = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), told, "somebody was told twice");
    // Nor did reading the history at once make any window wait too long.
    let windows = rows(
        &sandbox.path("store.db"),
        "SELECT DISTINCT end - start, complete FROM windows",
    );
    assert_eq!(windows, [[Cell::Integer(10_000), Cell::Integer(1)]]);
}

/// How many windows were told of on standard error.
fn window_lines(ended: &Ended) -> usize {
    let lines = ended.stderr.lines();
    lines
        .filter(|line| line.contains("  shop  ") && line.contains("  total  "))
        .count()
}

fn closed_windows(sandbox: &Sandbox) -> usize {
    rows(&sandbox.path("store.db"), "SELECT start FROM windows").len()
}

#[test]
fn standard_input_is_watched_to_its_end() {
    let sandbox = Sandbox::new();
    sandbox.write("wafwatch.toml", WINDOWS);
    let mut site = Site::new(PathBuf::from("-"));
    let mut watch = Watch::start(&sandbox, "-");
    let child = watch.child.as_mut().expect("it runs");
    let mut stdin = child.stdin.take().expect("piped");
    let lines = site.lines_until_now() + &site.attack_lines();
    stdin.write_all(lines.as_bytes()).expect("it reads");
    // No end yet: what came is counted all the same.
    wait_until("the records", || counted(&sandbox) == site.written);
    drop(stdin);
    let messages: Vec<Value> = watch.messages.iter().collect();
    let ended = watch.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(messages.iter().any(is_the_attack), "{messages:?}");
    assert_all_counted(&sandbox, &site);
    assert_eq!(window_lines(&ended), closed_windows(&sandbox));
}

#[test]
fn nothing_is_told_of_windows_where_that_is_not_wanted() {
    let sandbox = Sandbox::new();
    sandbox.write("wafwatch.toml", WINDOWS);
    let mut site = Site::new(PathBuf::from("-"));
    let lines = site.lines_until_now();
    let arguments = ["watch", "-", "--quiet", "--store", "store.db"];
    let ended = sandbox.run_with_input(&arguments, lines.as_bytes());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(closed_windows(&sandbox) > 0);
    assert_eq!(window_lines(&ended), 0);
}

#[test]
fn what_keeps_messages_from_going_out_is_told_while_it_does() {
    let sandbox = Sandbox::new();
    sandbox.write("wafwatch.toml", WINDOWS);
    let mut watch = Watch::start(&sandbox, "-");
    let child = watch.child.as_mut().expect("it runs");
    let stderr = BufReader::new(child.stderr.take().expect("piped"));
    let told = thread::spawn(move || {
        let lines = stderr.lines().map(|line| line.expect("it prints UTF-8"));
        let mut about_messages = lines.filter(|line| line.contains("messages"));
        [about_messages.next(), about_messages.next()]
    });
    let path = sandbox.path("store.db");
    wait_until("the store", || {
        try_rows(&path, "SELECT * FROM deliveries").is_ok()
    });
    let tool = Connection::open(&path).expect("opens");
    tool.execute_batch("ALTER TABLE deliveries RENAME TO hidden")
        .expect("renames");
    thread::sleep(Duration::from_secs(2));
    tool.execute_batch("ALTER TABLE hidden RENAME TO deliveries")
        .expect("renames");
    let [problem, end] = told.join().expect("no panic");
    let problem = problem.expect("it is told");
    assert!(problem.contains("deliveries"), "{problem}");
    assert!(end.expect("it is told").ends_with("messages go out again"));
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("waf.log.gz", b"\x1f\x8b\x08 and so on");
    for (input, reason) in [
        ("waf.log.gz", "compressed"),
        ("absent/waf.log", "absent"),
        (".", "."),
    ] {
        let ended = sandbox.run(&["watch", input]);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(reason), "{}", ended.stderr);
    }
}
