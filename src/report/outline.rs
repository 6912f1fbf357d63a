//! A report in few words, for messages with little room: chats, findings.

use super::cleaning::Cleaning;
use super::{Report, sections};
use crate::analyst::CountedValue;
use crate::incident::acl::{self, AclArn};
use crate::investigate::utc::iso;

/// Longest text of an outline, in characters before addresses are defanged.
const MAX_CHARS: usize = 1_000;
/// Longest value of a list.
const MAX_VALUE_CHARS: usize = 200;
/// Values of a list.
const MAX_VALUES: usize = 5;

/// What happened, why, what it rests on and what to do. Every text is masked, on one line and
/// defanged; it may still hold whatever marks up text in the place where it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outline {
    /// Two to four sentences.
    pub summary: String,
    /// Short labels with short values.
    pub facts: Vec<Fact>,
    /// The cause in a sentence, with the numbers it rests on.
    pub cause: String,
    /// Other causes that fit, most likely first.
    pub other_causes: Vec<String>,
    /// Addresses that stand out, with their requests.
    pub offenders: Vec<Counted>,
    /// Rules with counts.
    pub rules: Vec<Counted>,
    /// Paths with counts.
    pub uris: Vec<Counted>,
    /// Changes of configuration.
    pub changes: Vec<String>,
    /// What to do, first things first.
    pub actions: Vec<String>,
    /// What could not be had.
    pub missing: Vec<String>,
}

/// A label of ours and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// The value.
    pub value: String,
}

/// A value and how many requests it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Requests.
    pub count: u64,
    /// The value.
    pub value: String,
}

pub(super) fn of(report: &Report<'_>) -> Outline {
    let cleaning = report.cleaning();
    let assessment = report.assessment;
    let line = |text: &str| cleaning.line(text, MAX_CHARS);
    let lines = |texts: &[String]| texts.iter().map(|text| line(text)).collect();
    let offenders = assessment.primary_offenders.iter().take(MAX_VALUES);
    let other_causes = assessment.possible_causes.iter().take(MAX_VALUES);
    Outline {
        summary: line(&assessment.executive_summary),
        facts: facts(report, &cleaning),
        cause: line(&assessment.anomaly_cause),
        other_causes: other_causes
            .map(|other| line(&sections::possible_cause(other)))
            .collect(),
        offenders: offenders
            .map(|offender| Counted {
                count: offender.total,
                value: cleaning.line(&offender.address, MAX_VALUE_CHARS),
            })
            .collect(),
        rules: counted(&assessment.evidence.top_rules, &cleaning),
        uris: counted(&assessment.evidence.top_uris, &cleaning),
        changes: lines(&assessment.evidence.cloudtrail_change_summaries),
        actions: lines(&assessment.recommended_actions),
        missing: lines(&report.evidence.missing),
    }
}

fn facts(report: &Report<'_>, cleaning: &Cleaning) -> Vec<Fact> {
    let assessment = report.assessment;
    let incident = &report.event.incident;
    let arn = AclArn::parse(&incident.acl);
    let web_acl = match arn {
        Some(arn) => format!("{} ({}, {})", arn.name, arn.scope.name(), arn.region),
        None => acl::name(&incident.acl).to_owned(),
    };
    let severity = format!(
        "{} ({} of 100)",
        assessment.severity, assessment.severity_score.0
    );
    let mut facts = vec![
        ("Severity", severity),
        ("Cause", assessment.cause.title().to_owned()),
        ("Confidence", format!("{:.2}", assessment.confidence)),
        ("State", sections::state(report)),
        ("Web ACL", web_acl),
        ("Requests", sections::totals(report)),
    ];
    if let Some(mix) = incident.mix.words() {
        facts.push(("Request mix", mix.to_owned()));
    }
    facts.push(("Last seen", iso(incident.last_window.end)));
    facts.push(("Incident", incident.id.clone()));
    facts
        .into_iter()
        .map(|(label, value)| Fact {
            label,
            value: cleaning.line(&value, MAX_VALUE_CHARS),
        })
        .collect()
}

fn counted(values: &[CountedValue], cleaning: &Cleaning) -> Vec<Counted> {
    let values = values.iter().take(MAX_VALUES);
    values
        .map(|value| Counted {
            count: value.count,
            value: cleaning.line(&value.key, MAX_VALUE_CHARS),
        })
        .collect()
}
