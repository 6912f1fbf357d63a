//! The lines against the rules of the embedded metric format, as the CloudWatch user guide states
//! them ("Specification: Embedded metric format").

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::Value;
use wafwatch_windows::summary::{Completeness, DistinctCount, Summary, TopItem, TopList};
use wafwatch_windows::time::{EventTime, WindowSize};

use super::*;
use crate::detect::{Direction, Finding, Signal, Stage, Verdict};
use crate::incident::{IncidentEvent, IncidentPolicy, Level, Messages, advance};
use crate::ingest::RejectReason;
use crate::report::Redaction;
use crate::store::ClosedWindow;

const ARN: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/shop/5f1d-a52";
const MOST_METRICS: usize = 100;
const MOST_VALUES: usize = 100;
const MOST_NAME_CHARS: usize = 255;
const MOST_DIMENSION_CHARS: usize = 1_024;
const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= MOST_NAME_CHARS && text.is_ascii()
}

/// Checks `line` and gives it as JSON with the names of its metrics.
pub(super) fn checked(line: &str) -> (Value, BTreeSet<String>) {
    assert!(line.len() <= MAX_LINE_BYTES, "{} bytes", line.len());
    assert!(!line.contains(['\n', '\r']));
    let root: Value = serde_json::from_str(line).expect("the line is JSON and nothing else");
    let metadata = root["_aws"].as_object().expect("there is metadata");
    assert!(metadata["Timestamp"].is_u64());
    let mut names = BTreeSet::new();
    for directive in metadata["CloudWatchMetrics"].as_array().expect("a list") {
        assert!(is_name(directive["Namespace"].as_str().expect("a text")));
        let sets = directive["Dimensions"].as_array().expect("a list");
        assert!(
            !sets.is_empty(),
            "the list of dimension sets is not empty, a set may be"
        );
        for dimension in sets.iter().flat_map(|set| set.as_array().expect("a list")) {
            let name = dimension.as_str().expect("a text");
            let value = root[name].as_str().expect("a dimension's target is a text");
            assert!(is_name(name) && !name.starts_with(':'));
            assert!(!value.trim().is_empty() && value.is_ascii());
            assert!(value.len() <= MOST_DIMENSION_CHARS && !value.contains(char::is_control));
        }
        let metrics = directive["Metrics"].as_array().expect("a list");
        assert!(metrics.len() <= MOST_METRICS);
        for metric in metrics {
            let name = metric["Name"].as_str().expect("a text");
            assert!(is_name(name));
            assert!(UNITS.contains(&metric["Unit"].as_str().expect("a text")));
            let is_value = match &root[name] {
                Value::Array(values) => {
                    (1..=MOST_VALUES).contains(&values.len()) && values.iter().all(Value::is_number)
                }
                value => value.is_number(),
            };
            assert!(is_value, "{name} is {}", root[name]);
            assert!(names.insert(name.to_owned()), "{name} stands there twice");
        }
    }
    (root, names)
}

fn expected_names(scope: Scope) -> BTreeSet<String> {
    Metric::of(scope)
        .map(|metric| metric.name().to_owned())
        .collect()
}

fn closed(acl: &str, text: &str, values: usize) -> ClosedWindow {
    let window = WindowSize::DEFAULT.window_of(EventTime(1_714_557_600_000));
    let mut summary = Summary::empty(acl, window, Completeness::Complete);
    summary.counters.total = 40;
    summary.counters.blocked = 10;
    summary.counters.allowed = 30;
    summary.distinct_addresses = DistinctCount {
        estimate: 7.01,
        lower: 7.0,
        upper: 8.0,
    };
    for top in TopField::ALL {
        let items = (0..values).map(|number| TopItem {
            key: format!("{text}{number}"),
            lower: 20,
            upper: 21,
        });
        let list = TopList {
            items: items.collect(),
            error: 1,
            weight: 40,
            unlisted: None,
        };
        summary.top.insert(top.dimension, list);
    }
    let finding = Finding {
        signal: Signal::Uri(text.to_owned()),
        direction: Direction::Above,
        observed: 20.0,
        expected: f64::NAN,
        lower: 0.0,
        upper: f64::INFINITY,
        score: 9.0,
        once_in_windows: 1e6,
        reason: text.to_owned(),
        muted: None,
        pattern: None,
    };
    ClosedWindow {
        summary,
        stage: Stage::Ready,
        findings: vec![finding; values],
        forecast: None,
    }
}

