//! What a tab did on its side: messages on the console, and requests.

use serde_json::Value;

use super::connection::Event;

/// What a tab did.
#[derive(Default)]
pub struct Observed {
    problems: Vec<String>,
    requests: Vec<String>,
}

impl Observed {
    pub(super) fn note(&mut self, event: &Event) {
        let parameters = &event.parameters;
        match event.method.as_str() {
            "Runtime.exceptionThrown" => {
                self.problems
                    .push(format!("exception: {}", parameters["exceptionDetails"]));
            }
            "Runtime.consoleAPICalled" if is_bad(&parameters["type"]) => {
                self.problems
                    .push(format!("console: {}", parameters["args"]));
            }
            "Log.entryAdded" if is_bad(&parameters["entry"]["level"]) => {
                let entry = &parameters["entry"];
                self.problems
                    .push(format!("log: {} {}", entry["text"], entry["url"]));
            }
            "Network.requestWillBeSent" => {
                self.requests.push(text(&parameters["request"]["url"]));
            }
            "Network.webSocketCreated" | "Network.webTransportCreated" => {
                self.requests.push(text(&parameters["url"]));
            }
            _ => {}
        }
    }

    /// Errors and warnings of the console, and uncaught exceptions.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Forgets the problems so far, where they were wanted.
    pub fn take_problems(&mut self) -> Vec<String> {
        std::mem::take(&mut self.problems)
    }

    /// Addresses of all requests, also of those that failed.
    pub fn requests(&self) -> &[String] {
        &self.requests
    }
}

fn is_bad(level: &Value) -> bool {
    matches!(level.as_str(), Some("error" | "warning" | "assert"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
