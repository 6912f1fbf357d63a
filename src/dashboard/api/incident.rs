//! `GET /api/v1/incidents/{id}`

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use serde::Serialize;
use serde_json::Value;

use super::super::answer::{Answer, Refusal};
use super::super::parameters::{Parameters, shown};
use super::super::router::{Answered, App};
use super::super::view::View;
use super::counts::Counts;
use super::feedback::{self, ShownMark};
use super::incidents::{Listed, listed};
use crate::detect::{Direction, Finding, Mix, describe, signal_name};
use crate::incident::{EventKind, Incident, IncidentEvent, Severity};
use crate::report::Style;
use crate::store::sqlite::SqliteStore;
use crate::store::{DeliveryState, Explanation, newest_report};

#[derive(Serialize)]
struct Detail {
    incident: Listed,
    counters: Counts,
    findings: Vec<ShownFinding>,
    mix: Mix,
    mix_words: Option<&'static str>,
    timeline: Vec<ShownEvent>,
    deliveries: Vec<ShownDelivery>,
    mark: Option<ShownMark>,
    report: Option<Value>,
    report_text: Option<String>,
}

#[derive(Serialize)]
struct ShownFinding {
    words: String,
    signal: String,
    direction: Direction,
    observed: f64,
    expected: f64,
    lower: f64,
    upper: f64,
    is_share: bool,
    once_in_windows: f64,
    muted: Option<String>,
}

#[derive(Serialize)]
struct ShownEvent {
    id: String,
    kind: EventKind,
    at: i64,
    window_start: i64,
    severity: Severity,
    is_explained: bool,
}

#[derive(Serialize)]
struct ShownDelivery {
    event: String,
    channel: String,
    state: DeliveryState,
    attempts: u32,
    error: Option<String>,
}

pub(in crate::dashboard) async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answered {
    Parameters::parse(query.as_deref(), &[])?;
    let readers = Arc::clone(&app.readers);
    readers
        .read(move |store| {
            store.snapshot(|store| {
                let incident = find(&app.view, store, &id)?;
                Answer::of(&detail(&app.view, store, &incident)?)
            })
        })
        .await
}

/// The incident that is shown under `id`.
pub(super) fn find(view: &View, store: &SqliteStore, id: &str) -> Result<Incident, Refusal> {
    let exactly = |incidents: Vec<Incident>, id: &str| {
        let mut incidents = incidents.into_iter();
        incidents.find(|incident| incident.id == id)
    };
    if let Some(incident) = exactly(store.incidents_with_prefix(id)?, id) {
        return Ok(incident);
    }
    // Where ids are masked, what is shown is not what is stored.
    for stored in store.incident_ids()? {
        if view.text(&stored) == id
            && let Some(incident) = exactly(store.incidents_with_prefix(&stored)?, &stored)
        {
            return Ok(incident);
        }
    }
    Err(Refusal::NotFound(format!(
        "there is no incident {}: /api/v1/incidents lists those there are",
        shown(id)
    )))
}

fn detail(view: &View, store: &SqliteStore, incident: &Incident) -> Result<Detail, Refusal> {
    let events = store.events_of(&incident.id)?;
    let report = newest_report(&events, view.redaction());
    let deliveries = store.deliveries_of(&incident.id)?.into_iter();
    let mark = store.mark(&incident.id)?;
    Ok(Detail {
        incident: listed(view, store, incident)?,
        counters: Counts::of(&incident.counters),
        findings: incident
            .findings
            .iter()
            .map(|finding| ShownFinding::of(view, finding))
            .collect(),
        mix: incident.mix,
        mix_words: incident.mix.words(),
        timeline: events
            .iter()
            .map(|event| ShownEvent::of(view, event))
            .collect(),
        deliveries: deliveries
            .map(|delivery| ShownDelivery {
                event: view.text(&delivery.event),
                channel: view.text(&delivery.channel),
                state: delivery.state,
                attempts: delivery.attempts,
                error: delivery.error.as_deref().map(|error| view.text(error)),
            })
            .collect(),
        mark: mark
            .map(|mark| feedback::shown(view, store, &mark))
            .transpose()?,
        report_text: report.as_ref().map(|report| report.to_text(Style::Plain)),
        report: report.map(|report| report.to_json()),
    })
}

impl ShownFinding {
    fn of(view: &View, finding: &Finding) -> Self {
        Self {
            words: view.text(&describe(finding)),
            signal: view.text(&signal_name(&finding.signal)),
            direction: finding.direction,
            observed: finding.observed,
            expected: finding.expected,
            lower: finding.lower,
            upper: finding.upper,
            is_share: finding.signal.is_share(),
            once_in_windows: finding.once_in_windows,
            muted: finding.muted.as_deref().map(|muted| view.text(muted)),
        }
    }
}

impl ShownEvent {
    fn of(view: &View, (event, explanation): &(IncidentEvent, Option<Explanation>)) -> Self {
        Self {
            id: view.text(&event.id),
            kind: event.kind,
            at: event.window.end.0,
            window_start: event.window.start.0,
            severity: event.incident.severity,
            is_explained: explanation.is_some(),
        }
    }
}
