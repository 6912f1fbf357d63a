//! Which address is answered by what, and what goes around every answer.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::{Semaphore, watch};
use wafwatch_windows::time::EventTime;

use super::access::Access;
use super::answer::{Answer, Refusal};
use super::assets::ASSETS;
use super::feed::Feed;
use super::rates::Rates;
use super::readers::Readers;
use super::view::View;
use super::{ConfiguredChannel, DashboardSettings, Mode, api};

/// How long an answer may take to begin.
const ANSWER_TIME: Duration = Duration::from_secs(60);
/// Event streams at once.
pub(super) const MAX_STREAMS: usize = 32;

const API: &str = "/api/";
/// Tells whether a token is demanded, and takes it.
const SESSION: &str = "/api/v1/session";

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// What every answer is made with.
#[derive(Debug)]
pub(super) struct App {
    pub access: Access,
    pub readers: Arc<Readers>,
    pub view: View,
    pub feed: Feed,
    pub streams: Arc<Semaphore>,
    pub rates: Mutex<Rates>,
    pub channels: Vec<ConfiguredChannel>,
    pub mode: Mode,
    pub clock: fn() -> EventTime,
    pub analyst: Mutex<api::health::Analysed>,
}

impl App {
    pub(super) fn new(settings: DashboardSettings, bound: SocketAddr) -> Self {
        let started = (settings.clock)().0;
        Self {
            access: Access::new(bound, settings.token, started),
            readers: Arc::new(Readers::new(settings.store)),
            view: View::new(settings.redaction),
            feed: Feed {
                changes: watch::Sender::new(0),
                health: watch::Sender::new(None),
            },
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            rates: Mutex::default(),
            channels: settings.channels,
            mode: settings.mode,
            clock: settings.clock,
            analyst: Mutex::default(),
        }
    }
}

pub(super) fn router(app: Arc<App>) -> Router {
    let mut router = Router::new()
        .route(
            SESSION,
            get(api::session::show)
                .post(api::session::open)
                .delete(api::session::close),
        )
        .route("/api/v1/acls", get(api::acls::list))
        .route("/api/v1/windows", get(api::windows::list))
        .route("/api/v1/top", get(api::top::list))
        .route("/api/v1/incidents", get(api::incidents::list))
        .route("/api/v1/incidents/{id}", get(api::incident::show))
        .route(
            "/api/v1/incidents/{id}/feedback",
            post(api::feedback::mark).delete(api::feedback::unmark),
        )
        .route("/api/v1/health", get(api::health::show))
        .route("/api/v1/events", get(api::events::follow))
        .route("/api/v1/openapi.json", get(openapi));
    for asset in ASSETS {
        router = router.route(asset.path, get(|| async { asset.response() }));
    }
    router
        .fallback(|| async {
            Refusal::NotFound("there is no such address: see /api/v1/openapi.json".to_owned())
        })
        .method_not_allowed_fallback(|| async { Refusal::MethodNotAllowed })
        .layer(from_fn_with_state(Arc::clone(&app), guarded))
        .with_state(app)
}

async fn openapi() -> Response {
    let mut response = Response::new(Body::from(include_str!("../../docs/openapi.json")));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// Refuses who may not ask, gives up what takes too long, and closes what a browser might do with the
/// answer.
async fn guarded(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let answered = match admitted(&app, &request) {
        Err(refusal) => refusal.into_response(),
        Ok(()) => match tokio::time::timeout(ANSWER_TIME, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Refusal::Busy("the answer took too long: ask for less").into_response(),
        },
    };
    closed(answered)
}

fn admitted(app: &App, request: &Request) -> Result<(), Refusal> {
    app.access.check_host(request.headers())?;
    let path = request.uri().path();
    if !path.starts_with(API) {
        return Ok(());
    }
    app.access
        .check_origin(request.method(), request.headers())?;
    if path != SESSION && !app.access.is_authenticated(request.headers()) {
        return Err(Refusal::TokenRequired);
    }
    Ok(())
}

fn closed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Answers that are JSON, or why there is none.
pub(super) type Answered = Result<Answer, Refusal>;
