//! The channels as people and scripts meet them: tried by hand, explained again, dead and watched.

mod common;

use std::io::Write;
use std::net::TcpListener;
use std::thread;

use common::command::{Ended, Sandbox};
use common::webhook::{self, Request};
use serde_json::Value;
use wafwatch_loadgen::{Options, Scenario, generate};

const REPLAY: [&str; 3] = ["replay", "waf.jsonl", "--notify"];

/// A folder with the log of the published attack and these settings.
fn attack(settings: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let mut lines = Vec::new();
    generate(&Options::new(Scenario::Attack), &mut lines).expect("the options can be met");
    sandbox.write("waf.jsonl", lines);
    sandbox.write("wafwatch.toml", settings);
    sandbox
}

/// A port that nobody listens on.
fn dead_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port()
}

fn channel<'a>(status: &'a Value, name: &str) -> &'a Value {
    let channels = status["channels"].as_array().expect("channels");
    let found = channels.iter().find(|channel| channel["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is missing in {status:#}"))
}

#[test]
fn a_dead_channel_delays_no_other_and_shows_in_the_status() {
    let port = dead_port();
    let sandbox = attack(&format!(
        "[[notify]]\nkind = \"webhook\"\nname = \"hook\"\nurl = \"http://127.0.0.1:{port}/t0psecret\"\n\
         attempts = 1\n\
         [[notify]]\nkind = \"jsonl\"\npath = \"messages.jsonl\"\n\
         [[notify]]\nkind = \"terminal\"\nname = \"screen\"\nminimum_level = \"critical\"\n"
    ));
    let ended = sandbox.run(&REPLAY);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("messages to channel hook were given up"),
        "{}",
        ended.stderr
    );

    let status = sandbox.json(&["status"]);
    let delivered = channel(&status, "jsonl");
    assert_eq!(
        (&delivered["waiting"], &delivered["dead"]),
        (&0.into(), &0.into())
    );
    let count = delivered["delivered"].as_u64().expect("a count");
    assert!(count >= 2, "{status:#}");
    assert!(delivered["last_success"].is_string(), "{status:#}");
    let hook = channel(&status, "hook");
    assert_eq!(hook["dead"], count);
    assert_eq!(hook["last_success"], Value::Null);
    let error = hook["last_dead"]["error"].as_str().expect("an error");
    assert!(error.contains("could not be reached"), "{error}");
    assert_eq!(channel(&status, "screen")["skipped"], count);
    assert_eq!(status["outbox"]["events"], count);
    assert_eq!(status["outbox"]["unexplained"], 0);
    assert!(status["store"]["windows"].as_u64().expect("a count") > 0);
    assert!(status["store"]["closed_through"].is_string());
    assert!(status["store"]["lag_seconds"].as_f64().expect("a time") > 0.0);
    assert_eq!(status["inputs"]["all"], 1);

    let text = sandbox.text(&["status"]);
    for words in [
        "closed through",
        "hook",
        "webhook",
        "hook gave up:",
        "could not be reached",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert!(!text.contains("t0psecret"), "{text}");
    let messages = std::fs::read_to_string(sandbox.path("messages.jsonl")).expect("messages");
    assert_eq!(messages.lines().count() as u64, count);
}

#[test]
fn what_is_tried_again_shows_when() {
    let port = dead_port();
    let sandbox = attack(&format!(
        "[[notify]]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\nattempts = 100\n"
    ));
    let ended = sandbox.run(&REPLAY);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let status = sandbox.json(&["status"]);
    let hook = channel(&status, "webhook");
    assert!(
        hook["retrying"].as_u64().expect("a count") > 0,
        "{status:#}"
    );
    let next = &hook["next_retry"];
    assert!(
        next["attempts"].as_u64().expect("a count") > 1,
        "{status:#}"
    );
    assert!(next["next_at"].is_string(), "{status:#}");
    assert!(sandbox.text(&["status"]).contains("webhook was tried "));
}

