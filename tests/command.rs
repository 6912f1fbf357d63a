//! The command as people and scripts meet it: exit codes, output, and what a second run makes of a
//! first one.

mod common;

use std::fs;
use std::io::Write;

use common::command::{Ended, Sandbox};
use common::{ACL, line};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// Monday, 2026-01-05T00:00:00Z.
const START: i64 = 1_767_571_200_000;

/// So many records, one a second, from the `first` one on.
fn lines(first: i64, count: i64) -> String {
    let texts = (first..first + count).map(|number| {
        let time = START + number * 1_000;
        line(ACL, time, "ALLOW", "192.0.2.7", "/") + "\n"
    });
    texts.collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("to memory");
    encoder.finish().expect("to memory")
}

fn accounts(summary: &Value) -> (u64, u64, &Value) {
    let accounts = &summary["accounts"];
    let number = |name: &str| accounts[name].as_u64().expect(name);
    (number("read"), number("accepted"), &accounts["rejected"])
}

fn windows_total(sandbox: &Sandbox) -> u64 {
    let windows = sandbox.json(&["windows", "list", "--limit", "100000"]);
    let windows = windows.as_array().expect("a list").iter();
    windows
        .map(|window| window["summary"]["counters"]["total"].as_u64())
        .sum::<Option<u64>>()
        .expect("every window has a total")
}

#[track_caller]
fn assert_fails(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_eq!(ended.stdout, "", "errors are no output");
    for word in words {
        assert!(ended.stderr.contains(word), "{word:?} in {}", ended.stderr);
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    let sandbox = Sandbox::new();
    sandbox.write("empty/.hidden", "");
    assert_fails(&sandbox.run(&["replai"]), 2, &["replai", "Usage"]);
    assert_fails(&sandbox.run(&["replay"]), 2, &["<INPUT>"]);
    assert_fails(&sandbox.run(&["replay", "x", "--threads", "0"]), 2, &["0"]);
    let absent = sandbox.run(&["replay", "absent.log"]);
    assert_fails(&absent, 2, &["nothing matches `absent.log`", "check"]);
    let nothing = sandbox.run(&["replay", "*.log"]);
    assert_fails(&nothing, 2, &["nothing matches `*.log`"]);
    assert_fails(&sandbox.run(&["replay", "empty"]), 2, &["holds no file"]);
    let scenario = sandbox.run(&["demo", "riot"]);
    assert_fails(&scenario, 2, &["riot", "attack", "misconfiguration"]);
    assert!(!sandbox.path("wafwatch.db").exists(), "nothing was begun");
}

#[test]
fn a_missing_store_is_named_and_not_made() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["incidents", "list"] as &[&str],
        &["incidents", "show", "x"],
        &["windows", "list"],
        &["windows", "top"],
    ] {
        let ended = sandbox.run(&[arguments, &["--store", "absent.db"]].concat());
        assert_fails(&ended, 2, &["there is no store absent.db", "replay"]);
    }
    assert!(!sandbox.path("absent.db").exists());
}

#[test]
fn a_file_that_is_no_store_is_left_alone_and_exits_with_1() {
    let sandbox = Sandbox::new();
    sandbox.write("waf.jsonl", lines(0, 1));
    let content = "somebody's thesis, which happens to have this name\n".repeat(100);
    sandbox.write("thesis.db", &content);
    for arguments in [
        &["incidents", "list"] as &[&str],
        &["replay", "waf.jsonl"],
        &["replay", "waf.jsonl", "--fresh"],
    ] {
        let ended = sandbox.run(&[arguments, &["--store", "thesis.db"]].concat());
        assert_fails(&ended, 1, &["thesis.db is not a store", "not a database"]);
    }
    let kept = fs::read_to_string(sandbox.path("thesis.db")).expect("it is there");
    assert_eq!(kept, content);
}

#[test]
fn a_store_of_another_window_size_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("waf.jsonl", lines(0, 1));
    sandbox.json(&["replay", "waf.jsonl"]);
    sandbox.write("wafwatch.toml", "[windows]\nsize_seconds = 300\n");
    let ended = sandbox.run(&["replay", "waf.jsonl"]);
    assert_fails(&ended, 1, &["windows of 60 seconds, not 300"]);
}

