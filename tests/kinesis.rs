//! The command on a Kinesis stream: an emulator, and a proxy before it that spoils calls.

#![cfg(all(unix, feature = "aws"))]

mod common;

use std::collections::BTreeMap;
use std::process::Child;
use std::time::{Duration, Instant};

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use common::command::{Ended, Sandbox, signal, wait_until};
use common::proxy::{Call, Proxy, Treatment};
use common::store::{counted, in_windows, rows, try_rows};
use common::{ACL, hostile, line};
use serde_json::json;
use tokio::runtime::Runtime;
use wafwatch_emulators::Kinesis;

const STREAM: &str = "waf";
const SOURCE: &str = "kinesis://waf";
/// Small windows that close soon.
const CONFIGURATION: &str = "
[windows]
size_seconds = 10
lateness_seconds = 1
idle_delay_seconds = 2
longest_wait_seconds = 120
";

const HOUR_MS: i64 = 3_600_000;

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// An emulator with one stream, the proxy, and what was put so far.
struct Site {
    runtime: Runtime,
    client: Client,
    proxy: Proxy,
    sandbox: Sandbox,
    written: u64,
    _kinesis: Kinesis,
}

impl Site {
    fn new(shards: i32) -> Self {
        let kinesis = Kinesis::start().expect("starts");
        let runtime = Runtime::new().expect("starts");
        let sandbox = Sandbox::new();
        sandbox.write("wafwatch.toml", CONFIGURATION);
        let site = Self {
            client: Client::new(&kinesis.sdk_config()),
            proxy: Proxy::before(&kinesis.endpoint()),
            runtime,
            sandbox,
            written: 0,
            _kinesis: kinesis,
        };
        site.create(shards);
        site
    }

    fn create(&self, shards: i32) {
        let create = self.client.create_stream().stream_name(STREAM);
        let create = create.shard_count(shards).send();
        self.runtime.block_on(create).expect("creates");
        self.wait_until_active();
    }

    fn wait_until_active(&self) {
        wait_until("the stream", || {
            let summary = self.client.describe_stream_summary().stream_name(STREAM);
            let summary = self.runtime.block_on(summary.send());
            let summary = summary
                .ok()
                .and_then(|answer| answer.stream_description_summary);
            summary.is_some_and(|summary| summary.stream_status.as_str() == "ACTIVE")
        });
    }

    fn put_bytes(&self, key: &str, data: Vec<u8>) {
        let put = self.client.put_record().stream_name(STREAM);
        let put = put.partition_key(key).data(Blob::new(data));
        self.runtime.block_on(put.send()).expect("puts");
    }

    /// Puts so many requests of this moment, with keys that go to all shards.
    fn put(&mut self, requests: u64) {
        for _ in 0..requests {
            let address = format!("192.0.2.{}", self.written % 250);
            let request = line(ACL, now(), "ALLOW", &address, "/");
            self.put_bytes(&format!("key-{}", self.written), request.into_bytes());
            self.written += 1;
        }
    }

    fn shards(&self) -> Vec<aws_sdk_kinesis::types::Shard> {
        let list = self.client.list_shards().stream_name(STREAM).send();
        let listed = self.runtime.block_on(list).expect("lists");
        listed.shards().to_vec()
    }

    fn split(&self, shard: &str) {
        let shards = self.shards();
        let split = shards.iter().find(|known| known.shard_id() == shard);
        let range = split
            .and_then(|shard| shard.hash_key_range())
            .expect("is there");
        let number = |text: &str| text.parse::<u128>().expect("a number");
        let (start, end) = (
            number(range.starting_hash_key()),
            number(range.ending_hash_key()),
        );
        let middle = start + (end - start) / 2;
        let split = self.client.split_shard().stream_name(STREAM);
        let split = split
            .shard_to_split(shard)
            .new_starting_hash_key(middle.to_string());
        self.runtime.block_on(split.send()).expect("splits");
        self.wait_until_active();
    }

    fn merge(&self, shard: &str, adjacent: &str) {
        let merge = self.client.merge_shards().stream_name(STREAM);
        let merge = merge
            .shard_to_merge(shard)
            .adjacent_shard_to_merge(adjacent);
        self.runtime.block_on(merge.send()).expect("merges");
        self.wait_until_active();
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.sandbox.command(
            &[
                &["watch", "--source", SOURCE, "--store", "store.db"],
                arguments,
            ]
            .concat(),
        );
        command
            .env("AWS_ENDPOINT_URL", &self.proxy.endpoint)
            .env("AWS_REGION", wafwatch_emulators::REGION)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        command
    }

    fn watch(&self, arguments: &[&str]) -> Watch {
        let child = self.command(arguments).spawn().expect("it starts");
        Watch { child: Some(child) }
    }

    fn wait_until_counted(&self) {
        wait_until("all records", || counted(&self.sandbox) >= self.written);
    }

    fn assert_all_counted(&self) {
        assert_eq!(counted(&self.sandbox), self.written);
        assert_eq!(in_windows(&self.sandbox), self.written);
    }
}

