//! Every scenario does what its description says, at its published size.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use wafwatch_loadgen::{Generator, Options, Scenario, Truth};

/// The event's records and the truth.
fn event_records(scenario: Scenario) -> (Vec<Value>, Truth) {
    let mut generator = Generator::new(&Options::new(scenario)).expect("valid options");
    let records = generator
        .by_ref()
        .filter(|line| line.event.is_event)
        .map(|line| serde_json::from_str(&line.text).expect("valid JSON"))
        .collect();
    let truth = generator.truth();
    (records, truth)
}

fn distinct(records: &[Value], pointer: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for record in records {
        let value = record.pointer(pointer).and_then(Value::as_str);
        *counts
            .entry(value.unwrap_or("absent").to_owned())
            .or_default() += 1;
    }
    counts
}

fn one(value: &str, count: u64) -> BTreeMap<String, u64> {
    BTreeMap::from([(value.to_owned(), count)])
}

#[test]
fn regular_is_one_request_in_five_minutes() {
    let (events, truth) = event_records(Scenario::Regular);
    assert!(events.is_empty());
    assert!(truth.events.is_empty());
    assert_eq!(truth.counts.total, 288);
    assert_eq!(truth.counts.allowed, 288);
    let timestamps: Vec<i64> = Generator::new(&Options::new(Scenario::Regular))
        .expect("valid options")
        .map(|line| line.event.timestamp_ms)
        .collect();
    for pair in timestamps.windows(2) {
        assert!((pair[1] - pair[0] - 300_000).abs() <= 2_000);
    }
}

#[test]
fn attack_is_a_hundred_blocked_requests_for_admin_paths_from_one_address() {
    let (records, truth) = event_records(Scenario::Attack);
    let event = &truth.events[0];
    let rule = "AWSManagedRulesAdminProtectionRuleSet";
    assert_eq!(records.len(), 100);
    assert_eq!((event.counts.total, event.counts.blocked), (100, 100));
    assert_eq!(distinct(&records, "/action"), one("BLOCK", 100));
    assert_eq!(
        distinct(&records, "/httpRequest/clientIp"),
        one(&event.addresses[0], 100)
    );
    assert_eq!(distinct(&records, "/terminatingRuleId"), one(rule, 100));
    assert_eq!(event.rule.as_deref(), Some(rule));
    let uris = distinct(&records, "/httpRequest/uri");
    assert!(uris.len() > 3 && uris.keys().all(|uri| uri.starts_with("/admin")));
    assert!(uris.keys().all(|uri| event.uris.contains(uri)));
    for record in &records {
        let groups = record["ruleGroupList"].as_array().expect("a list");
        assert_eq!(
            groups.len(),
            2,
            "evaluation stops at the group that terminates"
        );
        assert_eq!(groups[1]["ruleGroupId"], format!("AWS#{rule}"));
        assert_eq!(
            groups[1]["terminatingRule"]["ruleId"],
            "AdminProtection_URIPATH"
        );
    }
}

#[test]
fn misconfiguration_blocks_127_requests_of_three_us_addresses() {
    let (records, truth) = event_records(Scenario::Misconfiguration);
    let event = &truth.events[0];
    assert_eq!(records.len(), 127);
    assert_eq!(
        distinct(&records, "/terminatingRuleId"),
        one("block-rule-test-waf", 127)
    );
    assert_eq!(
        distinct(&records, "/httpRequest/uri"),
        one("/prod/app", 127)
    );
    assert_eq!(distinct(&records, "/httpRequest/country"), one("US", 127));
    let addresses = distinct(&records, "/httpRequest/clientIp");
    let expected: BTreeSet<&String> = event.addresses.iter().collect();
    assert_eq!(addresses.keys().collect::<BTreeSet<_>>(), expected);
    assert_eq!(addresses.len(), 3);
}

#[test]
fn misconfiguration_is_consistent_the_rule_blocks_all_it_matches_and_only_then() {
    let mut generator =
        Generator::new(&Options::new(Scenario::Misconfiguration)).expect("valid options");
    let lines: Vec<_> = generator.by_ref().collect();
    let event = generator.truth().events.remove(0);
    let mut customers_allowed = 0;
    for line in lines {
        let record: Value = serde_json::from_str(&line.text).expect("valid JSON");
        let is_during = (event.start_ms..event.end_ms).contains(&line.event.timestamp_ms);
        let matches = record["httpRequest"]["country"] == "US"
            && record["httpRequest"]["uri"] == "/prod/app"
            && !record["terminatingRuleId"]
                .as_str()
                .unwrap_or("")
                .starts_with("AWS");
        let is_blocked_by_it = record["terminatingRuleId"] == "block-rule-test-waf";
        assert_eq!(is_blocked_by_it, matches && is_during);
        customers_allowed += u32::from(matches && !is_during);
    }
    assert!(customers_allowed > 500, "{customers_allowed}");
}

