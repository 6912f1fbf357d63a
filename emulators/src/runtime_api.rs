//! Runs a function's real binary against a Lambda Runtime API.
//!
//! The API is a few lines of HTTP: the function asks for its next event and posts its answer. What
//! real Lambda adds, freezing the process between calls and ending it at the deadline, a test does
//! by dropping the function.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path as UrlPath, State};
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use tempfile::NamedTempFile;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};
use tokio::time::timeout;

use crate::REGION;
use crate::server::Server;

/// How long after its deadline a function is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A function that gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    /// It answered that it failed.
    #[error("the function failed: {answer}; its log:\n{log}")]
    Failed {
        /// What it posted.
        answer: String,
        /// Its log.
        log: String,
    },
    /// It could not begin, or ended, or did not answer in time.
    #[error("the function did not answer; its log:\n{log}")]
    Silent {
        /// Its log.
        log: String,
    },
}

/// A running function. Dropping it kills it.
#[derive(Debug)]
pub struct Function {
    child: Child,
    events: mpsc::UnboundedSender<Call>,
    next: AtomicU64,
    /// What it prints. A file, as its line is there as soon as it was written: what a function printed
    /// before it answered is in the log when the answer comes.
    log: NamedTempFile,
    begun: Instant,
    asked: Asked,
    /// Its Runtime API, which ends after it.
    _api: Server,
}

/// When it first asked for an event.
type Asked = Arc<Mutex<Option<Instant>>>;
/// What a function posts: its response, or that it failed.
type Answer = Result<Vec<u8>, String>;
/// Who waits for which answer.
type Open = HashMap<String, oneshot::Sender<Answer>>;

#[derive(Debug)]
struct Call {
    id: String,
    event: Vec<u8>,
    deadline_ms: u128,
    answer: oneshot::Sender<Answer>,
}

struct Api {
    events: AsyncMutex<mpsc::UnboundedReceiver<Call>>,
    open: Mutex<Open>,
    log: File,
    asked: Asked,
}

impl Function {
    /// Starts `binary` with these environment variables and test credentials, and no others.
    ///
    /// # Errors
    ///
    /// When there is no free port, no room for a log, or the binary cannot be run.
    pub fn start(binary: &Path, environment: &[(&str, &str)]) -> io::Result<Self> {
        let log = NamedTempFile::new()?;
        let asked = Asked::default();
        let (events, receiver) = mpsc::unbounded_channel();
        let api = Api {
            events: AsyncMutex::new(receiver),
            open: Mutex::default(),
            log: log.as_file().try_clone()?,
            asked: Arc::clone(&asked),
        };
        let api = Server::start("lambda runtime api", || routes(api))?;
        let begun = Instant::now();
        let child = Command::new(binary)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "test")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.as_file().try_clone()?)
            .stderr(log.as_file().try_clone()?)
            .spawn()?;
        Ok(Self {
            child,
            events,
            next: AtomicU64::new(1),
            log,
            begun,
            asked,
            _api: api,
        })
    }

    /// Hands it an event, with `time` until the deadline, and waits for the answer.
    ///
    /// # Errors
    ///
    /// When it answers that it failed, or not at all.
    pub async fn invoke(&self, event: &[u8], time: Duration) -> Result<Vec<u8>, FunctionError> {
        let (answer, answered) = oneshot::channel();
        let deadline = SystemTime::now() + time;
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
        let call = Call {
            id: format!("request-{}", self.next.fetch_add(1, Ordering::Relaxed)),
            event: event.to_vec(),
            deadline_ms: deadline.as_millis(),
            answer,
        };
        let silent = || FunctionError::Silent { log: self.log() };
        self.events.send(call).map_err(|_| silent())?;
        match timeout(time + PATIENCE, answered).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(answer))) => Err(FunctionError::Failed {
                answer,
                log: self.log(),
            }),
            Ok(Err(_)) | Err(_) => Err(silent()),
        }
    }

    /// What it has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        let log = fs::read(self.log.path()).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// From its start until it first asked for an event, when it has.
    #[must_use]
    pub fn initialised(&self) -> Option<Duration> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.map(|at| at - self.begun)
    }

    /// Waits for it to end by itself, as one does whose settings are wrong.
    ///
    /// # Errors
    ///
    /// When it cannot be waited for.
    pub fn wait(&mut self) -> io::Result<std::process::ExitStatus> {
        self.child.wait()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn routes(api: Api) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route(
            "/2018-06-01/runtime/invocation/{id}/response",
            post(response),
        )
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(Arc::new(api))
}

async fn next(State(api): State<Arc<Api>>) -> Response<Body> {
    {
        let mut asked = api.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.get_or_insert_with(Instant::now);
    }
    // Only one function asks, and it waits for its answer before it asks again.
    let Some(call) = api.events.lock().await.recv().await else {
        return plain(StatusCode::GONE, Body::empty());
    };
    let answer = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &call.id)
        .header("lambda-runtime-deadline-ms", call.deadline_ms.to_string())
        .header(
            "lambda-runtime-invoked-function-arn",
            format!("arn:aws:lambda:{REGION}:000000000000:function:test"),
        )
        .body(Body::from(call.event))
        .expect("the headers are plain");
    api.open().insert(call.id, call.answer);
    answer
}

async fn response(
    State(api): State<Arc<Api>>,
    UrlPath(id): UrlPath<String>,
    body: Bytes,
) -> Response<Body> {
    api.end(&id, Ok(body.to_vec()))
}

async fn error(
    State(api): State<Arc<Api>>,
    UrlPath(id): UrlPath<String>,
    body: Bytes,
) -> Response<Body> {
    api.end(&id, Err(String::from_utf8_lossy(&body).into_owned()))
}

async fn init_error(State(api): State<Arc<Api>>, body: Bytes) -> Response<Body> {
    // Whoever asks why it did not begin finds it there, unless the disk is full.
    let _ = (&api.log).write_all(&body);
    plain(StatusCode::ACCEPTED, Body::empty())
}

impl Api {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, id: &str, answer: Answer) -> Response<Body> {
        let Some(waiting) = self.open().remove(id) else {
            return plain(StatusCode::BAD_REQUEST, Body::from("no such invocation"));
        };
        // A test that no longer waits does not want it.
        let _ = waiting.send(answer);
        plain(StatusCode::ACCEPTED, Body::empty())
    }
}

fn plain(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
