//! Generated scenarios with a known truth, through the real command: from bytes in a file to what a
//! person reads.

mod common;

use common::command::Sandbox;
use serde_json::{Value, json};
use wafwatch_loadgen::{EventTruth, Options, Scenario, Truth, generate};

const SEEDS: [u64; 3] = [7, 1, 20];
/// The seed of the snapshots.
const SEED: u64 = 7;

/// A scenario that was replayed.
struct Played {
    sandbox: Sandbox,
    truth: Truth,
    summary: Value,
}

impl Played {
    fn new(scenario: Scenario, seed: u64) -> Self {
        let sandbox = Sandbox::new();
        let options = Options {
            seed,
            ..Options::new(scenario)
        };
        let mut lines = Vec::new();
        let truth = generate(&options, &mut lines).expect("the options can be met");
        sandbox.write("waf.jsonl", lines);
        sandbox.write("wafwatch.toml", "windows.seed = 7\n");
        let summary = sandbox.json(&["replay", "waf.jsonl", "--store", "store.db"]);
        assert_eq!(summary["accounts"]["accepted"], truth.counts.total);
        assert_eq!(summary["acls"][0]["blocked"], truth.counts.blocked);
        assert_eq!(summary["acls"][0]["counted"], truth.counts.counted);
        Self {
            sandbox,
            truth,
            summary,
        }
    }

    fn event(&self) -> &EventTruth {
        &self.truth.events[0]
    }

    fn incidents(&self) -> Vec<Value> {
        let listed = self
            .sandbox
            .json(&["incidents", "list", "--store", "store.db"]);
        assert_eq!(listed, self.summary["incidents"]);
        listed.as_array().expect("a list").clone()
    }

    /// The only incident, which began within a window of the event and is over.
    fn incident(&self, cause: &str) -> Value {
        let incidents = self.incidents();
        assert_eq!(incidents.len(), 1, "{incidents:#?}");
        let incident = incidents[0].clone();
        assert_eq!(incident["cause"], cause);
        assert_eq!(incident["state"], "resolved");
        assert_eq!(incident["acl"], self.event().acl.as_str());
        let opened = incident["opened"].as_i64().expect("a time");
        let is_in_time = (self.event().start_ms - 60_000..self.event().end_ms).contains(&opened);
        assert!(is_in_time, "opened {opened}, {:?}", self.event());
        incident
    }

    fn shown(&self, incident: &Value) -> (String, Value) {
        let id = incident["id"].as_str().expect("an id");
        let arguments = ["incidents", "show", id, "--store", "store.db"];
        (self.sandbox.text(&arguments), self.sandbox.json(&arguments))
    }
}

/// Without the line breaks of a paragraph, and with addresses as requests have them.
fn flowing(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace("[.]", ".")
}

fn section<'a>(text: &'a str, title: &str) -> &'a str {
    let heading = format!("{title}\n{}\n", "-".repeat(title.len()));
    let (_, rest) = text.split_once(&heading).expect(title);
    rest.split("\n\n").next().expect("a first part")
}

/// Holds the cause, the offenders and the top lists of a report to the truth.
fn assert_names_the_truth(text: &str, report: &Value, event: &EventTruth) {
    let rule = event.rule.as_deref().expect("the event has a rule");
    let cause = flowing(section(text, "Anomaly Cause"));
    for address in &event.addresses {
        assert!(cause.contains(address), "{address} in {cause}");
    }

    let assessment = &report["ai_assessment"];
    let texts = |values: &Value, field: &str| -> Vec<String> {
        let values = values.as_array().expect("a list").iter();
        values
            .map(|value| value[field].as_str().expect(field).to_owned())
            .collect()
    };
    let offenders = texts(&assessment["primary_offenders"], "address");
    let mut leading = offenders[..event.addresses.len()].to_vec();
    leading.sort();
    let mut addresses = event.addresses.clone();
    addresses.sort();
    assert_eq!(leading, addresses);
    assert!(texts(&assessment["evidence"]["top_rules"], "key").contains(&rule.to_owned()));
    let uris = texts(&assessment["evidence"]["top_uris"], "key");
    for uri in &event.uris {
        let text_uris = flowing(section(text, "Top URIs"));
        assert!(uris.iter().any(|listed| listed == uri), "{uri}: {uris:?}");
        assert!(text_uris.contains(uri), "{uri} in {text_uris}");
    }
    let metrics = &assessment["metrics_overview"];
    assert_eq!(metrics["blocked_total"], event.during.blocked);
    assert_eq!(metrics["overall_total"], event.during.total);
}

fn assert_cause_contains(text: &str, values: &[&str]) {
    let cause = flowing(section(text, "Anomaly Cause"));
    for value in values {
        assert!(cause.contains(value), "{value} in {cause}");
    }
}

/// What differs from run to run and from release to release, replaced.
fn settled(text: &str, report: &Value) -> (String, Value) {
    let settle = |line: &str| match line.starts_with("Duration  ") {
        true => "Duration            [duration]".to_owned(),
        false => line.to_owned(),
    };
    let text: Vec<String> = text.lines().map(settle).collect();
    let mut report = report.clone();
    report["analysis_trace"]["duration_ms"] = json!("[duration]");
    report["analysis_version"] = json!("[version]");
    (text.join("\n"), report)
}