struct Watch {
    child: Option<Child>,
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
    fn terminate(mut self) -> Ended {
        let child = self.child.take().expect("it runs");
        signal(&child, "TERM");
        let ended = Ended::of(child.wait_with_output().expect("it ends"));
        assert_eq!(ended.code, Some(130), "{}", ended.stderr);
        ended
    }
}

/// How many calls a bad time lasts. Without an end, the calls that are spoilt can fall into step with
/// those of one shard, which then waits longer and longer.
const BAD_TIME: usize = 40;

/// Spoils every few calls of the next [`BAD_TIME`], in each of the ways in turn.
fn spoil(every: usize) -> impl FnMut(&Call) -> Treatment + Send + 'static {
    let mut calls = 0;
    move |call| {
        if call.operation() == "DescribeStreamSummary" {
            return Treatment::Pass;
        }
        calls += 1;
        if calls > BAD_TIME || calls % every != 0 {
            return Treatment::Pass;
        }
        let is_read = call.operation() == "GetRecords";
        match (calls / every) % 6 {
            0 if is_read => Treatment::error(400, "ExpiredIteratorException"),
            1 if is_read => Treatment::error(400, "ProvisionedThroughputExceededException"),
            2 => Treatment::error(400, "LimitExceededException"),
            3 => Treatment::error(500, "InternalFailure"),
            4 => Treatment::LoseAnswer,
            _ => Treatment::CutAnswer(50),
        }
    }
}

/// When each shard was first to be read, by shard id.
fn first_iterators(calls: &[Call]) -> BTreeMap<String, Instant> {
    let mut first = BTreeMap::new();
    for call in calls
        .iter()
        .filter(|call| call.operation() == "GetShardIterator")
    {
        let shard = call.json()["ShardId"].as_str().expect("a shard").to_owned();
        first.entry(shard).or_insert(call.at);
    }
    first
}

#[test]
fn nothing_is_lost_or_doubled_through_resharding_faults_and_kills() {
    let mut site = Site::new(2);
    site.put(60);
    site.proxy.treat(spoil(4));
    let watch = site.watch(&[]);
    site.wait_until_counted();
    site.proxy.treat(spoil(4));
    site.put(40);
    site.split("shardId-000000000000");
    site.put(40);
    site.wait_until_counted();
    drop(watch);
    // While nobody reads: a shard of the first generation and one of the second become one.
    site.put(20);
    site.merge("shardId-000000000003", "shardId-000000000001");
    site.put(40);
    for _ in 0..4 {
        site.proxy.treat(spoil(4));
        let watch = site.watch(&[]);
        std::thread::sleep(Duration::from_millis(700));
        site.put(5);
        drop(watch);
    }
    site.proxy.treat(spoil(4));
    let watch = site.watch(&[]);
    site.put(40);
    site.wait_until_counted();
    site.proxy.treat(spoil(4));
    site.split("shardId-000000000004");
    site.put(40);
    site.wait_until_counted();
    watch.terminate();
    site.assert_all_counted();

    let begun = first_iterators(&site.proxy.take_calls());
    assert_eq!(begun.len(), 7, "{begun:?}");
    for shard in site.shards() {
        for parent in [shard.parent_shard_id(), shard.adjacent_parent_shard_id()] {
            let Some(parent) = parent else { continue };
            assert!(begun[parent] < begun[shard.shard_id()], "{shard:?}");
        }
    }
}

/// The emulator keeps times of arrival and of creation in whole seconds.
fn next_second() {
    std::thread::sleep(Duration::from_millis(1_100));
}

#[test]
fn latest_begins_now_and_is_kept_for_the_next_run() {
    let mut site = Site::new(2);
    site.put(10);
    site.written = 0;
    let watch = site.watch(&["--from", "LATEST"]);
    let is_latest = |call: &Call| call.json()["ShardIteratorType"] == "LATEST";
    wait_until("iterators", || {
        let reads = site.proxy.count(|call| call.operation() == "GetRecords");
        site.proxy.count(is_latest) == 2 && reads >= 2
    });
    drop(watch);
    next_second();
    site.put(5);
    let watch = site.watch(&["--from", "LATEST"]);
    site.wait_until_counted();
    site.put(5);
    site.wait_until_counted();
    watch.terminate();
    site.assert_all_counted();
    assert_eq!(site.proxy.count(is_latest), 2);
}

#[test]
fn a_time_to_begin_with_is_that_of_arrival() {
    let mut site = Site::new(1);
    site.put(10);
    site.written = 0;
    next_second();
    let from = jiff::Timestamp::now().to_string();
    next_second();
    site.put(10);
    let watch = site.watch(&["--from", &from]);
    site.wait_until_counted();
    watch.terminate();
    site.assert_all_counted();
}

