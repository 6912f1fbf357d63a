//! What the load generator puts into a stream, in each of its encodings, is what the command counts.

#![cfg(all(unix, feature = "aws"))]

mod common;

use std::process::{Child, Stdio};
use std::time::Duration;

use aws_sdk_kinesis::Client;
use common::command::{Ended, Sandbox, signal, wait_until};
use common::store::{counted, in_windows};
use tokio::runtime::Runtime;
use wafwatch::forward::{PackLimits, pack};
use wafwatch_emulators::Kinesis;
use wafwatch_loadgen::envelope::{Encoder, Encoding, Key};
use wafwatch_loadgen::stream::{Service, Stream};
use wafwatch_loadgen::{Generator, Options, Scenario};

const STREAM: &str = "waf";
/// Records that are encoded at a time.
const TURN: usize = 700;

fn made(start_ms: i64) -> Vec<Vec<u8>> {
    let mut options = Options::new(Scenario::Several);
    options.start_ms = start_ms;
    options.acls = 2;
    options.rate = 0.3;
    options.intensity = 0.05;
    let mut generator = Generator::new(&options).expect("valid options");
    let mut lines = Vec::new();
    let mut line = Vec::new();
    while generator.write_next(&mut line).is_some() {
        lines.push(std::mem::take(&mut line));
    }
    lines
}

/// Ends with the test.
struct Watch(Option<Child>);

impl Watch {
    fn end(mut self) -> Ended {
        let child = self.0.take().expect("it runs");
        signal(&child, "TERM");
        Ended::of(child.wait_with_output().expect("it ends"))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn watch(sandbox: &Sandbox, endpoint: &str) -> Watch {
    let arguments = ["watch", "--source", "kinesis://waf", "--store", "store.db"];
    let child = sandbox
        .command(&arguments)
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_REGION", wafwatch_emulators::REGION)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    Watch(Some(child.expect("it starts")))
}

#[test]
fn every_record_in_a_stream_is_counted_once_whatever_carries_it() {
    // Two hours that ended some minutes ago.
    let now = jiff::Timestamp::now().as_millisecond();
    let lines = made(now - 150 * 60_000);
    assert!(lines.len() > 2_000, "{}", lines.len());
    for (encoding, key) in [
        (Encoding::Plain, Key::Random),
        (Encoding::Packed, Key::Content),
        (Encoding::Packed, Key::Acl),
        (Encoding::Kpl, Key::Random),
        (Encoding::CloudWatch, Key::Client),
    ] {
        let kinesis = Kinesis::start().expect("starts");
        let runtime = Runtime::new().expect("starts");
        let config = kinesis.sdk_config();
        let client = Client::new(&config);
        let create = client.create_stream().stream_name(STREAM).shard_count(2);
        runtime.block_on(create.send()).expect("creates");

        let mut stream = Stream::new(&config, Service::Kinesis, STREAM, 0);
        let limits = Service::Kinesis.limits();
        let mut encoder = Encoder::new(encoding, key.clone(), limits, 1, 0);
        let mut taken = 0;
        for turn in lines.chunks(TURN) {
            let turn: Vec<&[u8]> = turn.iter().map(Vec::as_slice).collect();
            let encoded = encoder.encode(&turn);
            assert!(encoded.oversized.is_empty());
            let put = stream.put(encoded.entries, Duration::from_secs(60));
            let settled = runtime.block_on(put).expect("is there");
            assert!(settled.lost.is_empty(), "{settled:?}");
            taken += settled
                .taken
                .iter()
                .map(|(_, lines)| lines.len())
                .sum::<usize>();
        }
        assert_eq!(taken, lines.len());

        let sandbox = Sandbox::new();
        let watch = watch(&sandbox, &kinesis.endpoint());
        let sent = lines.len() as u64;
        wait_until("all records", || counted(&sandbox) >= sent);
        let ended = watch.end();
        assert_eq!(counted(&sandbox), sent, "{encoding:?}: {}", ended.stderr);
        assert_eq!(in_windows(&sandbox), sent, "{encoding:?}: {}", ended.stderr);
    }
}

#[test]
fn packs_are_those_of_the_forwarder_byte_for_byte() {
    let lines = made(wafwatch_loadgen::DEFAULT_START_MS);
    let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    let limits = Service::Kinesis.limits();
    let mut encoder = Encoder::new(Encoding::Packed, Key::Content, limits, 1, 0);
    let encoded = encoder.encode(&lines).entries;
    // As Firehose hands them over: the forwarder puts the line feeds between them.
    let payloads: Vec<&[u8]> = lines.iter().map(|line| line.trim_ascii_end()).collect();
    let packed = pack(&payloads, PackLimits::default()).packs;
    assert!(packed.len() > 1);
    assert_eq!(encoded.len(), packed.len());
    for (entry, pack) in encoded.iter().zip(&packed) {
        assert!(entry.data == pack.data);
        assert_eq!(entry.key, pack.partition_key);
    }
}
