//! A table for each test, and values to keep in it.

use std::collections::BTreeMap;
use std::convert::Infallible;

use aws_sdk_dynamodb::Client;
use wafwatch::analyst::Analyst;
use wafwatch::analyst::builtin::BuiltIn;
use wafwatch::detect::{Mix, Stage};
use wafwatch::incident::{EventKind, Incident, IncidentEvent, Level, Severity, State};
use wafwatch::investigate::{self, WindowHistory};
use wafwatch::store::dynamodb::{
    ClosingCommit, Commit, CommitNumbers, DynamoStore, ShardState, table,
};
use wafwatch::store::{
    AclState, Checkpoint, ClosedWindow, Closing, Explanation, StoreError, StoredPartial,
};
use wafwatch_emulators::Ministack;
use wafwatch_emulators::faults::{Faults, Schedule};
use wafwatch_emulators::sdk_config_over;
use wafwatch_windows::counters::Counters;
use wafwatch_windows::record::{Action, Record};
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::summary::{Completeness, Summary};
use wafwatch_windows::text_list::TextList;
use wafwatch_windows::time::{EventTime, Window, WindowSize};

pub const ACL: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/shop/1";
pub const SHARD: &str = "shardId-000000000001";
pub const NOW: EventTime = EventTime(1_750_000_000_000);
pub const RETENTION_DAYS: u32 = 30;

/// A store with its table, which faults can be injected into.
pub struct Kept {
    pub store: DynamoStore,
    pub client: Client,
    pub faults: Faults,
    pub table: String,
}

/// An empty table called `name`.
pub async fn kept(name: &str) -> Kept {
    let endpoint = Ministack::shared().endpoint();
    let faults = Faults::new(Schedule::none());
    let client = Client::new(&sdk_config_over(&endpoint, faults.over_http()));
    table::create(&client, name).await.expect("is created");
    Kept {
        store: DynamoStore::new(client.clone(), name.to_owned(), RETENTION_DAYS),
        client,
        faults,
        table: name.to_owned(),
    }
}

pub fn assert_conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    let error = result.expect_err("somebody else was first");
    assert!(error.is_conflict(), "{error}");
}

pub fn window(minute: i64) -> Window {
    WindowSize::DEFAULT.window_of(EventTime(NOW.0 + minute * 60_000))
}

/// Text of `length` bytes that does not compress.
pub fn noise(number: u64, length: usize) -> String {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let characters = (0..length).map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + (state >> 32) as u8 % 94)
    });
    characters.collect()
}

pub fn partial(acl: &str, minute: i64, bytes: usize) -> StoredPartial {
    StoredPartial {
        acl: acl.to_owned(),
        window: window(minute),
        encoded: noise(minute.unsigned_abs() + 1, bytes).into_bytes(),
    }
}

/// The state after `commits` commits.
pub fn shard_state(commits: u64) -> ShardState {
    let checkpoint = Checkpoint {
        input: "kinesis://logs".to_owned(),
        position: commits * 10,
        sequence: Some(commits.to_string().parse().expect("is a number")),
        watermark: Some(window(0).end),
        ..Checkpoint::default()
    };
    ShardState {
        checkpoint,
        commits,
        pending: BTreeMap::from([(window(0).start, commits)]),
        packs: vec![1, 2, 3],
        updated: NOW,
        ..ShardState::default()
    }
}

/// The commit after `expected` ones.
pub fn commit(expected: Option<u64>, partials: Vec<StoredPartial>) -> Commit {
    Commit {
        shard: SHARD.to_owned(),
        expected_commits: expected,
        state: shard_state(expected.unwrap_or(0) + 1),
        partials,
    }
}

pub fn summary(minute: i64, total: u64) -> Summary {
    let counters = Counters {
        total,
        allowed: total,
        ..Counters::default()
    };
    Summary {
        counters,
        ..Summary::empty(ACL, window(minute), Completeness::Complete)
    }
}

