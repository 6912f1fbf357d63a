//! What a refused call of an AWS service means for the message.

use std::error::Error;
use std::time::Duration;

use aws_sdk_sns::config::http::HttpResponse;
use aws_sdk_sns::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::{Message, NotifyError, Retry};
use crate::investigate::hostile::one_line;

/// Longest part of a service's words that an error repeats.
pub(super) const MAX_PROBLEM_CHARS: usize = 300;
/// Longest wait that the service may ask for.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What went wrong with a call of `service` in words, and whether to try again. `lasting` says what to
/// do about an error, with its status, that does not pass by itself, and nothing of one that does.
pub(super) fn meaning<E>(
    service: &str,
    error: &SdkError<E, HttpResponse>,
    lasting: impl Fn(&E, Option<u16>) -> Option<&'static str>,
) -> (String, Retry)
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let Some(refusal) = error.as_service_error() else {
        let reason = one_line(&DisplayErrorContext(error).to_string(), MAX_PROBLEM_CHARS);
        return (
            format!("{service} could not be reached: {reason}"),
            Retry::Later,
        );
    };
    let code = refusal.code().unwrap_or("an unnamed error");
    let said = refusal.message().unwrap_or_default();
    let words = format!("{service} answered {code}: {said}");
    let problem = one_line(&words, MAX_PROBLEM_CHARS);
    let response = error.raw_response();
    let status = response.map(|response| response.status().as_u16());
    if let Some(advice) = lasting(refusal, status) {
        return (format!("{problem} ({advice})"), Retry::Never);
    }
    let asked = response
        .and_then(|response| response.headers().get("retry-after"))
        .and_then(|value| value.trim().parse().ok())
        .map(Duration::from_secs);
    let retry = asked.map_or(Retry::Later, |wait| Retry::After(wait.min(LONGEST_WAIT)));
    (problem, retry)
}

/// That `channel` did not, or perhaps did not, take `message`: what [`meaning`] says of it.
pub(super) fn not_delivered(
    channel: &str,
    message: &Message,
    (problem, retry): (String, Retry),
) -> NotifyError {
    NotifyError {
        channel: channel.to_owned(),
        event_id: message.event_id.clone(),
        problem,
        retry,
    }
}

/// Whether an error that the SDK has no type for passes by itself: throttling, expired credentials,
/// the server's own trouble, and what came without any status.
pub(super) fn passes(code: &str, status: Option<u16>) -> bool {
    code.contains("Throttl")
        || code.contains("ExpiredToken")
        || code.contains("RequestExpired")
        || status.is_none_or(|status| status == 429 || status >= 500)
}
