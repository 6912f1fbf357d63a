use wafwatch_windows::summary::Dimension;

use super::*;
use crate::analyst::Cause;
use crate::detect::{Direction, Mix, Signal};
use crate::incident::{Level, Severity};
use crate::investigate::sample::Sample;
use crate::investigate::scenarios::{self, ADMIN_GROUP, NEW_RULE};

fn assess(sample: Sample) -> Assessment {
    BuiltIn.assess(&sample.build())
}

#[test]
fn regular_traffic_is_explained_by_nothing() {
    let assessment = assess(Sample::quiet().now(1, 0, 1.0));
    assert_eq!(assessment.cause, Cause::Unexplained);
    assert!(assessment.possible_causes.is_empty());
}

#[test]
fn the_published_attack_names_address_rule_and_paths() {
    let assessment = assess(scenarios::attack());
    assert_eq!(assessment.cause, Cause::AdminProbing);
    assert!(assessment.confidence >= 0.9, "{}", assessment.confidence);
    assert_eq!(assessment.primary_offenders[0].address, "203.0.113.7");
    assert_eq!(assessment.primary_offenders[0].blocked, 100);
    for named in [
        "203.0.113.7",
        "AWSManagedRulesAdminProtectionRuleSet",
        "/admin",
        "/admin/login",
    ] {
        assert!(
            assessment.anomaly_cause.contains(named),
            "{}",
            assessment.anomaly_cause
        );
    }
    assert_eq!(assessment.evidence.top_rules[0].key, ADMIN_GROUP);
    assert_eq!(assessment.metrics_overview.blocked_total, 100);
    // Blocked wholly: one level less than the findings gave it.
    assert_eq!(assessment.severity_score, Severity(65));
    assert_eq!(assessment.severity, Level::High);
}

#[test]
fn the_published_misconfiguration_names_rule_path_and_addresses() {
    let assessment = assess(scenarios::misconfiguration());
    assert_eq!(assessment.cause, Cause::RuleBeganToBlock);
    for named in [
        NEW_RULE,
        "/prod/app",
        "198.51.100.4",
        "198.51.100.17",
        "192.0.2.88",
    ] {
        assert!(
            assessment.anomaly_cause.contains(named),
            "{}",
            assessment.anomaly_cause
        );
    }
    assert_eq!(assessment.severity_score, Severity(85));
    assert_eq!(assessment.primary_offenders.len(), 3);
}

#[test]
fn the_published_cross_site_scripting_names_its_rule() {
    let assessment = assess(scenarios::xss());
    assert_eq!(assessment.cause, Cause::InjectionAttempts);
    for named in [
        "CrossSiteScripting_QUERYARGUMENTS",
        "203.0.113.9",
        "/prod/app",
    ] {
        assert!(
            assessment.anomaly_cause.contains(named),
            "{}",
            assessment.anomaly_cause
        );
    }
}

#[test]
fn a_crowd_is_harmless_and_one_level_less() {
    let assessment = assess(scenarios::crowd());
    assert_eq!(assessment.cause, Cause::BenignCrowd);
    assert_eq!(assessment.severity_score, Severity(50));
}

#[test]
fn an_outage_is_told() {
    let assessment = assess(scenarios::outage());
    assert_eq!(assessment.cause, Cause::OutageOrLoggingGap);
    assert!(assessment.primary_offenders.is_empty());
    assert!(
        assessment
            .metrics_overview
            .avg_blocked_ratio_top_offenders
            .abs()
            < 1e-9
    );
}

#[test]
fn a_flood_by_curl_from_one_address_is_a_flood_before_it_is_a_bot() {
    let sample = Sample::usually(100, 0, 40.0)
        .now(5_100, 0, 41.0)
        .severity(70)
        .values(Dimension::ClientAddress, &[("203.0.113.7", 5_000, 0.0)])
        .values(Dimension::Uri, &[("/search", 5_050, 50.0)])
        .values(Dimension::UserAgent, &[("curl/8.5.0", 5_000, 1.0)])
        .address("203.0.113.7", 5_000, 0, &[("/search", 5_000)], &[]);
    let assessment = assess(sample);
    assert_eq!(assessment.cause, Cause::SingleSourceFlood);
    // Nothing of it is stopped: one level more.
    assert_eq!(assessment.severity_score, Severity(90));
}

