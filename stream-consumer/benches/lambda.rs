//! What the function behind the stream takes: start, processor time for each envelope, memory, size.
//!
//! `cargo bench -p wafwatch-stream-consumer --bench lambda` prints the figures as JSON, which
//! `docs/costs --measure` keeps and computes with. The real binary answers to a Runtime API on this machine,
//! over an emulated stream and table, so times on the clock mean nothing here; processor time and memory are
//! those of its process alone, as Linux counts them. The processor of this machine is not the one of Lambda.

#![allow(clippy::print_stdout)]

#[path = "../tests/common/incidents.rs"]
#[allow(dead_code)]
mod incidents;
#[path = "../tests/common/streams.rs"]
#[allow(dead_code)]
mod streams;

use std::path::Path;
use std::time::Duration;

use aws_sdk_kinesis::Client;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wafwatch::store::dynamodb::DynamoStore;
use wafwatch_emulators::{Function, Kinesis, Ministack};
use wafwatch_loadgen::envelope::{Encoder, Encoding, Key, Limits};
use wafwatch_loadgen::{Generator, Options, Scenario};
use wafwatch_stream_consumer::now;

const CONSUMER: &str = env!("CARGO_BIN_EXE_consumer");
const STREAM: &str = "waf-logs";
const TIME: Duration = Duration::from_secs(60);
const STARTS: usize = 20;
/// Calls of each envelope, and records of a call: as many plain ones as the 6 MB of a call take.
const CALLS: usize = 25;
const RECORDS: usize = 2_000;
const TICKS_PER_SECOND: f64 = 100.0;

#[tokio::main]
async fn main() {
    let account = Account::new().await;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(account.initialised().await.as_secs_f64() * 1_000.0);
    }
    starts.sort_by(f64::total_cmp);
    let idle = account.measure(Encoding::Plain, 1).await;
    let mut envelopes = serde_json::Map::new();
    for (name, encoding) in [
        ("plain", Encoding::Plain),
        ("packed", Encoding::Packed),
        ("cloudwatch", Encoding::CloudWatch),
    ] {
        let full = account.measure(encoding, RECORDS).await;
        let of_records = (full.cpu - idle.cpu).max(0.0) / (RECORDS - 1) as f64;
        envelopes.insert(
            name.to_owned(),
            json!({
                "cpu_seconds_per_million": rounded(of_records * 1e6, 100.0),
                "peak_mib": rounded(full.peak_mib, 10.0),
            }),
        );
    }
    let bytes = std::fs::metadata(CONSUMER).expect("it was built").len();
    let figures = json!({
        "binary_mib": rounded(bytes as f64 / f64::from(1 << 20), 10.0),
        "init_ms": rounded(starts[STARTS / 2], 10.0),
        "init_longest_ms": rounded(starts[STARTS - 1], 10.0),
        "call_cpu_ms": rounded(idle.cpu * 1_000.0, 100.0),
        "records_of_a_call": RECORDS,
        "envelopes": envelopes,
    });
    println!("{figures}");
}

fn rounded(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}

/// What calls took.
struct Took {
    /// Seconds of a processor, a call.
    cpu: f64,
    peak_mib: f64,
}

struct Account {
    kinesis: Kinesis,
    store: DynamoStore,
}

impl Account {
    async fn new() -> Self {
        let kinesis = Kinesis::start().expect("starts");
        let client = Client::new(&kinesis.sdk_config());
        streams::create_stream(&client, STREAM, 1).await;
        let store = incidents::store(&Ministack::shared().sdk_config()).await;
        Self { kinesis, store }
    }

    fn start(&self, table: &str) -> Function {
        let (stream, database) = (self.kinesis.endpoint(), Ministack::shared().endpoint());
        let environment = [
            ("AWS_ENDPOINT_URL_KINESIS", stream.as_str()),
            ("AWS_ENDPOINT_URL_DYNAMODB", database.as_str()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("WAFWATCH_STREAM", STREAM),
            ("WAFWATCH_TABLE", table),
        ];
        Function::start(Path::new(CONSUMER), &environment).expect("starts")
    }

    async fn initialised(&self) -> Duration {
        let function = self.start(self.store.table());
        loop {
            if let Some(took) = function.initialised() {
                return took;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Calls with so many records in `encoding` each, to a function and a table of their own; the first call
    /// warms it up.
    async fn measure(&self, encoding: Encoding, records: usize) -> Took {
        let store = incidents::store(&Ministack::shared().sdk_config()).await;
        let function = self.start(store.table());
        let mut batches = Batches::new(encoding, records);
        let mut before = 0.0;
        for call in 0..=CALLS {
            let event = batches.next_event();
            let answer = function.invoke(event.to_string().as_bytes(), TIME).await;
            let answer = answer.unwrap_or_else(|error| panic!("{error}"));
            let answer: Value = serde_json::from_slice(&answer).expect("answers with JSON");
            assert_eq!(answer["batchItemFailures"], json!([]), "{}", function.log());
            if call == 0 {
                before = cpu_seconds(function.id());
            }
        }
        Took {
            cpu: (cpu_seconds(function.id()) - before) / CALLS as f64,
            peak_mib: peak_mib(function.id()),
        }
    }
}

/// Events with one batch each, of records from half an hour ago on.
struct Batches {
    generator: Generator,
    encoder: Encoder,
    records: usize,
    sequence: u64,
}

impl Batches {
    fn new(encoding: Encoding, records: usize) -> Self {
        let mut options = Options::new(Scenario::Normal);
        options.rate = 1_000.0;
        options.start_ms = now().0 - 30 * 60_000;
        let limits = Limits {
            entry_bytes: 1 << 20,
        };
        let key = match encoding {
            Encoding::Packed => Key::Content,
            _ => Key::Random,
        };
        Self {
            generator: Generator::new(&options).expect("valid options"),
            encoder: Encoder::new(encoding, key, limits, 1, 0),
            records,
            sequence: 0,
        }
    }

    fn next_event(&mut self) -> Value {
        let mut lines = Vec::new();
        for _ in 0..self.records {
            let mut line = Vec::new();
            self.generator.write_next(&mut line).expect("a day is long");
            lines.push(line);
        }
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        let arrival = now().0 as f64 / 1_000.0;
        let mut records = Vec::new();
        for entry in self.encoder.encode(&lines).entries {
            self.sequence += 1;
            let sequence = format!("{:056}", 49_590_338_271_u64 + self.sequence);
            records.push(json!({
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": entry.key,
                    "sequenceNumber": sequence,
                    "data": STANDARD.encode(entry.data),
                    "approximateArrivalTimestamp": arrival,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": format!("shardId-000000000000:{sequence}"),
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": "arn:aws:iam::111122223333:role/consumer",
                "awsRegion": "us-east-1",
                "eventSourceARN": "arn:aws:kinesis:us-east-1:111122223333:stream/waf-logs",
            }));
        }
        json!({"Records": records})
    }
}

/// Seconds that a process has had of a processor: fields 14 and 15 of its status, behind its name, which
/// may hold spaces.
fn cpu_seconds(process: u32) -> f64 {
    let status =
        std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs, on Linux");
    let (_, fields) = status.rsplit_once(')').expect("a name in parentheses");
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks
        .map(|ticks| ticks.parse::<u64>().expect("a number"))
        .sum();
    ticks as f64 / TICKS_PER_SECOND
}

fn peak_mib(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    let kib: f64 = kib
        .and_then(|kib| kib.parse().ok())
        .expect("a number of KiB");
    kib / 1_024.0
}
