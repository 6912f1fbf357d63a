//! What the server answers.

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{Response, StatusCode};
use http_body::Frame;
use serde_json::{Value, json};

/// An answer to one request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A message of the model.
    Message {
        /// Its content blocks.
        content: Value,
        /// Why the model stopped.
        stop_reason: String,
        /// Tokens in and out.
        tokens: (u32, u32),
    },
    /// An error of the service.
    Error(Failure),
    /// These bytes as a body with status 200.
    Raw(Vec<u8>),
    /// The beginning of a body, and then the end of the connection.
    CutConnection,
    /// Nothing, ever.
    Silence,
}

/// The errors that Converse declares, and one that it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// 400
    Validation,
    /// 403
    AccessDenied,
    /// 404
    ResourceNotFound,
    /// 408
    ModelTimeout,
    /// 424
    ModelError,
    /// 429
    Throttling,
    /// 429
    ModelNotReady,
    /// 500
    InternalServer,
    /// 503
    ServiceUnavailable,
    /// 500, without a type
    Unnamed,
}

impl Failure {
    /// Every error.
    pub const ALL: [Self; 10] = [
        Self::Validation,
        Self::AccessDenied,
        Self::ResourceNotFound,
        Self::ModelTimeout,
        Self::ModelError,
        Self::Throttling,
        Self::ModelNotReady,
        Self::InternalServer,
        Self::ServiceUnavailable,
        Self::Unnamed,
    ];

    fn parts(self) -> (u16, &'static str) {
        match self {
            Self::Validation => (400, "ValidationException"),
            Self::AccessDenied => (403, "AccessDeniedException"),
            Self::ResourceNotFound => (404, "ResourceNotFoundException"),
            Self::ModelTimeout => (408, "ModelTimeoutException"),
            Self::ModelError => (424, "ModelErrorException"),
            Self::Throttling => (429, "ThrottlingException"),
            Self::ModelNotReady => (429, "ModelNotReadyException"),
            Self::InternalServer => (500, "InternalServerException"),
            Self::ServiceUnavailable => (503, "ServiceUnavailableException"),
            Self::Unnamed => (500, ""),
        }
    }
}

/// A message of one text.
#[must_use]
pub fn text(text: &str, stop_reason: &str) -> Answer {
    Answer::Message {
        content: json!([{"text": text}]),
        stop_reason: stop_reason.to_owned(),
        tokens: (1_000, 200),
    }
}

/// A call of the tool `name` with `input`, after a few words as models are given to.
#[must_use]
pub fn tool_use(name: &str, input: Value) -> Answer {
    Answer::Message {
        content: json!([
            {"text": "I will report."},
            {"toolUse": {"toolUseId": "tooluse_1", "name": name, "input": input}},
        ]),
        stop_reason: "tool_use".to_owned(),
        tokens: (1_000, 200),
    }
}

impl Answer {
    pub(super) async fn into_response(self) -> Response<Body> {
        match self {
            Self::Message {
                content,
                stop_reason,
                tokens: (input, output),
            } => {
                let body = json!({
                    "output": {"message": {"role": "assistant", "content": content}},
                    "stopReason": stop_reason,
                    "usage": {
                        "inputTokens": input,
                        "outputTokens": output,
                        "totalTokens": input + output,
                    },
                    "metrics": {"latencyMs": 3},
                });
                ok(Body::from(body.to_string()))
            }
            Self::Error(failure) => {
                let (status, name) = failure.parts();
                error(status, name, "an error that the test asked for")
            }
            Self::Raw(bytes) => ok(Body::from(bytes)),
            Self::CutConnection => ok(Body::new(CutBody { is_begun: false })),
            Self::Silence => pending().await,
        }
    }
}

/// A body that breaks off.
struct CutBody {
    is_begun: bool,
}

impl http_body::Body for CutBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.is_begun {
            return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::ConnectionReset))));
        }
        self.is_begun = true;
        let beginning = Bytes::from_static(b"{\"output\":{\"message\":");
        Poll::Ready(Some(Ok(Frame::data(beginning))))
    }
}

/// What the service says of a request that its model does not allow.
pub(super) fn refused(problem: &str) -> Response<Body> {
    error(400, "ValidationException", problem)
}

fn ok(body: Body) -> Response<Body> {
    respond(StatusCode::OK, "", body)
}

fn error(status: u16, name: &str, message: &str) -> Response<Body> {
    let status = StatusCode::from_u16(status).expect("statuses here are real ones");
    let body = json!({"message": message}).to_string();
    respond(status, name, Body::from(body))
}

fn respond(status: StatusCode, error: &str, body: Body) -> Response<Body> {
    let mut response = Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("x-amzn-requestid", "00000000-0000-0000-0000-000000000000");
    if !error.is_empty() {
        // The service appends where the error is described.
        let value = format!("{error}:http://internal.amazon.com/coral/com.amazon.bedrock/");
        response = response.header("x-amzn-errortype", value);
    }
    response.body(body).expect("all parts are valid")
}
