//! What a failed call of AWS means for whoever made it.

use std::error::Error;

use aws_sdk_kinesis::config::http::HttpResponse;
use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};

/// Error codes by which services ask to be called less often.
const THROTTLES: [&str; 9] = [
    "ProvisionedThroughputExceededException",
    "LimitExceededException",
    "KMSThrottlingException",
    "ThrottlingException",
    "Throttling",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "BandwidthLimitExceeded",
    "SlowDown",
];
/// Error codes of services that failed without being to blame.
const TRANSIENT: [&str; 4] = [
    "InternalFailure",
    "InternalFailureException",
    "ServiceUnavailable",
    "RequestTimeout",
];

/// Whether a call may succeed when it is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The service asks for patience.
    Throttled,
    /// The service or the way to it is out of order.
    Transient,
    /// The same call will fail again.
    Permanent,
}

/// A failed call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    /// Whether another try is worth it.
    pub kind: FailureKind,
    /// The service's name of the error; empty where the service did not answer.
    pub code: String,
    text: String,
}

impl Failure {
    /// An answer that makes no sense, for the reason that `text` tells.
    #[must_use]
    pub fn of_answer(text: String) -> Self {
        Self {
            kind: FailureKind::Permanent,
            code: String::new(),
            text,
        }
    }

    /// What `error` means.
    pub fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let code = error.code().unwrap_or_default().to_owned();
        let status = error.raw_response().map(|raw| raw.status().as_u16());
        Self {
            kind: kind(error, &code, status),
            text: text(error, &code, status),
            code,
        }
    }
}

fn kind<E>(error: &SdkError<E, HttpResponse>, code: &str, status: Option<u16>) -> FailureKind {
    if THROTTLES.contains(&code) || matches!(status, Some(429 | 503)) {
        return FailureKind::Throttled;
    }
    let is_out_of_order = status.is_some_and(|status| status >= 500) || TRANSIENT.contains(&code);
    let has_no_answer = matches!(
        error,
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_)
    );
    if is_out_of_order || has_no_answer {
        FailureKind::Transient
    } else {
        FailureKind::Permanent
    }
}

fn text<E>(error: &SdkError<E, HttpResponse>, code: &str, status: Option<u16>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match (code, error.message()) {
        ("", None) => {}
        ("", Some(message)) => return message.to_owned(),
        (code, None) => return code.to_owned(),
        (code, Some(message)) => return format!("{code}: {message}"),
    }
    if let Some(status) = status.filter(|status| *status >= 300) {
        return format!("the service answered with HTTP status {status}");
    }
    // Every cause once: some errors repeat the one below them.
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = error.to_string();
        if !text.contains(&reason) {
            text = format!("{text}: {reason}");
        }
        cause = error.source();
    }
    text
}