#[test]
fn the_configuration_is_checked() {
    let sandbox = Sandbox::new();
    let unknown = "[windows]\nsize_seconds = 60\nlatenes_seconds = 5\n";
    sandbox.write("wafwatch.toml", unknown);
    let ended = sandbox.run(&["config", "check"]);
    let words = [
        "wafwatch.toml, line 3",
        "latenes_seconds",
        "`lateness_seconds`",
    ];
    assert_fails(&ended, 2, &words);
    // The same holds for every command that reads it.
    assert_fails(&sandbox.run(&["incidents", "list"]), 2, &words);

    let hook = "[[notify]]\nkind = \"webhook\"\nurl = \"https://hooks.example/x\"\nsecret_env = \"HOOK\"\n";
    sandbox.write("hook.toml", hook);
    let check = ["config", "check", "--config", "hook.toml"];
    assert_fails(&sandbox.run(&check), 2, &["HOOK", "not set"]);
    let mut with_secret = sandbox.command(&check);
    let output = with_secret.env("HOOK", "wellkept").output();
    let ended = Ended::of(output.expect("it starts"));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("secret_env = \"HOOK\""));
    assert!(!ended.stdout.contains("wellkept"));

    let absent = sandbox.run(&["config", "check", "--config", "absent.toml"]);
    assert_fails(&absent, 2, &["cannot read absent.toml"]);
}

#[test]
fn the_effective_configuration_is_a_configuration() {
    let sandbox = Sandbox::new();
    sandbox.write("wafwatch.toml", "[windows]\nlateness_seconds = 5\n");
    let ended = sandbox.text(&["config", "check", "--store", "here.db"]);
    sandbox.write("printed.toml", &ended);
    let again = sandbox.json(&["config", "check", "--config", "printed.toml"]);
    assert_eq!(again["settings"]["windows"]["lateness_seconds"], 5);
    assert_eq!(again["settings"]["store"]["path"], "here.db");
    assert_eq!(again["warnings"], json!([]));
}

#[test]
fn variables_out_of_range_warn_and_senseless_ones_fail() {
    let sandbox = Sandbox::new();
    sandbox.write("waf.jsonl", lines(0, 1));
    let with = |arguments: &[&str], value: &str| {
        let mut command = sandbox.command(arguments);
        let output = command.env("HISTORY_HOURS", value).output();
        Ended::of(output.expect("it starts"))
    };
    let warning = "HISTORY_HOURS=99999 is out of range: 2160 is used";
    let checked = with(&["config", "check"], "99999");
    assert!(checked.stdout.contains(warning), "{}", checked.stdout);
    let checked = with(&["config", "check", "--json"], "99999").json();
    assert_eq!(
        checked["settings"]["detect"]["classic"]["history_hours"],
        2160
    );
    assert!(checked["warnings"][0].to_string().contains(warning));
    let replayed = with(&["replay", "waf.jsonl", "--json"], "99999");
    assert!(replayed.stderr.contains(warning), "{}", replayed.stderr);
    assert_eq!(replayed.code, Some(0));
    let senseless = with(&["config", "check"], "soon");
    assert_fails(&senseless, 2, &["HISTORY_HOURS", "soon", "1 to 2160"]);
}

#[test]
fn every_output_can_be_had_as_json() {
    let sandbox = Sandbox::new();
    sandbox.write("waf.jsonl", lines(0, 0));
    // Nothing is an answer too.
    sandbox.json(&["replay", "waf.jsonl"]);
    assert_eq!(sandbox.json(&["incidents", "list"]), json!([]));
    assert_eq!(sandbox.json(&["windows", "list"]), json!([]));
    assert_eq!(sandbox.json(&["windows", "top"]), json!(null));

    let demo = sandbox.json(&["demo", "--store", "demo.db"]);
    assert_eq!(demo["incidents"].as_array().map(Vec::len), Some(2));
    let store = ["--store", "demo.db"];
    let json = |arguments: &[&str]| sandbox.json(&[arguments, &store].concat());
    assert_eq!(json(&["incidents", "list"]), demo["incidents"]);
    assert_eq!(json(&["incidents", "list", "--open"]), json!([]));
    let limited = json(&["incidents", "list", "--limit", "1"]);
    assert_eq!(limited, json!([demo["incidents"][0]]));
    assert_eq!(
        json(&["windows", "list", "--limit", "7"])
            .as_array()
            .map(Vec::len),
        Some(7)
    );
    let from = "2026-01-05T01:00:00Z";
    let until = "2026-01-05T01:02:00Z";
    let span = json(&["windows", "list", "--from", from, "--until", until]);
    assert_eq!(span.as_array().map(Vec::len), Some(2));
    let top = json(&["windows", "top", "--dimension", "uri"]);
    let dimensions = top["summary"]["top"].as_object().expect("dimensions");
    assert_eq!(dimensions.keys().collect::<Vec<_>>(), ["uri"]);
}