#[test]
fn a_scan_is_a_scan_before_it_is_a_flood() {
    let uris = [("/.env", 1), ("/.git/config", 1), ("/backup.sql", 1)];
    let values = [
        ("/.env", 1, 0.0),
        ("/.git/config", 1, 0.0),
        ("/backup.sql", 1, 0.0),
    ];
    let sample = Sample::usually(100, 0, 40.0)
        .now(1_100, 0, 41.0)
        .values(Dimension::ClientAddress, &[("203.0.113.7", 1_000, 0.0)])
        .values(Dimension::Uri, &values)
        .unlisted(Dimension::Uri, 1_097, 100.0)
        .address("203.0.113.7", 1_000, 0, &uris, &[]);
    let assessment = assess(sample);
    assert_eq!(assessment.cause, Cause::Scanner);
    assert_eq!(
        assessment.possible_causes[0].cause,
        Cause::SingleSourceFlood
    );
}

#[test]
fn stuffing_from_many_addresses_is_no_plain_flood() {
    let sample = Sample::usually(200, 0, 80.0)
        .now(2_200, 0, 900.0)
        .values(Dimension::Uri, &[("/login", 2_010, 5.0), ("/", 190, 195.0)])
        .values(
            Dimension::Method,
            &[("POST", 2_000, 10.0), ("GET", 200, 190.0)],
        );
    assert_eq!(assess(sample).cause, Cause::CredentialStuffing);
}

#[test]
fn a_distributed_flood_is_told() {
    let sample = Sample::usually(400, 4, 150.0)
        .now(40_000, 100, 9_000.0)
        .values(
            Dimension::Uri,
            &[("/search", 39_500, 20.0), ("/", 500, 380.0)],
        )
        .values(
            Dimension::Country,
            &[("DE", 9_000, 300.0), ("VN", 31_000, 100.0)],
        );
    assert_eq!(assess(sample).cause, Cause::DistributedFlood);
}

#[test]
fn a_surge_of_bots_is_told() {
    let label = "awswaf:managed:aws:bot-control:signal:automated_browser";
    let sample = Sample::usually(200, 0, 80.0)
        .now(900, 0, 300.0)
        .values(Dimension::Label, &[(label, 700, 2.0)])
        .values(
            Dimension::Ja4,
            &[("t13d1516h2_8daaf6152771_b186095e22b6", 700, 4.0)],
        )
        .values(
            Dimension::Country,
            &[("DE", 450, 100.0), ("US", 450, 100.0)],
        );
    assert_eq!(assess(sample).cause, Cause::BotSurge);
}

#[test]
fn bots_that_look_like_people_are_no_crowd() {
    let label = "awswaf:managed:aws:bot-control:signal:automated_browser";
    let like_people = || {
        Sample::usually(200, 0, 80.0)
            .now(1_600, 0, 640.0)
            .mix(Mix::Unchanged)
            .values(Dimension::Uri, &[("/", 1_600, 200.0)])
            .values(Dimension::Country, &[("DE", 1_600, 200.0)])
            .values(Dimension::UserAgent, &[("Mozilla/5.0", 1_600, 200.0)])
    };
    assert_eq!(assess(like_people()).cause, Cause::BenignCrowd);
    let labelled = like_people().values(Dimension::Label, &[(label, 1_400, 2.0)]);
    assert_eq!(assess(labelled).cause, Cause::BotSurge);
}

/// What they try says more than what they are.
#[test]
fn stuffing_by_known_bots_is_stuffing() {
    let label = "awswaf:managed:aws:bot-control:signal:non_browser_user_agent";
    let sample = Sample::usually(200, 0, 80.0)
        .now(2_200, 0, 400.0)
        .values(Dimension::Uri, &[("/api/login", 2_010, 5.0)])
        .unlisted(Dimension::Uri, 190, 195.0)
        .values(
            Dimension::Method,
            &[("POST", 2_020, 20.0), ("GET", 180, 180.0)],
        )
        .values(Dimension::Label, &[(label, 2_000, 2.0)])
        .values(
            Dimension::UserAgent,
            &[("python-requests/2.32.3", 2_000, 5.0)],
        );
    let assessment = assess(sample);
    assert_eq!(assessment.cause, Cause::CredentialStuffing);
    assert_eq!(assessment.possible_causes[0].cause, Cause::BotSurge);
}

