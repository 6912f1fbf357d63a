//! The analyst that always answers: explicit rules over figures.
//!
//! Every rule in `causes` may propose a cause with a confidence and the numbers it rests on. The
//! most confident one wins, the others become possible causes, and where none is convincing the
//! answer is that the evidence explains nothing. A statement names only addresses, rules, paths
//! and counts that the evidence holds.

mod causes;
mod figures;
mod hypothesis;
mod mix;
mod overview;
mod severity;
mod unexplained;
mod words;

use super::{Analyst, Assessment, PossibleCause};
use crate::incident::State;
use crate::investigate::Evidence;
use crate::investigate::utc::iso;
use figures::{Figures, Known};
use hypothesis::Hypothesis;
use words::{counted, mean, shown};

/// A proposal needs this confidence to win.
const LEAST_TO_WIN: f64 = 0.4;
/// A proposal needs this confidence to be mentioned.
const LEAST_TO_MENTION: f64 = 0.3;
/// Other causes that an answer mentions.
const MAX_POSSIBLE_CAUSES: usize = 4;

/// The built-in analyst. It needs nothing but evidence, and the same evidence gives the same
/// answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BuiltIn;

impl BuiltIn {
    /// The name and version that assessments carry.
    pub const NAME: &'static str = "built-in 1";
}

impl Analyst for BuiltIn {
    fn assess(&self, evidence: &Evidence) -> Assessment {
        let figures = Figures::of(evidence);
        let mut proposals = propose(&figures);
        let best = match proposals.first() {
            Some(first) if first.confidence >= LEAST_TO_WIN => proposals.remove(0),
            _ => unexplained::unexplained(&figures),
        };
        let severity_score = severity::adjusted(evidence.event.incident.severity, best.effect);
        let primary_offenders = overview::offenders(&figures);
        Assessment {
            analyst: Self::NAME.to_owned(),
            executive_summary: executive_summary(&figures, &best),
            severity: severity_score.level(),
            severity_score,
            confidence: best.confidence,
            cause: best.cause,
            anomaly_cause: best.reason,
            analysis_sources: sources(evidence),
            methodology: methodology(&figures),
            metrics_overview: overview::metrics(&figures, &primary_offenders),
            primary_offenders,
            possible_causes: possible_causes(proposals),
            evidence: overview::evidence_summary(&figures),
            recommended_actions: best.actions,
            model: None,
        }
    }
}

/// What the rules propose, most confident first.
fn propose(figures: &Figures<'_>) -> Vec<Hypothesis> {
    let mut proposals: Vec<Hypothesis> = causes::RULES
        .iter()
        .filter_map(|rule| rule(figures))
        .collect();
    if figures.before.known == Known::Nothing {
        // Without a time to compare with, usual and unusual look alike.
        for proposal in &mut proposals {
            proposal.confidence = hypothesis::confidence(proposal.confidence * 0.8, 1.0);
        }
    }
    proposals.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    proposals
}

fn possible_causes(proposals: Vec<Hypothesis>) -> Vec<PossibleCause> {
    proposals
        .into_iter()
        .filter(|proposal| proposal.confidence >= LEAST_TO_MENTION)
        .take(MAX_POSSIBLE_CAUSES)
        .map(|proposal| PossibleCause {
            cause: proposal.cause,
            confidence: proposal.confidence,
            reason: proposal.reason,
        })
        .collect()
}

fn executive_summary(figures: &Figures<'_>, best: &Hypothesis) -> String {
    let incident = &figures.evidence.event.incident;
    let during = &figures.during;
    let usually = match figures.before.known {
        Known::Nothing => "with nothing before it to compare with".to_owned(),
        Known::Volume | Known::Mix => format!(
            "where {} per window with {} blocked are usual",
            mean(figures.before.total),
            mean(figures.before.blocked)
        ),
    };
    let state = match incident.state {
        State::Open => "It goes on.",
        State::Resolved => "It is over.",
    };
    let mut summary = format!(
        "From {} the Web ACL saw {} in {}, {} blocked and {} allowed, {usually}. Most likely cause: \
         {} (confidence {:.2}). {state}",
        iso(incident.opened),
        counted(during.total, "request"),
        counted(figures.windows as u64, "window"),
        during.blocked,
        during.allowed,
        best.cause.title(),
        best.confidence,
    );
    if let Some(first) = best.actions.first() {
        summary.push_str(&format!(" First step: {first}."));
    }
    summary
}

fn sources(evidence: &Evidence) -> Vec<String> {
    let mut sources = vec![
        format!(
            "{} of the incident",
            counted(evidence.windows.len() as u64, "window")
        ),
        format!(
            "{} before it",
            counted(u64::from(evidence.baseline.windows), "window")
        ),
        counted(evidence.event.incident.findings.len() as u64, "finding"),
        format!(
            "profiles of {}",
            counted(evidence.addresses.len() as u64, "address")
        ),
        format!(
            "profiles of {}",
            counted(evidence.rules.len() as u64, "blocking rule")
        ),
    ];
    let surroundings = &evidence.surroundings;
    if let Some(configuration) = &surroundings.configuration {
        let rules = counted(configuration.rules.len() as u64, "rule");
        sources.push(format!("the Web ACL's configuration with {rules}"));
    }
    if let Some(trail) = &surroundings.trail {
        let changes = counted(trail.changes.len() as u64, "recorded change");
        sources.push(format!("{changes} of it since {}", iso(trail.since)));
    }
    if let Some(archive) = &surroundings.archive {
        sources.push(format!(
            "{} of {} of the archive",
            counted(archive.records, "raw record"),
            counted(u64::from(archive.objects), "object")
        ));
    }
    let missing = evidence
        .missing
        .iter()
        .map(|missing| format!("missing: {}", shown(missing)));
    sources.extend(missing);
    sources
}

fn methodology(figures: &Figures<'_>) -> String {
    let compared = match figures.before.known {
        Known::Nothing => "no earlier window was there to compare with, which lowers confidence",
        Known::Volume => {
            "volumes were compared with the windows before; these held too few requests to compare \
             how they mix"
        }
        Known::Mix => "volumes and mixes were compared with the windows before",
    };
    format!(
        "{} rules, each for one cause, were applied to counters, top lists and profiles; {compared}. \
         Counts are guaranteed lower bounds.",
        causes::RULES.len()
    )
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
