//! Answers and refusals, as JSON.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use crate::store::StoreError;

/// Why a request gets no answer. The text is for people: what failed, on what, what to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0}")]
    BadRequest(String),
    #[error("{0}")]
    NotFound(String),
    #[error("this dashboard demands a token: send it to /api/v1/session, or as a bearer token")]
    TokenRequired,
    #[error(
        "the token is wrong: it is the value of the variable that the dashboard was started with"
    )]
    WrongToken,
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("{0}")]
    TooMany(&'static str),
    #[error("the body has more than {limit} bytes: send less")]
    TooLarge { limit: usize },
    #[error("the body must be JSON: send it with content-type: application/json")]
    UnsupportedMediaType,
    #[error("the method is not one of this address: see /api/v1/openapi.json")]
    MethodNotAllowed,
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Busy(&'static str),
    #[error("{0}")]
    Internal(&'static str),
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::TokenRequired | Self::WrongToken => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Store(_) | Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_request",
            Self::NotFound(_) => "not_found",
            Self::TokenRequired | Self::WrongToken => "token_required",
            Self::Forbidden(_) => "forbidden",
            Self::TooMany(_) => "too_many",
            Self::TooLarge { .. } => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Store(_) | Self::Busy(_) => "store_unavailable",
            Self::Internal(_) => "internal",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code(), "message": self.to_string()}});
        let mut response = Answer(body.to_string().into_bytes()).into_response();
        *response.status_mut() = self.status();
        response
    }
}

/// JSON that is written already, by the thread that read the store.
#[derive(Debug)]
pub(super) struct Answer(Vec<u8>);

impl Answer {
    pub(super) fn of(value: &impl Serialize) -> Result<Self, Refusal> {
        let bytes = serde_json::to_vec(value);
        bytes
            .map(Self)
            .map_err(|_| Refusal::Internal("the answer cannot be written as JSON"))
    }

    pub(super) fn as_text(&self) -> &str {
        std::str::from_utf8(&self.0).expect("JSON is UTF-8")
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.0));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}
