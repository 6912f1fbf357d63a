//! From stored explanations to reports.

use std::time::Duration;

use super::Explanation;
use crate::incident::IncidentEvent;
use crate::report::{Redaction, Report};

/// The report of the newest of an incident's `events` that was explained.
#[must_use]
pub fn newest_report(
    events: &[(IncidentEvent, Option<Explanation>)],
    redaction: Redaction,
) -> Option<Report<'_>> {
    let explained = events.iter().rev();
    let mut newest =
        explained.filter_map(|(event, explanation)| Some((event, explanation.as_ref()?)));
    let (event, explanation) = newest.next()?;
    let took = Duration::from_millis(explanation.analysis_milliseconds);
    Some(Report::new(
        event,
        &explanation.evidence,
        &explanation.assessment,
        took,
        redaction,
    ))
}
