//! What a failed call to SNS means for the message.

use std::time::Duration;

use aws_sdk_sns::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;

use crate::investigate::hostile::one_line;
use crate::notify::Retry;

const MAX_PROBLEM_CHARS: usize = 300;
/// Longest wait that the service may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What went wrong in words, and whether to try again.
pub(super) fn meaning(error: &SdkError<PublishError>) -> (String, Retry) {
    let Some(refusal) = error.as_service_error() else {
        let reason = one_line(&DisplayErrorContext(error).to_string(), MAX_PROBLEM_CHARS);
        return (format!("SNS could not be reached: {reason}"), Retry::Later);
    };
    let code = refusal.code().unwrap_or("an unnamed error");
    let said = refusal.message().unwrap_or_default();
    let problem = one_line(&format!("SNS answered {code}: {said}"), MAX_PROBLEM_CHARS);
    let status = error
        .raw_response()
        .map(|response| response.status().as_u16());
    if let Some(advice) = lasting(refusal, status) {
        return (format!("{problem} ({advice})"), Retry::Never);
    }
    let asked = error
        .raw_response()
        .and_then(|response| response.headers().get("retry-after"))
        .and_then(|value| value.trim().parse().ok())
        .map(Duration::from_secs);
    let retry = asked.map_or(Retry::Later, |wait| Retry::After(wait.min(LONGEST_WAIT)));
    (problem, retry)
}

/// What to do about an error that does not pass by itself; `None` for one that does.
fn lasting(error: &PublishError, status: Option<u16>) -> Option<&'static str> {
    use PublishError as E;
    match error {
        E::NotFoundException(_) => Some("there is no such topic: set topic_arn or SNS_TOPIC_ARN"),
        E::AuthorizationErrorException(_) => Some("the role needs sns:Publish on the topic"),
        E::KmsAccessDeniedException(_)
        | E::KmsDisabledException(_)
        | E::KmsInvalidStateException(_)
        | E::KmsNotFoundException(_)
        | E::KmsOptInRequired(_) => Some("see to the topic's key and the role's use of it"),
        E::InvalidParameterException(_)
        | E::InvalidParameterValueException(_)
        | E::InvalidSecurityException(_)
        | E::ValidationException(_)
        | E::EndpointDisabledException(_)
        | E::PlatformApplicationDisabledException(_) => Some("see to the topic and its region"),
        E::InternalErrorException(_) | E::KmsThrottlingException(_) => None,
        // What the SDK has no type for: throttling and expired credentials pass, and the server's
        // own trouble too.
        other => {
            let code = other.code().unwrap_or_default();
            let passes = code.contains("Throttl")
                || code.contains("ExpiredToken")
                || code.contains("RequestExpired")
                || status.is_none_or(|status| status == 429 || status >= 500);
            (!passes).then_some("see to the topic's policy and the credentials")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sns::config::http::HttpResponse;
    use aws_sdk_sns::error::ErrorMetadata;
    use aws_sdk_sns::types::error::{
        AuthorizationErrorException, InternalErrorException, KmsThrottlingException,
        NotFoundException,
    };

    fn refused(error: PublishError, status: u16, wait: Option<&'static str>) -> Retry {
        let status = status.try_into().expect("a status");
        let mut response = HttpResponse::new(status, "".into());
        if let Some(wait) = wait {
            response.headers_mut().insert("retry-after", wait);
        }
        meaning(&SdkError::service_error(error, response)).1
    }

    fn unnamed(code: &str) -> PublishError {
        PublishError::generic(ErrorMetadata::builder().code(code).build())
    }

    #[test]
    fn trouble_passes_and_refusals_stay() {
        let internal =
            || PublishError::InternalErrorException(InternalErrorException::builder().build());
        let throttled =
            PublishError::KmsThrottlingException(KmsThrottlingException::builder().build());
        assert_eq!(refused(internal(), 500, None), Retry::Later);
        assert_eq!(refused(throttled, 400, None), Retry::Later);
        assert_eq!(refused(unnamed("Throttling"), 400, None), Retry::Later);
        assert_eq!(refused(unnamed("ExpiredToken"), 403, None), Retry::Later);
        assert_eq!(refused(unnamed("Strange"), 503, None), Retry::Later);
        let seven = Duration::from_secs(7);
        assert_eq!(refused(internal(), 500, Some("7")), Retry::After(seven));
        assert_eq!(refused(internal(), 500, Some("soon")), Retry::Later);
        let day = Retry::After(LONGEST_WAIT);
        assert_eq!(refused(internal(), 500, Some("99999999")), day);

        let missing = PublishError::NotFoundException(NotFoundException::builder().build());
        let forbidden = PublishError::AuthorizationErrorException(
            AuthorizationErrorException::builder().build(),
        );
        assert_eq!(refused(missing, 404, None), Retry::Never);
        assert_eq!(refused(forbidden, 403, Some("7")), Retry::Never);
        assert_eq!(
            refused(unnamed("SignatureDoesNotMatch"), 403, None),
            Retry::Never
        );
    }

    #[test]
    fn no_answer_is_tried_again_and_said_on_one_line() {
        let (problem, retry) = meaning(&SdkError::timeout_error("too\nlate"));
        assert_eq!(retry, Retry::Later);
        assert!(problem.starts_with("SNS could not be reached"), "{problem}");
        assert!(!problem.contains('\n'));
    }
}