#[test]
fn a_channel_is_tried_by_hand() {
    let (address, requests) = webhook::listen();
    let sandbox = Sandbox::new();
    sandbox.write(
        "wafwatch.toml",
        format!(
            "[[notify]]\nkind = \"terminal\"\n\
             [[notify]]\nkind = \"webhook\"\nname = \"hook\"\nurl = \"http://{address}/\"\n\
             minimum_level = \"critical\"\n"
        ),
    );
    let test = |name: &str| sandbox.run(&["notify", "test", name]);

    let screen = test("terminal");
    assert_eq!(screen.code, Some(0), "{}", screen.stderr);
    assert!(
        screen.stdout.starts_with("[TEST] wafwatch"),
        "{}",
        screen.stdout
    );
    assert!(
        screen.stdout.contains("There is no incident"),
        "{}",
        screen.stdout
    );

    // The first request is refused.
    let refused = test("hook");
    assert_eq!(refused.code, Some(1), "{refused:?}");
    for words in [
        "channel hook did not take",
        "answered 503",
        "would be tried again",
    ] {
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    let taken = test("hook");
    assert_eq!(taken.code, Some(0), "{}", taken.stderr);
    assert!(
        taken.stdout.contains("channel hook took the test message"),
        "{}",
        taken.stdout
    );
    let posted: Vec<Request> = requests.try_iter().collect();
    assert_eq!(posted.len(), 2);
    let body: Value = serde_json::from_str(&posted[1].body).expect("JSON");
    assert_eq!(
        (&body["kind"], &body["severity"]),
        (&"test".into(), &"info".into())
    );
    assert!(
        body["subject"]
            .as_str()
            .expect("text")
            .starts_with("[TEST]")
    );
    let as_json = sandbox.json(&["notify", "test", "hook"]);
    assert_eq!(as_json["delivered"], true);

    let unknown = test("mail");
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(
        unknown.stderr.contains("terminal, hook"),
        "{}",
        unknown.stderr
    );
    assert!(
        !sandbox.path("wafwatch.db").exists(),
        "no store is needed or made"
    );
}

#[test]
fn slack_is_told_and_its_url_is_not() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!(
        "http://{}/services/T0/B0/t0psecret",
        listener.local_addr().expect("bound")
    );
    let server = thread::spawn(move || {
        let answers = [
            "200 OK\r\nContent-Length: 2\r\n\r\nok",
            "404 Not Found\r\nContent-Length: 10\r\n\r\nno_service",
        ];
        answers.map(|answer| {
            let (mut stream, _) = listener.accept().expect("somebody connects");
            let request = Request::read(&stream);
            let answer = format!("HTTP/1.1 {answer}");
            stream.write_all(answer.as_bytes()).expect("it listens");
            request
        })
    });
    let sandbox = Sandbox::new();
    sandbox.write("wafwatch.toml", "[[notify]]\nkind = \"slack\"\n");
    let test = || {
        let mut command = sandbox.command(&["notify", "test", "slack"]);
        let output = command.env("SLACK_WEBHOOK_URL", &url).output();
        Ended::of(output.expect("it starts"))
    };
    let taken = test();
    assert_eq!(taken.code, Some(0), "{}", taken.stderr);
    let gone = test();
    assert_eq!(gone.code, Some(1), "{gone:?}");
    assert!(
        gone.stderr.contains("add an incoming webhook"),
        "{}",
        gone.stderr
    );
    assert!(gone.stderr.contains("would be given up"), "{}", gone.stderr);
    for ended in [taken, gone] {
        assert!(!format!("{ended:?}").contains("t0psecret"), "{ended:?}");
    }
    let [request, _] = server.join().expect("the server ends");
    let body: Value = serde_json::from_str(&request.body).expect("JSON");
    assert_eq!(body["blocks"][0]["type"], "header");
    assert!(body["text"].as_str().expect("text").starts_with("[TEST]"));

    let unset = sandbox.run(&["notify", "test", "slack"]);
    assert_eq!(unset.code, Some(2), "{unset:?}");
    assert!(
        unset.stderr.contains("SLACK_WEBHOOK_URL, which is not set"),
        "{}",
        unset.stderr
    );
}

#[cfg(not(feature = "securityhub"))]
#[test]
fn a_build_without_security_hub_says_so() {
    let sandbox = Sandbox::new();
    let product = "arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/default";
    let mut command = sandbox.command(&["notify", "test", "securityhub"]);
    let output = command.env("SECURITYHUB_PRODUCT_ARN", product).output();
    let ended = Ended::of(output.expect("it starts"));
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.stderr.contains("--features securityhub"),
        "{}",
        ended.stderr
    );
}

