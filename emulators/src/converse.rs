//! Bedrock's Converse in this process: a server whose answers the test decides.
//!
//! No emulator of Bedrock is faithful, and a model cannot be emulated. What can be is the protocol, so
//! that the real client runs: `POST /model/{id}/converse` with a JSON body; answers with `output`,
//! `stopReason`, `usage` and `metrics`; errors by status and the header `x-amzn-errortype`. Paths, names
//! of fields and of errors were taken from the serialisers and deserialisers that the SDK's crate is
//! generated with from the service's model (`protocol_serde/shape_converse*.rs`), and requests are
//! checked against the model's required fields before a test sees them: see `docs/bedrock.md`.

mod answers;
mod check;

use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Request, Response};
use serde_json::Value;

use crate::server::Server;
use crate::{EmulatorError, sdk_config};

pub use answers::{Answer, Failure, text, tool_use};

const NAME: &str = "Converse";
const MAX_REQUEST: usize = 1 << 20;

/// One request, as it was received.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The model in the path, decoded.
    pub model: String,
    /// The body.
    pub body: Value,
}

impl Asked {
    /// All text that the model is given: instructions, then messages.
    #[must_use]
    pub fn prompt(&self) -> String {
        let mut text = String::new();
        let blocks = self.body["system"].as_array().into_iter().flatten();
        let messages = self.body["messages"].as_array().into_iter().flatten();
        let contents =
            messages.flat_map(|message| message["content"].as_array().into_iter().flatten());
        for block in blocks.chain(contents) {
            text.push_str(block["text"].as_str().unwrap_or_default());
            text.push('\n');
        }
        text
    }
}

type Model = dyn Fn(&Asked) -> Answer + Send + Sync;

struct Served {
    model: Box<Model>,
    asked: Mutex<Vec<Asked>>,
}

/// The server, which ends when it is dropped.
pub struct Converse {
    server: Server,
    served: Arc<Served>,
}

impl Converse {
    /// Starts one that answers as `model` says.
    ///
    /// # Errors
    ///
    /// When there is no free port or thread.
    pub fn start(
        model: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Result<Self, EmulatorError> {
        let served = Arc::new(Served {
            model: Box::new(model),
            asked: Mutex::default(),
        });
        let state = Arc::clone(&served);
        let routes = move || Router::new().fallback(answer).with_state(state);
        let server =
            Server::start("converse emulator", routes).map_err(EmulatorError::start(NAME))?;
        Ok(Self { server, served })
    }

    /// Where it answers.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// A configuration for clients of it; see [`sdk_config`].
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        sdk_config(&self.endpoint())
    }

    /// Every request so far, oldest first.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        let asked = self.served.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn answer(State(served): State<Arc<Served>>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_REQUEST).await else {
        return answers::refused("the request is too long");
    };
    let asked = match check::asked(&head, &body) {
        Ok(asked) => asked,
        Err(problem) => return answers::refused(&problem),
    };
    let answer = (served.model)(&asked);
    let all = served.asked.lock();
    all.unwrap_or_else(PoisonError::into_inner).push(asked);
    answer.into_response().await
}

#[cfg(test)]
mod tests;
