//! What a failed call to SNS means for the message.

use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;

use crate::notify::Retry;
use crate::notify::service;

/// What went wrong in words, and whether to try again.
pub(super) fn meaning(error: &SdkError<PublishError>) -> (String, Retry) {
    service::meaning("SNS", error, lasting)
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
        other => {
            let passes = service::passes(other.code().unwrap_or_default(), status);
            (!passes).then_some("see to the topic's policy and the credentials")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::notify::service::LONGEST_WAIT;
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
