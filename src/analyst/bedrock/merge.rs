//! What people get: the model's words over the built-in analyst's figures.

use super::bind::Bound;
use super::limits;
use crate::analyst::{Assessment, Cause, FirstOpinion, ModelRecord, Offender, PossibleCause};
use crate::incident::Level;
use crate::investigate::hostile::one_line;

const MAX_ACTIONS: usize = 6;
const MAX_CAUSES: usize = 4;
const MAX_CHARS: usize = 2_000;

/// The model's verdict beside its words.
pub(super) struct Verdict {
    pub cause: Cause,
    pub severity: Level,
}

/// `first` with the words of a model's answer. Figures, lists and changes stay those that were counted.
pub(super) fn merged(
    first: Assessment,
    incident: Level,
    verdict: &Verdict,
    bound: Bound,
    analyst: String,
    threshold: f64,
    mut record: ModelRecord,
) -> Assessment {
    let opinion = FirstOpinion::of(&first);
    let severity = limits::level(incident, first.severity, verdict.severity);
    record.removed = bound.removed;
    record.is_held_back = is_held_back(incident, opinion, severity, bound.confidence, threshold);
    let methodology = methodology(&first, &bound, &record);
    let said = |text: String, otherwise: String| match text.is_empty() {
        true => otherwise,
        false => one_line(&text, MAX_CHARS),
    };
    let mut possible_causes: Vec<PossibleCause> = bound
        .possible_causes
        .into_iter()
        .filter(|(cause, ..)| *cause != verdict.cause)
        .map(|(cause, confidence, reason)| PossibleCause {
            cause,
            confidence,
            reason: one_line(&reason, MAX_CHARS),
        })
        .collect();
    if possible_causes.is_empty() {
        possible_causes.clone_from(&first.possible_causes);
    }
    if verdict.cause != first.cause {
        // What the rules thought must not get lost.
        possible_causes.retain(|other| other.cause != first.cause);
        possible_causes.insert(
            0,
            PossibleCause {
                cause: first.cause,
                confidence: first.confidence,
                reason: first.anomaly_cause.clone(),
            },
        );
    }
    possible_causes.truncate(MAX_CAUSES);
    let mut actions: Vec<String> = bound.actions;
    actions.truncate(MAX_ACTIONS);
    let actions = match actions.is_empty() {
        true => first.recommended_actions,
        false => actions
            .iter()
            .map(|action| one_line(action, MAX_CHARS))
            .collect(),
    };
    Assessment {
        analyst,
        executive_summary: said(bound.executive_summary, first.executive_summary),
        severity,
        severity_score: limits::score(first.severity_score, severity),
        confidence: bound.confidence,
        cause: verdict.cause,
        anomaly_cause: said(bound.anomaly_cause, first.anomaly_cause),
        analysis_sources: first.analysis_sources,
        methodology,
        metrics_overview: first.metrics_overview,
        primary_offenders: led_by(first.primary_offenders, &bound.offenders),
        possible_causes,
        evidence: first.evidence,
        recommended_actions: actions,
        model: Some(record),
    }
}

/// `first`, which stands because the model gave no answer that can be used.
pub(super) fn fallen_back(mut first: Assessment, record: ModelRecord, why: &str) -> Assessment {
    let model = &record.model;
    first.methodology = format!(
        "{} The model {model} gave no answer: {why}. This is the built-in assessment.",
        first.methodology
    );
    first.model = Some(record);
    first
}

/// Both analysts were asked, and neither is sure enough of an incident that is below high to all.
fn is_held_back(
    incident: Level,
    first: FirstOpinion,
    severity: Level,
    confidence: f64,
    threshold: f64,
) -> bool {
    let worst = incident.max(first.severity).max(severity);
    worst < Level::High && first.confidence.max(confidence) < threshold
}

fn methodology(first: &Assessment, bound: &Bound, record: &ModelRecord) -> String {
    let mut text = format!(
        "{} A model ({}, prompt {}) explained the evidence.",
        first.methodology, record.model, record.prompt
    );
    if bound.removed > 0 {
        text.push_str(&format!(
            " {} of its statements named what the evidence does not hold, and were removed.",
            bound.removed
        ));
    }
    if !bound.methodology.is_empty() {
        text.push_str(&format!(
            " It says: {}",
            one_line(&bound.methodology, MAX_CHARS)
        ));
    }
    text
}

/// The offenders that are named first, in that order, then the others.
fn led_by(offenders: Vec<Offender>, named: &[String]) -> Vec<Offender> {
    let place = |offender: &Offender| {
        let same = |address: &String| *address == offender.address;
        named.iter().position(same).unwrap_or(named.len())
    };
    let mut offenders = offenders;
    offenders.sort_by_key(place);
    offenders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opinion(confidence: f64) -> FirstOpinion {
        FirstOpinion {
            severity: Level::Medium,
            confidence,
            cause: Cause::Unexplained,
        }
    }

    #[test]
    fn only_what_neither_analyst_is_sure_of_is_held_back() {
        let held =
            |first, model| is_held_back(Level::Medium, opinion(first), Level::Medium, model, 0.7);
        assert!(held(0.3, 0.5));
        assert!(!held(0.3, 0.7), "the model is sure");
        assert!(!held(0.8, 0.1), "the rules are sure");
        let first = opinion(0.3);
        assert!(
            !is_held_back(Level::High, first, Level::Medium, 0.1, 0.7),
            "a model made it less"
        );
        assert!(!is_held_back(Level::Medium, first, Level::High, 0.1, 0.7));
    }
}
