//! The scenarios that nobody published do what their descriptions say.

use std::collections::BTreeSet;

use serde_json::Value;
use wafwatch_loadgen::{EventTruth, Generator, Options, Scenario, Truth};

struct Run {
    /// The events' records.
    records: Vec<Value>,
    truth: Truth,
}

impl Run {
    fn new(scenario: Scenario) -> Self {
        let mut generator = Generator::new(&Options::new(scenario)).expect("valid options");
        let records = generator
            .by_ref()
            .filter(|line| line.event.is_event)
            .map(|line| serde_json::from_str(&line.text).expect("valid JSON"))
            .collect();
        let truth = generator.truth();
        Self { records, truth }
    }

    fn event(&self) -> &EventTruth {
        assert_eq!(self.truth.events.len(), 1);
        &self.truth.events[0]
    }

    fn distinct(&self, pointer: &str) -> BTreeSet<&str> {
        let values = self.records.iter().map(|record| record.pointer(pointer));
        values
            .map(|value| value.and_then(Value::as_str).unwrap_or("absent"))
            .collect()
    }

    /// Records per percent of the event.
    fn course(&self) -> Vec<usize> {
        let event = self.event();
        let mut course = vec![0; 100];
        for record in &self.records {
            let at = record["timestamp"].as_i64().expect("a time") - event.start_ms;
            course[(at * 100 / (event.end_ms - event.start_ms)) as usize] += 1;
        }
        course
    }
}

const ADDRESS: &str = "/httpRequest/clientIp";

#[test]
fn a_ramp_climbs_from_nothing_to_eight_times_the_traffic() {
    let run = Run::new(Scenario::Ramp);
    let course = run.course();
    let sum = |range: std::ops::Range<usize>| course[range].iter().sum::<usize>();
    assert!(sum(0..10) * 10 < sum(90..100), "{course:?}");
    // A tenth of an hour at nearly 24 per second.
    assert!(sum(90..100).abs_diff(360 * 228 / 10) < 600, "{course:?}");
    assert_eq!(run.distinct(ADDRESS).len(), 64);
    assert_eq!(run.event().addresses.len(), 64);
    assert_eq!(run.event().counts.blocked, 0);
}

#[test]
fn slow_is_many_addresses_with_six_requests_each() {
    let run = Run::new(Scenario::Slow);
    assert_eq!(run.records.len(), 2_400);
    assert_eq!(run.distinct(ADDRESS).len(), 400);
    assert_eq!(run.event().counts.allowed, 2_400);
}

#[test]
fn stuffing_is_at_the_login_page_and_a_third_is_blocked() {
    let run = Run::new(Scenario::Stuffing);
    let counts = run.event().counts;
    assert_eq!(run.distinct("/httpRequest/uri"), ["/api/login"].into());
    assert_eq!(run.distinct("/httpRequest/httpMethod"), ["POST"].into());
    let share = counts.blocked * 100 / counts.total;
    assert!((30..37).contains(&share), "{counts:?}");
    assert!((280..=300).contains(&run.distinct(ADDRESS).len()));
}

#[test]
fn a_scan_asks_for_many_paths_and_a_third_is_blocked() {
    let run = Run::new(Scenario::Scan);
    let counts = run.event().counts;
    assert_eq!(counts.total, 1_500);
    assert!((450..570).contains(&counts.blocked), "{counts:?}");
    assert!(run.distinct("/httpRequest/uri").len() > 400);
    assert_eq!(run.distinct(ADDRESS).len(), 1);
}

#[test]
fn injections_and_bad_inputs_are_blocked_by_several_rules_of_one_group() {
    for (scenario, requests, rules, first) in [
        (Scenario::Sqli, 300, 3, "SQLi_QUERYARGUMENTS"),
        (Scenario::Inputs, 250, 5, "Log4JRCE_QUERYSTRING"),
    ] {
        let run = Run::new(scenario);
        let event = run.event();
        assert_eq!(
            (event.counts.total, event.counts.blocked),
            (requests, requests)
        );
        let group = event.rule.as_deref().expect("a rule");
        assert_eq!(run.distinct("/terminatingRuleId"), [group].into());
        let inner: Vec<&str> = run.records.iter().map(inner_rule).collect();
        let distinct: BTreeSet<&str> = inner.iter().copied().collect();
        assert_eq!(distinct.len(), rules, "{distinct:?}");
        assert!(distinct.contains(first));
        assert_eq!(event.inner_rule.as_deref(), Some(first));
    }
}

