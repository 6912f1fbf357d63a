//! What a failed call means.

use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::converse::ConverseError;

use crate::analyst::Fallback;
use crate::investigate::hostile::one_line;

const MAX_CODE_CHARS: usize = 64;

/// Why the built-in assessment stands. The service's own words are left out: they may repeat what was
/// sent.
pub(super) fn meaning(error: &SdkError<ConverseError>) -> Fallback {
    match error {
        SdkError::TimeoutError(_) => Fallback::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Fallback::TimedOut,
        SdkError::DispatchFailure(_) => Fallback::Failed("a broken connection".to_owned()),
        SdkError::ResponseError(_) => Fallback::Failed("an unreadable response".to_owned()),
        SdkError::ServiceError(refusal) => of_service(refusal.err()),
        _ => Fallback::Failed("a request that could not be made".to_owned()),
    }
}

fn of_service(error: &ConverseError) -> Fallback {
    use ConverseError as E;
    match error {
        E::ThrottlingException(_)
        | E::ServiceUnavailableException(_)
        | E::ModelNotReadyException(_) => Fallback::Throttled,
        E::ModelTimeoutException(_) => Fallback::TimedOut,
        other => {
            let code = other.code().unwrap_or("an unnamed error");
            Fallback::Failed(one_line(code, MAX_CODE_CHARS))
        }
    }
}
