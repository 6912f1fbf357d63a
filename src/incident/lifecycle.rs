//! The life of an incident: opened, updated, worse, resolved.
//!
//! There is at most one open incident per ACL. [`advance`] takes it, one closed window and what the
//! detector said of it, and gives the incident after that window with the messages that are due:
//!
//! - **Opened** with the first window whose severity reaches the policy's minimum level.
//! - **Worse** whenever the level rises above the one announced: at most four times.
//! - **Resolved** after enough windows in a row without a finding. A window does not count as quiet
//!   when it is incomplete, or when the detector is learning: neither can show that it is over.
//!
//! While messages are held, incidents live as ever and nobody is told; one that is still open when
//! the silence ends is announced then, as opened, and one that people know of resolves only then.
//!
//! Windows come in order. One that is not after the newest window with a finding changes nothing.
//! An incident keeps the strongest finding of each signal, at most [`MAX_FINDINGS`], so its size
//! does not depend on how long it stays open.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use wafwatch_windows::summary::{Completeness, Summary};
use wafwatch_windows::time::EventTime;

use super::acl::{safe_name, short_hash};
use super::severity;
use super::{EventKind, Incident, IncidentEvent, Level, Severity, State};
use crate::detect::{Finding, Verdict};

/// Most findings that an incident keeps.
pub const MAX_FINDINGS: usize = 16;

/// When incidents open and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncidentPolicy {
    /// Windows in a row without a finding that end an incident; at least 1.
    pub resolve_after_windows: u32,
    /// Lowest level that opens an incident.
    pub minimum_level: Level,
}

impl Default for IncidentPolicy {
    /// Five quiet windows; from medium on.
    fn default() -> Self {
        Self {
            resolve_after_windows: 5,
            minimum_level: Level::Medium,
        }
    }
}

/// Whether people are told of an incident now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Messages {
    /// They are.
    #[default]
    Sent,
    /// Not before the silence is over.
    Held,
}

/// What one window changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The incident to keep for the next window: open, just resolved, or none.
    pub incident: Option<Incident>,
    /// Messages that are due, in order.
    pub events: Vec<IncidentEvent>,
}

/// The incident after `summary`, of which the detector said `verdict`.
///
/// `verdict` holds the findings that count, without those that were muted. `current` is what the ACL's window before left in [`Transition::incident`]; a resolved one
/// counts as none.
#[must_use]
pub fn advance(
    current: Option<&Incident>,
    summary: &Summary,
    verdict: &Verdict,
    policy: &IncidentPolicy,
    messages: Messages,
) -> Transition {
    let severity = severity::of_window(&verdict.findings, &summary.counters);
    let Some(open) = current.filter(|incident| incident.state == State::Open) else {
        if verdict.findings.is_empty() || severity.level() < policy.minimum_level {
            return Transition {
                incident: None,
                events: Vec::new(),
            };
        }
        let opened = opened(summary, verdict, severity);
        return announced(opened, summary, EventKind::Opened, messages);
    };
    if summary.window.start <= open.last_window.start {
        return unchanged(open.clone());
    }
    if verdict.findings.is_empty() {
        return quiet(open.clone(), summary, verdict, policy, messages);
    }
    let incident = continued(open.clone(), summary, verdict, severity);
    if incident.messages == 0 {
        return announced(incident, summary, EventKind::Opened, messages);
    }
    if incident.severity.level() > incident.announced {
        return announced(incident, summary, EventKind::Worse, messages);
    }
    unchanged(incident)
}

fn opened(summary: &Summary, verdict: &Verdict, severity: Severity) -> Incident {
    Incident {
        id: incident_id(&summary.acl, summary.window.start),
        acl: summary.acl.clone(),
        state: State::Open,
        opened: summary.window.start,
        last_window: summary.window,
        resolved: None,
        severity,
        announced: severity.level(),
        windows: 1,
        quiet_windows: 0,
        counters: summary.counters,
        findings: strongest_of_each(&[], &verdict.findings),
        mix: verdict.mix,
        messages: 0,
    }
}

fn continued(
    mut incident: Incident,
    summary: &Summary,
    verdict: &Verdict,
    severity: Severity,
) -> Incident {
    incident.last_window = summary.window;
    incident.severity = incident.severity.max(severity);
    incident.windows = incident.windows.saturating_add(1);
    incident.quiet_windows = 0;
    incident.counters.merge(&summary.counters);
    incident.findings = strongest_of_each(&incident.findings, &verdict.findings);
    incident.mix = incident.mix.max(verdict.mix);
    incident
}

fn quiet(
    mut incident: Incident,
    summary: &Summary,
    verdict: &Verdict,
    policy: &IncidentPolicy,
    messages: Messages,
) -> Transition {
    let is_judged = summary.completeness == Completeness::Complete && verdict.stage.judges();
    if !is_judged {
        return unchanged(incident);
    }
    incident.quiet_windows = incident.quiet_windows.saturating_add(1);
    if incident.quiet_windows < policy.resolve_after_windows.max(1) {
        return unchanged(incident);
    }
    let is_known = incident.messages > 0;
    if is_known && messages == Messages::Held {
        return unchanged(incident);
    }
    incident.state = State::Resolved;
    incident.resolved = Some(summary.window.end);
    if !is_known {
        return unchanged(incident);
    }
    announced(incident, summary, EventKind::Resolved, messages)
}

fn unchanged(incident: Incident) -> Transition {
    Transition {
        incident: Some(incident),
        events: Vec::new(),
    }
}

fn announced(
    mut incident: Incident,
    summary: &Summary,
    kind: EventKind,
    messages: Messages,
) -> Transition {
    if messages == Messages::Held {
        return unchanged(incident);
    }
    let id = format!("{}/{}", incident.id, incident.messages);
    incident.messages = incident.messages.saturating_add(1);
    incident.announced = incident.severity.level();
    let event = IncidentEvent {
        id,
        kind,
        window: summary.window,
        incident: incident.clone(),
    };
    Transition {
        incident: Some(incident),
        events: vec![event],
    }
}

/// The strongest finding of each signal, strongest first.
fn strongest_of_each(known: &[Finding], new: &[Finding]) -> Vec<Finding> {
    let mut all: Vec<&Finding> = known.iter().chain(new).collect();
    // Stable: of equally strong findings the earlier one stays.
    all.sort_by(|a, b| {
        b.once_in_windows
            .total_cmp(&a.once_in_windows)
            .then(b.score.total_cmp(&a.score))
    });
    let mut kept: Vec<Finding> = Vec::with_capacity(MAX_FINDINGS);
    for finding in all {
        if kept.len() == MAX_FINDINGS {
            break;
        }
        if !kept.iter().any(|kept| kept.signal == finding.signal) {
            kept.push(finding.clone());
        }
    }
    kept
}

fn incident_id(acl: &str, start: EventTime) -> String {
    let seconds = start.0.div_euclid(1_000);
    let in_range = seconds.clamp(Timestamp::MIN.as_second() + 1, Timestamp::MAX.as_second());
    let time = Timestamp::from_second(in_range).unwrap_or(Timestamp::UNIX_EPOCH);
    let time = time.strftime("%Y%m%dT%H%M%SZ");
    format!("{}-{}-{time}", safe_name(acl), short_hash(acl))
}

#[cfg(test)]
mod tests;
