//! Input that attackers or accidents write: through the real command, within bounded memory, with
//! every record accounted for.

mod common;

use std::io::{self, Read};

use common::command::Sandbox;
use common::hostile::{
    Flood, START, cloudwatch, firehose, good, gzip, kinesis, kpl_aggregate, lambda_logs, nested,
    with_field,
};
use common::{ACL, line, pipeline_settings};
use tempfile::TempDir;
use wafwatch::ingest::RejectReason::{
    self, BadTimestamp, DecompressionLimit, InvalidUtf8, NoTimestamp, NotJson, TimestampOutOfRange,
    TooDeep, TooLarge, TooManyAcls,
};
use wafwatch::pipeline::{NEVER, Piece, Pipeline};
use wafwatch::store::Store;
use wafwatch::store::sqlite::SqliteStore;
use wafwatch_windows::time::{EventTime, WindowSize};

/// Peak memory that no input may exceed, in an unoptimised build.
const CAP_MIB: u64 = 200;
const MIB: usize = 1 << 20;

/// Replays one file between two good lines, which must survive whatever stands between them.
#[track_caller]
fn assert_between_good_lines(name: &str, hostile: &[u8], rejected: &[(RejectReason, u64)]) {
    let sandbox = Sandbox::new();
    let (before, after) = (good(START), good(START + 120_000));
    let parts = [before.as_bytes(), hostile, after.as_bytes(), b""];
    sandbox.write("hostile.log", parts.join(&b'\n'));
    let replayed = sandbox.replay(&["hostile.log"]);
    replayed
        .assert_accounts(2, rejected)
        .assert_peak_below(name, CAP_MIB);
}

#[track_caller]
fn assert_alone(name: &str, hostile: &[u8], accepted: u64, rejected: &[(RejectReason, u64)]) {
    let sandbox = Sandbox::new();
    sandbox.write("hostile.log", hostile);
    let replayed = sandbox.replay(&["hostile.log"]);
    replayed
        .assert_accounts(accepted, rejected)
        .assert_peak_below(name, CAP_MIB);
}

#[test]
fn half_a_megabyte_of_brackets() {
    let brackets = vec![b'['; 500_000];
    assert_alone("500 KB of [", &brackets, 0, &[(TooDeep, 1)]);
    assert_between_good_lines("500 KB of [ as a line", &brackets, &[(TooDeep, 1)]);
}

#[test]
fn a_gigabyte_of_zeros_in_a_small_file() {
    let bomb = gzip(io::repeat(0).take(1 << 30));
    assert!(bomb.len() < 8 * MIB);
    let name = "1 GiB of zeros as gzip";
    assert_alone(name, &bomb, 0, &[(TooLarge, 1)]);

    let name = "1 GiB of zeros as gzip in an envelope";
    let envelope = lambda_logs(&bomb);
    let sandbox = Sandbox::new();
    sandbox.write("hostile.log", envelope.as_bytes());
    let replayed = sandbox.replay(&["hostile.log"]);
    // Base64 makes the envelope larger than one record may be, but it is no record.
    replayed
        .assert_accounts(0, &[(DecompressionLimit, 1)])
        .assert_peak_below(name, CAP_MIB);
}

#[test]
fn a_quarter_of_a_gigabyte_of_records_in_a_small_file() {
    let record = format!("{}\n", good(START));
    let records = MIB / record.len();
    let member = gzip(record.repeat(records).as_bytes());
    let members = member.repeat(256);
    assert!(members.len() < 8 * MIB);
    let name = "256 MiB of records as gzip";
    assert_alone(name, &members, 256 * records as u64, &[]);

    // In an envelope, members beyond the limit of 64 MiB are lost, and that is told.
    let name = "256 MiB of records as gzip in an envelope";
    let envelope = lambda_logs(&members);
    let fit = 64 * MIB / (records * record.len());
    let accepted = (fit * records) as u64;
    let rejected = [(DecompressionLimit, 1)];
    assert_alone(name, envelope.as_bytes(), accepted, &rejected);
}