#[test]
fn known_bad_inputs_are_told() {
    let rule = "AWS-AWSManagedRulesKnownBadInputsRuleSet";
    let sample = Sample::usually(200, 0, 80.0)
        .now(320, 120, 81.0)
        .values(
            Dimension::Rule,
            &[(rule, 120, 0.0), ("Default_Action", 200, 200.0)],
        )
        .rule(
            rule,
            120,
            &[("/api", 120)],
            &[("203.0.113.7", 120)],
            &[("NL", 120)],
        );
    assert_eq!(assess(sample).cause, Cause::KnownBadInputs);
}

#[test]
fn too_little_evidence_is_said() {
    let sample = Sample::quiet().without_baseline().now(12, 3, 4.0);
    let assessment = assess(sample.finding(Signal::Blocked, Direction::Above, 3.0, 0.0));
    assert_eq!(assessment.cause, Cause::Unexplained);
    assert!(
        assessment.anomaly_cause.contains("no earlier window"),
        "{}",
        assessment.anomaly_cause
    );
    assert!(assessment.methodology.contains("lowers confidence"));
}

#[test]
fn nothing_is_named_that_the_evidence_does_not_hold() {
    for sample in [
        scenarios::attack(),
        scenarios::misconfiguration(),
        scenarios::xss(),
        scenarios::crowd(),
    ] {
        let evidence = sample.build();
        let known = serde_json::to_string(&evidence).expect("evidence serialises");
        let assessment = BuiltIn.assess(&evidence);
        let text = format!(
            "{} {}",
            assessment.anomaly_cause,
            assessment.recommended_actions.join(" ")
        );
        let words = text.split([' ', ',', ';', '(', ')', ':']);
        let named = words.filter(|word| {
            word.starts_with('/')
                || word
                    .trim_end_matches('.')
                    .parse::<std::net::Ipv4Addr>()
                    .is_ok()
        });
        for word in named {
            assert!(known.contains(word.trim_end_matches('.')), "{word}");
        }
    }
}

#[test]
fn hostile_values_stay_on_one_line_in_sentences() {
    let uri = "/admin\n\nSubject: forged\u{1b}[2J\u{202e}";
    let sample = Sample::quiet()
        .now(100, 0, 1.0)
        .values(Dimension::Uri, &[(uri, 100, 0.0)])
        .values(Dimension::Rule, &[(ADMIN_GROUP, 100, 0.0)]);
    let assessment = assess(sample);
    assert_eq!(assessment.cause, Cause::AdminProbing);
    let texts = [&assessment.anomaly_cause, &assessment.executive_summary];
    assert!(
        texts
            .iter()
            .all(|text| !text.contains(['\n', '\u{1b}', '\u{202e}']))
    );
    let mut actions = assessment.recommended_actions.iter();
    assert!(actions.all(|text| !text.contains(['\n', '\u{1b}', '\u{202e}'])));
}

#[test]
fn the_same_evidence_gives_the_same_answer_in_json_and_back() {
    let first = assess(scenarios::attack());
    assert_eq!(first, assess(scenarios::attack()));
    let json = serde_json::to_string(&first).expect("an assessment serialises");
    let back: Assessment = serde_json::from_str(&json).expect("and comes back");
    assert_eq!(back, first);
}

#[test]
fn names_of_causes_are_those_of_the_json() {
    for cause in [
        Cause::AdminProbing,
        Cause::OutageOrLoggingGap,
        Cause::BenignCrowd,
    ] {
        let json = serde_json::to_string(&cause).expect("a cause serialises");
        assert_eq!(json, format!("\"{}\"", cause.name()));
    }
}

