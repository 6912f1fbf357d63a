//! `/api/v1/incidents/{id}/feedback`: what people say of an incident, kept as `wafwatch incidents mark`
//! keeps it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::header;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::super::answer::{Answer, Refusal};
use super::super::router::{Answered, App};
use super::super::view::View;
use super::incident::find;
use crate::guidance::{Judgement, Mark};
use crate::report::hostile;
use crate::store::sqlite::SqliteStore;

const MAX_BODY_BYTES: usize = 4 << 10;
/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeedbackRequest {
    judgement: Judgement,
}

#[derive(Serialize)]
pub(super) struct ShownMark {
    incident: String,
    judgement: Judgement,
    made: i64,
    effect: &'static str,
    muted_windows: u64,
}

#[derive(Serialize)]
struct Undone {
    undone: String,
}

pub(in crate::dashboard) async fn mark(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Answered {
    let FeedbackRequest { judgement } = json_body(request).await?;
    let readers = Arc::clone(&app.readers);
    readers
        .read(move |store| {
            let incident = find(&app.view, store, &id)?;
            let mark = Mark::new(&incident, judgement, (app.clock)());
            store.reopen()?.set_mark(&mark)?;
            Answer::of(&shown(&app.view, store, &mark)?)
        })
        .await
}

pub(in crate::dashboard) async fn unmark(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Answered {
    let readers = Arc::clone(&app.readers);
    readers
        .read(move |store| {
            let incident = find(&app.view, store, &id)?;
            if !store.reopen()?.remove_mark(&incident.id)? {
                let id = hostile::one_line(&id, 100);
                return Err(Refusal::NotFound(format!(
                    "nothing was said of the incident {id}: there is nothing to take back"
                )));
            }
            Answer::of(&Undone {
                undone: app.view.text(&incident.id),
            })
        })
        .await
}

/// A mark as it is shown.
pub(super) fn shown(view: &View, store: &SqliteStore, mark: &Mark) -> Result<ShownMark, Refusal> {
    Ok(ShownMark {
        incident: view.text(&mark.incident),
        judgement: mark.judgement,
        made: mark.made.0,
        effect: mark.judgement.effect(),
        muted_windows: store.windows_muted_by(&mark.incident)?,
    })
}

/// A short JSON body. No form of another site can send one without being asked first.
pub(super) async fn json_body<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next());
    let is_json =
        media_type.is_some_and(|given| given.trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Err(Refusal::UnsupportedMediaType);
    }
    let body = axum::body::to_bytes(request.into_body(), MAX_BODY_BYTES);
    let body = tokio::time::timeout(BODY_TIME, body).await;
    let body = body.map_err(|_| {
        Refusal::BadRequest("the body did not arrive in time: send it again".to_owned())
    })?;
    let body = body.map_err(|_| Refusal::TooLarge {
        limit: MAX_BODY_BYTES,
    })?;
    serde_json::from_slice(&body).map_err(|error| {
        let error = hostile::one_line(&error.to_string(), 200);
        Refusal::BadRequest(format!(
            "the body is not what is asked for ({error}): see /api/v1/openapi.json"
        ))
    })
}