#[test]
fn incidents_are_found_by_the_beginning_of_their_ids() {
    let sandbox = Sandbox::new();
    let demo = sandbox.json(&["demo", "--store", "demo.db"]);
    let ids: Vec<&str> = demo["incidents"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|incident| incident["id"].as_str().expect("an id"))
        .collect();
    let common = ids[0].bytes().zip(ids[1].bytes());
    let length = common.take_while(|(one, other)| one == other).count();
    let show = |id: &str| sandbox.run(&["incidents", "show", id, "--store", "demo.db", "--json"]);

    let ambiguous = show(&ids[0][..length]);
    assert_fails(&ambiguous, 2, &["several incidents", ids[0], ids[1]]);
    for id in &ids {
        assert_eq!(show(id).json()["incident"]["id"], *id);
        assert_eq!(show(&id[..=length]).json()["incident"]["id"], *id);
    }
    assert_fails(&show("nobody"), 2, &["no incident \"nobody\"", "list"]);
    // A pattern of the database's language is no pattern here.
    assert_fails(&show("%"), 2, &["no incident \"%\""]);
}

#[test]
fn a_second_replay_counts_nothing_twice() {
    let sandbox = Sandbox::new();
    sandbox.write("a.jsonl", lines(0, 300));
    sandbox.write("b.jsonl.gz", gzip(&lines(300, 300)));
    let first = sandbox.json(&["replay", "a.jsonl", "b.jsonl.gz"]);
    assert_eq!(accounts(&first), (600, 600, &json!({})));
    let windows = sandbox.json(&["windows", "list"]);

    let second = sandbox.json(&["replay", "b.jsonl.gz", "a.jsonl"]);
    assert_eq!(second["already_counted"], json!(["b.jsonl.gz", "a.jsonl"]));
    assert_eq!(second["accounts"], first["accounts"]);
    assert_eq!(sandbox.json(&["windows", "list"]), windows);
    let text = sandbox.text(&["replay", "a.jsonl"]);
    assert!(
        text.contains("a.jsonl was counted before; --fresh"),
        "{text}"
    );

    let fresh = sandbox.json(&["replay", "a.jsonl", "--fresh"]);
    assert_eq!(accounts(&fresh), (300, 300, &json!({})));
    assert_eq!(fresh["already_counted"], json!([]));
    assert_eq!(windows_total(&sandbox), 300);
}

#[test]
fn a_file_that_grew_is_counted_from_where_it_was_left() {
    let sandbox = Sandbox::new();
    sandbox.write("waf.jsonl", lines(0, 300));
    sandbox.json(&["replay", "waf.jsonl"]);
    sandbox.write("waf.jsonl", lines(0, 1_000));
    let grown = sandbox.json(&["replay", "waf.jsonl"]);
    assert_eq!(accounts(&grown), (1_000, 1_000, &json!({})));
    assert_eq!(grown["already_counted"], json!([]));
    assert_eq!(windows_total(&sandbox), 1_000);
    let again = sandbox.json(&["replay", "waf.jsonl"]);
    assert_eq!(again["already_counted"], json!(["waf.jsonl"]));
    assert_eq!(again["accounts"], grown["accounts"]);
}