#[test]
fn a_windows_line_has_every_metric_of_its_scope() {
    let (root, names) = checked(&window_line(
        &closed(ARN, "/login", 2),
        Redaction::default(),
    ));
    assert_eq!(names, expected_names(Scope::Window));
    assert_eq!(
        root["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
        serde_json::json!([["ACL"]])
    );
    assert_eq!(root["_aws"]["Timestamp"], 1_714_557_600_000_i64);
    assert_eq!(
        root["ACL"],
        format!("shop-{}", crate::incident::acl::short_hash(ARN))
    );
    assert_eq!(root["window_start"], "2024-05-01T10:00:00Z");
    assert_eq!(root["window_end"], "2024-05-01T10:01:00Z");
    assert_eq!(root["BlockedRatio"], 0.25);
    assert_eq!(root["TopAddressShare"], 0.5);
    assert_eq!(root["top_uris"][1]["value"], "/login1");
    assert_eq!(root["top_uris"][1]["count"], 20);
    assert_eq!(root["findings"][0]["signal"], "uri");
}

#[test]
fn an_empty_window_tells_zeros() {
    let window = WindowSize::DEFAULT.window_of(EventTime(0));
    let silent = ClosedWindow {
        summary: Summary::empty(ARN, window, Completeness::Incomplete),
        stage: Stage::Ready,
        findings: Vec::new(),
        forecast: None,
    };
    let (root, names) = checked(&window_line(&silent, Redaction::default()));
    assert_eq!(names, expected_names(Scope::Window));
    for metric in Metric::of(Scope::Window) {
        let expected = u64::from(metric == Metric::IncompleteWindows);
        assert_eq!(
            root[metric.name()].as_f64(),
            Some(expected as f64),
            "{metric:?}"
        );
    }
    assert_eq!(root["completeness"], "incomplete");
    assert!(root.get("strongest").is_none());
}

fn health_of(kind: FunctionKind, health: &Health) -> (Value, BTreeSet<String>) {
    let name = format!("wafwatch-{}", kind.name());
    let function = Function { kind, name: &name };
    checked(&health_line(function, health, EventTime(5)))
}

fn reported_by(kind: FunctionKind) -> BTreeSet<String> {
    let reported = Metric::ALL.into_iter();
    let reported = reported.filter(|metric| metric.reported_by().contains(&kind));
    reported.map(|metric| metric.name().to_owned()).collect()
}

#[test]
fn health_tells_zeros() {
    let (root, names) = health_of(FunctionKind::Forwarder, &Health::default());
    assert_eq!(names, reported_by(FunctionKind::Forwarder));
    assert_eq!(root["RecordsNotForwarded"], 0);
    let directive = &root["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(directive["Dimensions"], serde_json::json!([["Function"]]));
    assert_eq!(root["Function"], "wafwatch-forwarder");
    let (_, names) = health_of(FunctionKind::Consumer, &Health::default());
    assert!(!names.contains("Lag") && !names.contains("CloseDelay"));
}

#[test]
fn health_tells_what_is_known() {
    let consumed = Health {
        rejected: BTreeMap::from([(RejectReason::NotJson, 2), (RejectReason::TooDeep, 3)]),
        lag_ms: Some(1),
        close_delays_ms: (0..1_000).collect(),
        ..Health::default()
    };
    let (root, names) = health_of(FunctionKind::Consumer, &consumed);
    assert_eq!(names, reported_by(FunctionKind::Consumer));
    assert_eq!(root["RecordsRejected"], 5);
    assert_eq!(root["rejected"][1]["value"], "too_deep");
    assert_eq!(root["rejected"][1]["count"], 3);
    assert_eq!(root["CloseDelay"][0], 999);
    let closed = Health {
        close_delays_ms: vec![7],
        active_acls: Some(2),
        events_waiting: Some(3),
        oldest_event_age_ms: Some(4),
        ..Health::default()
    };
    let (root, names) = health_of(FunctionKind::Closer, &closed);
    assert_eq!(names, reported_by(FunctionKind::Closer));
    assert_eq!(root["OldestEventAge"], 4);
}

#[test]
fn no_count_is_dropped_because_a_function_was_not_expected_to_have_it() {
    let odd = Health {
        not_forwarded: 4,
        ..Health::default()
    };
    let (root, _) = health_of(FunctionKind::Investigator, &odd);
    assert_eq!(root["RecordsNotForwarded"], 4);
}

#[test]
fn a_name_that_is_no_dimension_gives_way_to_the_kind() {
    for name in ["", "  ", "f\u{fc}r", "a b"] {
        let function = Function {
            kind: FunctionKind::Closer,
            name,
        };
        let (root, _) = checked(&health_line(function, &Health::default(), EventTime(-5)));
        assert_eq!(root["Function"], "closer");
    }
}

fn opened() -> IncidentEvent {
    let mut window = closed(ARN, "/login", 1);
    window.findings[0].expected = 1.0;
    window.findings[0].upper = 4.0;
    let verdict = Verdict {
        mix: crate::detect::Mix::Unknown,
        stage: Stage::Ready,
        findings: window.findings.clone(),
    };
    let policy = IncidentPolicy {
        minimum_level: Level::Info,
        ..IncidentPolicy::default()
    };
    let mut events = advance(None, &window.summary, &verdict, &policy, Messages::Sent).events;
    events.remove(0)
}

#[test]
fn an_incidents_line_says_what_happened() {
    let event = opened();
    let line = incident_line(
        &event,
        Redaction {
            account_ids: true,
            ..Redaction::default()
        },
    );
    let root: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(root["kind"], "incident");
    assert_eq!(root["change"], "opened");
    assert_eq!(root["event"], event.id);
    assert_eq!(root["incident_requests"], 40);
    assert!(root.get("_aws").is_none());
    assert!(!line.contains("111122223333"));
    let incident = root["incident"].as_str().expect("an id");
    assert!(incident.starts_with(root["ACL"].as_str().expect("a dimension")));
}

#[test]
fn every_field_of_a_line_is_declared_and_every_declared_field_written() {
    let function = Function {
        kind: FunctionKind::Consumer,
        name: "wafwatch-consumer",
    };
    let lines = [
        window_line(&closed(ARN, "/login", 1), Redaction::default()),
        incident_line(&opened(), Redaction::default()),
        health_line(function, &Health::default(), EventTime(5)),
    ];
    let mut written = BTreeSet::new();
    let of_model = super::model::tests::sample_lines();
    for line in lines.into_iter().chain(of_model) {
        let root: Value = serde_json::from_str(&line).expect("JSON");
        written.extend(root.as_object().expect("an object").keys().cloned());
    }
    for declared in field::TOP_LEVEL
        .into_iter()
        .chain(TopField::ALL.map(|top| top.name))
    {
        assert!(written.remove(declared), "{declared} is never written");
    }
    for metric in Metric::ALL {
        written.remove(metric.name());
    }
    let rest: BTreeSet<String> = [ACL_DIMENSION, FUNCTION_DIMENSION, "_aws"]
        .map(str::to_owned)
        .into();
    assert_eq!(written, rest);
}

#[test]
fn what_is_filtered_by_stands_among_the_first_fields() {
    let line = window_line(&closed(ARN, "/login", 50), Redaction::default());
    let first_list = line.find("\"findings\"").expect("the lists are there");
    for name in [
        "\"kind\"",
        "\"ACL\"",
        "\"window_start\"",
        "\"Requests\"",
        "\"strongest\"",
    ] {
        assert!(
            line.find(name).expect("the field is there") < first_list,
            "{name}"
        );
    }
    assert!(line.find("\"_aws\"") > line.find("\"top_labels\""));
}

proptest! {
    #[test]
    fn no_text_breaks_a_line(text in any::<String>(), acl in any::<String>()) {
        let (root, names) = checked(&window_line(&closed(&acl, &text, 3), Redaction::default()));
        prop_assert_eq!(names, expected_names(Scope::Window));
        let shown = root["top_uris"][0]["value"].as_str().expect("a text");
        prop_assert!(shown.chars().count() <= 120 && !shown.contains(char::is_control));
    }

    #[test]
    fn lines_are_bounded_whatever_is_in_them(
        character in any::<char>(), values in 0_usize..40, length in 0_usize..2_000,
    ) {
        let text = character.to_string().repeat(length);
        let line = window_line(&closed(&text, &text, values), Redaction::default());
        // Far from the limit, so that no list is ever left out.
        prop_assert!(line.len() < MAX_LINE_BYTES / 2, "{} bytes", line.len());
        checked(&line);
    }
}