#[test]
fn regular_traffic_makes_no_incident() {
    for seed in SEEDS {
        let played = Played::new(Scenario::Regular, seed);
        assert_eq!(played.incidents(), [] as [Value; 0]);
    }
}

#[test]
fn days_of_normal_life_make_no_incident() {
    let played = Played::new(Scenario::Normal, SEED);
    assert_eq!(played.incidents(), [] as [Value; 0]);
}

#[test]
fn an_attack_makes_one_incident_that_names_the_address_the_rule_and_the_paths() {
    for seed in SEEDS {
        let played = Played::new(Scenario::Attack, seed);
        let incident = played.incident("admin_probing");
        let (text, shown) = played.shown(&incident);
        assert_names_the_truth(&text, &shown["report"], played.event());
        let rule = "AWSManagedRulesAdminProtectionRuleSet";
        assert_cause_contains(&text, &[rule, "203.0.113.77", "/admin", "/admin/login"]);
        if seed == SEED {
            let (text, report) = settled(&text, &shown["report"]);
            insta::assert_snapshot!("attack", text);
            insta::assert_json_snapshot!("attack_json", report);
        }
    }
}

#[test]
fn a_misconfiguration_makes_one_incident_that_names_the_rule_the_path_and_who_is_shut_out() {
    for seed in SEEDS {
        let played = Played::new(Scenario::Misconfiguration, seed);
        let incident = played.incident("rule_began_to_block");
        let (text, shown) = played.shown(&incident);
        assert_names_the_truth(&text, &shown["report"], played.event());
        assert_cause_contains(&text, &["block-rule-test-waf", "/prod/app", "country US"]);
        let advice = flowing(section(&text, "Recommended Actions"));
        assert!(advice.contains("block-rule-test-waf"), "{advice}");
        if seed == SEED {
            let (text, report) = settled(&text, &shown["report"]);
            insta::assert_snapshot!("misconfiguration", text);
            insta::assert_json_snapshot!("misconfiguration_json", report);
        }
    }
}

#[test]
fn script_injection_is_told_from_noise() {
    for seed in SEEDS {
        let played = Played::new(Scenario::Xss, seed);
        let incident = played.incident("injection_attempts");
        let (text, shown) = played.shown(&incident);
        assert_names_the_truth(&text, &shown["report"], played.event());
        assert_cause_contains(
            &text,
            &["CrossSiteScripting_QUERYARGUMENTS", "203.0.113.21 (150)"],
        );
    }
}

#[test]
fn a_flood_names_its_one_source() {
    for seed in SEEDS {
        let played = Played::new(Scenario::Flood, seed);
        let incident = played.incident("single_source_flood");
        let (text, shown) = played.shown(&incident);
        assert_names_the_truth(&text, &shown["report"], played.event());
    }
}

#[test]
fn a_crowd_is_benign() {
    for seed in SEEDS {
        let played = Played::new(Scenario::Crowd, seed);
        let incident = played.incident("benign_crowd");
        let (_, shown) = played.shown(&incident);
        let assessment = &shown["report"]["ai_assessment"];
        let counted = assessment["metrics_overview"]["overall_total"].as_u64();
        let crowd = played.event().during.total;
        let seen = crowd * 95 / 100..=crowd;
        assert!(
            seen.contains(&counted.expect("a number")),
            "{counted:?} of {crowd}"
        );
        let first_action = assessment["recommended_actions"][0].as_str().expect("text");
        assert!(first_action.contains("no rule needs to change"));
    }
}

#[test]
fn an_outage_is_seen_though_nothing_arrives() {
    for seed in SEEDS {
        let played = Played::new(Scenario::Outage, seed);
        let incident = played.incident("outage_or_logging_gap");
        // The window after it is still half of one: sites come back within a window.
        let windows = incident["windows"].as_u64().expect("a number");
        assert!((15..=16).contains(&windows), "{windows}");
        assert_eq!(incident["counters"]["total"], 0);
    }
}

#[test]
fn every_other_event_is_explained_by_its_cause() {
    for (scenario, cause) in [
        (Scenario::Stuffing, "credential_stuffing"),
        (Scenario::Bots, "bot_surge"),
        (Scenario::Challenge, "bot_surge"),
        (Scenario::Spoofed, "distributed_flood"),
        (Scenario::Enforcement, "rule_began_to_block"),
    ] {
        for seed in SEEDS {
            Played::new(scenario, seed).incident(cause);
        }
    }
}

#[test]
fn few_sources_are_named_with_the_cause() {
    for (scenario, cause) in [
        (Scenario::Scan, "scanner"),
        (Scenario::Sqli, "injection_attempts"),
        (Scenario::Inputs, "known_bad_inputs"),
    ] {
        for seed in SEEDS {
            let played = Played::new(scenario, seed);
            let incident = played.incident(cause);
            let (text, _) = played.shown(&incident);
            let told = flowing(section(&text, "Anomaly Cause"));
            let addresses = &played.event().addresses;
            let words: Vec<&str> = told.split([' ', ',', ';']).collect();
            let named = addresses.iter().filter(|one| words.contains(&one.as_str()));
            // Of many, three are named.
            let expected = addresses.len().min(3);
            assert!(
                expected > 0 && named.count() >= expected,
                "{scenario:?} {seed}: {told}"
            );
        }
    }
}