fn inner_rule(record: &Value) -> &str {
    let groups = record["ruleGroupList"].as_array().expect("a list");
    let last = groups.last().expect("a group");
    last["terminatingRule"]["ruleId"].as_str().expect("a rule")
}

#[test]
fn bots_have_one_fingerprint_many_names_and_labels() {
    let run = Run::new(Scenario::Bots);
    assert_eq!(run.distinct("/ja4Fingerprint").len(), 1);
    assert!(run.distinct(ADDRESS).len() > 480);
    let counts = run.event().counts;
    assert_eq!(counts.blocked + counts.counted, counts.total);
    for record in &run.records {
        let labels = record["labels"].as_array().expect("labels");
        let prefix = "awswaf:managed:aws:bot-control:";
        let are_of_bots = |label: &Value| {
            let name = label["name"].as_str();
            name.is_some_and(|name| name.starts_with(prefix))
        };
        assert!(labels.len() == 2 && labels.iter().all(are_of_bots));
    }
}

#[test]
fn challenges_and_puzzles_say_why_they_were_sent() {
    let run = Run::new(Scenario::Challenge);
    let counts = run.event().counts;
    assert_eq!(counts.challenged + counts.captcha, counts.total);
    assert!(counts.captcha > counts.total / 4);
    assert_eq!(run.truth.counts.total, {
        let all = run.truth.counts;
        all.allowed + all.blocked + all.challenged + all.captcha
    });
    for record in &run.records {
        let (field, code) = match record["action"].as_str() {
            Some("CHALLENGE") => ("challengeResponse", 202),
            _ => ("captchaResponse", 405),
        };
        assert_eq!(record[field]["responseCode"], code);
        assert_eq!(record[field]["failureReason"], "TOKEN_MISSING");
        assert_eq!(record["responseCodeSent"], code);
    }
}

#[test]
fn no_address_of_a_spoofed_flood_comes_twice() {
    let run = Run::new(Scenario::Spoofed);
    assert!(run.records.len() > 20_000);
    assert_eq!(run.distinct(ADDRESS).len(), run.records.len());
}

#[test]
fn enforcement_blocks_what_it_counted_before() {
    let mut generator =
        Generator::new(&Options::new(Scenario::Enforcement)).expect("valid options");
    let lines: Vec<_> = generator.by_ref().collect();
    let event = generator.truth().events.remove(0);
    let mut counted_outside = 0;
    for line in lines {
        let is_during = (event.start_ms..event.end_ms).contains(&line.event.timestamp_ms);
        let is_named = line.text.contains("strict-query-rule");
        assert_eq!(line.event.is_event, is_named && is_during);
        counted_outside += u64::from(is_named && !is_during);
    }
    assert_eq!(event.counts.blocked, event.counts.total);
    assert!(event.counts.total.abs_diff(540) < 100, "{event:?}");
    assert!(counted_outside > 1_500, "{counted_outside}");
}

#[test]
fn several_are_three_events_that_overlap() {
    let run = Run::new(Scenario::Several);
    let kinds: Vec<&str> = run
        .truth
        .events
        .iter()
        .map(|event| event.kind.as_str())
        .collect();
    assert_eq!(kinds, ["scan", "stuffing", "spoofed"]);
    let [scan, stuffing, spoofed] = run.truth.events.as_slice() else {
        panic!("three events");
    };
    assert!(scan.end_ms > stuffing.start_ms && stuffing.end_ms > spoofed.end_ms);
    let counted: u64 = run
        .truth
        .events
        .iter()
        .map(|event| event.counts.total)
        .sum();
    assert_eq!(counted, run.records.len() as u64);
    assert!(stuffing.during.total > stuffing.counts.total + spoofed.counts.total);
}

#[test]
fn a_week_has_seven_days_and_a_quieter_end() {
    let options = Options::new(Scenario::Week);
    let mut days = [0_u64; 7];
    for line in Generator::new(&options).expect("valid options") {
        days[((line.event.timestamp_ms - options.start_ms) / 86_400_000) as usize] += 1;
    }
    assert!(days[6] * 10 < days[1] * 9, "{days:?}");
    assert!(
        days.iter().sum::<u64>().abs_diff(60_480) < 1_500,
        "{days:?}"
    );
}
