//! The consumer and the closer: their real binaries through a Lambda Runtime API, over an emulated
//! stream and table, with each envelope that logs come in.

mod common;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::ShardIteratorType;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::incidents::store;
use common::streams::create_stream;
use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use wafwatch::forward::{PackLimits, pack};
use wafwatch::store::dynamodb::DynamoStore;
use wafwatch_emulators::{Function, Kinesis, Ministack};
use wafwatch_stream_consumer::now;
use wafwatch_windows::summary::Summary;
use wafwatch_windows::time::EventTime;

const CONSUMER: &str = env!("CARGO_BIN_EXE_consumer");
const CLOSER: &str = env!("CARGO_BIN_EXE_closer");
const STREAM: &str = "waf-logs";
const TIME: Duration = Duration::from_secs(60);
const ACL: &str = "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/shop/id";
const MINUTE_MS: i64 = 60_000;

fn record(time: i64, number: usize) -> String {
    json!({
        "timestamp": time,
        "webaclId": ACL,
        "action": "ALLOW",
        "httpRequest": {"clientIp": format!("192.0.2.{number}"), "uri": "/", "headers": []},
    })
    .to_string()
}

fn records(time: i64) -> Vec<String> {
    (0..3).map(|number| record(time, number)).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// What a subscription of CloudWatch Logs puts into a stream.
fn subscription(time: i64) -> Vec<u8> {
    let events = records(time).into_iter().enumerate().map(|(number, message)| {
        json!({"id": number.to_string(), "timestamp": time, "message": message})
    });
    let message = json!({
        "messageType": "DATA_MESSAGE",
        "owner": "111122223333",
        "logGroup": "aws-waf-logs-shop",
        "logStream": "us-east-1_shop_0",
        "subscriptionFilters": ["all"],
        "logEvents": events.collect::<Vec<_>>(),
    });
    gzip(message.to_string().as_bytes())
}

/// What the Kinesis Producer Library makes of records. All lengths here take two bytes.
fn aggregate(time: i64) -> Vec<u8> {
    let length = |length: usize| {
        assert!((128..16_384).contains(&length), "{length}");
        [(length & 0x7f) as u8 | 0x80, (length >> 7) as u8]
    };
    let mut message = vec![0x0a, 0x03, b'k', b'e', b'y'];
    for record in records(time) {
        let mut part = vec![0x08, 0x00, 0x1a];
        part.extend(length(record.len()));
        part.extend_from_slice(record.as_bytes());
        message.push(0x1a);
        message.extend(length(part.len()));
        message.extend(part);
    }
    let checksum = Md5::digest(&message);
    [&[0xf3, 0x89, 0x9a, 0xc2], &message[..], checksum.as_slice()].concat()
}

/// Each envelope with three records, and its partition key.
fn envelopes(time: i64) -> Vec<(String, Vec<u8>)> {
    let packed = pack(&records(time), PackLimits::default()).packs.remove(0);
    vec![
        ("lines".to_owned(), records(time).join("\n").into_bytes()),
        (packed.partition_key, packed.data),
        ("subscription".to_owned(), subscription(time)),
        ("aggregate".to_owned(), aggregate(time)),
    ]
}

struct Account {
    kinesis: Kinesis,
    client: Client,
    store: DynamoStore,
}

impl Account {
    async fn new() -> Self {
        let kinesis = Kinesis::start().expect("starts");
        let client = Client::new(&kinesis.sdk_config());
        create_stream(&client, STREAM, 1).await;
        let store = store(&Ministack::shared().sdk_config()).await;
        Self {
            kinesis,
            client,
            store,
        }
    }

    fn start(&self, binary: &str, more: &[(&str, &str)]) -> Function {
        let (stream, table) = (self.kinesis.endpoint(), Ministack::shared().endpoint());
        let mut environment = vec![
            ("AWS_ENDPOINT_URL_KINESIS", stream.as_str()),
            ("AWS_ENDPOINT_URL_DYNAMODB", table.as_str()),
            ("WAFWATCH_STREAM", STREAM),
            ("WAFWATCH_TABLE", self.store.table()),
        ];
        // Of two of one name the last counts.
        environment.extend_from_slice(more);
        Function::start(Path::new(binary), &environment).expect("starts")
    }

    async fn put(&self, key: &str, data: &[u8]) {
        let put = self.client.put_record().stream_name(STREAM);
        let put = put.partition_key(key).data(Blob::new(data)).send().await;
        put.expect("is put");
    }

    /// Everything in the stream, as Lambda hands it over.
    async fn event(&self) -> Value {
        let shard = "shardId-000000000000";
        let iterator = self
            .client
            .get_shard_iterator()
            .stream_name(STREAM)
            .shard_id(shard);
        let iterator = iterator.shard_iterator_type(ShardIteratorType::TrimHorizon);
        let iterator = iterator.send().await.expect("begins").shard_iterator;
        let page = self
            .client
            .get_records()
            .set_shard_iterator(iterator)
            .send()
            .await;
        let records = page.expect("reads").records.into_iter().map(|record| {
            let arrival = record.approximate_arrival_timestamp.expect("is told");
            json!({
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": record.partition_key,
                    "sequenceNumber": record.sequence_number,
                    "data": STANDARD.encode(record.data.into_inner()),
                    "approximateArrivalTimestamp": arrival.as_secs_f64(),
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": format!("{shard}:{}", record.sequence_number),
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": "arn:aws:iam::111122223333:role/consumer",
                "awsRegion": "us-east-1",
                "eventSourceARN": "arn:aws:kinesis:us-east-1:111122223333:stream/waf-logs",
            })
        });
        json!({"Records": records.collect::<Vec<_>>()})
    }

    async fn windows(&self) -> Vec<Summary> {
        let windows = self.store.windows_between(ACL, EventTime(0), now(), 10_000);
        windows.await.expect("reads")
    }
}

async fn invoke(function: &Function, event: &Value) -> Value {
    let answer = function.invoke(event.to_string().as_bytes(), TIME).await;
    let answer = answer.unwrap_or_else(|error| panic!("{error}: {}", function.log()));
    serde_json::from_slice(&answer).expect("answers with JSON")
}

/// The first line of the log about `kind`.
fn line_of(function: &Function, kind: &str) -> Value {
    let log = function.log();
    let mut lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let found = lines.find(|line| line["kind"] == kind);
    found.unwrap_or_else(|| panic!("no line about {kind}: {log}"))
}

#[tokio::test]
async fn records_of_every_envelope_are_counted_once() {
    let account = Account::new().await;
    let consumer = account.start(CONSUMER, &[]);
    // Long ago: the windows have waited longest, and close at the end of the call.
    let time = now().0 - 60 * MINUTE_MS;
    for (key, data) in envelopes(time) {
        account.put(&key, &data).await;
    }
    account.put("poison", b"\x00 no record").await;
    let event = account.event().await;
    let unchanged = json!({"batchItemFailures": []});
    for _ in 0..2 {
        assert_eq!(
            invoke(&consumer, &event).await,
            unchanged,
            "{}",
            consumer.log()
        );
    }
    let total: u64 = account
        .windows()
        .await
        .iter()
        .map(|window| window.counters.total)
        .sum();
    assert_eq!(total, 12, "{}", consumer.log());
    let health = line_of(&consumer, "health");
    assert_eq!(health["RecordsAccepted"], 12, "{health}");
    assert_eq!(health["RecordsRejected"], 1, "{health}");
    let window = line_of(&consumer, "window");
    assert_eq!(window["Requests"], 12, "{window}");
}

#[tokio::test]
async fn a_record_that_nothing_can_be_made_of_is_put_aside_as_it_came() {
    let account = Account::new().await;
    let (s3, bucket) = (Ministack::shared().endpoint(), "aside-of-counting");
    let objects = aws_sdk_s3::Client::new(&Ministack::shared().sdk_config());
    let created = objects.create_bucket().bucket(bucket).send().await;
    created.expect("creates");
    let aside = [
        ("AWS_ENDPOINT_URL_S3", s3.as_str()),
        ("WAFWATCH_REJECTED_BUCKET", bucket),
    ];
    let consumer = account.start(CONSUMER, &aside);
    let poison = b"\x00 no record";
    account.put("poison", poison).await;
    let event = account.event().await;
    for _ in 0..2 {
        let answer = invoke(&consumer, &event).await;
        assert_eq!(answer, json!({"batchItemFailures": []}));
    }
    let listed = objects.list_objects_v2().bucket(bucket).send().await;
    let listed = listed.expect("lists");
    let keys: Vec<&str> = listed
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .collect();
    let sequence = event["Records"][0]["kinesis"]["sequenceNumber"].as_str();
    let key = format!(
        "rejected/shardId-000000000000/{}",
        sequence.expect("has one")
    );
    assert_eq!(keys, [key.as_str()], "{}", consumer.log());
    let object = objects.get_object().bucket(bucket).key(key).send().await;
    let body = object.expect("is there").body.collect().await;
    assert_eq!(body.expect("reads").into_bytes().as_ref(), poison);
}

#[tokio::test]
async fn what_cannot_be_counted_is_handed_back_from_its_first_record_on() {
    let account = Account::new().await;
    // With a seed of its own it asks the table nothing before the first event.
    let elsewhere = [("WAFWATCH_TABLE", "no-such-table"), ("WAFWATCH_SEED", "7")];
    let consumer = account.start(CONSUMER, &elsewhere);
    let time = now().0 - 60 * MINUTE_MS;
    for (key, data) in envelopes(time) {
        account.put(&key, &data).await;
    }
    let event = account.event().await;
    let answer = invoke(&consumer, &event).await;
    let first = &event["Records"][0]["kinesis"]["sequenceNumber"];
    assert_eq!(
        answer,
        json!({"batchItemFailures": [{"itemIdentifier": first}]})
    );
    assert!(
        consumer.log().contains("no such table"),
        "{}",
        consumer.log()
    );
}

#[tokio::test]
async fn an_event_of_something_else_is_an_error() {
    let account = Account::new().await;
    let consumer = account.start(CONSUMER, &[("WAFWATCH_SEED", "7")]);
    let event = json!({"Records": [{"eventID": "x", "kinesis": {"sequenceNumber": "1"}}]});
    let answer = consumer.invoke(event.to_string().as_bytes(), TIME).await;
    let error = answer.expect_err("is refused").to_string();
    assert!(error.contains("Kinesis data stream"), "{error}");
}

#[tokio::test]
async fn the_closer_closes_what_nobody_comes_for() {
    let account = Account::new().await;
    let nobody_waits = [("WAFWATCH_LONGEST_WAIT_SECONDS", "86400")];
    let consumer = account.start(CONSUMER, &nobody_waits);
    let closer = account.start(CLOSER, &nobody_waits);
    let time = now().0 - 10 * MINUTE_MS;
    account.put("lines", record(time, 1).as_bytes()).await;
    invoke(&consumer, &account.event().await).await;
    assert_eq!(account.windows().await, [], "{}", consumer.log());

    assert_eq!(invoke(&closer, &json!({})).await, Value::Null);
    let windows = account.windows().await;
    let totals: Vec<u64> = windows.iter().map(|window| window.counters.total).collect();
    assert_eq!(
        totals.iter().sum::<u64>(),
        1,
        "{totals:?}: {}",
        closer.log()
    );
    // The windows after it that are over, too: an outage is a finding.
    assert!((7..=10).contains(&totals.len()), "{totals:?}");
    let health = line_of(&closer, "health");
    assert_eq!(health["WindowsClosed"], totals.len(), "{health}");
}