/// A summary of requests whose every text is `length` bytes of noise, and whose every address and
/// rule has a profile full of others.
pub fn hostile_summary(minute: i64, length: usize, settings: &SketchSettings) -> Summary {
    const ADDRESSES: u64 = 60;
    let mut partial = wafwatch_windows::partial::Partial::new(settings);
    for request in 0..600_u64 {
        let texts: Vec<String> = (0..12)
            .map(|field| {
                let number = match field {
                    // The rule, and the address.
                    0 | 5 => request % ADDRESSES,
                    _ => request,
                };
                noise(number * 100 + field, length)
            })
            .collect();
        let mut record = Record::new(window(minute).start, ACL, Action::Block);
        record.rule = Some(&texts[0]);
        record.inner_rule = Some(&texts[1]);
        let (counted_rules, labels) = ([&*texts[2]], [&*texts[3], &*texts[4]]);
        record.counted_rules = TextList::of(&counted_rules);
        record.labels = TextList::of(&labels);
        record.client_address = Some(&texts[5]);
        record.uri = Some(&texts[6]);
        record.user_agent = Some(&texts[7]);
        record.host = Some(&texts[8]);
        record.ja3 = Some(&texts[9]);
        record.ja4 = Some(&texts[10]);
        record.country = Some(&texts[11]);
        partial.observe(&record);
    }
    partial.summarize(ACL, window(minute), Completeness::Complete, settings)
}

pub fn incident(number: u32) -> Incident {
    Incident {
        id: format!("shop-{number}"),
        acl: ACL.to_owned(),
        state: State::Open,
        opened: window(0).start,
        last_window: window(0),
        resolved: None,
        severity: Severity(70),
        announced: Level::High,
        windows: 1,
        quiet_windows: 0,
        counters: Counters::default(),
        findings: Vec::new(),
        mix: Mix::Unchanged,
        messages: 1,
    }
}

pub fn event(number: u32) -> IncidentEvent {
    IncidentEvent {
        id: format!("shop-{number}/1"),
        kind: EventKind::Opened,
        window: window(0),
        incident: incident(number),
    }
}

/// The closing that makes `version` of the ACL's state, of windows at `minutes`.
pub fn closing(version: u64, minutes: std::ops::Range<i64>) -> ClosingCommit {
    let consumed = CommitNumbers::from([(SHARD.to_owned(), version)]);
    let state = AclState {
        version,
        closed_through: Some(window(minutes.end - 1).end),
        empty_budget: 10,
        detector: vec![1, 2, 3],
        incident: Some(incident(0)),
    };
    let closed = |minute| ClosedWindow {
        summary: summary(minute, 5),
        stage: Stage::Learning {
            seen: 1,
            needed: 10,
        },
        findings: Vec::new(),
        forecast: None,
    };
    ClosingCommit {
        consumed: minutes
            .clone()
            .map(|minute| (window(minute), consumed.clone()))
            .collect(),
        closing: Closing {
            acl: ACL.to_owned(),
            state,
            windows: minutes.map(closed).collect(),
            incidents: Vec::new(),
            events: Vec::new(),
        },
        now: NOW,
    }
}

struct NoHistory;

impl WindowHistory for NoHistory {
    type Error = Infallible;

    fn windows_between(
        &self,
        _: &str,
        _: EventTime,
        _: EventTime,
        _: usize,
    ) -> Result<Vec<Summary>, Infallible> {
        Ok(Vec::new())
    }
}

/// An explanation that says who made it.
pub fn explanation(event: &IncidentEvent, analyst: &str) -> Explanation {
    let evidence = investigate::gather(event, &NoHistory, 60_000);
    let mut assessment = BuiltIn.assess(&evidence);
    assessment.analyst = analyst.to_owned();
    Explanation {
        evidence,
        assessment,
        analysis_milliseconds: 3,
    }
}
