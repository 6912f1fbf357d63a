//! What stands in requests and must not come out: secrets nowhere, and characters that drive or
//! deceive a terminal never as they are.

mod common;

use std::io::Write;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use common::ACL;
use common::command::{Ended, Sandbox};
use common::hostile::START;
use common::webhook::Request;
use serde_json::{Value, json};
use wafwatch::store::IncidentFilter;

/// Every secret of these tests begins with it.
const CANARY: &str = "cAnArY";
const MINUTES: i64 = 90;
const CALM_PER_MINUTE: i64 = 20;
/// The minute in which an incident begins.
const ATTACK: i64 = 80;
const ATTACK_REQUESTS: i64 = 2_000;

const CONFIGURATION: &str = r#"
[[notify]]
kind = "terminal"

[[notify]]
kind = "jsonl"
path = "messages.jsonl"

[[notify]]
kind = "slack"
url_file = "slack"
"#;

/// Inputs, which may hold what nothing else may.
const INPUTS: [&str; 3] = ["hostile.log", "wafwatch.toml", "slack"];

/// Calm traffic, then an attack, every record changed by `spoil`.
fn traffic(spoil: impl Fn(&mut Value)) -> Vec<String> {
    let mut lines = Vec::new();
    for minute in 0..MINUTES {
        let (count, action) = match minute {
            ATTACK => (ATTACK_REQUESTS, "BLOCK"),
            _ => (CALM_PER_MINUTE, "ALLOW"),
        };
        for number in 0..count {
            let time = START + minute * 60_000 + number * 60_000 / count;
            let mut record = record(time, action);
            spoil(&mut record);
            lines.push(record.to_string());
        }
    }
    lines
}

fn record(time: i64, action: &str) -> Value {
    json!({
        "timestamp": time,
        "formatVersion": 1,
        "webaclId": ACL,
        "terminatingRuleId": "Default_Action",
        "terminatingRuleType": "REGULAR",
        "action": action,
        "httpSourceName": "ALB",
        "httpSourceId": "app/shop/1",
        "ruleGroupList": [],
        "nonTerminatingMatchingRules": [],
        "labels": [{"name": "awswaf:managed:aws:core-rule-set:NoUserAgent_Header"}],
        "httpRequest": {
            "clientIp": "192.0.2.1",
            "country": "DE",
            "uri": "/",
            "args": "",
            "httpVersion": "HTTP/1.1",
            "httpMethod": "GET",
            "headers": [
                {"name": "Host", "value": "shop.example"},
                {"name": "User-Agent", "value": "test"},
            ],
        },
    })
}

/// Takes whatever is posted: where, and what came.
fn slack() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let posted = Arc::<Mutex<Vec<String>>>::default();
    let collected = Arc::clone(&posted);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let request = Request::read(&stream);
            collected.lock().expect("never poisoned").push(request.body);
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
            stream.write_all(answer.as_bytes()).expect("it listens");
        }
    });
    (url, posted)
}

/// Replays `lines` and looks at the result with every command: what was printed and posted.
fn everything_printed(sandbox: &Sandbox, lines: &[Vec<u8>]) -> (Vec<(String, Ended)>, Vec<String>) {
    let (url, posted) = slack();
    sandbox.write("slack", url);
    sandbox.write("wafwatch.toml", CONFIGURATION.as_bytes());
    sandbox.write("hostile.log", lines.join(&b'\n'));
    let mut printed = Vec::new();
    let mut run = |arguments: &[&str]| {
        let ran = sandbox.run(arguments);
        let command = arguments.join(" ");
        assert_eq!(ran.code, Some(0), "{command}: {}", ran.stderr);
        printed.push((command, ran));
    };
    run(&["replay", "--notify", "hostile.log"]);
    let store = sandbox.store();
    let incidents = store.incidents(IncidentFilter::All, 10).expect("reads");
    assert!(!incidents.is_empty(), "an attack makes an incident");
    drop(store);
    for incident in &incidents {
        run(&["incidents", "show", &incident.id]);
        run(&["incidents", "show", "--json", &incident.id]);
        run(&["explain", &incident.id]);
        run(&["explain", "--json", &incident.id]);
        run(&["explain", "--show-prompt", &incident.id]);
        run(&["explain", "--show-prompt", "--json", &incident.id]);
    }
    run(&["status"]);
    run(&["status", "--json"]);
    run(&["notify", "test", "slack"]);
    for command in [
        ["windows", "top"],
        ["windows", "list"],
        ["incidents", "list"],
    ] {
        run(&command);
        run(&[command[0], command[1], "--json"]);
    }
    run(&[
        "windows",
        "top",
        "--until",
        "2026-01-05T01:21:00Z",
        "--limit",
        "50",
    ]);
    run(&["replay", "--fresh", "--json", "hostile.log"]);
    let posted = posted.lock().expect("never poisoned").clone();
    assert!(posted.len() > 1, "incidents and a test were posted");
    (printed, posted)
}

