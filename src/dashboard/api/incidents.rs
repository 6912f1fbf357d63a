//! `GET /api/v1/incidents`

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use serde::Serialize;

use super::super::answer::{Answer, Refusal};
use super::super::feed::Cursor;
use super::super::parameters::Parameters;
use super::super::router::{Answered, App};
use super::super::view::View;
use crate::detect::describe;
use crate::guidance::Judgement;
use crate::incident::{Incident, Level, Severity, State as IncidentState};
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::history::IncidentQuery;

const USUAL: usize = 100;
const MOST: usize = 500;
/// Findings that a list tells in words.
const WORDS: usize = 3;

#[derive(Serialize)]
struct Incidents {
    cursor: String,
    incidents: Vec<Listed>,
    is_cut: bool,
}

/// An incident as it is listed.
#[derive(Serialize)]
pub(super) struct Listed {
    id: String,
    acl: String,
    acl_name: String,
    state: IncidentState,
    severity: Severity,
    level: Level,
    cause: Option<&'static str>,
    cause_title: Option<&'static str>,
    opened: i64,
    last: i64,
    resolved: Option<i64>,
    windows: u32,
    words: Vec<String>,
    judgement: Option<Judgement>,
}

pub(in crate::dashboard) async fn list(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Answered {
    let known = ["acl", "from", "until", "state", "limit"];
    let parameters = Parameters::parse(query.as_deref(), &known)?;
    let (from, until) = parameters.times()?;
    let states = [
        ("open", IncidentState::Open),
        ("resolved", IncidentState::Resolved),
    ];
    let state = parameters.word("state", &states)?;
    let limit = parameters.limit("limit", USUAL, MOST)?;
    let answer = move |app: &App, store: &SqliteStore| {
        let query = IncidentQuery {
            state,
            acls: app.view.acls(&parameters, store)?,
            from,
            until,
            // One more tells whether there are more.
            limit: limit + 1,
        };
        let mut incidents = store.incidents_between(&query)?;
        let is_cut = incidents.len() > limit;
        incidents.truncate(limit);
        let listed = incidents
            .iter()
            .map(|incident| listed(&app.view, store, incident));
        Answer::of(&Incidents {
            cursor: Cursor::of(store)?.to_string(),
            incidents: listed.collect::<Result<_, _>>()?,
            is_cut,
        })
    };
    let readers = Arc::clone(&app.readers);
    readers
        .read(move |store| store.snapshot(|store| answer(&app, store)))
        .await
}

/// An incident with what the newest explanation and people make of it.
pub(super) fn listed(
    view: &View,
    store: &SqliteStore,
    incident: &Incident,
) -> Result<Listed, Refusal> {
    let assessed = store.assessed(&incident.id)?;
    let severity = assessed.map_or(incident.severity, |(severity, _)| severity);
    let cause = assessed.map(|(_, cause)| cause);
    let strongest = incident.findings.iter().take(WORDS);
    Ok(Listed {
        id: view.text(&incident.id),
        acl: view.acl_id(&incident.acl),
        acl_name: view.acl_name(&incident.acl),
        state: incident.state,
        severity,
        level: severity.level(),
        cause: cause.map(|cause| cause.name()),
        cause_title: cause.map(|cause| cause.title()),
        opened: incident.opened.0,
        last: incident.last_window.end.0,
        resolved: incident.resolved.map(|time| time.0),
        windows: incident.windows,
        words: strongest
            .map(|finding| view.text(&describe(finding)))
            .collect(),
        judgement: store.mark(&incident.id)?.map(|mark| mark.judgement),
    })
}