#[test]
fn an_incident_is_explained_again() {
    let sandbox = attack("[[notify]]\nkind = \"jsonl\"\npath = \"messages.jsonl\"\n");
    sandbox.text(&["replay", "waf.jsonl"]);
    let incidents = sandbox.json(&["incidents", "list"]);
    let id = incidents[0]["id"].as_str().expect("an id");
    let kept = sandbox.json(&["incidents", "show", id]);

    let text = sandbox.text(&["explain", id, "--analyst", "builtin"]);
    assert!(
        text.contains("admin probing") && text.contains("\nQuick Triage\n"),
        "{text}"
    );
    let again = sandbox.json(&["explain", id]);
    assert_eq!(again["ai_assessment"], kept["report"]["ai_assessment"]);
    assert!(!sandbox.path("messages.jsonl").exists(), "nobody is told");

    let prompt = sandbox.json(&["explain", id, "--show-prompt"]);
    let tokens = prompt["estimated_tokens"].as_u64().expect("a count");
    assert!(
        tokens > 500 && tokens <= prompt["most_tokens"].as_u64().expect("a count"),
        "{tokens}"
    );
    let shown = sandbox.text(&["explain", id, "--show-prompt"]);
    let user = prompt["user"].as_str().expect("text");
    assert!(user.lines().all(|line| shown.contains(line)), "{shown}");
    assert!(shown.contains("nothing was sent"), "{shown}");
    assert!(
        shown.contains(prompt["prompt"].as_str().expect("a version")),
        "{shown}"
    );

    let unknown = sandbox.run(&["explain", "nothing"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
}

#[cfg(not(feature = "aws"))]
#[test]
fn a_build_without_aws_explains_by_rules_and_says_so() {
    let sandbox = attack("");
    sandbox.text(&["replay", "waf.jsonl"]);
    let incidents = sandbox.json(&["incidents", "list"]);
    let id = incidents[0]["id"].as_str().expect("an id");
    let ended = sandbox.run(&["explain", id, "--analyst", "bedrock"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.stderr.contains("built without AWS"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("--features aws"), "{}", ended.stderr);
}

#[test]
fn what_is_masked_is_masked_in_commands_too() {
    let sandbox = attack(
        "[privacy]\nmask_account_ids = true\nmask_addresses = \"host\"\n\
         [[notify]]\nkind = \"jsonl\"\npath = \"messages.jsonl\"\n\
         [[notify]]\nkind = \"terminal\"\n",
    );
    let log = std::fs::read_to_string(sandbox.path("waf.jsonl")).expect("the log");
    let record: Value = serde_json::from_str(log.lines().next().expect("a record")).expect("JSON");
    let acl = record["webaclId"].as_str().expect("an ARN");
    let account = acl.split(':').nth(4).expect("an account");
    assert_eq!(account.len(), 12, "{acl}");
    let replayed = sandbox.text(&REPLAY);
    let incidents = sandbox.json(&["incidents", "list"]);
    let id = incidents[0]["id"].as_str().expect("an id").to_owned();
    let mut printed = vec![
        replayed,
        sandbox.text(&["incidents", "show", &id]),
        sandbox.json(&["incidents", "show", &id]).to_string(),
        sandbox.text(&["explain", &id]),
        sandbox.text(&["windows", "top", "--dimension", "client_address"]),
        sandbox.json(&["windows", "top"]).to_string(),
        sandbox.text(&["status"]),
    ];
    printed.push(std::fs::read_to_string(sandbox.path("messages.jsonl")).expect("messages"));
    assert!(printed[0].contains(".x"), "{}", printed[0]);
    for text in printed {
        let plain = text.replace("[.]", ".");
        let words = plain.split(|c: char| !c.is_ascii_digit() && c != '.');
        let address = words
            .filter_map(|word| word.parse::<std::net::Ipv4Addr>().ok())
            .next();
        assert_eq!(address, None, "{text}");
        assert!(!plain.contains(account), "{text}");
    }
}