#[test]
fn a_gzip_file_that_grew_is_counted_from_where_it_was_left() {
    let sandbox = Sandbox::new();
    let mut members = Vec::new();
    for day in 0..3 {
        // Members of the same length, so that the last one says nothing new.
        members.extend(gzip(&lines(day * 300, 300)));
        sandbox.write("waf.jsonl.gz", &members);
        let grown = sandbox.json(&["replay", "waf.jsonl.gz"]);
        let expected = u64::try_from((day + 1) * 300).expect("fits");
        assert_eq!(accounts(&grown), (expected, expected, &json!({})));
        assert_eq!(grown["already_counted"], json!([]));
        assert_eq!(windows_total(&sandbox), expected);
        let again = sandbox.json(&["replay", "waf.jsonl.gz"]);
        assert_eq!(again["already_counted"], json!(["waf.jsonl.gz"]));
        assert_eq!(again["accounts"], grown["accounts"]);
    }
}

#[test]
fn inputs_are_files_folders_globs_and_standard_input() {
    let sandbox = Sandbox::new();
    let folder = "AWSLogs/111122223333/2026/01/05";
    for (number, hour) in [(0, "00"), (1, "01"), (2, "02")] {
        let name = format!("{folder}/{hour}/aws-waf-logs.gz");
        sandbox.write(&name, gzip(&lines(number * 100, 100)));
    }
    sandbox.write("beside.jsonl", lines(300, 50));
    let count = |inputs: &[&str]| {
        let summary = sandbox.json(&[&["replay", "--fresh"], inputs].concat());
        let (_, accepted, _) = accounts(&summary);
        assert_eq!(windows_total(&sandbox), accepted);
        accepted
    };
    assert_eq!(count(&["AWSLogs"]), 300);
    assert_eq!(count(&["AWSLogs/**/*.gz"]), 300);
    assert_eq!(count(&["AWSLogs/*/2026/01/05/0[01]"]), 200);
    assert_eq!(count(&["AWSLogs", "beside.jsonl", "./beside.jsonl"]), 350);

    let input = lines(0, 77);
    for bytes in [input.clone().into_bytes(), gzip(&input)] {
        let ended = sandbox.run_with_input(&["replay", "-", "--fresh", "--json"], &bytes);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(accounts(&ended.json()), (77, 77, &json!({})));
    }
}

