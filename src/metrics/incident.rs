//! The line of an incident event.

use super::document::{Document, own_text, text, time};
use super::window::acl_dimension;
use super::{ACL_DIMENSION, field};
use crate::detect::describe;
use crate::incident::IncidentEvent;
use crate::report::Redaction;

/// The line of `event`. It has no metrics: a metric per incident would be a bill, and nothing could
/// be told by it that the window's metric `Findings` does not tell.
#[must_use]
pub fn incident_line(event: &IncidentEvent, redaction: Redaction) -> String {
    let incident = &event.incident;
    let mut document = Document::new(field::KIND_INCIDENT);
    document.field(ACL_DIMENSION, acl_dimension(&incident.acl));
    document.field(field::WINDOW_START, time(event.window.start));
    document.field(field::WINDOW_END, time(event.window.end));
    document.field(field::ACL_ARN, own_text(&redaction.applied(&incident.acl)));
    document.field(field::EVENT, text(&event.id));
    document.field(field::INCIDENT, text(&incident.id));
    document.field(field::CHANGE, event.kind.name());
    document.field(field::LEVEL, incident.severity.level().name());
    document.field(field::SEVERITY, incident.severity.0);
    document.field(field::OPENED, time(incident.opened));
    document.field(field::INCIDENT_REQUESTS, incident.counters.total);
    document.field(field::INCIDENT_BLOCKED, incident.counters.blocked);
    if let Some(strongest) = incident.findings.first() {
        document.field(field::STRONGEST, own_text(&describe(strongest)));
    }
    document.into_plain_line()
}