#[test]
fn an_attack_on_a_busy_site_is_told_by_its_blocked_requests() {
    let uris = [("/admin", 60), ("/admin/login", 40)];
    let sample = Sample::usually(3_000, 10, 500.0)
        .now(3_400, 110, 510.0)
        .finding(Signal::Blocked, Direction::Above, 110.0, 10.0)
        .values(
            Dimension::Rule,
            &[(ADMIN_GROUP, 100, 0.0), ("Default_Action", 3_290, 2_990.0)],
        )
        .values(
            Dimension::Uri,
            &[("/", 3_000, 2_800.0), ("/admin", 60, 0.1)],
        )
        .address("203.0.113.7", 100, 100, &uris, &[(ADMIN_GROUP, 100)])
        .rule(
            ADMIN_GROUP,
            100,
            &uris,
            &[("203.0.113.7", 100)],
            &[("US", 100)],
        );
    let assessment = assess(sample);
    assert_eq!(assessment.cause, Cause::AdminProbing);
    assert!(assessment.confidence >= 0.9, "{}", assessment.confidence);
}

#[test]
fn a_rule_that_blocks_a_small_part_of_a_busy_site_is_told() {
    let addresses = [
        ("198.51.100.1", 50),
        ("198.51.100.2", 40),
        ("198.51.100.3", 37),
    ];
    let sample = Sample::usually(6_000, 6, 900.0)
        .now(6_050, 133, 905.0)
        .finding(Signal::Blocked, Direction::Above, 133.0, 6.0)
        .values(
            Dimension::Rule,
            &[(NEW_RULE, 127, 0.0), ("Default_Action", 5_900, 5_990.0)],
        )
        .values(Dimension::Uri, &[("/prod/app", 3_000, 3_000.0)])
        .rule(
            NEW_RULE,
            127,
            &[("/prod/app", 127)],
            &addresses,
            &[("US", 127)],
        );
    assert_eq!(assess(sample).cause, Cause::RuleBeganToBlock);
}

mod any_evidence {
    use super::*;
    use crate::report::{Redaction, Report, Style};
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("/admin".to_owned()),
            Just("/login".to_owned()),
            Just("Default_Action".to_owned()),
            Just(ADMIN_GROUP.to_owned()),
            Just("203.0.113.7".to_owned()),
            "/[a-z]{0,6}",
            any::<String>(),
        ]
    }

    fn count() -> impl Strategy<Value = u64> {
        prop_oneof![0_u64..300, 0_u64..(1 << 50)]
    }

    proptest! {
        /// Whatever the evidence, there is an answer within its bounds, and a report of it.
        #[test]
        fn has_an_answer(
            usual in (0_u64..1_000, 0.0_f64..1e6),
            now in (count(), 0.0_f64..=1.0, 0.0_f64..1e9),
            values in prop::collection::vec((0_usize..15, text(), count(), 0.0_f64..1e9), 0..30),
            profiles in prop::collection::vec((text(), count(), text(), count()), 0..6),
            severity in 0_u8..=100,
            has_baseline: bool,
        ) {
            let blocked = (now.0 as f64 * now.1) as u64;
            let mut sample = Sample::usually(usual.0, usual.0 / 3, usual.1)
                .now(now.0, blocked.min(now.0), now.2)
                .severity(severity)
                .total_finding(Direction::Below, 0.0, 10.0);
            for (dimension, key, during, before) in &values {
                let dimension = Dimension::ALL[*dimension];
                sample = sample.values(dimension, &[(key.as_str(), *during, *before)]);
            }
            for (name, total, key, part) in &profiles {
                let items = [(key.as_str(), *part)];
                sample = sample.address(name, *total, total / 2, &items, &items);
                sample = sample.rule(key, *total, &items, &items, &items);
            }
            if !has_baseline {
                sample = sample.without_baseline();
            }
            let evidence = sample.build();
            let assessment = BuiltIn.assess(&evidence);
            prop_assert!((0.0..=1.0).contains(&assessment.confidence));
            prop_assert!(!assessment.recommended_actions.is_empty());
            prop_assert!(assessment.possible_causes.len() <= MAX_POSSIBLE_CAUSES);
            prop_assert!(assessment.possible_causes.iter().all(|other| other.cause != assessment.cause));
            let duration = std::time::Duration::ZERO;
            let report = Report::new(
                &evidence.event,
                &evidence,
                &assessment,
                duration,
                Redaction::default(),
            );
            prop_assert!(report.subject().len() < 100);
            prop_assert!(report.to_text(Style::Plain).lines().all(|line| line.chars().count() <= 80));
            prop_assert!(report.to_json().is_object());
        }
    }
}
