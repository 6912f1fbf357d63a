//! An emulated account with wafwatch in it.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use serde_json::{Value, json};
use tempfile::TempDir;
use wafwatch::forward::{PackLimits, pack, put};
use wafwatch::store::dynamodb::{DynamoStore, OUTBOX, PendingEvent};
use wafwatch_emulators::Ministack;
use wafwatch_loadgen::{Options, Scenario, Truth, generate};
use wafwatch_stream_consumer::now;
use wafwatch_windows::time::EventTime;

use super::incidents::store;
use super::streams::create_stream;
use super::topics::Topic;

/// How long anything is waited for.
pub const PATIENCE: Duration = Duration::from_secs(180);
const STREAM: &str = "waf-logs";
const MINUTE_MS: i64 = 60_000;
/// Records of a Firehose batch.
const BATCH: usize = 500;
/// How much of a scenario follows its event, so that the windows of the event close.
const AFTER: Duration = Duration::from_secs(10 * 60);
/// Enough of regular traffic: the detector needs an hour to know it.
const REGULAR: Duration = Duration::from_secs(3 * 60 * 60);
/// What follows a change that was just made lies in the future.
const SETTINGS: &str = "[ingest]\naccept_future_minutes = 120\n";

/// The account.
pub struct Account {
    ministack: Ministack,
    /// For clients of it.
    pub config: SdkConfig,
    /// The table.
    pub store: DynamoStore,
    folder: TempDir,
    times: Mutex<Vec<i64>>,
}

impl Account {
    /// Starts one for `scenario`, whose CloudTrail records every call.
    pub async fn start(scenario: Scenario) -> Self {
        let recording = [
            ("CLOUDTRAIL_RECORDING", "1"),
            ("CLOUDTRAIL_MAX_EVENTS", "1000000"),
        ];
        let ministack = Ministack::start_with(&recording).expect("starts");
        let config = ministack.sdk_config();
        let store = store(&config).await;
        let client = aws_sdk_kinesis::Client::new(&config);
        // In the future no clock tells that an idle shard is complete: only records do.
        let shards = if scenario == Scenario::Misconfiguration {
            1
        } else {
            2
        };
        create_stream(&client, STREAM, shards).await;
        Self {
            ministack,
            config,
            store,
            folder: TempDir::new().expect("a folder"),
            times: Mutex::default(),
        }
    }

    /// The end of the emulator's log.
    pub fn log_tail(&self) -> String {
        self.ministack.log_tail()
    }

    /// Puts the records of `scenario` into the stream, as those of `acl`. They ended some minutes ago; only
    /// a misconfiguration begins after the change that is behind it, within a minute from now.
    pub async fn put(&self, scenario: Scenario, acl: &str) -> Truth {
        let mut options = Options::new(scenario);
        let next_minute = now().0 + MINUTE_MS - now().0.rem_euclid(MINUTE_MS);
        if scenario == Scenario::Misconfiguration {
            options.duration = Some(options.lead_in + options.event + AFTER);
            options.start_ms = next_minute - milliseconds(options.lead_in);
        } else {
            if scenario == Scenario::Regular {
                options.duration = Some(REGULAR);
            }
            options.start_ms = next_minute - milliseconds(options.duration()) - 6 * MINUTE_MS;
        }
        let mut lines = Vec::new();
        let truth = generate(&options, &mut lines).expect("the options can be met");
        let text = String::from_utf8(lines).expect("is text");
        let text = text.replace(&truth.acls[0].arn, acl);
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let times = lines.iter().map(|line| time_of(line));
        *self.times.lock().expect("never poisoned") = times.collect();
        let client = aws_sdk_kinesis::Client::new(&self.config);
        for batch in lines.chunks(BATCH) {
            let packed = pack(batch, PackLimits::default());
            let until = tokio::time::Instant::now() + PATIENCE;
            let outcome = put(&client, STREAM, &packed.packs, until).await;
            assert_eq!((outcome.failed, packed.oversized), (0, 0), "{outcome:?}");
        }
        truth
    }

    /// Records that are older than the newest by more than so many minutes.
    pub fn records_before_the_end(&self, minutes: i64) -> u64 {
        let times = self.times.lock().expect("never poisoned");
        let newest = times.iter().max().copied().unwrap_or_default();
        let old = times
            .iter()
            .filter(|time| **time < newest - minutes * MINUTE_MS);
        old.count() as u64
    }

