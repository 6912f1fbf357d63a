use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::notify::samples;
use crate::report::Outline;

fn product() -> Product {
    Product {
        arn: "arn:aws:securityhub:eu-central-1:999988887777:product/999988887777/default"
            .to_owned(),
        region: "eu-central-1".to_owned(),
        account: "999988887777".to_owned(),
    }
}

fn of_message(message: &Message) -> AwsSecurityFinding {
    of(message, &product())
}

/// A finding's fields, one on each line.
fn shown(finding: &AwsSecurityFinding) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: Option<&str>| {
        writeln!(text, "{name:18}{}", value.unwrap_or("-")).expect("to memory");
    };
    line("SchemaVersion", finding.schema_version());
    line("Id", finding.id());
    line("ProductArn", finding.product_arn());
    line("AwsAccountId", finding.aws_account_id());
    line("GeneratorId", finding.generator_id());
    line("Types", finding.types().first().map(String::as_str));
    line("CreatedAt", finding.created_at());
    line("UpdatedAt", finding.updated_at());
    line("FirstObservedAt", finding.first_observed_at());
    line("LastObservedAt", finding.last_observed_at());
    let severity = finding.severity().expect("a severity");
    line("Severity", severity.label().map(SeverityLabel::as_str));
    line("Original", severity.original());
    let confidence = finding.confidence().map(|percent| percent.to_string());
    line("Confidence", confidence.as_deref());
    line("Title", finding.title());
    line("Description", finding.description());
    line(
        "RecordState",
        finding.record_state().map(RecordState::as_str),
    );
    let workflow = finding.workflow().and_then(Workflow::status);
    line("Workflow", workflow.map(WorkflowStatus::as_str));
    for resource in finding.resources() {
        line("Resource", resource.r#type());
        line("  Id", resource.id());
        line("  Region", resource.region());
    }
    let advice = finding.remediation().and_then(Remediation::recommendation);
    line("Recommendation", advice.and_then(Recommendation::text));
    let mut fields: Vec<_> = finding.product_fields().expect("fields").iter().collect();
    fields.sort();
    for (name, value) in fields {
        line(&format!("  {name}"), Some(value));
    }
    text
}

#[test]
fn findings_for_security_hub() {
    for (name, message) in samples::all() {
        insta::assert_snapshot!(format!("finding_{name}"), shown(&of_message(&message)));
    }
}

#[test]
fn an_incident_is_one_finding_that_is_updated_and_archived() {
    let opened = of_message(&Message::sample());
    let resolved = of_message(&samples::resolved());
    assert_eq!(opened.id(), resolved.id());
    assert_eq!(opened.created_at(), resolved.created_at());
    assert!(opened.updated_at() < resolved.updated_at());
    assert_eq!(opened.record_state(), Some(&RecordState::Active));
    assert_eq!(resolved.record_state(), Some(&RecordState::Archived));
}

#[test]
fn a_test_is_a_sample_that_nobody_has_to_close() {
    let finding = of_message(&Message::test("hub", EventTime(1_714_557_600_000)));
    assert_eq!(finding.sample(), Some(true));
    assert_eq!(finding.record_state(), Some(&RecordState::Archived));
    assert!(finding.title().expect("a title").starts_with("[TEST]"));
    assert_eq!(finding.resources()[0].r#type(), Some("Other"));
}

fn assert_taken(finding: &AwsSecurityFinding) {
    let limits = [
        (finding.id(), MAX_ID_CHARS),
        (finding.title(), MAX_TITLE_CHARS),
        (finding.description(), MAX_DESCRIPTION_CHARS),
        (finding.resources()[0].id(), MAX_ID_CHARS),
    ];
    for (value, most) in limits {
        let value = value.expect("is required");
        assert!((1..=most).contains(&value.chars().count()), "{value}");
        assert!(!value.trim().is_empty() && !value.contains(char::is_control));
    }
    let advice = finding.remediation().and_then(Remediation::recommendation);
    let advice = advice.and_then(Recommendation::text).unwrap_or("none");
    assert!((1..=MAX_RECOMMENDATION_CHARS).contains(&advice.chars().count()));
    assert!(!finding.types().is_empty() && finding.types().len() <= 50);
    let fields = finding.product_fields().expect("fields");
    assert!(fields.len() <= 50);
    for value in fields.values() {
        assert!((1..=MAX_FIELD_CHARS).contains(&value.chars().count()));
        assert!(!value.contains(char::is_control), "{value}");
    }
    let confidence = finding.confidence().expect("is given");
    assert!((0..=100).contains(&confidence));
}

proptest! {
    #[test]
    fn any_message_is_a_finding_that_security_hub_takes(
        text in prop_oneof![any::<String>(), "[ \\t\\r\\n]{0,4}", "x{3000}"],
        confidence in any::<f64>(),
    ) {
        let counted = || vec![Counted { count: 1, value: text.clone() }];
        let many = || vec![text.clone(); 5];
        let message = Message {
            incident_id: text.clone(),
            event_id: text.clone(),
            subject: text.clone(),
            acl: text.clone(),
            analyst: text.clone(),
            confidence,
            outline: Outline {
                summary: text.clone(),
                facts: Vec::new(),
                cause: text.clone(),
                other_causes: many(),
                offenders: counted(),
                rules: counted(),
                uris: counted(),
                changes: many(),
                actions: many(),
                missing: many(),
            },
            ..Message::sample()
        };
        assert_taken(&of_message(&message));
    }
}