fn contains(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

#[test]
fn secrets_never_come_out() {
    let secret = |name: &str| format!("{CANARY}-{name}");
    let spoil = |record: &mut Value| {
        let request = &mut record["httpRequest"];
        request["uri"] = json!(format!("/login?token={}&a=b", secret("uri")));
        request["args"] = json!(format!("token={}", secret("args")));
        request["fragment"] = json!(secret("fragment"));
        let headers = request["headers"].as_array_mut().expect("a list");
        for (name, value) in [
            ("Cookie", format!("session={}", secret("cookie"))),
            ("cookie", secret("lower-case-cookie")),
            ("Authorization", format!("Bearer {}", secret("bearer"))),
            ("AUTHORIZATION", secret("upper-case")),
            ("Set-Cookie", format!("session={}", secret("set-cookie"))),
            (
                "Referer",
                format!("https://shop.example/?key={}", secret("referer")),
            ),
            ("X-Api-Key", secret("api-key")),
        ] {
            headers.push(json!({"name": name, "value": value}));
        }
        let details = json!([{
            "conditionType": "SQL_INJECTION",
            "location": "HEADER",
            "matchedData": [secret("matched"), "OR", "1"],
            "matchedFieldName": "cookie",
        }]);
        record["terminatingRuleMatchDetails"] = details.clone();
        record["nonTerminatingMatchingRules"] =
            json!([{"ruleId": "watch", "action": "COUNT", "ruleMatchDetails": details}]);
        record["requestHeadersInserted"] = json!([{"name": "Cookie", "value": secret("inserted")}]);
    };
    let mut lines: Vec<Vec<u8>> = traffic(spoil).into_iter().map(String::into_bytes).collect();
    lines.extend(malformed(&lines[0]));

    let sandbox = Sandbox::new();
    let (printed, posted) = everything_printed(&sandbox, &lines);
    for body in &posted {
        assert!(!body.contains(CANARY), "{body}");
    }
    for (command, ran) in &printed {
        assert!(!ran.stdout.contains(CANARY), "{command}: {}", ran.stdout);
        assert!(!ran.stderr.contains(CANARY), "{command}: {}", ran.stderr);
    }
    let files = sandbox.files_beside(&INPUTS);
    for expected in ["wafwatch.db", "messages.jsonl"] {
        let found = files.iter().find(|(name, _)| name == expected);
        assert!(
            found.is_some_and(|(_, bytes)| !bytes.is_empty()),
            "{expected}"
        );
    }
    // What may be kept is found this way, so what must not be would be too.
    assert!(files.iter().any(|(_, bytes)| contains(bytes, "/login")));
    for (name, bytes) in files {
        assert!(!contains(&bytes, CANARY), "{name} holds a secret");
    }
}

/// Ways to break a record with secrets so that it, or what is left of it, is rejected.
fn malformed(record: &[u8]) -> Vec<Vec<u8>> {
    let mut broken = Vec::new();
    for eighth in 1..8 {
        let (head, tail) = record.split_at(record.len() * eighth / 8);
        broken.push(head.to_vec());
        broken.push(tail.to_vec());
        broken.push([head, b"\xff", tail].concat());
        broken.push([head, b"\x00", tail].concat());
    }
    let text = format!("Cookie: session={CANARY}-plain");
    broken.push(text.clone().into_bytes());
    broken.push(format!("\"{CANARY}-string\"").into_bytes());
    broken.push(format!(r#"{{"{CANARY}-key":1}}"#).into_bytes());
    broken.push(
        format!(r#"{{"timestamp":"{CANARY}-time","webaclId":"a","action":"ALLOW"}}"#).into_bytes(),
    );
    broken.push(format!(r#"{{"logEvents":[{{"message":"{text}"}}]}}"#).into_bytes());
    broken
}

#[test]
fn characters_that_drive_a_terminal_are_written_out() {
    const TRICKS: [&str; 14] = [
        "<!channel> <@U1> @channel",
        "<http://evil.example|click>",
        "\u{1b}[31mred",
        "\u{1b}]0;title\u{7}",
        "\u{1b}]52;c;ZXZpbA==\u{1b}\\",
        "\u{9b}2J",
        "\r\nforged: line",
        "\u{8}\u{8}\u{8}",
        "\u{202e}txt.exe",
        "\u{2066}isolated\u{2069}",
        "\u{200b}\u{200f}\u{feff}",
        "\u{2028}line\u{2029}",
        "\u{e0041}tag",
        "\u{0}\u{7f}",
    ];
    let tricks = TRICKS.concat();
    let spoil = |record: &mut Value| {
        let number = record["timestamp"].as_i64().expect("a time").unsigned_abs() / 100;
        let trick = TRICKS[number as usize % TRICKS.len()];
        for name in ["webaclId", "httpSourceName", "httpSourceId"] {
            let field = record[name].as_str().expect("a text");
            record[name] = json!(format!("{field}{tricks}"));
        }
        record["terminatingRuleId"] = json!(format!("rule{trick}"));
        record["labels"] = json!([{"name": format!("label:{trick}")}]);
        record["ja3Fingerprint"] = json!(trick);
        record["ja4Fingerprint"] = json!(trick);
        let request = &mut record["httpRequest"];
        for name in ["clientIp", "country", "uri", "httpMethod"] {
            request[name] = json!(format!("/{trick}"));
        }
        for header in request["headers"].as_array_mut().expect("a list") {
            header["value"] = json!(format!("x{trick}"));
        }
    };
    let mut lines: Vec<Vec<u8>> = traffic(spoil).into_iter().map(String::into_bytes).collect();
    lines.push(tricks.clone().into_bytes());
    lines.push(format!("{{\"{tricks}\":").into_bytes());

    let sandbox = Sandbox::new();
    let (printed, posted) = everything_printed(&sandbox, &lines);
    for body in posted {
        let found = body.chars().find(|character| drives_a_terminal(*character));
        assert_eq!(found, None, "{body}");
        let slack_would_act_on = ["<!", "<@", "<http", "@channel", "://shop"];
        assert!(
            !slack_would_act_on.iter().any(|mark| body.contains(mark)),
            "{body}"
        );
    }
    for (command, ran) in printed {
        for output in [&ran.stdout, &ran.stderr] {
            let found = output
                .chars()
                .find(|character| drives_a_terminal(*character));
            assert_eq!(found, None, "{command}");
        }
    }
    // The same holds for a file that somebody looks at with `cat`.
    let messages = std::fs::read_to_string(sandbox.path("messages.jsonl")).expect("messages");
    assert!(!messages.is_empty());
    assert_eq!(
        messages
            .chars()
            .find(|character| drives_a_terminal(*character)),
        None
    );
}

fn drives_a_terminal(character: char) -> bool {
    let is_invisible_or_reorders = matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
    );
    (character.is_control() && character != '\n') || is_invisible_or_reorders
}