#[test]
fn a_path_of_ten_megabytes() {
    let huge = line(ACL, START, "ALLOW", "192.0.2.1", &"/x".repeat(5 * MIB));
    assert_between_good_lines("a 10 MiB URI", huge.as_bytes(), &[(TooLarge, 1)]);

    // One that is within the limit of a record is kept, cut.
    let sandbox = Sandbox::new();
    let long = line(ACL, START, "ALLOW", "192.0.2.1", &"/x".repeat(MIB / 4));
    sandbox.write("long.log", long.as_bytes());
    let replayed = sandbox.replay(&["long.log"]);
    replayed.assert_accounts(1, &[]);
    let store = std::fs::metadata(sandbox.path("wafwatch.db")).expect("a store");
    assert!(store.len() < MIB as u64 / 2);
}

#[test]
fn a_line_of_two_hundred_megabytes() {
    let sandbox = Sandbox::new();
    let replayed = sandbox.replay_with_input(&["-"], |output| {
        let good = good(START);
        writeln!(output, "{good}").expect("takes the line");
        let mut endless = io::repeat(b'a').take(200 << 20);
        io::copy(&mut endless, output).expect("takes the bytes");
        output.flush().expect("takes the bytes");
    });
    replayed
        .assert_accounts(1, &[(TooLarge, 1)])
        .assert_peak_below("a line of 200 MiB", CAP_MIB);
}