#[test]
fn flood_is_a_hundred_times_the_normal_rate_and_blocked_in_part() {
    let (records, truth) = event_records(Scenario::Flood);
    let event = &truth.events[0];
    let total = event.counts.total;
    assert!(total.abs_diff(100 * 3 * 60) < 600, "{total}");
    assert_eq!(
        distinct(&records, "/httpRequest/clientIp"),
        one(&event.addresses[0], total)
    );
    assert!(event.counts.allowed > event.counts.blocked);
    assert!(event.counts.blocked > total / 4);
    let first_blocked = records
        .iter()
        .position(|record| record["action"] == "BLOCK");
    let (before, after) = records.split_at(first_blocked.expect("some are blocked"));
    assert_eq!(before.len() as u64, event.counts.allowed);
    assert_eq!(
        distinct(after, "/rateBasedRuleList/0/limitValue"),
        one(&event.addresses[0], after.len() as u64)
    );
    assert_eq!(
        distinct(after, "/terminatingRuleType"),
        one("RATE_BASED", after.len() as u64)
    );
}

#[test]
fn xss_is_150_scripts_in_the_query_string() {
    let (records, truth) = event_records(Scenario::Xss);
    assert_eq!(records.len(), 150);
    assert_eq!(truth.events[0].counts.blocked, 150);
    let args = "test=<script>alert(\"hello\")</script>";
    assert_eq!(distinct(&records, "/httpRequest/args"), one(args, 150));
    let rule = "CrossSiteScripting_QUERYARGUMENTS";
    assert_eq!(
        distinct(&records, "/ruleGroupList/0/terminatingRule/ruleId"),
        one(rule, 150)
    );
    assert_eq!(
        distinct(&records, "/terminatingRuleMatchDetails/0/conditionType"),
        one("XSS", 150)
    );
    assert_eq!(truth.events[0].inner_rule.as_deref(), Some(rule));
}

#[test]
fn crowd_is_many_new_addresses_and_nothing_blocked() {
    let (records, truth) = event_records(Scenario::Crowd);
    let event = &truth.events[0];
    assert!(event.benign);
    assert_eq!(event.counts.blocked, 0);
    // Three newcomers per regular visitor, less the slopes.
    assert!(
        (9_000..10_500).contains(&records.len()),
        "{}",
        records.len()
    );
    let addresses = distinct(&records, "/httpRequest/clientIp");
    assert!(
        addresses.len() * 10 > records.len() * 9,
        "{}",
        addresses.len()
    );
}

#[test]
fn outage_is_silence_that_ends() {
    let (records, truth) = event_records(Scenario::Outage);
    let event = &truth.events[0];
    assert!(records.is_empty());
    assert_eq!(event.during.total, 0);
    assert!(
        event.missing.abs_diff(3 * 15 * 60) < 300,
        "{}",
        event.missing
    );
    let after = Generator::new(&Options::new(Scenario::Outage))
        .expect("valid options")
        .filter(|line| line.event.timestamp_ms >= event.end_ms)
        .count();
    assert!(after > 3_000, "{after}");
}

#[test]
fn normal_has_a_daily_rhythm_some_noise_and_some_counted() {
    let options = Options::new(Scenario::Normal);
    let mut hours = [0_u64; 24];
    let mut generator = Generator::new(&options).expect("valid options");
    for line in generator.by_ref() {
        hours[((line.event.timestamp_ms - options.start_ms) / 3_600_000) as usize] += 1;
    }
    let counts = generator.truth().counts;
    assert!(hours[3] * 2 < hours[12], "{hours:?}");
    assert!(
        (10..25).contains(&(counts.blocked * 1_000 / counts.total)),
        "{counts:?}"
    );
    assert!(
        (15..35).contains(&(counts.counted * 1_000 / counts.total)),
        "{counts:?}"
    );
}

#[test]
fn records_are_about_as_large_as_real_ones() {
    for (scenario, expected) in [
        (Scenario::Normal, 1_850..1_950),
        (Scenario::Attack, 1_500..2_000),
    ] {
        let (_, truth) = event_records(scenario);
        let mean = truth.bytes / truth.counts.total;
        assert!(expected.contains(&mean), "{scenario}: {mean}");
    }
}
