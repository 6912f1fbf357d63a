//! The sections in prose and fields.

use std::time::Duration;

use super::layout::{Page, label};
use super::{Report, Section, redaction};
use crate::analyst::{ModelRecord, Outcome, PossibleCause};
use crate::incident::acl::{self, AclArn};
use crate::incident::{EventKind, State};
use crate::investigate::surroundings::Surroundings;
use crate::investigate::utc::iso;

const NO_CHANGE_LOG: &str = "no change log connected";
const NO_AWS_ACCESS: &str = "not available without AWS access";
/// Rules of a configuration that a report lists.
const MAX_RULES: usize = 30;

pub(super) fn title(page: &mut Page, report: &Report<'_>) {
    page.paragraph(&report.subject());
}

pub(super) fn executive_summary(page: &mut Page, report: &Report<'_>) {
    page.heading(Section::ExecutiveSummary);
    page.paragraph(&report.assessment.executive_summary);
}

pub(super) fn quick_triage(page: &mut Page, report: &Report<'_>) {
    let assessment = report.assessment;
    let incident = &report.event.incident;
    page.heading(Section::QuickTriage);
    let level = page.style().level(assessment.severity);
    page.own_line(&format!(
        "{}{level} ({} of 100, {} before analysis)",
        label("Severity"),
        assessment.severity_score.0,
        incident.severity.0
    ));
    page.field("Confidence", &format!("{:.2}", assessment.confidence));
    page.field("Cause", assessment.cause.title());
    page.field("Incident", &incident.id);
    page.field("State", &state(report));
    page.field("Totals", &totals(report));
    if let Some(mix) = incident.mix.words() {
        page.field("Request mix", mix);
    }
    let offender = match assessment.primary_offenders.first() {
        Some(first) => format!(
            "{}: {} requests, {} blocked",
            first.address, first.total, first.blocked
        ),
        None => "none".to_owned(),
    };
    page.field("Top offender", &offender);
    let changes = match &report.evidence.surroundings.trail {
        None => NO_CHANGE_LOG.to_owned(),
        Some(trail) => match trail.changes.first() {
            None => "none".to_owned(),
            Some(newest) => format!(
                "{}, the newest {} by {} at {}",
                trail.changes.len(),
                newest.event,
                newest.who,
                iso(newest.at)
            ),
        },
    };
    page.field("CloudTrail changes", &changes);
}

/// What happened to the incident, and when.
pub(super) fn state(report: &Report<'_>) -> String {
    let incident = &report.event.incident;
    let opened = iso(incident.opened);
    match (report.event.kind, incident.state, incident.resolved) {
        (_, State::Resolved, Some(end)) => format!("resolved: from {opened} to {}", iso(end)),
        (EventKind::Opened, ..) => format!("opened at {opened}"),
        (kind, ..) => format!("{}, since {opened}", kind.name()),
    }
}

/// The incident's requests.
pub(super) fn totals(report: &Report<'_>) -> String {
    let metrics = &report.assessment.metrics_overview;
    format!(
        "{} requests: {} blocked, {} allowed, {} counted",
        metrics.overall_total, metrics.blocked_total, metrics.allowed_total, metrics.count_total
    )
}

/// A cause that fits less well, with why.
pub(super) fn possible_cause(other: &PossibleCause) -> String {
    format!(
        "{} ({:.2}): {}",
        other.cause.title(),
        other.confidence,
        other.reason
    )
}

pub(super) fn anomaly_cause(page: &mut Page, report: &Report<'_>) {
    page.heading(Section::AnomalyCause);
    page.paragraph(&report.assessment.anomaly_cause);
    let possible = &report.assessment.possible_causes;
    if possible.is_empty() {
        return;
    }
    page.own_line("");
    page.own_line("Also possible:");
    for other in possible {
        page.hanging("- ", &possible_cause(other));
    }
}

pub(super) fn cloudtrail_changes(page: &mut Page, report: &Report<'_>) {
    page.heading(Section::CloudTrailChanges);
    let changes = &report.assessment.evidence.cloudtrail_change_summaries;
    match &report.evidence.surroundings.trail {
        None if changes.is_empty() => page.own_line(NO_CHANGE_LOG),
        Some(trail) if changes.is_empty() => {
            page.paragraph(&format!("none of this Web ACL since {}", iso(trail.since)));
        }
        _ => {}
    }
    for change in changes {
        page.hanging("- ", change);
    }
}

pub(super) fn webacl_details(page: &mut Page, report: &Report<'_>) {
    let text = &report.event.incident.acl;
    let arn = AclArn::parse(text);
    let unknown = "not in the log";
    page.heading(Section::WebAclDetails);
    page.field("Name", acl::name(text));
    page.field("Scope", arn.map_or(unknown, |arn| arn.scope.name()));
    page.field("Region", arn.map_or(unknown, |arn| arn.region));
    page.field("Account", account(report, arn).unwrap_or(unknown));
    page.field("ARN", text);
    configuration(page, &report.evidence.surroundings);
}

