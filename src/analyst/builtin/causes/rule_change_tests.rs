use super::*;
use crate::investigate::sample::Sample;
use crate::investigate::scenarios::{self, NEW_RULE};

fn found(sample: Sample) -> Option<Hypothesis> {
    let evidence = sample.build();
    rule_began_to_block(&Figures::of(&evidence))
}

const ADDRESSES: [(&str, u64); 4] = [
    ("198.51.100.1", 50),
    ("198.51.100.2", 50),
    ("198.51.100.3", 50),
    ("198.51.100.4", 30),
];

/// A rule that blocks 180 of the usual 200 requests.
fn usual_traffic_blocked_by(rule: &str, before: f64) -> Sample {
    let known: Vec<(&str, u64, f64)> = ADDRESSES
        .iter()
        .map(|(address, count)| (*address, *count, 45.0))
        .collect();
    Sample::usually(200, 2, 60.0)
        .now(200, 182, 60.0)
        .values(Dimension::Rule, &[(rule, 180, before)])
        .values(Dimension::Uri, &[("/prod/app", 200, 200.0)])
        .values(Dimension::ClientAddress, &known)
        .rule(rule, 180, &[("/prod/app", 180)], &ADDRESSES, &[("US", 180)])
}

#[test]
fn the_published_misconfiguration_is_named() {
    let found = found(scenarios::misconfiguration()).expect("rule change");
    assert!(found.confidence >= 0.8, "{}", found.confidence);
    for named in [
        NEW_RULE,
        "/prod/app (127)",
        "198.51.100.4 (52)",
        "192.0.2.88 (34)",
        "US (127)",
    ] {
        assert!(found.reason.contains(named), "{named}: {}", found.reason);
    }
    assert!(
        found.actions[0].contains("UpdateWebACL"),
        "{:?}",
        found.actions
    );
    assert!(found.actions[1].contains("to Count"), "{:?}", found.actions);
    assert_eq!(found.effect, Effect::Harm);
}

#[test]
fn the_change_and_its_author_are_named_and_how_it_is_undone() {
    let found = found(scenarios::misconfiguration_by_alice()).expect("rule change");
    assert_eq!(found.confidence, 0.97);
    let opening = "Misconfiguration by alice (role Admin): UpdateWebACL at 2024-05-01T09:55:00Z from \
                   198.51.100.9: rule block-rule-test-waf added (BLOCK, geo match US).";
    assert!(found.reason.starts_with(opening), "{}", found.reason);
    assert!(
        found.reason.contains("blocked 127 requests"),
        "{}",
        found.reason
    );
    let undone = "undo the change of alice (role Admin) at 2024-05-01T09:55:00Z (UpdateWebACL, event \
                  id-of-alice): set the action of rule block-rule-test-waf to Count, or delete the rule";
    assert!(found.actions[0].starts_with(undone), "{:?}", found.actions);
}

#[test]
fn a_change_that_nobody_recorded_is_told_with_its_time() {
    let mut evidence = scenarios::misconfiguration_by_alice().build();
    evidence.surroundings.trail = None;
    let found = rule_began_to_block(&Figures::of(&evidence)).expect("rule change");
    let opening = "Misconfiguration by somebody whom no record names: between 2024-04-30T10:00:00Z";
    assert!(found.reason.starts_with(opening), "{}", found.reason);
    assert!(
        found.actions[0].contains("find out who made it"),
        "{:?}",
        found.actions
    );
}

#[test]
fn an_attack_is_no_misconfiguration_though_somebody_changed_something() {
    let by_alice = scenarios::misconfiguration_by_alice().build();
    let mut evidence = scenarios::attack().build();
    evidence.surroundings = by_alice.surroundings;
    let found = rule_began_to_block(&Figures::of(&evidence));
    assert!(found.is_none_or(|found| found.confidence < 0.3));
}

#[test]
fn a_custom_rule_on_usual_traffic_is_nearly_certain() {
    let found = found(usual_traffic_blocked_by("geo-block", 0.0)).expect("rule change");
    assert!(found.confidence >= 0.95, "{}", found.confidence);
}

#[test]
fn a_managed_rule_is_less_likely_and_gets_other_advice() {
    let name = "AWS-AWSManagedRulesCommonRuleSet";
    let found = found(usual_traffic_blocked_by(name, 0.0)).expect("rule change");
    assert!(
        (0.5..0.9).contains(&found.confidence),
        "{}",
        found.confidence
    );
    assert!(
        found.actions[1].contains("Count override"),
        "{:?}",
        found.actions
    );
}

#[test]
fn the_default_action_set_to_block_is_told_though_it_always_ends_requests() {
    let found = found(usual_traffic_blocked_by("Default_Action", 198.0)).expect("rule change");
    assert!(
        found.reason.contains("the default action changed"),
        "{}",
        found.reason
    );
    assert!(
        found.actions[1].contains("back to Allow"),
        "{:?}",
        found.actions
    );
}

#[test]
fn a_rule_that_counted_before_is_told_apart() {
    let sample = usual_traffic_blocked_by("geo-block", 0.0)
        .values(Dimension::CountedRule, &[("geo-block", 0, 175.0)]);
    let found = found(sample).expect("rule change");
    assert!(
        found.reason.contains("only counted 175 per window before"),
        "{}",
        found.reason
    );
}

#[test]
fn a_rule_that_always_blocks_did_not_begin() {
    let sample = Sample::usually(200, 150, 60.0)
        .now(400, 350, 60.0)
        .values(Dimension::Rule, &[("geo-block", 350, 150.0)])
        .rule(
            "geo-block",
            350,
            &[("/prod/app", 350)],
            &ADDRESSES,
            &[("US", 350)],
        );
    assert_eq!(found(sample), None);
}

#[test]
fn an_attack_on_new_paths_from_one_address_is_rather_an_attack() {
    let found = found(scenarios::attack()).map_or(0.0, |found| found.confidence);
    assert!(found < 0.3, "{found}");
}

#[test]
fn a_rate_limit_that_acts_on_a_flood_is_doubted() {
    let name = "rate-limit-per-ip";
    let sample = Sample::usually(200, 0, 60.0)
        .now(5_200, 5_000, 61.0)
        .values(Dimension::Rule, &[(name, 5_000, 0.0)])
        .values(Dimension::Uri, &[("/prod/app", 5_200, 200.0)])
        .rule(
            name,
            5_000,
            &[("/prod/app", 5_000)],
            &[("203.0.113.7", 5_000)],
            &[("US", 5_000)],
        );
    let confidence = found(sample).map_or(0.0, |found| found.confidence);
    assert!(confidence < 0.6, "{confidence}");
}

#[test]
fn without_any_earlier_window_nothing_is_said() {
    assert_eq!(
        found(scenarios::misconfiguration().without_baseline()),
        None
    );
}
