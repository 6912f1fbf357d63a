//! `/api/v1/session`: shows the token once, and takes the cookie back.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::super::access::COOKIE;
use super::super::answer::{Answer, Refusal};
use super::super::router::{Answered, App};
use super::feedback::json_body;

/// A pause before a wrong token is refused: guessing gets slow.
const AFTER_WRONG: Duration = Duration::from_millis(500);

#[derive(Serialize)]
struct Session {
    token_required: bool,
    is_authenticated: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    token: String,
}

pub(in crate::dashboard) async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Answered {
    Answer::of(&Session {
        token_required: app.access.is_token_required(),
        is_authenticated: app.access.is_authenticated(&headers),
    })
}

pub(in crate::dashboard) async fn open(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, Refusal> {
    let login: Login = json_body(request).await?;
    let session = match app.access.session(&login.token) {
        Ok(session) => session,
        Err(refusal) => {
            tokio::time::sleep(AFTER_WRONG).await;
            return Err(refusal);
        }
    };
    with_cookie(&app, true, &format!("{COOKIE}={session}"))
}

pub(in crate::dashboard) async fn close(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let is_open = !app.access.is_token_required();
    with_cookie(&app, is_open, &format!("{COOKIE}=; Max-Age=0"))
}

fn with_cookie(app: &App, is_authenticated: bool, cookie: &str) -> Result<Response, Refusal> {
    let answer = Answer::of(&Session {
        token_required: app.access.is_token_required(),
        is_authenticated,
    })?;
    let mut response = answer.into_response();
    let cookie = format!("{cookie}; Path=/; HttpOnly; SameSite=Strict");
    let cookie = HeaderValue::from_str(&cookie)
        .map_err(|_| Refusal::Internal("the cookie cannot be written"))?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}
