use std::time::Duration;

use wafwatch_windows::summary::Dimension;

use super::*;
use crate::analyst::Analyst;
use crate::analyst::builtin::BuiltIn;
use crate::detect::{Direction, Signal};
use crate::incident::State;
use crate::investigate::sample::{ACL, Sample};
use crate::investigate::scenarios;

/// Every trick that a request may carry into a report.
const HOSTILE: &str = "/admin\r\n\r\nSubject: forged\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}\u{2066}\
                       \u{e0041}\u{200b}\u{2028}\u{85} http://evil.example/a 203.0.113.66";

fn with_report<T>(sample: Sample, look: impl Fn(Report<'_>) -> T) -> T {
    let evidence = sample.build();
    let assessment = BuiltIn.assess(&evidence);
    let event = evidence.event.clone();
    look(Report::new(
        &event,
        &evidence,
        &assessment,
        Duration::from_micros(3_760),
        Redaction::default(),
    ))
}

fn report_of<'a>(evidence: &'a Evidence, assessment: &'a Assessment) -> Report<'a> {
    let redaction = Redaction::default();
    Report::new(
        &evidence.event,
        evidence,
        assessment,
        Duration::ZERO,
        redaction,
    )
}

fn text_of(sample: Sample) -> String {
    with_report(sample, |report| report.to_text(Style::Plain))
}

#[test]
fn reports_as_text() {
    insta::assert_snapshot!("attack_text", text_of(scenarios::attack()));
    insta::assert_snapshot!(
        "misconfiguration_text",
        text_of(scenarios::misconfiguration())
    );
    insta::assert_snapshot!(
        "misconfiguration_by_alice_text",
        text_of(scenarios::misconfiguration_by_alice())
    );
    insta::assert_snapshot!("outage_text", text_of(scenarios::outage()));
    insta::assert_snapshot!("crowd_text", text_of(scenarios::crowd()));
}

#[test]
fn reports_as_json() {
    let json = |sample| with_report(sample, |report| report.to_json());
    insta::assert_json_snapshot!("attack_json", json(scenarios::attack()));
    insta::assert_json_snapshot!("misconfiguration_json", json(scenarios::misconfiguration()));
    insta::assert_json_snapshot!(
        "misconfiguration_by_alice_json",
        json(scenarios::misconfiguration_by_alice())
    );
    insta::assert_json_snapshot!("outage_json", json(scenarios::outage()));
    insta::assert_json_snapshot!("crowd_json", json(scenarios::crowd()));
}

#[test]
fn every_section_is_there_even_with_nothing_to_say() {
    for sample in [
        scenarios::attack(),
        scenarios::outage(),
        Sample::quiet().without_baseline(),
    ] {
        let text = text_of(sample);
        for section in Section::ALWAYS {
            assert!(text.contains(&section.heading()), "{section:?}");
        }
        assert!(text.contains("no change log connected"));
        assert!(text.contains("not available without AWS access"));
        assert!(text.contains("Duration            3.8 ms"));
    }
}

/// A report in which everything that a request can write is hostile.
fn hostile() -> Sample {
    let items = [(HOSTILE, 100)];
    Sample::quiet()
        .now(100, 100, 1.0)
        .finding(
            Signal::Uri(HOSTILE.to_owned()),
            Direction::Above,
            100.0,
            0.0,
        )
        .values(Dimension::Uri, &[(HOSTILE, 100, 0.0)])
        .values(Dimension::Rule, &[(HOSTILE, 100, 0.0)])
        .values(Dimension::UserAgent, &[(HOSTILE, 100, 0.0)])
        .values(Dimension::ClientAddress, &[(HOSTILE, 100, 0.0)])
        .address(HOSTILE, 100, 100, &items, &items)
        .rule(HOSTILE, 100, &items, &items, &items)
}

#[test]
fn hostile_text_cannot_forge_lines_escapes_or_links() {
    let evidence = {
        let mut evidence = hostile().build();
        evidence.event.incident.acl = HOSTILE.to_owned();
        evidence.event.incident.id = HOSTILE.to_owned();
        evidence.missing.push(HOSTILE.to_owned());
        evidence
    };
    let mut assessment = BuiltIn.assess(&evidence);
    // As an analyst that repeats what it read.
    assessment.executive_summary = HOSTILE.to_owned();
    assessment.recommended_actions = vec![HOSTILE.to_owned()];
    assessment.evidence.cloudtrail_change_summaries = vec![HOSTILE.to_owned()];
    let report = report_of(&evidence, &assessment);
    let text = report.to_text(Style::Plain);
    assert!(
        text.chars()
            .all(|c| c == '\n' || c == '…' || (' '..='~').contains(&c))
    );
    assert!(!text.contains("http://") && !text.contains("evil.example"));
    assert!(!text.contains("203.0.113.66"));
    assert!(text.lines().all(|line| !line.starts_with("Subject:")));
    let subject = report.subject();
    assert!(
        subject.len() < 100 && !subject.contains(char::is_control),
        "{subject}"
    );
    let json = report.to_json().to_string();
    assert!(!json.contains(['\n', '\u{1b}', '\u{202e}', '\u{e0041}', '\u{200b}']));
}

#[test]
fn no_line_is_wider_than_80_columns() {
    for sample in [
        scenarios::attack(),
        scenarios::misconfiguration(),
        scenarios::misconfiguration_by_alice(),
        scenarios::crowd(),
        hostile(),
    ] {
        for line in text_of(sample).lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn subjects_say_level_incident_state_and_cause() {
    let subject = with_report(scenarios::attack(), |report| report.subject());
    assert_eq!(
        subject,
        "[HIGH] prod-app-20240501T100000Z opened: admin probing"
    );
}

#[test]
fn long_subjects_are_cut_in_the_name_on_a_character() {
    let mut evidence = scenarios::attack().build();
    evidence.event.incident.id = "ä".repeat(200);
    let assessment = BuiltIn.assess(&evidence);
    let report = report_of(&evidence, &assessment);
    let subject = report.subject();
    assert!(subject.len() <= MAX_SUBJECT_BYTES, "{}", subject.len());
    assert!(subject.ends_with("… opened: admin probing"), "{subject}");
}

#[test]
fn account_ids_are_masked_everywhere_when_asked() {
    let redaction = Redaction {
        account_ids: true,
        ..Redaction::default()
    };
    with_report(scenarios::misconfiguration_by_alice(), |report| {
        assert!(report.to_text(Style::Plain).contains("111122223333"));
        let report = Report {
            redaction,
            ..report
        };
        assert!(!report.to_text(Style::Plain).contains("111122223333"));
        assert!(!report.to_json().to_string().contains("111122223333"));
        assert_eq!(report.acl(), ACL.replace("111122223333", "************"));
    });
}

#[test]
fn colours_mark_our_own_words_and_only_when_asked() {
    with_report(hostile(), |report| {
        assert!(!report.to_text(Style::Plain).contains('\u{1b}'));
        let coloured = report.to_text(Style::Coloured);
        let stripped = [
            "\u{1b}[0m",
            "\u{1b}[1m",
            "\u{1b}[31m",
            "\u{1b}[32m",
            "\u{1b}[33m",
            "\u{1b}[36m",
            "\u{1b}[1;31m",
        ]
        .iter()
        .fold(coloured, |text, code| text.replace(code, ""));
        assert_eq!(stripped, report.to_text(Style::Plain));
    });
}

#[test]
fn a_resolved_incident_says_from_when_to_when() {
    let mut evidence = scenarios::attack().build();
    evidence.event.kind = EventKind::Resolved;
    evidence.event.incident.state = State::Resolved;
    evidence.event.incident.resolved = Some(evidence.event.window.end.plus(300_000));
    let assessment = BuiltIn.assess(&evidence);
    let report = report_of(&evidence, &assessment);
    let text = report.to_text(Style::Plain);
    assert!(
        text.contains("resolved: from 2024-05-01T10:00:00Z to 2024-05-01T10:06:00Z"),
        "{text}"
    );
    assert_eq!(
        report.to_json()["time_window"]["end"],
        "2024-05-01T10:06:00Z"
    );
}

#[test]
fn an_acl_that_is_no_whole_arn_is_shown_as_it_is() {
    for acl in [
        "a1b2c3d4",
        "arn:aws:wafv2:eu-central-1::regional/webacl/shop/id",
    ] {
        let mut evidence = scenarios::attack().build();
        evidence.event.incident.acl = acl.to_owned();
        let assessment = BuiltIn.assess(&evidence);
        let report = report_of(&evidence, &assessment);
        let webacl = &report.to_json()["webacl"];
        assert_eq!(webacl["name"], acl);
        assert_eq!(webacl["scope"], serde_json::Value::Null);
        assert_eq!(webacl["region"], serde_json::Value::Null);
        assert_eq!(webacl["account"], serde_json::Value::Null);
        let text = report.to_text(Style::Plain);
        assert!(text.contains("not in the log"), "{text}");
    }
}
