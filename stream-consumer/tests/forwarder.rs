//! The forwarder: its real binary through a Lambda Runtime API, and its calls under faults.

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use aws_sdk_kinesis::Client;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::streams::{create_stream, records_of};
use common::waf::{paths_in, record};
use serde_json::{Value, json};
use tokio::time::Instant;
use wafwatch::forward::{PackLimits, pack_id};
use wafwatch::functions::forwarder::{Forwarded, Forwarder, TransformEvent};
use wafwatch_emulators::faults::{Fault, Faults, Schedule};
use wafwatch_emulators::{Function, Kinesis, sdk_config_over};

const BINARY: &str = env!("CARGO_BIN_EXE_forwarder");
const STREAM: &str = "waf-logs";
const TIME: Duration = Duration::from_secs(30);

/// A batch as Firehose hands it over, with this data in base64.
fn batch(data: impl IntoIterator<Item = String>) -> Value {
    let records = data.into_iter().enumerate().map(|(index, data)| {
        json!({
            "recordId": format!("{index:056}"),
            "approximateArrivalTimestamp": 1_507_217_624_302_u64,
            "data": data,
        })
    });
    json!({
        "invocationId": "invocationIdExample",
        "deliveryStreamArn": "arn:aws:firehose:us-east-1:111122223333:deliverystream/aws-waf-logs-x",
        "region": "us-east-1",
        "records": records.collect::<Vec<_>>(),
    })
}

fn encoded(paths: impl IntoIterator<Item = String>) -> impl Iterator<Item = String> {
    let records = paths.into_iter().map(|path| record(&path));
    records.map(|record| STANDARD.encode(record))
}

fn paths(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("/{number:05}")).collect()
}

/// What the stream holds: paths of all records, and the packs' keys with repetitions.
async fn stream_content(client: &Client) -> (Vec<String>, Vec<String>) {
    let records = records_of(client, STREAM).await;
    let mut paths: Vec<String> = records
        .iter()
        .flat_map(|record| paths_in(&record.data))
        .collect();
    paths.sort();
    let keys = records.into_iter().map(|record| record.partition_key);
    (paths, keys.collect())
}

#[tokio::test]
async fn a_batch_is_forwarded_and_given_back() {
    let kinesis = Kinesis::start().expect("starts");
    let client = Client::new(&kinesis.sdk_config());
    create_stream(&client, STREAM, 2).await;
    let endpoint = kinesis.endpoint();
    let environment = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("WAFWATCH_STREAM", STREAM),
    ];
    let function = Function::start(Path::new(BINARY), &environment).expect("starts");
    let data = encoded(paths(1_000)).chain(["no base64!".to_owned(), String::new()]);
    let event = batch(data);

    for round in 1..=2 {
        let answer = function.invoke(event.to_string().as_bytes(), TIME).await;
        let answer: Value =
            serde_json::from_slice(&answer.expect("answers")).expect("answers with JSON");
        let given = event["records"].as_array().expect("has records");
        let returned = answer["records"].as_array().expect("has records");
        assert_eq!(returned.len(), given.len());
        for (returned, given) in returned.iter().zip(given) {
            assert_eq!(returned["recordId"], given["recordId"]);
            assert_eq!(returned["data"], given["data"]);
            assert_eq!(returned["result"], "Ok");
        }
        let (found, keys) = stream_content(&client).await;
        assert_eq!(found.len(), 1_000 * round);
        // 1,002 records of Firehose are one record of Kinesis, and the same one again.
        assert_eq!(keys.len(), round);
        assert_eq!(BTreeSet::from_iter(&keys).len(), 1);
        assert!(keys.iter().all(|key| pack_id(key).is_some()));
    }
    let log = function.log();
    let health = log.lines().find(|line| line.starts_with('{'));
    let health: Value = serde_json::from_str(health.expect("is told")).expect("is JSON");
    assert_eq!(health["RecordsForwarded"], 1_000, "{log}");
    assert_eq!(health["RecordsNotForwarded"], 1, "{log}");
    assert!(log.contains("1 are no base64"), "{log}");
}