#[test]
fn bytes_that_are_no_text() {
    let in_a_record = [br#"{"timestamp":1,"uri":""#, &b"\xff\xfe"[..], br#""}"#].concat();
    assert_between_good_lines("invalid UTF-8", &in_a_record, &[(InvalidUtf8, 1)]);
    let noise = vec![0xff; 4 * MIB];
    assert_between_good_lines("4 MiB of 0xff", &noise, &[(InvalidUtf8, 1)]);
    let zeros = vec![0; 4 * MIB];
    assert_between_good_lines("4 MiB of NUL", &zeros, &[(NotJson, 1)]);

    let sandbox = Sandbox::new();
    sandbox.write(
        "nul.log",
        with_field("note", r#""\u0000\u0000""#).as_bytes(),
    );
    let raw = good(START).replace("\"/\"", "\"/\0\"");
    sandbox.write("raw.log", raw.as_bytes());
    let escaped = good(START).replace("\"/\"", r#""/\u0000""#);
    sandbox.write("escaped.log", escaped.as_bytes());
    let replayed = sandbox.replay(&["*.log"]);
    replayed.assert_accounts(2, &[(NotJson, 1)]);
}

#[test]
fn keys_that_occur_twice() {
    let twice = |name: &str, value: &str| with_field(name, value);
    let lines = [
        twice("action", "\"BLOCK\""),
        twice("timestamp", &START.to_string()),
        twice("webaclId", "\"other\""),
        twice("httpRequest", r#"{"uri":"/second","uri":"/third"}"#),
    ];
    let sandbox = Sandbox::new();
    sandbox.write("twice.log", lines.join("\n").as_bytes());
    let replayed = sandbox.replay(&["twice.log"]);
    replayed.assert_accounts(4, &[]);
}

#[test]
fn times_out_of_this_world() {
    let with_time = |time: &str| good(START).replacen(&START.to_string(), time, 1);
    let times = |times: &[&str]| {
        let lines: Vec<String> = times.iter().map(|time| with_time(time)).collect();
        lines.join("\n")
    };
    let outside = times(&[
        "-1",
        "-9223372036854775808",
        "32503680000000",
        "18446744073709551615",
        "\"3000-01-01T00:00:00Z\"",
        "\"-1\"",
        "1e18",
    ]);
    let rejected = [(TimestampOutOfRange, 7)];
    assert_between_good_lines("times out of range", outside.as_bytes(), &rejected);
    let no_times = times(&["\"yesterday\"", "\"\\u0000\"", "[1]", "{}"]);
    let rejected = [(NoTimestamp, 2), (BadTimestamp, 2)];
    assert_between_good_lines("no times", no_times.as_bytes(), &rejected);

    let sandbox = Sandbox::new();
    let texts = times(&[&format!("\"{START}\""), "\"2026-01-05T00:00:00Z\""]);
    sandbox.write("texts.log", texts.as_bytes());
    sandbox.replay(&["texts.log"]).assert_accounts(2, &[]);
}

#[test]
fn a_hundred_thousand_web_acls() {
    const FOLLOWED: u64 = 256;
    let sandbox = Sandbox::new();
    let replayed = sandbox.replay_with_input(&["-"], |output| {
        for number in 0..100_000 {
            let acl = format!("{ACL}{number}");
            let line = line(&acl, START, "ALLOW", "192.0.2.1", "/");
            writeln!(output, "{line}").expect("takes the line");
        }
        output.flush().expect("takes the line");
    });
    replayed
        .assert_accounts(FOLLOWED, &[(TooManyAcls, 100_000 - FOLLOWED)])
        .assert_peak_below("100,000 Web ACLs", CAP_MIB);

    // Another run is no way around the limit.
    let others = line(&format!("{ACL}-other"), START, "ALLOW", "192.0.2.1", "/");
    sandbox.write("others.log", others.as_bytes());
    let again = sandbox.replay(&["others.log"]);
    again.assert_accounts(FOLLOWED, &[(TooManyAcls, 100_001 - FOLLOWED)]);
}

#[test]
fn depth_in_every_envelope() {
    let deep = with_field("deep", &nested(10_000));
    let bytes = deep.as_bytes();
    let envelopes: [(&str, Vec<u8>); 8] = [
        ("a line", deep.clone().into_bytes()),
        ("an array", format!("[{deep}]").into_bytes()),
        ("gzip", gzip(bytes)),
        ("CloudWatch Logs", cloudwatch(&[&deep]).into_bytes()),
        (
            "a Lambda event",
            lambda_logs(&gzip(cloudwatch(&[&deep]).as_bytes())).into_bytes(),
        ),
        ("Firehose", firehose(&[bytes]).into_bytes()),
        ("Kinesis", kinesis(&[&kpl_aggregate(&[bytes])]).into_bytes()),
        ("a KPL aggregate", kpl_aggregate(&[bytes])),
    ];
    for (name, payload) in envelopes {
        assert_alone(name, &payload, 0, &[(TooDeep, 1)]);
    }
    let mut onion = good(START).into_bytes();
    for _ in 0..40 {
        onion = firehose(&[&gzip(&onion[..])]).into_bytes();
    }
    let rejected = [(RejectReason::NestingLimit, 1)];
    assert_alone("40 envelopes in each other", &onion, 0, &rejected);
}

#[test]
fn a_flood_of_spoofed_addresses() {
    const RECORDS: i64 = 300_000;
    let sandbox = Sandbox::new();
    let replayed = sandbox.replay_with_input(&["-"], |output| {
        Flood::new().write(RECORDS, output);
    });
    replayed
        .assert_accounts(RECORDS.cast_unsigned(), &[])
        .assert_peak_below("300,000 spoofed addresses", CAP_MIB);
    // Ten windows, each with its lists, and what the incident was explained with.
    let store = std::fs::metadata(sandbox.path("wafwatch.db")).expect("a store");
    assert!(store.len() < 4 * MIB as u64, "{} bytes", store.len());
}

#[test]
fn what_a_flood_leaves_in_the_store_while_its_windows_are_open() {
    const BUDGET: usize = 128 * 1024;
    let folder = TempDir::new().expect("a folder");
    let store = SqliteStore::open(&folder.path().join("store.db"), WindowSize::DEFAULT);
    let mut pipeline =
        Pipeline::open(store.expect("opens"), pipeline_settings(30_000)).expect("opens");
    pipeline.register("flood", "flood", Some(EventTime(START)));
    let mut flood = Flood::new();
    let now = EventTime(START + 86_400_000);
    let mut position = 0;
    for _ in 0..3 {
        let mut bytes = Vec::new();
        flood.write(10_000, &mut bytes);
        let end = position + bytes.len() as u64;
        let piece = Piece {
            bytes: &bytes,
            start: position,
            end,
        };
        pipeline.count("flood", piece, now).expect("counts");
        position = end;
        // Nothing has told yet that any window is over.
        pipeline.advance("flood", EventTime(START));
        pipeline.flush(NEVER).expect("flushes");
    }
    let store = pipeline.store();
    let open = store.windows_with_partials().expect("reads");
    assert!(!open.is_empty());
    for (acl, window) in open {
        for partial in store.partials(&acl, window).expect("reads") {
            assert!(partial.len() <= BUDGET, "{} bytes", partial.len());
        }
    }
}