#[test]
fn a_stream_made_anew_is_read_from_its_beginning() {
    let mut site = Site::new(1);
    site.put(10);
    let watch = site.watch(&[]);
    site.wait_until_counted();
    let delete = site.client.delete_stream().stream_name(STREAM).send();
    site.runtime.block_on(delete).expect("deletes");
    // Its end ends the watch, and says why.
    let mut watch = watch;
    let child = watch.child.take().expect("it runs");
    let ended = Ended::of(child.wait_with_output().expect("it ends"));
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("ResourceNotFound"),
        "{}",
        ended.stdout
    );
    next_second();
    site.create(1);
    site.put(10);
    let watch = site.watch(&[]);
    site.wait_until_counted();
    watch.terminate();
    site.assert_all_counted();
}

#[test]
fn records_carry_any_envelope() {
    let mut site = Site::new(1);
    let request = line(ACL, now(), "ALLOW", "192.0.2.1", "/");
    let one = request.as_bytes();
    let compressed = hostile::gzip(hostile::cloudwatch(&[&request, &request]).as_bytes());
    site.put_bytes("a", hostile::kpl_aggregate(&[one, one, one]));
    site.put_bytes("b", compressed);
    site.put_bytes("c", format!("{request}\n{request}\n").into_bytes());
    site.put_bytes("d", b"no record".to_vec());
    site.written = 7;
    let watch = site.watch(&[]);
    site.wait_until_counted();
    let ended = watch.terminate();
    site.assert_all_counted();
    assert!(
        ended.stdout.contains("8 read = 7 accepted + 1 rejected"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("kinesis://waf/shardId"),
        "{}",
        ended.stdout
    );
}

/// Closed windows.
fn closed(site: &Site) -> usize {
    try_rows(&site.sandbox.path("store.db"), "SELECT 1 FROM windows").map_or(0, |rows| rows.len())
}

#[test]
fn a_shard_that_lags_holds_windows_back_and_one_at_its_end_does_not() {
    let mut site = Site::new(2);
    site.put(60);
    // The second shard says that it has much more, and delivers nothing.
    site.proxy.treat(|call| {
        let request = call.json();
        let answer = if request["ShardId"] == "shardId-000000000001" {
            json!({"ShardIterator": "withheld"})
        } else if request["ShardIterator"] == "withheld" {
            json!({"Records": [], "NextShardIterator": "withheld", "MillisBehindLatest": HOUR_MS})
        } else {
            return Treatment::Pass;
        };
        Treatment::Answer(200, answer.to_string())
    });
    let _watch = site.watch(&[]);
    wait_until("the first shard", || counted(&site.sandbox) > 0);
    let held_until = Instant::now() + Duration::from_secs(16);
    while Instant::now() < held_until {
        assert_eq!(closed(&site), 0);
        std::thread::sleep(Duration::from_millis(200));
    }
    site.proxy
        .treat(|call| match call.json()["ShardIterator"].as_str() {
            Some("withheld") => Treatment::error(400, "ExpiredIteratorException"),
            _ => Treatment::Pass,
        });
    site.wait_until_counted();
    // Nothing comes any more; time goes on, for a site that is silent is a finding.
    wait_until("windows", || closed(&site) >= 2);
    let incomplete = "SELECT 1 FROM windows WHERE complete = 0";
    let incomplete = rows(&site.sandbox.path("store.db"), incomplete);
    assert!(incomplete.is_empty());
}

#[test]
fn a_shard_is_asked_no_more_often_than_kinesis_serves() {
    let mut site = Site::new(1);
    site.put(200);
    let watch = site.watch(&[]);
    site.wait_until_counted();
    std::thread::sleep(Duration::from_secs(3));
    watch.terminate();
    let calls = site.proxy.take_calls();
    let reads: Vec<Instant> = calls
        .iter()
        .filter(|call| call.operation() == "GetRecords")
        .map(|call| call.at)
        .collect();
    assert!(reads.len() >= 3, "{}", reads.len());
    for pair in reads.windows(2) {
        assert!(pair[1] - pair[0] >= Duration::from_millis(200));
    }
}

#[test]
fn mistakes_are_told() {
    let site = Site::new(1);
    for (arguments, code, reason) in [
        (
            &["watch", "--source", "kinesis://absent"][..],
            1,
            "check the name, the account and AWS_REGION",
        ),
        (&["watch", "--source", "waf"], 2, "names no stream"),
        (
            &["watch", "--source", SOURCE, "waf.log"],
            2,
            "cannot be used with",
        ),
        (
            &["watch", "--source", SOURCE, "--from", "soon"],
            2,
            "TRIM_HORIZON",
        ),
        (&["watch", "--from", "LATEST"], 2, "--source"),
        (&["watch", SOURCE], 2, "--source"),
        (&["watch", "s3://bucket/"], 2, "replay"),
        (&["replay", SOURCE], 2, "watch --source"),
    ] {
        let mut command = site.sandbox.command(arguments);
        command
            .env("AWS_ENDPOINT_URL", &site.proxy.endpoint)
            .env("AWS_REGION", wafwatch_emulators::REGION)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        let ended = Ended::of(command.output().expect("it starts"));
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.stderr);
        assert!(
            ended.stderr.contains(reason),
            "{arguments:?}: {}",
            ended.stderr
        );
    }
}
