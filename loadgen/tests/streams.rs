//! The command from outside, where it sends to streams: emulators of them, that refuse at times.

#![cfg(feature = "aws")]

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Instant;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::types::ShardIteratorType;
use cpu_time::ProcessTime;
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use wafwatch_emulators::{Firehose, Kinesis};

const STREAM: &str = "waf";

/// A folder, and the account that commands in it find.
struct Site {
    folder: TempDir,
    endpoint: String,
}

impl Site {
    fn at(endpoint: String) -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            endpoint,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn loadgen(&self, line: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_loadgen"))
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_REGION", wafwatch_emulators::REGION)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .output()
            .expect("the command starts")
    }

    /// Lines that a run makes.
    fn made(&self, line: &str) -> Vec<String> {
        let output = self.loadgen(line);
        let text = String::from_utf8(output.stdout).expect("text");
        sorted(text.lines())
    }

    /// Sends, and returns the report.
    fn send(&self, line: &str) -> Value {
        let output = self.loadgen(&format!("{line} --report r.json"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said}");
        self.report()
    }

    fn report(&self) -> Value {
        let text = std::fs::read_to_string(self.path("r.json")).expect("a report");
        serde_json::from_str(&text).expect("JSON")
    }
}

fn sorted<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines.sort();
    lines
}

/// One record of a shard.
struct Put {
    shard: String,
    key: String,
    data: Vec<u8>,
}

/// An emulator with one stream, and a client that reads it.
struct Reader {
    kinesis: Kinesis,
    runtime: Runtime,
    client: Client,
}

impl Reader {
    fn of(kinesis: Kinesis, shards: i32) -> Self {
        let runtime = Runtime::new().expect("starts");
        let client = Client::new(&kinesis.sdk_config());
        let create = client.create_stream().stream_name(STREAM);
        runtime
            .block_on(create.shard_count(shards).send())
            .expect("creates");
        let reader = Self {
            kinesis,
            runtime,
            client,
        };
        while !reader.is_active() {}
        reader
    }

    fn is_active(&self) -> bool {
        let summary = self.client.describe_stream_summary().stream_name(STREAM);
        let summary = self.runtime.block_on(summary.send()).expect("is there");
        let summary = summary.stream_description_summary.expect("described");
        summary.stream_status.as_str() == "ACTIVE"
    }

    fn site(&self) -> Site {
        Site::at(self.kinesis.endpoint())
    }

    /// All that is in the stream.
    fn read(&self) -> Vec<Put> {
        let shards = self.client.list_shards().stream_name(STREAM).send();
        let shards = self.runtime.block_on(shards).expect("lists");
        let mut found = Vec::new();
        for shard in shards.shards() {
            let iterator = self.client.get_shard_iterator().stream_name(STREAM);
            let iterator = iterator
                .shard_id(shard.shard_id())
                .shard_iterator_type(ShardIteratorType::TrimHorizon);
            let mut iterator = self
                .runtime
                .block_on(iterator.send())
                .expect("is there")
                .shard_iterator;
            loop {
                let get = self.client.get_records().set_shard_iterator(iterator);
                let got = self.runtime.block_on(get.send()).expect("is read");
                if got.records.is_empty() && got.millis_behind_latest == Some(0) {
                    break;
                }
                found.extend(got.records.into_iter().map(|record| Put {
                    shard: shard.shard_id().to_owned(),
                    key: record.partition_key.unwrap_or_default(),
                    data: record.data.into_inner(),
                }));
                iterator = got.next_shard_iterator;
            }
        }
        found
    }
}

fn unzip(data: &[u8]) -> String {
    let mut text = String::new();
    let mut decoder = MultiGzDecoder::new(data);
    decoder.read_to_string(&mut text).expect("gzip of text");
    text
}

fn shards(puts: &[Put]) -> BTreeSet<&str> {
    puts.iter().map(|put| put.shard.as_str()).collect()
}