    /// Deploys both functions, with these variables beside the usual ones, and what runs them.
    pub async fn deploy(&self, topic: &Topic, variables: &[(&str, &str)]) {
        let settings = self.folder.path().join("wafwatch.toml");
        std::fs::write(&settings, SETTINGS).expect("writes");
        let endpoint = self.ministack.endpoint();
        let mut environment = vec![
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("WAFWATCH_CONFIG", settings.to_str().expect("is text")),
            ("WAFWATCH_TABLE", self.store.table()),
            ("WAFWATCH_STREAM", STREAM),
            ("WAFWATCH_ACCOUNT_EVIDENCE", "true"),
            ("SNS_TOPIC_ARN", topic.arn.as_str()),
            // Old records, as of a stream that was down: nothing closes for waiting.
            ("WAFWATCH_LONGEST_WAIT_SECONDS", "86400"),
        ];
        environment.extend(variables);
        let functions = [
            ("consumer", env!("CARGO_BIN_EXE_consumer")),
            ("investigator", env!("CARGO_BIN_EXE_investigator")),
        ];
        for (name, binary) in functions {
            let binary = Path::new(binary);
            let created = self.ministack.create_function(name, binary, &environment);
            created.expect("is created");
        }
        let new_events = json!({
            "eventName": ["INSERT"],
            "dynamodb": {"Keys": {"pk": {"S": [OUTBOX]}}},
        });
        let table_stream = self.table_stream_arn().await;
        let mapped = self
            .ministack
            .map_stream(&table_stream, "investigator", Some(&new_events));
        mapped.expect("is mapped");
        let stream = self.stream_arn().await;
        let mapped = self.ministack.map_stream(&stream, "consumer", None);
        mapped.expect("is mapped");
    }

    async fn stream_arn(&self) -> String {
        let client = aws_sdk_kinesis::Client::new(&self.config);
        let described = client.describe_stream_summary().stream_name(STREAM).send();
        let described = described.await.expect("is there");
        let summary = described.stream_description_summary;
        summary.expect("described").stream_arn
    }

    async fn table_stream_arn(&self) -> String {
        let client = aws_sdk_dynamodb::Client::new(&self.config);
        let described = client
            .describe_table()
            .table_name(self.store.table())
            .send();
        let table = described.await.expect("is there").table.expect("described");
        table.latest_stream_arn.expect("has a stream")
    }

    /// Records in closed windows of `acl`, once they are as many as `wanted` or time is up.
    pub async fn closed_records(&self, acl: &str, wanted: u64) -> u64 {
        let started = Instant::now();
        loop {
            let windows = self
                .store
                .windows_between(acl, EventTime(0), EventTime(i64::MAX), 10_000)
                .await
                .expect("reads");
            let total = windows.iter().map(|window| window.counters.total).sum();
            if total >= wanted || started.elapsed() > PATIENCE {
                return total;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// The event that a message is about, once every channel has it.
    async fn settled(&self, message: &Value) -> PendingEvent {
        let id = message["MessageAttributes"]["event_id"]["Value"].as_str();
        let id = id.expect("names its event");
        let started = Instant::now();
        loop {
            let settled = self.store.settled_event(id).await.expect("reads");
            if let Some(settled) = settled {
                return settled;
            }
            assert!(started.elapsed() < PATIENCE, "{id} is not settled");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// When the first event waits in the table: the window that caused it is closed by the same
    /// transaction.
    pub async fn closed(&self) -> EventTime {
        let started = Instant::now();
        loop {
            let waiting = self.store.outbox_rows(1).await.expect("reads");
            if !waiting.is_empty() || started.elapsed() > PATIENCE {
                return now();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Prints how long after the close of its window the message was published.
    #[allow(clippy::print_stdout)]
    pub async fn print_latency(&self, what: &str, closed: EventTime, message: &Value) {
        let settled = self.settled(message).await;
        let published = message["SentTimestamp"].as_str();
        let published: Option<i64> = published.and_then(|text| text.parse().ok());
        let passed = published.expect("has a time") - closed.0;
        let explanation = settled.explanation.expect("is explained");
        let analysis = explanation.analysis_milliseconds;
        let model = explanation.assessment.model;
        let model = model.map_or(0, |model| model.usage.latency_ms);
        println!(
            "{what}: {passed} ms from the close to the message, of that {analysis} ms to look up and \
             explain, of that {model} ms the model"
        );
    }

    /// Tokens that a model was given for a message, estimated.
    pub async fn tokens(&self, message: &Value) -> u64 {
        let explanation = self.settled(message).await.explanation;
        let model = explanation.expect("is explained").assessment.model;
        model.expect("was asked").usage.estimated_input_tokens
    }
}

fn time_of(line: &str) -> i64 {
    let record: Value = serde_json::from_str(line).expect("is JSON");
    record["timestamp"].as_i64().expect("has a time")
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).expect("is short")
}
