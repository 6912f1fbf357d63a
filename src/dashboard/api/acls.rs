//! `GET /api/v1/acls`

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use serde::Serialize;
use serde_json::Value;

use super::super::answer::{Answer, Refusal};
use super::super::feed::Cursor;
use super::super::parameters::Parameters;
use super::super::router::{Answered, App};
use super::super::view::MAX_ACLS;
use super::window_ms;
use crate::incident::State as IncidentState;
use crate::incident::acl::AclArn;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::history::IncidentQuery;

#[derive(Serialize)]
struct Acls {
    cursor: String,
    window_ms: i64,
    acls: Vec<Acl>,
}

#[derive(Serialize)]
struct Acl {
    acl: String,
    name: String,
    arn: String,
    region: Option<String>,
    scope: Option<&'static str>,
    from: Option<i64>,
    until: Option<i64>,
    windows: u64,
    stage: Option<Stage>,
    open_incident: Option<String>,
}

#[derive(Serialize)]
struct Stage {
    kind: String,
    windows_left: Option<u64>,
}

pub(in crate::dashboard) async fn list(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Answered {
    Parameters::parse(query.as_deref(), &[])?;
    let readers = Arc::clone(&app.readers);
    readers
        .read(move |store| store.snapshot(|store| answer(&app, store)))
        .await
}

fn answer(app: &App, store: &SqliteStore) -> Answered {
    let window_ms = window_ms(store)?;
    let mut acls = Vec::new();
    let open = open_incidents(store)?;
    for span in store.acl_spans()?.into_iter().take(MAX_ACLS) {
        let arn = AclArn::parse(&span.acl);
        let stage = store.newest_stage(&span.acl)?;
        acls.push(Acl {
            acl: app.view.acl_id(&span.acl),
            name: app.view.acl_name(&span.acl),
            arn: app.view.text(&span.acl),
            region: arn.map(|arn| app.view.text(arn.region)),
            scope: arn.map(|arn| arn.scope.name()),
            from: Some(span.from.0),
            until: Some(span.last.0.saturating_add(window_ms)),
            windows: span.windows,
            stage: stage.as_ref().and_then(Stage::of),
            open_incident: open.get(&span.acl).map(|id| app.view.text(id)),
        });
    }
    acls.sort_by(|one, other| (&one.name, &one.acl).cmp(&(&other.name, &other.acl)));
    Answer::of(&Acls {
        cursor: Cursor::of(store)?.to_string(),
        window_ms,
        acls,
    })
}

fn open_incidents(store: &SqliteStore) -> Result<HashMap<String, String>, Refusal> {
    let query = IncidentQuery {
        state: Some(IncidentState::Open),
        limit: MAX_ACLS,
        ..IncidentQuery::default()
    };
    let incidents = store.incidents_between(&query)?.into_iter();
    Ok(incidents
        .map(|incident| (incident.acl, incident.id))
        .collect())
}

impl Stage {
    /// From the JSON of a window's row, whichever version wrote it.
    fn of(stored: &Value) -> Option<Self> {
        if let Some(kind) = stored.as_str() {
            return Some(Self {
                kind: kind.to_owned(),
                windows_left: None,
            });
        }
        let (kind, fields) = stored.as_object()?.iter().next()?;
        let number = |name: &str| fields.get(name).and_then(Value::as_u64);
        let rest = number("needed").zip(number("seen"));
        let rest = rest.map(|(needed, seen)| needed.saturating_sub(seen));
        Some(Self {
            kind: kind.clone(),
            windows_left: number("windows_left").or(rest),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::detect;

    #[test]
    fn every_stage_has_its_kind_and_what_is_left() {
        let of = |stage: detect::Stage| {
            let stage = Stage::of(&json!(stage)).expect("is one");
            (stage.kind, stage.windows_left)
        };
        let learning = detect::Stage::Learning {
            seen: 4,
            needed: 10,
        };
        assert_eq!(of(learning), ("learning".to_owned(), Some(6)));
        let wide = detect::Stage::Wide { windows_left: 3 };
        assert_eq!(of(wide), ("wide".to_owned(), Some(3)));
        assert_eq!(of(detect::Stage::Ready), ("ready".to_owned(), None));
        assert!(Stage::of(&json!(3)).is_none());
    }
}
