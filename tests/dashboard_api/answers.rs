//! What a dashboard over a store at rest answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wafwatch_loadgen::{Options, Scenario, generate};

use super::schema::Contract;
use super::server::Server;
use crate::common::command::Sandbox;
use crate::common::hostile::START;
use crate::common::store::rows;
use crate::common::{ACL, line};

/// Three hours with an attack in them, replayed.
fn attacked() -> (Sandbox, Vec<Value>) {
    let sandbox = Sandbox::new();
    let mut lines = Vec::new();
    generate(&Options::new(Scenario::Attack), &mut lines).expect("the options can be met");
    sandbox.write("waf.jsonl", &lines);
    sandbox.json(&["replay", "waf.jsonl", "--store", "store.db"]);
    let records = lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    let records = records.map(|line| serde_json::from_slice(line).expect("is JSON"));
    (sandbox, records.collect())
}

fn texts<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {pointer} in {value}"))
}

#[test]
fn everything_answers_as_the_openapi_file_says() {
    let contract = Contract::read();
    assert_eq!(contract.undescribed(), Vec::<String>::new());
    let (sandbox, _) = attacked();
    let server = Server::serve(&sandbox);
    let id = texts(&server.api("incidents"), "/incidents/0/id").to_owned();
    let acl = texts(&server.api("acls"), "/acls/0/acl").to_owned();
    let json = [("Content-Type", "application/json")];
    let feedback = format!("/api/v1/incidents/{id}/feedback");
    let show = format!("/api/v1/incidents/{id}");
    let mut asked: Vec<(&str, String, &str, u16)> = vec![
        ("GET", "/api/v1/session".to_owned(), "", 200),
        (
            "POST",
            "/api/v1/session".to_owned(),
            r#"{"token":"any"}"#,
            200,
        ),
        ("DELETE", "/api/v1/session".to_owned(), "", 200),
        ("GET", "/api/v1/acls".to_owned(), "", 200),
        ("GET", "/api/v1/windows".to_owned(), "", 200),
        (
            "GET",
            format!("/api/v1/windows?acl={acl}&points=7"),
            "",
            200,
        ),
        ("GET", "/api/v1/top".to_owned(), "", 200),
        (
            "GET",
            format!("/api/v1/top?acl={acl}&from=0&until=4000000000000&limit=100"),
            "",
            200,
        ),
        ("GET", "/api/v1/incidents".to_owned(), "", 200),
        (
            "GET",
            format!("/api/v1/incidents?acl={acl}&state=resolved&limit=1"),
            "",
            200,
        ),
        ("GET", show, "", 200),
        ("POST", feedback.clone(), r#"{"judgement":"relevant"}"#, 200),
        ("DELETE", feedback.clone(), "", 200),
        ("DELETE", feedback.clone(), "", 404),
        ("POST", feedback.clone(), r#"{"judgement":"maybe"}"#, 400),
        (
            "POST",
            feedback,
            r#"{"judgement":"relevant","more":1}"#,
            400,
        ),
        ("GET", "/api/v1/health".to_owned(), "", 200),
        ("GET", "/api/v1/openapi.json".to_owned(), "", 200),
        ("GET", "/api/v1/incidents/nobody".to_owned(), "", 404),
        (
            "POST",
            "/api/v1/incidents/nobody/feedback".to_owned(),
            r#"{"judgement":"relevant"}"#,
            404,
        ),
        ("GET", "/api/v1/windows?acl=nobody".to_owned(), "", 404),
        ("GET", "/api/v1/top?filter=9-9".to_owned(), "", 404),
        ("GET", "/api/v1/events?before=1".to_owned(), "", 400),
    ];
    for wrong in [
        "acls?x=1",
        "windows?points=0",
        "windows?points=2001",
        "windows?from=2&until=1",
        "windows?from=soon",
        "top?dimension=color",
        "top?limit=101",
        "top?baseline=month",
        "top?from=1&until=2&from=3",
        "incidents?state=closed",
        "incidents?limit=501",
    ] {
        asked.push(("GET", format!("/api/v1/{wrong}"), "", 400));
    }
    let mut answered: Vec<(String, String)> = Vec::new();
    for (method, address, body, status) in asked {
        let answer = server.send(method, &address, &json, body);
        assert_eq!(answer.status, status, "{method} {address}: {}", answer.body);
        let path = address.split('?').next().expect("has a path");
        contract.check(method, path, status, &answer.json());
        assert_eq!(
            answer.header("cache-control"),
            Some("no-store"),
            "{address}"
        );
        if status == 200 {
            let pattern = path.replace(&id, "{id}");
            answered.push((method.to_owned(), pattern));
        }
    }
    for (method, path, _) in contract.operations() {
        // The stream has tests of its own.
        let is_answered = answered.contains(&(method.clone(), path.clone()));
        assert!(
            is_answered || path == "/api/v1/events",
            "{method} {path} was not asked"
        );
    }
    assert_eq!(server.interrupt(), Some(0));
}

#[test]
fn figures_are_those_of_the_store_and_buckets_lose_nothing() {
    let (sandbox, records) = attacked();
    let server = Server::serve(&sandbox);
    let sum = |column: &Value| -> u64 {
        let numbers = column.as_array().expect("a column").iter();
        numbers
            .map(|number| number.as_u64().expect("a count"))
            .sum()
    };
    for points in [2_000, 50, 7, 1] {
        let windows = server.api(&format!("windows?points={points}&from=0"));
        let series = &windows["series"][0];
        let columns = series.as_object().expect("columns");
        let length = series["start"].as_array().expect("a column").len();
        assert!(length <= points + 1, "{length} for {points}");
        for (name, column) in columns.iter().filter(|(name, _)| *name != "acl") {
            assert_eq!(column.as_array().expect("a column").len(), length, "{name}");
        }
        assert_eq!(sum(&series["total"]), records.len() as u64, "{points}");
        let parts = ["allowed", "blocked", "captcha", "challenge", "other"];
        let parts: u64 = parts.iter().map(|name| sum(&series[*name])).sum();
        assert_eq!(parts, records.len() as u64);
        let stored = rows(
            &sandbox.path("store.db"),
            "SELECT count(*), sum(findings <> '[]') FROM windows",
        );
        let counts = [sum(&series["windows"]), sum(&series["findings"])];
        let counts = counts.map(|count| rusqlite::types::Value::Integer(count.cast_signed()));
        assert_eq!(stored, [counts.to_vec()]);
    }
    let windows = server.api("windows?points=2000");
    let series = &windows["series"][0];
    let band =
        ["lower", "expected", "upper"].map(|name| series[name].as_array().expect("a column"));
    let known = band[1]
        .iter()
        .filter(|expected| !expected.is_null())
        .count();
    assert_eq!(
        known,
        band[1].len() - 5,
        "all but the five that were learnt first"
    );
    for place in 0..band[1].len() {
        let [lower, expected, upper] = band.map(|column| column[place].as_f64());
        assert_eq!(lower.is_some(), upper.is_some());
        if let (Some(lower), Some(expected), Some(upper)) = (lower, expected, upper) {
            assert!(
                lower <= expected && expected <= upper,
                "{lower} {expected} {upper}"
            );
        }
    }
}

#[test]
fn top_lists_of_a_range_hold_the_truth_and_their_filters_lead_on() {
    let (sandbox, records) = attacked();
    let server = Server::serve(&sandbox);
    let top = server.api("top?from=0&until=4000000000000&limit=100&baseline=before");
    assert_eq!(top["range"]["counters"]["total"], records.len());
    assert_eq!(top["is_cut"], false);
    assert_eq!(top["baseline_kind"], "none");
    let counted = |of: &dyn Fn(&Value) -> Option<String>| {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for value in records.iter().filter_map(of) {
            *counts.entry(value).or_default() += 1;
        }
        counts
    };
    let text = |record: &Value, pointer: &str| {
        record
            .pointer(pointer)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let list = |top: &Value, dimension: &str| -> Value {
        let lists = top["lists"].as_array().expect("lists").iter();
        let mut found = lists.filter(|list| list["dimension"] == dimension);
        found
            .next()
            .unwrap_or_else(|| panic!("no {dimension} in {top}"))
            .clone()
    };
    let within = |list: &Value, truth: &BTreeMap<String, u64>| {
        let mut left = truth.clone();
        for item in list["items"].as_array().expect("items") {
            let key = item["key"].as_str().expect("a key");
            let count = left.remove(key).unwrap_or(0);
            let bound = |name: &str| item[name].as_u64().expect("a bound");
            let is_within = bound("lower") <= count && count <= bound("upper");
            assert!(is_within, "{key} occurred {count} times: {item}");
        }
        let largest = left.values().max().copied().unwrap_or(0);
        assert!(
            largest <= list["unlisted"].as_u64().expect("a bound"),
            "{largest}: {list}"
        );
    };
    let uris = list(&top, "uri");
    within(&uris, &counted(&|record| text(record, "/httpRequest/uri")));
    assert_eq!(uris["weight"], records.len());
    within(
        &list(&top, "client_address"),
        &counted(&|record| text(record, "/httpRequest/clientIp")),
    );

    // The busiest address, and then the busiest of its paths.
    let busiest = list(&top, "client_address")["items"][0].clone();
    let address = busiest["key"].as_str().expect("a key");
    let handle = busiest["filter"].as_str().expect("a filter");
    let range = "from=0&until=4000000000000&limit=100";
    let filtered = server.api(&format!("top?{range}&filter={handle}"));
    assert_eq!(filtered["filter"]["key"], address);
    let of_address =
        |record: &Value| text(record, "/httpRequest/clientIp").is_some_and(|it| it == address);
    let theirs = list(&filtered, "uri");
    within(
        &theirs,
        &counted(&|record| text(record, "/httpRequest/uri").filter(|_| of_address(record))),
    );
    let path = theirs["items"][0].clone();
    let all = uris["items"].as_array().expect("items").iter();
    let of_all = all.clone().find(|item| item["key"] == path["key"]);
    let handle = of_all.expect("is frequent")["filter"]
        .as_str()
        .expect("a filter")
        .to_owned();
    let reversed = server.api(&format!("top?{range}&filter={handle}"));
    let key = path["key"].as_str().expect("a key");
    within(
        &list(&reversed, "client_address"),
        &counted(&|record| {
            let is_path = text(record, "/httpRequest/uri").is_some_and(|uri| uri == key);
            text(record, "/httpRequest/clientIp").filter(|_| is_path)
        }),
    );
}

#[test]
fn a_range_is_compared_with_the_day_before() {
    let sandbox = Sandbox::new();
    let mut lines = String::new();
    for (day, count) in [(0, 10), (1, 25)] {
        for number in 0..count {
            let time = START + day * 86_400_000 + number * 1_000;
            lines += &(line(ACL, time, "ALLOW", "192.0.2.7", "/x") + "\n");
        }
    }
    sandbox.write("waf.jsonl", lines);
    sandbox.json(&["replay", "waf.jsonl", "--store", "store.db"]);
    let server = Server::serve(&sandbox);
    let from = START + 86_400_000;
    let top = server.api(&format!(
        "top?from={from}&until={}&dimension=uri",
        from + 60_000
    ));
    assert_eq!(top["baseline_kind"], "day", "{top}");
    let item = &top["lists"][0]["items"][0];
    assert_eq!(item["lower"], 25);
    assert_eq!(item["baseline"], json!({"lower": 10, "upper": 10}));
    assert_eq!(
        (&item["change"], &item["is_change_certain"]),
        (&json!(15.0), &json!(true))
    );
}

#[test]
fn what_people_say_is_what_the_command_knows() {
    let (sandbox, _) = attacked();
    let server = Server::serve(&sandbox);
    let id = texts(&server.api("incidents"), "/incidents/0/id").to_owned();
    let path = format!("/api/v1/incidents/{id}/feedback");
    let json = [("Content-Type", "application/json; charset=utf-8")];
    let marked = server.send("POST", &path, &json, r#"{"judgement":"expected"}"#);
    assert_eq!(marked.status, 200, "{}", marked.body);
    let listed = sandbox.json(&["feedback", "list", "--store", "store.db"]);
    assert_eq!(listed[0]["incident"], id.as_str());
    assert_eq!(listed[0]["judgement"], "expected");
    let shown = server.api(&format!("incidents/{id}"));
    assert_eq!(shown["mark"]["judgement"], "expected");
    assert_eq!(shown["incident"]["judgement"], "expected");
    let report = sandbox.json(&["incidents", "show", &id, "--store", "store.db"]);
    assert_eq!(shown["report"], report["report"]);
    assert_eq!(server.send("DELETE", &path, &[], "").status, 200);
    let listed = sandbox.json(&["feedback", "list", "--store", "store.db"]);
    assert_eq!(listed, json!([]));
}
