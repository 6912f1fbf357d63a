//! Says what happened: for people as text, for machines as JSON.
//!
//! A [`Report`] has every section that somebody who is woken up needs. All text that may come
//! from a request passes through [`hostile`] on its way out, account ids through [`Redaction`].

mod cleaning;
mod json;
mod layout;
mod redaction;
mod sections;
mod style;
mod tables;
mod text;

use std::time::Duration;

use serde_json::Value;

use crate::analyst::{Assessment, Cause};
use crate::incident::{EventKind, IncidentEvent, Level};
use crate::investigate::Evidence;
pub use crate::investigate::hostile;
use cleaning::Cleaning;
pub use redaction::Redaction;
pub use style::Style;

/// Version of the JSON that [`Report::to_json`] gives: raised when a field changes its meaning.
pub const REPORT_VERSION: u32 = 1;

/// Longest subject in bytes.
const MAX_SUBJECT_BYTES: usize = 99;

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
    /// gathering evidence. Nothing is masked.
    #[must_use]
    pub fn new(
        event: &'a IncidentEvent,
        evidence: &'a Evidence,
        assessment: &'a Assessment,
        analysis: Duration,
    ) -> Self {
        Self {
            event,
            evidence,
            assessment,
            analysis,
            redaction: Redaction::default(),
        }
    }

    /// The same report with `redaction` applied to everything that it gives.
    #[must_use]
    pub fn with_redaction(self, redaction: Redaction) -> Self {
        Self { redaction, ..self }
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

    /// Identifies the event: receivers deduplicate by it.
    #[must_use]
    pub fn event_id(&self) -> &str {
        &self.event.id
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

    /// The Web ACL, masked where that is wanted.
    #[must_use]
    pub fn acl(&self) -> String {
        self.redaction.applied(&self.event.incident.acl)
    }

    fn cleaning(&self) -> Cleaning {
        Cleaning::new(self.redaction)
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
