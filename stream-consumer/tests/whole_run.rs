//! One whole run in an emulated account: WAF records into Kinesis, out of it a mail by SNS.
//!
//! Nothing here calls a function. The emulator's event source mappings run the real binaries, which
//! find the account by their environment as they do in AWS: the stream's mapping runs `consumer`, the
//! table's stream runs `investigator`.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use common::incidents::store;
use common::streams::create_stream;
use common::topics::Topic;
use serde_json::{Value, json};
use wafwatch::forward::{PackLimits, pack, put};
use wafwatch::store::dynamodb::{DynamoStore, OUTBOX};
use wafwatch_emulators::Ministack;
use wafwatch_loadgen::{Options, Scenario, Truth, generate};
use wafwatch_stream_consumer::now;
use wafwatch_windows::time::EventTime;

const STREAM: &str = "waf-logs";
const MINUTE_MS: i64 = 60_000;
const PATIENCE: Duration = Duration::from_secs(180);
/// Records of a Firehose batch.
const BATCH: usize = 500;

/// The published attack, which ended some minutes ago, as log lines.
fn attack() -> (Vec<String>, Truth) {
    let mut options = Options::new(Scenario::Attack);
    let duration = i64::try_from(options.duration().as_millis()).expect("is short");
    let start = now().0 - duration - 5 * MINUTE_MS;
    options.start_ms = start - start.rem_euclid(MINUTE_MS);
    let mut lines = Vec::new();
    let truth = generate(&options, &mut lines).expect("the options can be met");
    let lines = String::from_utf8(lines).expect("is text");
    (lines.lines().map(str::to_owned).collect(), truth)
}

fn time_of(line: &str) -> i64 {
    let record: Value = serde_json::from_str(line).expect("is JSON");
    record["timestamp"].as_i64().expect("has a time")
}

async fn put_into_stream(config: &SdkConfig, lines: &[String]) {
    let client = aws_sdk_kinesis::Client::new(config);
    create_stream(&client, STREAM, 2).await;
    for batch in lines.chunks(BATCH) {
        let packed = pack(batch, PackLimits::default());
        let until = tokio::time::Instant::now() + PATIENCE;
        let outcome = put(&client, STREAM, &packed.packs, until).await;
        assert_eq!((outcome.failed, packed.oversized), (0, 0), "{outcome:?}");
    }
}

async fn stream_arn(config: &SdkConfig) -> String {
    let client = aws_sdk_kinesis::Client::new(config);
    let described = client.describe_stream_summary().stream_name(STREAM).send();
    let summary = described
        .await
        .expect("is there")
        .stream_description_summary;
    summary.expect("described").stream_arn
}

async fn table_stream_arn(config: &SdkConfig, store: &DynamoStore) -> String {
    let client = aws_sdk_dynamodb::Client::new(config);
    let described = client.describe_table().table_name(store.table()).send();
    let table = described.await.expect("is there").table.expect("described");
    table.latest_stream_arn.expect("has a stream")
}

/// Deploys both functions and what runs them.
async fn deploy(ministack: &Ministack, config: &SdkConfig, store: &DynamoStore, topic: &Topic) {
    let endpoint = ministack.endpoint();
    let environment = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("WAFWATCH_TABLE", store.table()),
        ("WAFWATCH_STREAM", STREAM),
        ("SNS_TOPIC_ARN", topic.arn.as_str()),
        // The records are hours old, as of a stream that was down: nothing closes for waiting.
        ("WAFWATCH_LONGEST_WAIT_SECONDS", "86400"),
    ];
    let functions = [
        ("consumer", env!("CARGO_BIN_EXE_consumer")),
        ("investigator", env!("CARGO_BIN_EXE_investigator")),
    ];
    for (name, binary) in functions {
        let created = ministack.create_function(name, Path::new(binary), &environment);
        created.expect("is created");
    }
    let new_events = json!({
        "eventName": ["INSERT"],
        "dynamodb": {"Keys": {"pk": {"S": [OUTBOX]}}},
    });
    let table_stream = table_stream_arn(config, store).await;
    let mapped = ministack.map_stream(&table_stream, "investigator", Some(&new_events));
    mapped.expect("is mapped");
    let mapped = ministack.map_stream(&stream_arn(config).await, "consumer", None);
    mapped.expect("is mapped");
}

/// Records in closed windows of `acl`, once they are as many as `wanted` or time is up.
async fn closed_records(store: &DynamoStore, acl: &str, wanted: u64) -> u64 {
    let started = Instant::now();
    loop {
        let windows = store
            .windows_between(acl, EventTime(0), now(), 10_000)
            .await
            .expect("reads");
        let total = windows.iter().map(|window| window.counters.total).sum();
        if total >= wanted || started.elapsed() > PATIENCE {
            return total;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn an_attack_in_the_stream_is_a_mail() {
    let ministack = Ministack::start().expect("starts");
    let config = ministack.sdk_config();
    let store = store(&config).await;
    let topic = Topic::create(&config, "incidents").await;
    let (lines, truth) = attack();
    let times: Vec<i64> = lines.iter().map(|line| time_of(line)).collect();
    put_into_stream(&config, &lines).await;
    deploy(&ministack, &config, &store, &topic).await;

    let message = topic.first(PATIENCE).await;
    let message: Value = message.unwrap_or_else(|| panic!("no mail: {}", ministack.log_tail()));
    let subject = message["Subject"].as_str().expect("has a subject");
    assert!(subject.contains("opened: admin probing"), "{subject}");
    let body = message["Message"].as_str().expect("has a body");
    let body = body.replace("[.]", ".");
    for section in [
        "Executive Summary",
        "Quick Triage",
        "Anomaly Cause",
        "Traffic Metrics",
        "Top Offenders",
        "Top Rules",
        "Top URIs",
        "CloudTrail Changes",
        "WebACL Details",
        "Recommended Actions",
    ] {
        assert!(
            body.contains(&format!("\n{section}\n")),
            "{section}: {body}"
        );
    }
    let event = &truth.events[0];
    assert!(
        event
            .addresses
            .iter()
            .any(|address| body.contains(address.as_str())),
        "{body}"
    );
    assert_eq!(
        message["MessageAttributes"]["cause"]["Value"],
        "admin_probing"
    );
    assert_eq!(
        message["MessageAttributes"]["acl"]["Value"],
        event.acl.as_str()
    );

    // The newest windows wait for what may still come: all but these are closed.
    let newest = times.iter().max().copied().unwrap_or_default();
    let old = times.iter().filter(|time| **time < newest - 3 * MINUTE_MS);
    let expected = old.count() as u64;
    let closed = closed_records(&store, &event.acl, expected).await;
    assert!(
        closed >= expected,
        "{closed} of {expected}: {}",
        ministack.log_tail()
    );
    assert!(closed <= lines.len() as u64, "{closed} of {}", lines.len());
}
