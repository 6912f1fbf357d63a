//! Says what happened: for people as text, for machines as JSON.
//!
//! A [`Report`] has every section that somebody who is woken up needs. All text that may come
//! from a request passes through [`hostile`] on its way out, account ids and addresses through
//! [`Redaction`].

mod cleaning;
mod json;
mod layout;
mod outline;
mod redaction;
mod section;
mod sections;
mod style;
mod tables;
mod text;

use std::time::Duration;

use serde_json::Value;
use wafwatch_windows::summary::Dimension;
use wafwatch_windows::time::EventTime;

use crate::analyst::{Assessment, Cause};
use crate::detect::Signal;
use crate::incident::acl::AclArn;
use crate::incident::{EventKind, IncidentEvent, Level, Severity};
use crate::investigate::Evidence;
pub use crate::investigate::hostile;
use cleaning::Cleaning;
pub use outline::{Counted, Fact, Outline};
pub use redaction::{AddressMask, Redaction};
pub use section::Section;
pub use style::Style;

/// Version of the JSON that [`Report::to_json`] gives: raised when a field changes its meaning.
pub const REPORT_VERSION: u32 = 1;

/// Longest subject in bytes.
const MAX_SUBJECT_BYTES: usize = 99;

/// Times of an incident, in the time of its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Start of its first window.
    pub opened: EventTime,
    /// End of the newest window with a finding.
    pub last_seen: EventTime,
    /// End of the window that caused the event: later for each event of an incident.
    pub changed: EventTime,
}

/// What is known of an incident at one of its events.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    event: &'a IncidentEvent,
    evidence: &'a Evidence,
    assessment: &'a Assessment,
    analysis: Duration,
    redaction: Redaction,
}

impl<'a> Report<'a> {
    /// The report of `event`, explained by `assessment`, which took `analysis` from the start of
    /// gathering evidence. Everything that it gives is masked as `redaction` says.
    #[must_use]
    pub fn new(
        event: &'a IncidentEvent,
        evidence: &'a Evidence,
        assessment: &'a Assessment,
        analysis: Duration,
        redaction: Redaction,
    ) -> Self {
        Self {
            event,
            evidence,
            assessment,
            analysis,
            redaction,
        }
    }

    /// One line for a mail or a chat: severity, incident, what happened to it, cause. At most 99
    /// bytes without control characters.
    #[must_use]
    pub fn subject(&self) -> String {
        let level = self.assessment.severity.name().to_uppercase();
        let cause = self.assessment.cause.title();
        let kind = self.event.kind.name();
        let around = format!("[{level}]  {kind}: {cause}").len();
        let room = MAX_SUBJECT_BYTES.saturating_sub(around);
        let id = self
            .cleaning()
            .line(&self.event.incident.id, MAX_SUBJECT_BYTES);
        format!("[{level}] {} {kind}: {cause}", cut_bytes(&id, room))
    }

    /// The whole report, at most 80 columns wide.
    #[must_use]
    pub fn to_text(&self, style: Style) -> String {
        text::render(self, style)
    }

    /// What happened and what it means, in a few lines of at most 80 columns.
    #[must_use]
    pub fn to_brief_text(&self, style: Style) -> String {
        text::render_brief(self, style)
    }

    /// The whole report for machines. Values of requests are as they were, apart from control and
    /// direction characters, which are written out, and their length, which is limited.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json::render(self)
    }

    /// What a message with little room says.
    #[must_use]
    pub fn outline(&self) -> Outline {
        outline::of(self)
    }

    /// Identifies the event: receivers deduplicate by it.
    #[must_use]
    pub fn event_id(&self) -> String {
        self.cleaning().value(&self.event.id)
    }

    /// Identifies the incident.
    #[must_use]
    pub fn incident_id(&self) -> String {
        self.cleaning().value(&self.event.incident.id)
    }

    /// What happened to the incident.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        self.event.kind
    }

    /// Level of the incident in the light of the evidence.
    #[must_use]
    pub fn level(&self) -> Level {
        self.assessment.severity
    }

    /// Why it happened.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.assessment.cause
    }

    /// The Web ACL, for machines: on one line, masked where that is wanted.
    #[must_use]
    pub fn acl(&self) -> String {
        self.cleaning().value(&self.event.incident.acl)
    }

    /// Score of the incident in the light of the evidence.
    #[must_use]
    pub fn severity_score(&self) -> Severity {
        self.assessment.severity_score
    }

    /// How sure the analyst is, 0 to 1.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        self.assessment.confidence
    }

    /// Who explained it, with version.
    #[must_use]
    pub fn analyst(&self) -> String {
        self.cleaning()
            .line(&self.assessment.analyst, MAX_SUBJECT_BYTES)
    }

    /// When the incident began, was last seen, and changed so that this report came about.
    #[must_use]
    pub fn times(&self) -> Times {
        let incident = &self.event.incident;
        Times {
            opened: incident.opened,
            last_seen: incident.last_window.end,
            changed: self.event.window.end,
        }
    }

    fn cleaning(&self) -> Cleaning {
        let account = AclArn::parse(&self.event.incident.acl).map(|arn| arn.account);
        let account = account.and_then(|account| self.redaction.known_account(account));
        let addresses = self.addresses();
        let addresses = addresses.filter_map(|address| self.redaction.known_address(address));
        Cleaning::new(self.redaction, account.into_iter().chain(addresses))
    }

    /// Every place where the event names a client address as such.
    fn addresses(&self) -> impl Iterator<Item = &'a str> {
        let evidence = self.evidence;
        let is_address = |dimension: Dimension| dimension == Dimension::ClientAddress;
        let values = evidence.values.iter();
        let values = values.filter(move |value| is_address(value.dimension));
        let of_rules = evidence.rules.iter().flat_map(|rule| &rule.addresses);
        let findings = self.event.incident.findings.iter();
        let findings = findings.filter_map(|finding| match &finding.signal {
            Signal::Address(address) => Some(address.as_str()),
            _ => None,
        });
        let offenders = self.assessment.primary_offenders.iter();
        values
            .map(|value| value.key.as_str())
            .chain(
                evidence
                    .addresses
                    .iter()
                    .map(|profile| profile.address.as_str()),
            )
            .chain(of_rules.map(|item| item.key.as_str()))
            .chain(findings)
            .chain(offenders.map(|offender| offender.address.as_str()))
    }
}

fn cut_bytes(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let mut end = max.saturating_sub(hostile::ELLIPSIS.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{}", &text[..end], hostile::ELLIPSIS)
}

#[cfg(test)]
mod tests;