#[test]
fn plain_and_packed_records_arrive_over_all_shards() {
    let scenario = "flood --lead-in 10m --duration 20m --intensity 0.1";
    let reader = Reader::of(Kinesis::start().expect("starts"), 3);
    let site = reader.site();
    let made = site.made(scenario);
    assert!(made.len() > 1_000, "{}", made.len());

    let report = site.send(&format!("{scenario} --kinesis {STREAM} --hgrm h.hgrm"));
    let puts = reader.read();
    let text: String = puts
        .iter()
        .map(|put| std::str::from_utf8(&put.data).expect("text"))
        .collect();
    assert!(sorted(text.lines()) == made);
    assert_eq!(puts.len(), made.len());
    assert_eq!(shards(&puts).len(), 3);
    assert_eq!(report["records"].as_u64(), Some(made.len() as u64));
    assert_eq!(report["stream"]["records"], report["records"]);
    assert_eq!(report["failures"], serde_json::json!({}));
    let hgrm = std::fs::read_to_string(site.path("h.hgrm")).expect("is written");
    assert!(
        hgrm.contains(&format!("Total count    = {:>12}", made.len())),
        "{hgrm}"
    );

    let reader = Reader::of(Kinesis::start().expect("starts"), 3);
    let site = reader.site();
    let report = site.send(&format!("{scenario} --kinesis {STREAM} --encoding packed"));
    let puts = reader.read();
    let text: String = puts.iter().map(|put| unzip(&put.data)).collect();
    assert!(sorted(text.lines()) == made);
    assert_eq!(
        report["stream"]["records"].as_u64(),
        Some(puts.len() as u64)
    );
    assert!(puts.len() * 100 < made.len(), "{}", puts.len());
    let bytes = report["stream"]["bytes"].as_u64().expect("a number");
    assert!(
        bytes * 10 < report["bytes"].as_u64().expect("a number"),
        "{report}"
    );
}

#[test]
fn keys_choose_the_shard() {
    let scenario = "attack --acls 4";
    for (key, expected) in [("hash=0", 1), ("fixed=mine", 1), ("client", 0), ("acl", 0)] {
        let reader = Reader::of(Kinesis::start().expect("starts"), 3);
        let site = reader.site();
        site.send(&format!("{scenario} --kinesis {STREAM} --key {key}"));
        let puts = reader.read();
        assert!(puts.len() > 100);
        if expected > 0 {
            assert_eq!(shards(&puts).len(), expected, "{key}");
        }
        for put in &puts {
            let record: Value = serde_json::from_slice(&put.data).expect("JSON");
            let of_record = match key {
                "acl" => record["webaclId"].as_str(),
                "client" => record["httpRequest"]["clientIp"].as_str(),
                "fixed=mine" => Some("mine"),
                _ => Some("a"),
            };
            assert_eq!(Some(put.key.as_str()), of_record, "{key}");
        }
    }
}

#[test]
fn a_shard_that_is_full_gets_the_rest_later() {
    let options = ferrokinesis_options();
    let reader = Reader::of(Kinesis::start_with(options).expect("starts"), 1);
    let site = reader.site();
    // Four times what a shard takes in a second.
    let scenario = "normal --rate 1000 --duration 2s";
    let made = site.made(scenario);
    let report = site.send(&format!("{scenario} --kinesis {STREAM} --connections 2"));
    let text: String = reader
        .read()
        .iter()
        .map(|put| std::str::from_utf8(&put.data).expect("text").to_owned())
        .collect();
    assert!(sorted(text.lines()) == made);
    let again = report["retried"]["ProvisionedThroughputExceededException"].as_u64();
    assert!(again > Some(0), "{report}");
    assert_eq!(report["failures"], serde_json::json!({}));
}