/// How the Web ACL is configured, and what changed in it.
fn configuration(page: &mut Page, surroundings: &Surroundings) {
    let Some(known) = &surroundings.configuration else {
        page.field("Rules", NO_AWS_ACCESS);
        page.field("Logging", NO_AWS_ACCESS);
        return;
    };
    page.field("Default action", known.default_action.name());
    page.field("Logging", &known.logging.words());
    if let Some(drift) = &surroundings.drift {
        let (after, until) = (iso(drift.after), iso(drift.until));
        page.field("Changed", &format!("between {after} and {until}:"));
        for change in &drift.changes {
            page.hanging("- ", &change.words());
        }
    }
    let shown = known.rules.len().min(MAX_RULES);
    let all = known.rules.len() + known.unlisted_rules as usize;
    page.field("Rules", &format!("{all}, by priority"));
    for rule in &known.rules[..shown] {
        let words = format!("{} {}: {}", rule.name, rule.action, rule.statement);
        page.hanging(&format!("{:>4}  ", rule.priority), &words);
    }
    if all > shown {
        page.own_line(&format!("      and {} more", all - shown));
    }
}

/// Raw records, where they were wanted.
pub(super) fn archive(page: &mut Page, report: &Report<'_>) {
    let Some(archive) = &report.evidence.surroundings.archive else {
        return;
    };
    page.heading(Section::RawRecords);
    page.paragraph(&format!(
        "{} records, {} of them blocked, in {} objects of {} bytes; {} could not be read",
        archive.records, archive.blocked, archive.objects, archive.bytes, archive.rejected
    ));
    if let Some(cut) = &archive.cut {
        page.paragraph(&format!("not everything was read: {cut}"));
    }
    for sample in &archive.samples {
        page.hanging("- ", &sample.words());
    }
}

/// The account as it may be shown.
pub(super) fn account<'a>(report: &Report<'_>, arn: Option<AclArn<'a>>) -> Option<&'a str> {
    arn.map(|arn| {
        if report.redaction.account_ids {
            redaction::MASK
        } else {
            arn.account
        }
    })
}

pub(super) fn recommended_actions(page: &mut Page, report: &Report<'_>) {
    page.heading(Section::RecommendedActions);
    for (number, action) in report.assessment.recommended_actions.iter().enumerate() {
        page.hanging(&format!("{:>2}. ", number + 1), action);
    }
}

pub(super) fn missing(page: &mut Page, report: &Report<'_>) {
    if report.evidence.missing.is_empty() {
        return;
    }
    page.heading(Section::MissingEvidence);
    for missing in &report.evidence.missing {
        page.hanging("- ", missing);
    }
}

pub(super) fn analysis(page: &mut Page, report: &Report<'_>) {
    page.heading(Section::Analysis);
    page.field("Duration", &duration(report.analysis));
    page.field("Analyst", &report.assessment.analyst);
    page.field("Sources", &report.assessment.analysis_sources.join("; "));
    page.field("Method", &report.assessment.methodology);
    if let Some(record) = &report.assessment.model {
        model(page, record);
    }
    page.field("Event", &report.event.id);
}

/// Who was asked beside the rules, what came of it, and what it cost.
fn model(page: &mut Page, record: &ModelRecord) {
    let outcome = match &record.outcome {
        Outcome::Answered if record.removed > 0 => format!(
            "answered; {} statements that the evidence does not hold were removed",
            record.removed
        ),
        Outcome::Answered => "answered".to_owned(),
        Outcome::FellBack(why) => {
            format!("the built-in assessment stands: {}", why.words())
        }
    };
    page.field(
        "Model",
        &format!("{}, prompt {}", record.model, record.prompt),
    );
    page.field("Model outcome", &outcome);
    let usage = &record.usage;
    let cost = match usage.cost_usd {
        Some(cost) => format!("about {cost:.4} US dollars"),
        None => "at a price that is not known".to_owned(),
    };
    page.field(
        "Model usage",
        &format!(
            "{} tokens in, {} out, {cost}; {} retries, {} guardrail interventions, {} ms",
            usage.input_tokens,
            usage.output_tokens,
            usage.retries,
            usage.guardrail_interventions,
            usage.latency_ms
        ),
    );
    let first = record.first;
    page.field(
        "First opinion",
        &format!(
            "{}, {} (confidence {:.2}), by the built-in analyst",
            first.severity,
            first.cause.title(),
            first.confidence
        ),
    );
}

fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 1.0 {
        return format!("{:.1} ms", seconds * 1_000.0);
    }
    format!("{seconds:.2} s")
}
