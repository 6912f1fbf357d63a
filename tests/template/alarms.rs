//! Alarms against the metrics that the code emits, and against what is documented of them.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::document::{resource, resources, text};
use crate::lint::repository;
use crate::metric_use::MetricUse;

/// Every metric that an alarm looks at.
pub fn metric_uses() -> Vec<MetricUse> {
    let mut uses = Vec::new();
    for (id, alarm) in resources("AWS::CloudWatch::Alarm") {
        let listed = alarm["Metrics"].as_array();
        let metrics = listed
            .into_iter()
            .flatten()
            .filter_map(|query| query.get("MetricStat"));
        let metrics: Vec<&Value> = metrics.map(|stat| &stat["Metric"]).collect();
        let all = if listed.is_some() {
            metrics
        } else {
            vec![alarm]
        };
        assert!(!all.is_empty(), "alarm {id} looks at nothing");
        uses.extend(all.into_iter().map(|metric| used(id, metric)));
    }
    uses
}

fn used(id: &str, metric: &Value) -> MetricUse {
    let dimensions = metric["Dimensions"].as_array().expect("dimensions");
    MetricUse {
        place: format!("alarm {id}"),
        namespace: text(&metric["Namespace"]),
        name: text(&metric["MetricName"]),
        dimensions: dimensions
            .iter()
            .map(|dimension| (text(&dimension["Name"]), text(&dimension["Value"])))
            .collect(),
    }
}

#[test]
fn every_alarm_tells_operations_and_is_documented_and_no_other_is() {
    let operations = repository().join("docs/operations.md");
    let operations = fs::read_to_string(operations).expect("docs/operations.md");
    let rows = operations
        .lines()
        .filter_map(|line| line.strip_prefix("| `"));
    let documented: BTreeSet<&str> = rows
        .filter_map(|row| row.split_once("` |"))
        .map(|(name, _)| name)
        .collect();
    let mut defined = BTreeSet::new();
    for (id, alarm) in resources("AWS::CloudWatch::Alarm") {
        assert_eq!(
            text(&alarm["AlarmName"]),
            format!("${{AWS::StackName}}-{id}")
        );
        assert_eq!(text(&alarm["AlarmActions"][0]), "OperationsTopic", "{id}");
        assert!(alarm["TreatMissingData"].is_string(), "{id}");
        defined.insert(id);
    }
    assert_eq!(defined, documented);
}

#[test]
fn what_must_set_off_an_alarm_does() {
    let needed = [
        ("AWS/Lambda", "IteratorAge", "Consumer"),
        ("AWS/Lambda", "IteratorAge", "Investigator"),
        ("AWS/Lambda", "Errors", "Consumer"),
        ("AWS/Lambda", "Errors", "Closer"),
        ("AWS/Lambda", "Errors", "Investigator"),
        ("AWS/Lambda", "Errors", "Forwarder"),
        ("AWS/Lambda", "Throttles", "Consumer"),
        ("AWS/Lambda", "Throttles", "Closer"),
        ("AWS/Lambda", "Throttles", "Investigator"),
        ("AWS/Lambda", "Throttles", "Forwarder"),
        (
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            "DeadLetters.QueueName",
        ),
        ("WafWatch", "RecordsRejected", "Consumer"),
        ("WafWatch", "WindowsClosed", "Consumer"),
        ("WafWatch", "WindowsClosed", "Closer"),
        ("WafWatch", "OldestEventAge", "Closer"),
    ];
    let uses = metric_uses();
    for (namespace, name, of) in needed {
        let is_used = uses.iter().any(|used| {
            used.namespace == namespace && used.name == name && used.dimensions[0].1 == of
        });
        assert!(is_used, "no alarm for {namespace} {name} of {of}");
    }
}

#[test]
fn five_minutes_without_a_window_set_off_the_alarm_at_the_default() {
    let alarm = resource("NoWindows");
    assert_eq!(alarm["TreatMissingData"], "breaching");
    let periods = &crate::lint::EXPANDED["Mappings"]["NoWindows"];
    let sizes = &crate::lint::EXPANDED["Parameters"]["WindowMinutes"]["AllowedValues"];
    for size in sizes.as_array().expect("sizes").iter().map(text) {
        let minutes: u64 = size.parse().expect("minutes");
        let row = &periods[&size];
        let period = row["Period"].as_u64().expect("a period");
        let waited = period * row["Periods"].as_u64().expect("a number of periods");
        assert_eq!(period, minutes * 60, "{size}");
        assert!(
            waited >= 300 && waited >= 2 * period && waited < 86_400,
            "{size}"
        );
    }
    assert_eq!(periods["1"]["Periods"], 5);
}
