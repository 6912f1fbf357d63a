//! Messages of the published scenarios and of hostile ones, for tests of channels.

use std::time::Duration;

use super::Message;
use crate::analyst::builtin::BuiltIn;
use crate::analyst::{Analyst, Assessment};
use crate::incident::{EventKind, State};
use crate::investigate::{Evidence, scenarios};
use crate::report::{Redaction, Report};

/// The message that the built-in analyst's explanation of `evidence` makes, nothing masked.
pub(super) fn message(evidence: &Evidence) -> Message {
    of(evidence, &BuiltIn.assess(evidence), Redaction::default())
}

/// The message of `evidence`, explained by `assessment`.
pub(super) fn of(evidence: &Evidence, assessment: &Assessment, redaction: Redaction) -> Message {
    let took = Duration::from_millis(3);
    Message::of(&Report::new(
        &evidence.event,
        evidence,
        assessment,
        took,
        redaction,
    ))
}

/// What each channel is shown with: the published attacks, the misconfiguration, and an incident's
/// end.
pub(super) fn all() -> Vec<(&'static str, Message)> {
    vec![
        ("attack", message(&scenarios::attack().build())),
        (
            "misconfiguration",
            message(&scenarios::misconfiguration().build()),
        ),
        ("xss", message(&scenarios::xss().build())),
        ("resolved", resolved()),
    ]
}

/// The attack, five minutes after it ended.
pub(super) fn resolved() -> Message {
    let mut evidence = scenarios::attack().build();
    let event = &mut evidence.event;
    event.id = format!("{}/2", event.incident.id);
    event.kind = EventKind::Resolved;
    event.window.start = event.window.start.plus(300_000);
    event.window.end = event.window.end.plus(300_000);
    event.incident.state = State::Resolved;
    event.incident.resolved = Some(event.window.end);
    message(&evidence)
}
