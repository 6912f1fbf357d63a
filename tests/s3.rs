//! The command on a bucket: an emulator, and a proxy before it that counts and spoils requests.

#![cfg(all(unix, feature = "aws"))]

mod common;

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use common::command::{Ended, Sandbox};
use common::proxy::{Call, Proxy, Treatment};
use common::store::{counted, in_windows};
use common::{ACL, hostile, line};
use jiff::{Timestamp, ToSpan};
use tokio::runtime::Runtime;
use wafwatch_emulators::Ministack;

const LOGS: &str = "AWSLogs/111122223333/WAFLogs/eu-central-1/shop";
const MINUTE_MS: i64 = 60_000;
/// Records of each object, spread over its five minutes.
const RECORDS: i64 = 10;

/// A bucket of its own, and the proxy before it.
struct Site {
    runtime: Runtime,
    client: Client,
    bucket: String,
    proxy: Proxy,
    sandbox: Sandbox,
}

impl Site {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let ministack = Ministack::shared();
        let runtime = Runtime::new().expect("starts");
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let bucket = format!("waf-logs-{}-{number}", std::process::id());
        let config = aws_sdk_s3::config::Builder::from(&ministack.sdk_config())
            .force_path_style(true)
            .build();
        let client = Client::from_conf(config);
        let create = client.create_bucket().bucket(&bucket).send();
        runtime.block_on(create).expect("creates");
        Self {
            proxy: Proxy::before(&ministack.endpoint()),
            sandbox: Sandbox::new(),
            runtime,
            client,
            bucket,
        }
    }

    fn put(&self, key: &str, data: Vec<u8>) {
        let put = self.client.put_object().bucket(&self.bucket).key(key);
        let put = put.body(ByteStream::from(data)).send();
        self.runtime.block_on(put).expect("puts");
    }

    /// Puts an object as WAF writes them, with records from its slot on.
    fn put_slot(&self, slot: &str) {
        let time = time(slot);
        let folder = Timestamp::from_millisecond(time).expect("a time");
        let (folder, stamp) = (
            folder.strftime("%Y/%m/%d/%H/%M"),
            folder.strftime("%Y%m%dT%H%MZ"),
        );
        let key =
            format!("{LOGS}/{folder}/111122223333_waflogs_eu-central-1_shop_{stamp}_0a1b.log.gz");
        self.put(&key, hostile::gzip(lines(time).as_bytes()));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let prefix = format!("s3://{}/", self.bucket);
        self.command_at(&prefix, arguments)
    }

    fn command_at(&self, prefix: &str, arguments: &[&str]) -> Command {
        let mut all = vec!["replay", prefix, "--store", "store.db"];
        all.extend(arguments);
        let mut command = self.sandbox.command(&all);
        command
            .env("AWS_ENDPOINT_URL", &self.proxy.endpoint)
            .env("AWS_REGION", wafwatch_emulators::REGION)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        command
    }

    fn replay(&self, from: &str, to: &str) -> Ended {
        let mut command = self.command(&["--from", from, "--to", to]);
        Ended::of(command.output().expect("it starts"))
    }

    fn assert_counted(&self, records: u64) {
        assert_eq!(counted(&self.sandbox), records);
        assert_eq!(in_windows(&self.sandbox), records);
    }
}

fn time(text: &str) -> i64 {
    let time: Timestamp = text.parse().expect("a time");
    time.as_millisecond()
}

fn lines(start: i64) -> String {
    let record = |number: i64| {
        let time = start + number * 5 * MINUTE_MS / RECORDS;
        line(ACL, time, "ALLOW", &format!("192.0.2.{number}"), "/") + "\n"
    };
    (0..RECORDS).map(record).collect()
}

/// The prefixes that were listed.
fn listed(calls: &[Call]) -> BTreeSet<String> {
    let prefix = |call: &Call| {
        let query = call.line.split_once('?')?.1;
        let is_list = query.contains("list-type=2");
        let prefix = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("prefix="));
        is_list.then(|| prefix.unwrap_or_default().replace("%2F", "/"))
    };
    calls.iter().filter_map(prefix).collect()
}