#[tokio::test]
async fn a_function_without_a_stream_says_which_variable_is_missing() {
    let mut function = Function::start(Path::new(BINARY), &[]).expect("starts");
    assert!(!function.wait().expect("ends").success());
    // What it printed last may still be on its way.
    for _ in 0..100 {
        if function.log().contains("WAFWATCH_STREAM") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{}", function.log());
}

/// Forwards `count` records over faults, with so much time.
async fn forward_over(
    kinesis: &Kinesis,
    faults: &Faults,
    count: usize,
    time: Duration,
) -> (Forwarded, Duration) {
    let config = sdk_config_over(&kinesis.endpoint(), faults.over_http());
    let limits = PackLimits {
        packed_bytes: 300,
        ..PackLimits::default()
    };
    let forwarder = Forwarder::new(&config, STREAM.to_owned(), limits);
    let event: TransformEvent =
        serde_json::from_value(batch(encoded(paths(count)))).expect("is an event");
    let started = Instant::now();
    let (answer, forwarded) = forwarder.handle(event.clone(), started + time).await;
    assert_eq!(answer.records.len(), event.records.len());
    for (returned, given) in answer.records.iter().zip(&event.records) {
        assert_eq!(
            (&returned.record_id, &returned.data),
            (&given.record_id, &given.data)
        );
    }
    (forwarded, started.elapsed())
}

#[tokio::test]
async fn calls_that_fail_are_made_again_and_no_record_is_lost() {
    let kinesis = Kinesis::start().expect("starts");
    let client = Client::new(&kinesis.sdk_config());
    create_stream(&client, STREAM, 2).await;
    // The SDK makes four attempts of a call; these are more.
    let faults = [Fault::Throttled; 5].into_iter().chain([
        Fault::LostAnswer,
        Fault::ServiceError,
        Fault::ErrorBefore,
        Fault::Delay(Duration::from_millis(20)),
    ]);
    let faults = Faults::new(Schedule::listed(faults.map(Some)));
    let (forwarded, _) = forward_over(&kinesis, &faults, 400, TIME).await;
    assert_eq!((forwarded.forwarded, forwarded.lost()), (400, 0));
    assert!(forwarded.put.resent > 0 && forwarded.put.problem.is_some());
    let (mut found, keys) = stream_content(&client).await;
    // What the lost answer was about is there twice, under the same keys.
    let distinct: BTreeSet<&String> = keys.iter().collect();
    assert!(
        distinct.len() > 4 && keys.len() > distinct.len(),
        "{keys:?}"
    );
    assert!(found.len() > 400);
    found.dedup();
    assert_eq!(found, paths(400));
}

#[tokio::test]
async fn a_stream_that_throttles_costs_no_more_than_the_time_there_is() {
    let kinesis = Kinesis::start().expect("starts");
    let client = Client::new(&kinesis.sdk_config());
    create_stream(&client, STREAM, 1).await;
    let faults = Faults::new(Schedule::listed([Some(Fault::Throttled); 10_000]));
    let time = Duration::from_secs(4);
    let (forwarded, took) = forward_over(&kinesis, &faults, 50, time).await;
    assert_eq!((forwarded.forwarded, forwarded.failed), (0, 50));
    assert!(forwarded.put.calls > 1 && took < time, "{took:?}");
    let problem = forwarded.problem().expect("is told");
    assert!(problem.contains("50 of 50 records are archived but not in the stream"));
    assert!(
        problem.contains("ProvisionedThroughputExceeded"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_given_up_at_once() {
    let kinesis = Kinesis::start().expect("starts");
    let faults = Faults::new(Schedule::none());
    let (forwarded, _) = forward_over(&kinesis, &faults, 50, TIME).await;
    assert_eq!((forwarded.forwarded, forwarded.failed), (0, 50));
    assert_eq!(forwarded.put.calls, 1);
    let problem = forwarded.problem().expect("is told");
    assert!(problem.contains("ResourceNotFound"), "{problem}");
}

#[tokio::test]
async fn records_that_a_shard_throttles_are_sent_again() {
    let options = ferrokinesis::store::StoreOptions {
        create_stream_ms: 1,
        enforce_limits: true,
        ..Default::default()
    };
    let kinesis = Kinesis::start_with(options).expect("starts");
    let client = Client::new(&kinesis.sdk_config());
    create_stream(&client, STREAM, 1).await;
    // A shard takes 1,000 records a second: this many packs of one record each are more.
    let faults = Faults::new(Schedule::none());
    let config = sdk_config_over(&kinesis.endpoint(), faults.over_http());
    let limits = PackLimits {
        packed_bytes: 1,
        ..PackLimits::default()
    };
    let forwarder = Forwarder::new(&config, STREAM.to_owned(), limits);
    let event: TransformEvent =
        serde_json::from_value(batch(encoded(paths(1_400)))).expect("is an event");
    let (_, forwarded) = forwarder.handle(event, Instant::now() + TIME).await;
    assert_eq!(
        (forwarded.forwarded, forwarded.lost()),
        (1_400, 0),
        "{forwarded:?}"
    );
    assert!(forwarded.put.resent > 0, "{:?}", forwarded.put);
    let (found, keys) = stream_content(&client).await;
    // No answer was lost, so nothing came twice.
    assert_eq!((found, keys.len()), (paths(1_400), 1_400));
}
