//! Runs records through everything, and gives the messages.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use wafwatch::analyst::Analyst;
use wafwatch::analyst::bedrock::{BedrockSettings, BlockingBedrock};
use wafwatch::config::AnalystConfig;
use wafwatch::incident::Level;
use wafwatch::investigate::surroundings::AccountView;
use wafwatch::notify::jsonl::JsonLines;
use wafwatch::outbox::{Channel, OutboxSettings, Terms, Workers};
use wafwatch::pipeline::{Piece, Pipeline};
use wafwatch::report::Redaction;
use wafwatch::store::sqlite::SqliteStore;
use wafwatch_emulators::converse::Converse;
use wafwatch_windows::time::{EventTime, WindowSize};

use super::common::classic_settings;

/// 2026-01-05T00:00:00Z.
pub const START: i64 = 1_767_571_200_000;
/// Models that are held to JSON in each of the three ways.
pub const BY_SCHEMA: &str = "eu.anthropic.claude-haiku-4-5-20251001-v1:0";
pub const BY_TOOL: &str = "amazon.nova-pro-v1:0";
pub const BY_STOP_TOKEN: &str = "meta.llama3-1-70b-instruct-v1:0";

/// Settings for `model`, which must answer in two seconds.
pub fn settings(model: &str) -> BedrockSettings {
    BedrockSettings {
        model: model.to_owned(),
        timeout: Duration::from_secs(2),
        ..AnalystConfig::default().bedrock()
    }
}

/// The analyst over `converse`.
pub fn analyst(converse: &Converse, settings: BedrockSettings) -> Box<dyn Analyst + Send> {
    let clock = || EventTime(START);
    let analyst = BlockingBedrock::over(&converse.sdk_config(), settings, clock);
    Box::new(analyst.expect("the system has an event queue"))
}

/// What a channel got.
pub struct Told {
    /// The messages as JSON, by Web ACL, each with the message that opened its incident.
    pub opened: BTreeMap<String, Value>,
    /// All of it as it was written.
    pub raw: String,
    /// From the start of the outbox to the end of the last delivery.
    pub took: Duration,
}

impl Told {
    /// The message of the only Web ACL.
    pub fn only(&self) -> &Value {
        assert_eq!(self.opened.len(), 1, "{:?}", self.opened.keys());
        self.opened.values().next().expect("there is one")
    }
}

/// Counts `lines`, closes every window until `end`, and delivers what `analyst` makes of it.
pub fn told(lines: &str, end: i64, analyst: Box<dyn Analyst + Send>) -> Told {
    told_with(lines, end, analyst, None)
}

/// The same with an account that can be asked.
pub fn told_with(
    lines: &str,
    end: i64,
    analyst: Box<dyn Analyst + Send>,
    account: Option<Arc<dyn AccountView>>,
) -> Told {
    let folder = TempDir::new().expect("a folder");
    let store = SqliteStore::open(&folder.path().join("store.db"), WindowSize::DEFAULT);
    let mut pipeline =
        Pipeline::open(store.expect("opens"), classic_settings(30_000)).expect("opens");
    pipeline.register("shard", "input", None);
    let now = EventTime(end + 86_400_000);
    let piece = Piece {
        bytes: lines.as_bytes(),
        start: 0,
        end: lines.len() as u64,
    };
    pipeline.count("shard", piece, now).expect("counts");
    assert_eq!(
        pipeline.accounts().rejected_total(),
        0,
        "every record is a record"
    );
    pipeline.advance("shard", EventTime(end));
    pipeline.flush(EventTime(i64::MIN)).expect("flushes");
    let store = pipeline.into_store();

    let path = folder.path().join("messages.jsonl");
    let channel = Channel {
        terms: Terms {
            name: "file".to_owned(),
            minimum_level: Level::Low,
            redaction: Redaction::default(),
            attempts: 2,
        },
        notifier: Box::new(JsonLines::new(&path)),
    };
    let outbox = OutboxSettings {
        account,
        window_size: WindowSize::DEFAULT,
        clock: || EventTime(START),
    };
    let began = Instant::now();
    let workers = Workers::start(&store, analyst, vec![channel], &outbox).expect("starts");
    let finished = workers.finish(Instant::now() + Duration::from_secs(300));
    let took = began.elapsed();
    assert_eq!(
        (finished.left.len(), &finished.problem),
        (0, &None),
        "{finished:?}"
    );
    let raw = std::fs::read_to_string(&path).unwrap_or_default();
    let mut opened = BTreeMap::new();
    for line in raw.lines() {
        let message: Value = serde_json::from_str(line).expect("a line is JSON");
        if message["kind"] == "opened" {
            let acl = message["acl"].as_str().expect("a text").to_owned();
            assert!(
                opened.insert(acl, message).is_none(),
                "one message for each incident"
            );
        }
    }
    Told { opened, raw, took }
}