/// How fast both ends are on this machine. The emulator runs in this process and the generator in one of
/// its own, so this process's time over the clock says which of them keeps the other waiting.
#[test]
#[ignore = "a measurement"]
#[allow(clippy::print_stdout)]
fn what_the_emulator_takes() {
    for encoding in ["plain", "packed"] {
        let reader = Reader::of(Kinesis::start().expect("starts"), 8);
        let (clock, processor) = (Instant::now(), ProcessTime::now());
        let scenario = "normal --rate 1000 --duration 300s";
        let report = reader.site().send(&format!(
            "{scenario} --kinesis {STREAM} --encoding {encoding} --connections 32"
        ));
        let (clock, processor) = (clock.elapsed(), processor.elapsed());
        let records = report["records"].as_u64().expect("a number") as f64;
        println!(
            "{encoding}: {:.0} records/s, emulator {:.2} processors",
            records / clock.as_secs_f64(),
            processor.as_secs_f64() / clock.as_secs_f64()
        );
        assert_eq!(report["failures"], serde_json::json!({}));
    }
}

fn ferrokinesis_options() -> wafwatch_emulators::KinesisOptions {
    wafwatch_emulators::KinesisOptions {
        create_stream_ms: 1,
        enforce_limits: true,
        aws_region: wafwatch_emulators::REGION.to_owned(),
        ..wafwatch_emulators::KinesisOptions::default()
    }
}

#[test]
fn what_is_not_taken_in_time_is_counted_and_the_run_fails() {
    let firehose = Firehose::start(STREAM, Some(1)).expect("starts");
    let site = Site::at(firehose.endpoint());
    let line = format!("attack --firehose {STREAM} --retry-for 250ms --report r.json");
    let output = site.loadgen(&line);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("119 records were not taken by waf"), "{said}");
    let report = site.report();
    assert_eq!(report["records"], 0);
    assert_eq!(report["failures"]["ServiceUnavailableException"], 119);
    assert!(
        report["retried"]["ServiceUnavailableException"].as_u64() > Some(0),
        "{report}"
    );
    assert_eq!(firehose.records().len(), 0);
}

#[test]
fn a_batch_that_firehose_takes_in_part_is_sent_until_all_is_there() {
    for encoding in ["plain", "cloudwatch"] {
        let firehose = Firehose::start(STREAM, Some(3)).expect("starts");
        let site = Site::at(firehose.endpoint());
        let scenario = "flood --lead-in 10m --duration 20m --intensity 0.1";
        let made = site.made(scenario);
        let report = site.send(&format!(
            "{scenario} --firehose {STREAM} --encoding {encoding}"
        ));
        let mut found = Vec::new();
        for data in firehose.records() {
            match encoding {
                "plain" => found.extend(
                    String::from_utf8(data)
                        .expect("text")
                        .lines()
                        .map(str::to_owned),
                ),
                _ => {
                    let envelope: Value = serde_json::from_str(&unzip(&data)).expect("JSON");
                    let events = envelope["logEvents"].as_array().expect("a list");
                    let messages = events.iter().filter_map(|event| event["message"].as_str());
                    found.extend(messages.map(str::to_owned));
                }
            }
        }
        found.sort();
        assert!(
            found == made,
            "{encoding}: {} of {}",
            found.len(),
            made.len()
        );
        assert_eq!(report["records"].as_u64(), Some(made.len() as u64));
    }
}

#[test]
fn a_stream_that_is_not_there_is_told_at_once() {
    let kinesis = Kinesis::start().expect("starts");
    let firehose = Firehose::start("other", None).expect("starts");
    for (endpoint, option) in [
        (kinesis.endpoint(), "--kinesis"),
        (firehose.endpoint(), "--firehose"),
    ] {
        let site = Site::at(endpoint);
        let output = site.loadgen(&format!("attack {option} {STREAM} --retry-for 1h"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("waf takes no records"), "{said}");
        assert!(said.contains("ResourceNotFoundException"), "{said}");
    }
}