/// The keys that were read.
fn read(calls: &[Call]) -> Vec<String> {
    let key = |call: &Call| {
        let path = call.line.strip_prefix("GET /")?.split('?').next()?;
        let key = path.split_once('/')?.1.to_owned();
        (!key.is_empty() && !call.line.contains("list-type=2")).then_some(key)
    };
    calls.iter().filter_map(key).collect()
}

#[test]
fn only_what_can_hold_the_time_is_listed_and_read_and_nothing_counts_twice() {
    let site = Site::new();
    let mut slot: Timestamp = "2026-01-05T08:00:00Z".parse().expect("a time");
    for _ in 0..60 {
        site.put_slot(&slot.to_string());
        slot += 5.minutes();
    }
    for elsewhere in [
        "2024-01-05T10:00:00Z",
        "2025-12-31T10:00:00Z",
        "2026-01-04T10:00:00Z",
        "2026-02-05T10:00:00Z",
    ] {
        site.put_slot(elsewhere);
    }

    let ended = site.replay("2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    site.assert_counted(60);
    let outside = "records outside the time that was asked for";
    assert!(ended.stdout.contains(outside), "{}", ended.stdout);
    let calls = site.proxy.take_calls();
    let day = format!("{LOGS}/2026/01/05/");
    let mut expected: BTreeSet<String> = ["", "AWSLogs/", "AWSLogs/111122223333/"]
        .map(str::to_owned)
        .into();
    let folders = [
        "AWSLogs/111122223333/WAFLogs/",
        "AWSLogs/111122223333/WAFLogs/eu-central-1/",
    ];
    expected.extend(folders.map(str::to_owned));
    for folder in [
        "",
        "2026/",
        "2026/01/",
        "2026/01/05/",
        "2026/01/05/09/",
        "2026/01/05/10/",
    ] {
        expected.insert(format!("{LOGS}/{folder}"));
    }
    expected.extend([45, 50, 55].map(|minute| format!("{day}09/{minute}/")));
    expected.extend((0..9).map(|slot| format!("{day}10/{:02}/", 5 * slot)));
    assert_eq!(listed(&calls), expected);
    let read_first = read(&calls);
    assert_eq!(read_first.len(), 12, "{read_first:?}");

    // Again: nothing is read. Another range that overlaps: what was not counted.
    let ended = site.replay("2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z");
    assert!(
        ended.stdout.contains("was counted before"),
        "{}",
        ended.stdout
    );
    site.assert_counted(60);
    assert_eq!(read(&site.proxy.take_calls()), Vec::<String>::new());
    site.replay("2026-01-05T10:12:34Z", "2026-01-05T11:00:00Z");
    site.assert_counted(120);
    site.replay("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z");
    site.assert_counted(600);

    // A record of an object's last minute is not lost to the range that begins in its middle.
    let windows = common::store::rows(&site.sandbox.path("store.db"), "SELECT 1 FROM windows");
    assert_eq!(windows.len(), 300);
}

#[test]
fn firehose_and_hive_layouts_are_read_plain_or_compressed() {
    let site = Site::new();
    for (hour, start) in [(9, "2026-01-05T09:03:00Z"), (12, "2026-01-05T12:03:00Z")] {
        let name = format!("aws-waf-logs-shop-1-2026-01-05-{hour:02}-03-44-1111-2222");
        let records = lines(time(start));
        site.put(
            &format!("plain/2026/01/05/{hour:02}/{name}"),
            records.clone().into_bytes(),
        );
        let folder = format!("hive/year=2026/month=01/day=05/hour={hour:02}");
        let compressed = hostile::gzip(records.replace(ACL, "other").as_bytes());
        site.put(&format!("{folder}/{name}.gz"), compressed);
    }
    site.put("hive/year=2026/month=01/day=05/", Vec::new());
    let ended = site.replay("2026-01-05T12:00:00Z", "2026-01-05T13:00:00Z");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    site.assert_counted(20);
    assert_eq!(read(&site.proxy.take_calls()).len(), 2);
}

#[test]
fn streams_that_break_go_on_where_they_stood() {
    let site = Site::new();
    let text: String = (0..400)
        .map(|number| lines(time("2026-01-05T10:00:00Z") + number))
        .collect();
    site.put("2026/01/05/10/plain", text.clone().into_bytes());
    site.put("2026/01/05/10/packed.gz", hostile::gzip(text.as_bytes()));
    let mut reads = 0;
    site.proxy.treat(move |call| {
        let is_read = !read(std::slice::from_ref(call)).is_empty();
        reads += usize::from(is_read);
        match (is_read, reads % 4) {
            (true, 1 | 2) => Treatment::CutAnswer(60),
            (true, 3) => Treatment::LoseAnswer,
            _ => Treatment::Pass,
        }
    });
    let ended = site.replay("2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("+ 0 rejected"), "{}", ended.stdout);
    site.assert_counted(2 * 400 * RECORDS.cast_unsigned());
    let calls = site.proxy.take_calls();
    let resumed = calls
        .iter()
        .filter(|call| call.headers.contains_key("range"));
    assert!(resumed.count() >= 2);
    let reads = calls
        .iter()
        .filter(|call| !read(std::slice::from_ref(call)).is_empty());
    assert!(
        reads
            .clone()
            .all(|call| call.headers.contains_key("if-match"))
    );
}

#[test]
fn an_object_that_was_changed_is_named_and_the_rest_is_counted() {
    let site = Site::new();
    site.put_slot("2026-01-05T10:00:00Z");
    site.put_slot("2026-01-05T10:05:00Z");
    site.proxy.treat(
        |call| match call.line.contains("T1005Z") && call.line.starts_with("GET") {
            true => Treatment::Answer(412, "<Error><Code>PreconditionFailed</Code></Error>".into()),
            false => Treatment::Pass,
        },
    );
    let ended = site.replay("2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z");
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.stdout.contains("it was changed"), "{}", ended.stdout);
    site.assert_counted(10);
    // Then it is there again.
    site.proxy.treat(|_| Treatment::Pass);
    let ended = site.replay("2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    site.assert_counted(20);
}

#[test]
fn kills_change_nothing() {
    let site = Site::new();
    site.sandbox
        .write("wafwatch.toml", "[store]\ncommit_mib = 1\n");
    let start = time("2026-01-05T10:00:00Z");
    for object in 0..6 {
        let text: String = (0..700)
            .map(|number| lines(start + object * 60_000 + number))
            .collect();
        let name = format!("2026/01/05/10/{object}");
        match object % 2 {
            0 => site.put(&name, text.into_bytes()),
            _ => site.put(&name, hostile::gzip(text.as_bytes())),
        }
    }
    let range = [
        "--from",
        "2026-01-05T10:00:00Z",
        "--to",
        "2026-01-05T11:00:00Z",
    ];
    // However fast the command is, it is at work when it is killed.
    site.proxy.treat(|_| {
        std::thread::sleep(Duration::from_millis(150));
        Treatment::Pass
    });
    let mut kills = 0;
    for wait in (0..12).map(|step| 100 + 60 * step) {
        let mut child = site.command(&range).spawn().expect("it starts");
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().expect("it is our child");
        kills += usize::from(child.wait().expect("it is our child").code().is_none());
    }
    assert!(kills > 3, "{kills}");
    site.proxy.treat(|_| Treatment::Pass);
    let ended = Ended::of(site.command(&range).output().expect("it starts"));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    site.assert_counted(6 * 700 * RECORDS.cast_unsigned());
}

#[test]
fn mistakes_are_told() {
    let site = Site::new();
    site.put_slot("2026-01-05T10:00:00Z");
    let bucket = format!("s3://{}/", site.bucket);
    let later = ["--from", "2027-01-01T00:00:00Z"];
    let backwards = [
        "--from",
        "2026-01-02T00:00:00Z",
        "--to",
        "2026-01-01T00:00:00Z",
    ];
    for (prefix, arguments, code, reason) in [
        ("s3://absent-bucket-of-nobody/", &[][..], 1, "NoSuchBucket"),
        ("s3://", &[], 2, "names no bucket"),
        (
            bucket.as_str(),
            &later,
            2,
            "can hold records of the time asked for",
        ),
        (bucket.as_str(), &backwards, 2, "--to must be a later time"),
        (bucket.as_str(), &["--from", "yesterday"], 2, "yesterday"),
    ] {
        let mut command = site.command_at(prefix, arguments);
        let ended = Ended::of(command.output().expect("it starts"));
        assert_eq!(ended.code, Some(code), "{prefix}: {}", ended.stderr);
        assert!(ended.stderr.contains(reason), "{prefix}: {}", ended.stderr);
    }
}
