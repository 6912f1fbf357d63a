//! A part of Amazon Data Firehose in this process: takes batches, within the published limits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::EmulatorError;
use crate::server::Server;

const MAX_RECORDS: usize = 500;
const MAX_CALL_BYTES: usize = 4 << 20;
const MAX_RECORD_BYTES: usize = 1_000 << 10;

/// A Firehose with one stream, which keeps what it is given and refuses as it is told.
#[derive(Debug)]
pub struct Firehose {
    server: Server,
    kept: Shared,
}

type Shared = Arc<Mutex<Kept>>;

#[derive(Debug)]
struct Kept {
    stream: String,
    records: Vec<Vec<u8>>,
    refuse_every: Option<usize>,
    offered: usize,
}

impl Firehose {
    /// Starts one with the stream `name`. Of the records that it is offered, every so-many-th is
    /// refused if `refuse_every` says so: a batch of which parts fail.
    ///
    /// # Errors
    ///
    /// When there is no free port or thread.
    pub fn start(name: &str, refuse_every: Option<usize>) -> Result<Self, EmulatorError> {
        let kept: Shared = Arc::new(Mutex::new(Kept {
            stream: name.to_owned(),
            records: Vec::new(),
            refuse_every,
            offered: 0,
        }));
        let state = Arc::clone(&kept);
        let routes = move || {
            Router::new()
                .route("/", post(answer))
                .layer(DefaultBodyLimit::max(16 << 20))
                .with_state(state)
        };
        let server =
            Server::start("firehose emulator", routes).map_err(EmulatorError::start("firehose"))?;
        Ok(Self { server, kept })
    }

    /// Where it answers.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// What was put, in its order.
    #[must_use]
    pub fn records(&self) -> Vec<Vec<u8>> {
        lock(&self.kept).records.clone()
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(kept): State<Shared>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let target = headers.get("x-amz-target").map(|target| target.as_bytes());
    let (status, answer) = match target {
        Some(b"Firehose_20150804.PutRecordBatch") => match put(&mut lock(&kept), &body) {
            Ok(answer) => (StatusCode::OK, answer),
            Err((code, message)) => (
                StatusCode::BAD_REQUEST,
                json!({"__type": code, "message": message}),
            ),
        },
        _ => (
            StatusCode::BAD_REQUEST,
            json!({"__type": "UnknownOperationException"}),
        ),
    };
    Response::builder()
        .status(status)
        .header("content-type", "application/x-amz-json-1.1")
        .body(Body::from(answer.to_string()))
        .expect("status and headers are valid")
}

type Refusal = (&'static str, String);

fn put(kept: &mut Kept, body: &[u8]) -> Result<Value, Refusal> {
    let invalid = |message: String| ("InvalidArgumentException", message);
    let request: Value =
        serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))?;
    if request["DeliveryStreamName"] != kept.stream.as_str() {
        let message = format!("{} is not there", request["DeliveryStreamName"]);
        return Err(("ResourceNotFoundException", message));
    }
    let records = request["Records"].as_array().map(Vec::as_slice);
    let data: Option<Vec<Vec<u8>>> = records
        .unwrap_or_default()
        .iter()
        .map(|record| STANDARD.decode(record["Data"].as_str()?).ok())
        .collect();
    let data = data.ok_or_else(|| invalid("data is no base64".to_owned()))?;
    let bytes: usize = data.iter().map(Vec::len).sum();
    let is_within = (1..=MAX_RECORDS).contains(&data.len())
        && bytes <= MAX_CALL_BYTES
        && data.iter().all(|record| record.len() <= MAX_RECORD_BYTES);
    if !is_within {
        return Err(invalid(format!("{} records of {bytes} bytes", data.len())));
    }
    let mut failed = 0;
    let mut entries = Vec::new();
    for record in data {
        kept.offered += 1;
        if kept
            .refuse_every
            .is_some_and(|every| kept.offered.is_multiple_of(every))
        {
            failed += 1;
            entries.push(
                json!({"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "slow down"}),
            );
            continue;
        }
        kept.records.push(record);
        entries.push(json!({"RecordId": kept.offered.to_string()}));
    }
    Ok(json!({"FailedPutCount": failed, "RequestResponses": entries}))
}
