//! Reads the windows of an incident and of the time before it, and makes evidence of them.

use std::error::Error;

use wafwatch_windows::counters::Counters;
use wafwatch_windows::summary::{Completeness, Summary};
use wafwatch_windows::time::EventTime;

use super::hostile::one_line;
use super::limits::{LADDER, Limits, cut};
use super::surroundings::Surroundings;
use super::{
    Baseline, Evidence, MAX_BASELINE_WINDOWS, MAX_EVIDENCE_BYTES, MAX_INCIDENT_WINDOWS,
    MAX_MISSING_CHARS, WindowFigures, WindowHistory, profiles, values,
};
use crate::detect::Signal;
use crate::incident::IncidentEvent;

const MAX_FINDINGS: usize = 16;
const MAX_NAME_BYTES: usize = 512;

/// Windows that the evidence about an event rests on: those that start in `[from, until)`, at most
/// `limit`, the newest ones where there are more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First start.
    pub from: EventTime,
    /// First start that is not wanted any more.
    pub until: EventTime,
    /// How many at most.
    pub limit: usize,
}

/// The two spans of windows that evidence rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spans {
    /// Those of the incident.
    pub incident: Span,
    /// Those before it.
    pub baseline: Span,
}

impl Spans {
    /// The spans of `event`. `window_ms` is the length of a window in milliseconds: the baseline is
    /// looked for in the [`MAX_BASELINE_WINDOWS`] windows before the incident.
    #[must_use]
    pub fn of(event: &IncidentEvent, window_ms: i64) -> Self {
        let incident = &event.incident;
        let reach = window_ms.max(1).saturating_mul(MAX_BASELINE_WINDOWS as i64);
        Self {
            incident: Span {
                from: incident.opened,
                until: incident.last_window.end,
                limit: MAX_INCIDENT_WINDOWS,
            },
            baseline: Span {
                from: incident.opened.minus(reach),
                until: incident.opened,
                limit: MAX_BASELINE_WINDOWS,
            },
        }
    }
}

/// The evidence about `event`, from the windows of its Web ACL in `history`, as
/// [`Spans::of`] wants them.
///
/// A history that fails leaves an entry in [`Evidence::missing`].
#[must_use]
pub fn gather(event: &IncidentEvent, history: &impl WindowHistory, window_ms: i64) -> Evidence {
    let read = |span: Span| {
        history.windows_between(&event.incident.acl, span.from, span.until, span.limit)
    };
    let spans = Spans::of(event, window_ms);
    assemble(event, read(spans.incident), read(spans.baseline))
}

/// The evidence about `event` from windows that were read before, the incident's and those before
/// it; [`gather`] for histories that cannot be asked while one waits.
#[must_use]
pub fn assemble<E: Error>(
    event: &IncidentEvent,
    incident: Result<Vec<Summary>, E>,
    baseline: Result<Vec<Summary>, E>,
) -> Evidence {
    let mut missing = Vec::new();
    let windows = usable(
        incident,
        MAX_INCIDENT_WINDOWS,
        "windows of the incident",
        &mut missing,
    );
    let baseline = usable(
        baseline,
        MAX_BASELINE_WINDOWS,
        "windows before the incident",
        &mut missing,
    );
    if windows.len() < event.incident.windows as usize && windows.len() == MAX_INCIDENT_WINDOWS {
        missing.push(format!(
            "the incident has {} windows: the newest {} are examined",
            event.incident.windows,
            windows.len()
        ));
    }
    within_limits(event, &windows, &baseline, missing)
}

fn usable<E: Error>(
    summaries: Result<Vec<Summary>, E>,
    limit: usize,
    what: &str,
    missing: &mut Vec<String>,
) -> Vec<Summary> {
    let mut summaries = match summaries {
        Ok(summaries) => summaries,
        Err(error) => {
            let cause = error
                .source()
                .map(|cause| format!(": {cause}"))
                .unwrap_or_default();
            let reason = format!("{what}: the history could not be read: {error}{cause}");
            missing.push(one_line(&reason, MAX_MISSING_CHARS));
            return Vec::new();
        }
    };
    summaries.drain(..summaries.len().saturating_sub(limit));
    if summaries.is_empty() {
        missing.push(format!("{what}: the history holds none"));
    }
    let incomplete = summaries
        .iter()
        .filter(|summary| summary.completeness == Completeness::Incomplete)
        .count();
    if incomplete > 0 {
        missing.push(format!(
            "{what}: {incomplete} of {} closed before all records were in",
            summaries.len()
        ));
    }
    summaries
}

fn within_limits(
    event: &IncidentEvent,
    windows: &[Summary],
    baseline: &[Summary],
    missing: Vec<String>,
) -> Evidence {
    let [wanted, smaller @ ..] = LADDER;
    let mut evidence = build(event, windows, baseline, missing.clone(), wanted);
    for limits in smaller {
        if serialised_bytes(&evidence) <= MAX_EVIDENCE_BYTES {
            return evidence;
        }
        let mut missing = missing.clone();
        missing.push(format!(
            "texts and lists are cut to keep the evidence within {MAX_EVIDENCE_BYTES} bytes"
        ));
        evidence = build(event, windows, baseline, missing, limits);
    }
    evidence
}

fn serialised_bytes(evidence: &Evidence) -> usize {
    serde_json::to_vec(evidence).map_or(usize::MAX, |json| json.len())
}

fn build(
    event: &IncidentEvent,
    windows: &[Summary],
    baseline: &[Summary],
    missing: Vec<String>,
    limits: Limits,
) -> Evidence {
    Evidence {
        event: bounded_event(event, limits),
        windows: windows.iter().map(figures).collect(),
        baseline: sum_of(baseline),
        values: values::compare(windows, baseline, limits),
        dimensions: values::weigh(windows, baseline),
        addresses: profiles::addresses(windows, limits),
        rules: profiles::rules(windows, limits),
        surroundings: Surroundings::default(),
        missing,
    }
}

fn figures(summary: &Summary) -> WindowFigures {
    WindowFigures {
        window: summary.window,
        counters: summary.counters,
        distinct_addresses: summary.distinct_addresses.estimate,
    }
}

fn sum_of(baseline: &[Summary]) -> Baseline {
    let mut counters = Counters::default();
    let mut distinct = 0.0;
    for summary in baseline {
        counters.merge(&summary.counters);
        distinct += summary.distinct_addresses.estimate;
    }
    Baseline {
        windows: u32::try_from(baseline.len()).unwrap_or(u32::MAX),
        counters,
        mean_distinct_addresses: distinct / baseline.len().max(1) as f64,
    }
}

/// The event with its texts cut. Its ids are made of the ACL's name, which AWS keeps short: they
/// are cut only where something else wrote them.
fn bounded_event(event: &IncidentEvent, limits: Limits) -> IncidentEvent {
    let mut event = event.clone();
    let incident = &mut event.incident;
    for name in [&mut event.id, &mut incident.id, &mut incident.acl] {
        *name = cut(name, MAX_NAME_BYTES);
    }
    incident.findings.truncate(MAX_FINDINGS);
    for finding in &mut incident.findings {
        finding.reason = cut(&finding.reason, limits.text_bytes);
        if let Signal::Rule(key) | Signal::Uri(key) | Signal::UriShare(key) | Signal::Address(key) =
            &mut finding.signal
        {
            *key = cut(key, limits.text_bytes);
        }
    }
    event
}

#[cfg(test)]
#[path = "gather_tests.rs"]
mod tests;
