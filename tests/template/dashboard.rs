//! The dashboard against the metrics, dimensions and log fields that the code emits.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;
use wafwatch::metrics::{ACL_DIMENSION, Metric, NAMESPACE, TopField};

use crate::alarms;
use crate::document::{program_of, resource};
use crate::metric_use::MetricUse;
use crate::queries::Query;

static BODY: LazyLock<Value> = LazyLock::new(|| {
    let body = &resource("Dashboard")["DashboardBody"]["Fn::Sub"];
    let text = body[0].as_str().expect("a text with variables");
    let text = text.replace("${Period}", "60");
    serde_json::from_str(&text).expect("the dashboard is JSON")
});

fn widgets() -> impl Iterator<Item = &'static Value> {
    BODY["widgets"].as_array().expect("widgets").iter()
}

fn placeholder() -> &'static str {
    let variable = &BODY["variables"][0];
    assert_eq!(variable["type"], "pattern");
    variable["pattern"]
        .as_str()
        .expect("a text that is replaced")
}

/// The metrics of a widget, without expressions.
fn metric_uses(widget: &Value) -> Vec<MetricUse> {
    let title = widget["properties"]["title"].as_str().unwrap_or("untitled");
    let rows = widget["properties"]["metrics"]
        .as_array()
        .into_iter()
        .flatten();
    let mut uses = Vec::new();
    for row in rows {
        let row = row.as_array().expect("a row");
        let texts: Vec<&str> = row.iter().map_while(Value::as_str).collect();
        let [namespace, name, dimensions @ ..] = texts.as_slice() else {
            assert!(row[0]["expression"].is_string(), "{title}: {row:?}");
            continue;
        };
        let pairs = dimensions.chunks_exact(2);
        assert!(pairs.remainder().is_empty(), "{title}: {row:?}");
        uses.push(MetricUse {
            place: format!("widget {title}"),
            namespace: (*namespace).to_owned(),
            name: (*name).to_owned(),
            dimensions: pairs
                .map(|pair| (pair[0].to_owned(), pair[1].to_owned()))
                .collect(),
        });
    }
    uses
}

fn queries() -> Vec<Query> {
    let logs = widgets().filter(|widget| widget["type"] == "log");
    let texts = logs.map(|widget| widget["properties"]["query"].as_str().expect("a query"));
    texts.map(Query::parse).collect()
}

#[test]
fn every_metric_on_it_is_emitted_and_every_emitted_metric_is_watched() {
    let mut watched = BTreeSet::new();
    let shown = widgets().flat_map(metric_uses);
    for used in shown.chain(alarms::metric_uses()) {
        watched.extend(used.checked(placeholder()));
    }
    assert_eq!(watched, BTreeSet::from(Metric::ALL));
}

#[test]
fn every_log_field_on_it_is_emitted_and_every_top_list_is_shown() {
    let queries = queries();
    assert!(queries.len() > 5);
    let mut shown = BTreeSet::new();
    for query in &queries {
        query.check(placeholder());
        shown.extend(query.lists.iter().cloned());
        for group in &query.groups {
            let program = group.strip_prefix("/aws/lambda/").and_then(program_of);
            assert!(program.is_some(), "no function logs to {group}");
        }
    }
    for top in TopField::ALL {
        assert!(
            shown.contains(top.name),
            "{} is not on the dashboard",
            top.name
        );
    }
}

#[test]
fn its_variable_finds_web_acls_by_a_metric_that_is_emitted() {
    let variable = &BODY["variables"][0];
    assert_eq!(variable["populateFrom"], ACL_DIMENSION);
    let search = format!(
        "{{{NAMESPACE},{ACL_DIMENSION}}} MetricName=\"{}\"",
        Metric::Requests.name()
    );
    assert_eq!(variable["search"], search);
}

#[test]
fn a_window_has_a_stack_a_band_and_distinct_addresses() {
    let stacked = widgets().filter(|widget| widget["properties"]["stacked"] == true);
    let stacked: Vec<_> = stacked
        .flat_map(metric_uses)
        .map(|used| used.name)
        .collect();
    for action in [
        "AllowedRequests",
        "BlockedRequests",
        "CaptchaRequests",
        "ChallengeRequests",
        "OtherRequests",
    ] {
        assert!(
            stacked.iter().any(|name| name == action),
            "{action} is not stacked"
        );
    }
    let has_band = |widget: &&Value| widget.to_string().contains("ANOMALY_DETECTION_BAND(ratio");
    let banded = widgets()
        .find(has_band)
        .expect("a widget with an anomaly band");
    assert!(
        metric_uses(banded)
            .iter()
            .any(|used| used.name == "BlockedRatio")
    );
    let mut shown = widgets().flat_map(metric_uses);
    assert!(shown.any(|used| used.name == "DistinctAddresses"));
}

#[test]
fn widgets_lie_side_by_side() {
    let mut cells = BTreeSet::new();
    for widget in widgets() {
        let number = |name: &str| widget[name].as_u64().expect("a place in the grid");
        let (x, y) = (number("x"), number("y"));
        assert!(x + number("width") <= 24);
        for column in x..x + number("width") {
            for row in y..y + number("height") {
                assert!(
                    cells.insert((column, row)),
                    "two widgets at {column}, {row}"
                );
            }
        }
    }
}