#[test]
fn a_gzip_file_that_is_cut_off_counts_up_to_the_damage() {
    let sandbox = Sandbox::new();
    let whole = gzip(&lines(0, 5_000));
    sandbox.write("cut.gz", &whole[..whole.len() / 2]);
    let ended = sandbox.run(&["replay", "cut.gz", "--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let summary = ended.json();
    let (read, accepted, rejected) = accounts(&summary);
    assert!((1_000..5_000).contains(&accepted), "{accepted}");
    let reasons: Vec<&String> = rejected.as_object().expect("reasons").keys().collect();
    assert_eq!(reasons, ["truncated"]);
    assert_eq!(rejected["truncated"], 1, "the break and the line it tore");
    assert_eq!(read, accepted + 1);
    assert_eq!(windows_total(&sandbox), accepted);
    let text = sandbox.text(&["replay", "cut.gz"]);
    assert!(
        text.contains("truncated") && text.contains("cut.gz:"),
        "{text}"
    );
    assert_eq!(
        sandbox.json(&["replay", "cut.gz"])["accounts"],
        summary["accounts"]
    );
}

#[test]
fn rejected_records_have_reasons_and_samples() {
    let sandbox = Sandbox::new();
    let future = line(ACL, START + 400 * 86_400_000_000, "ALLOW", "192.0.2.7", "/");
    let text = format!("{}what is this\n{{}}\n{future}\n", lines(0, 10));
    sandbox.write("waf.jsonl", text);
    let summary = sandbox.json(&["replay", "waf.jsonl"]);
    let (read, accepted, rejected) = accounts(&summary);
    assert_eq!((read, accepted), (13, 10));
    let reasons = rejected.as_object().expect("reasons");
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    let samples = summary["accounts"]["samples"].as_array().expect("samples");
    assert_eq!(samples.len(), 3);
}

#[cfg(target_os = "linux")]
#[test]
fn an_input_that_cannot_be_read_exits_with_3_and_spoils_no_other() {
    let sandbox = Sandbox::new();
    sandbox.write("waf.jsonl", lines(0, 100));
    // A regular file that whoever opens it cannot read: nothing is mapped at its beginning.
    let unreadable = "/proc/self/mem";
    let ended = sandbox.run(&["replay", unreadable, "waf.jsonl", "--json"]);
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    let summary = ended.json();
    assert_eq!(accounts(&summary), (100, 100, &json!({})));
    assert_eq!(summary["failures"].as_array().map(Vec::len), Some(1));
    let ended = sandbox.run(&["replay", unreadable]);
    assert_eq!(ended.code, Some(3));
    let failure = format!("not read: cannot read `{unreadable}`");
    assert!(ended.stdout.contains(&failure), "{}", ended.stdout);
}

#[cfg(unix)]
mod signals {
    use std::process::Stdio;

    use super::*;
    use common::command::{signal, wait_until};
    use common::long_replay::{INPUTS, sandbox_with_inputs};
    use common::store::{rows, try_rows};

    #[test]
    fn whoever_stops_reading_gets_no_complaint() {
        let sandbox = Sandbox::new();
        let options = wafwatch_loadgen::Options::new(wafwatch_loadgen::Scenario::Attack);
        let mut attack = Vec::new();
        wafwatch_loadgen::generate(&options, &mut attack).expect("valid options");
        sandbox.write("waf.jsonl", attack);
        for arguments in [
            &["replay", "waf.jsonl"] as &[&str],
            &["replay", "waf.jsonl", "--fresh", "--json"],
            &["incidents", "list"],
            &["windows", "list", "--json"],
            &["windows", "top"],
            &["config", "check"],
        ] {
            let mut child = sandbox.command(arguments).spawn().expect("it starts");
            drop(child.stdout.take());
            let ended = Ended::of(child.wait_with_output().expect("it ends"));
            assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
            assert_eq!(ended.stderr, "", "{arguments:?}");
        }
    }

    /// What does not depend on how often was committed.
    const RESULTS: [&str; 5] = [
        "SELECT * FROM windows ORDER BY acl, start",
        "SELECT * FROM incidents ORDER BY id",
        "SELECT sequence, id, incident, kind, event FROM events ORDER BY sequence",
        "SELECT * FROM shards ORDER BY shard",
        "SELECT * FROM partials",
    ];

    fn arguments(store: &str) -> Vec<&str> {
        let mut arguments = vec!["replay", "--json", "--store", store];
        arguments.extend(INPUTS);
        arguments
    }

    #[test]
    fn an_interrupted_replay_keeps_what_it_counted_and_goes_on() {
        for name in ["INT", "TERM"] {
            let sandbox = sandbox_with_inputs();
            let undisturbed = sandbox.run(&arguments("undisturbed.db")).json();
            assert_eq!(undisturbed["interrupted"], false);

            let mut command = sandbox.command(&arguments("store.db"));
            let child = command.stdin(Stdio::null()).spawn().expect("it starts");
            let store = sandbox.path("store.db");
            wait_until("the first commit", || {
                try_rows(&store, "SELECT * FROM shards").is_ok_and(|rows| !rows.is_empty())
            });
            signal(&child, name);
            let ended = Ended::of(child.wait_with_output().expect("it ends"));
            assert_eq!(ended.code, Some(130), "{}", ended.stderr);
            let summary = ended.json();
            assert_eq!(summary["interrupted"], true);
            let (read, accepted, _) = accounts(&summary);
            let (all, ..) = accounts(&undisturbed);
            assert!(0 < read && read < all, "{read} of {all}");
            let committed = rows(&store, "SELECT sum(accepted) FROM shards");
            assert_eq!(committed, [[i64::try_from(accepted).expect("fits").into()]]);

            let second = sandbox.run(&arguments("store.db"));
            assert_eq!(second.code, Some(0), "{}", second.stderr);
            assert_eq!(second.json()["accounts"], undisturbed["accounts"]);
            for query in RESULTS {
                let expected = rows(&sandbox.path("undisturbed.db"), query);
                assert!(
                    rows(&store, query) == expected,
                    "SIG{name}: {query} differs"
                );
            }
        }
    }
}

#[cfg(not(feature = "aws"))]
#[test]
fn a_build_without_aws_says_how_to_get_one_with_it() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["watch", "--source", "kinesis://waf"][..],
        &["replay", "s3://bucket/prefix"],
    ] {
        let ended = sandbox.run(arguments);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        let advice = "cargo build --release --features aws";
        assert!(ended.stderr.contains(advice), "{}", ended.stderr);
    }
}
