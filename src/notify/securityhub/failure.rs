//! What a refusal of Security Hub means for the message: of the whole call, or of the finding in it.

use aws_sdk_securityhub::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_securityhub::operation::batch_import_findings::{
    BatchImportFindingsError, BatchImportFindingsOutput,
};

use crate::investigate::hostile::one_line;
use crate::notify::Retry;
use crate::notify::service::{self, MAX_PROBLEM_CHARS};

const TURN_ON: &str = "turn Security Hub on in the account and region of product_arn";
const GRANT: &str = "the role needs securityhub:BatchImportFindings on the product of product_arn, in \
                     its own account";
const INVALID: &str = "see to product_arn: it names the region and the account of the credentials";

/// What went wrong with the call in words, and whether to try again.
pub(super) fn meaning(error: &SdkError<BatchImportFindingsError>) -> (String, Retry) {
    service::meaning("Security Hub", error, |refusal, status| {
        use BatchImportFindingsError as E;
        match refusal {
            E::InternalException(_) | E::LimitExceededException(_) => None,
            E::InvalidAccessException(_) => Some(TURN_ON),
            E::InvalidInputException(_) => Some(INVALID),
            other => {
                let code = other.code().unwrap_or_default();
                (!service::passes(code, status)).then(|| advice(code))
            }
        }
    })
}

/// What an answer says of the finding that did not get in; `None` where it did.
pub(super) fn of_answer(output: &BatchImportFindingsOutput) -> Option<(String, Retry)> {
    let Some(failed) = output.failed_findings().first() else {
        let has_failed = output.failed_count().is_some_and(|count| count > 0);
        let silent = "Security Hub did not take the finding and does not say why";
        return has_failed.then(|| (silent.to_owned(), Retry::Later));
    };
    let code = failed.error_code().unwrap_or("an unnamed error");
    let said = failed.error_message().unwrap_or_default();
    let words = format!("Security Hub did not take the finding: {code}: {said}");
    let problem = one_line(&words, MAX_PROBLEM_CHARS);
    if !is_lasting(code) {
        return Some((problem, Retry::Later));
    }
    Some((format!("{problem} ({})", advice(code)), Retry::Never))
}

/// Whether the same finding would be refused again. What is not known is tried again: attempts are
/// limited anyway.
fn is_lasting(code: &str) -> bool {
    let lasting = [
        "Invalid",
        "AccessDenied",
        "Validation",
        "NotFound",
        "TooLarge",
    ];
    lasting.iter().any(|part| code.contains(part))
}

fn advice(code: &str) -> &'static str {
    match code {
        code if code.contains("InvalidAccess") => TURN_ON,
        code if code.contains("AccessDenied") => GRANT,
        _ => INVALID,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_sdk_securityhub::config::http::HttpResponse;
    use aws_sdk_securityhub::error::ErrorMetadata;
    use aws_sdk_securityhub::types::ImportFindingsError;
    use aws_sdk_securityhub::types::error::{
        InternalException, InvalidAccessException, InvalidInputException, LimitExceededException,
    };

    use super::*;

    fn refused(
        error: BatchImportFindingsError,
        status: u16,
        wait: Option<&'static str>,
    ) -> (String, Retry) {
        let status = status.try_into().expect("a status");
        let mut response = HttpResponse::new(status, "".into());
        if let Some(wait) = wait {
            response.headers_mut().insert("retry-after", wait);
        }
        meaning(&SdkError::service_error(error, response))
    }

    fn unnamed(code: &str) -> BatchImportFindingsError {
        BatchImportFindingsError::generic(ErrorMetadata::builder().code(code).build())
    }

    #[test]
    fn trouble_passes_and_refusals_stay() {
        use BatchImportFindingsError as E;
        let internal = || E::InternalException(InternalException::builder().build());
        let limited = E::LimitExceededException(LimitExceededException::builder().build());
        assert_eq!(refused(internal(), 500, None).1, Retry::Later);
        assert_eq!(refused(limited, 429, None).1, Retry::Later);
        assert_eq!(
            refused(unnamed("ThrottlingException"), 400, None).1,
            Retry::Later
        );
        let seven = Retry::After(Duration::from_secs(7));
        assert_eq!(refused(internal(), 500, Some("7")).1, seven);
        for (error, advice) in [
            (
                E::InvalidAccessException(InvalidAccessException::builder().build()),
                "turn Security Hub on",
            ),
            (
                E::InvalidInputException(InvalidInputException::builder().build()),
                "see to product_arn",
            ),
            (
                unnamed("AccessDeniedException"),
                "securityhub:BatchImportFindings",
            ),
        ] {
            let (problem, retry) = refused(error, 403, Some("7"));
            assert_eq!(retry, Retry::Never, "{problem}");
            assert!(problem.contains(advice), "{problem}");
        }
    }

    fn answered(code: &str) -> Option<(String, Retry)> {
        let failed = ImportFindingsError::builder()
            .id("wafwatch/shop")
            .error_code(code)
            .error_message("it is so\nforged")
            .build();
        let output = BatchImportFindingsOutput::builder()
            .failed_count(1)
            .success_count(0)
            .failed_findings(failed);
        of_answer(&output.build())
    }

    #[test]
    fn a_finding_that_failed_is_no_success() {
        for (code, retry) in [
            ("InternalError", Retry::Later),
            ("ThrottlingException", Retry::Later),
            ("SomethingNew", Retry::Later),
            ("InvalidInput", Retry::Never),
            ("InvalidAccess", Retry::Never),
            ("AccessDeniedException", Retry::Never),
        ] {
            let (problem, meant) = answered(code).expect("has failed");
            assert_eq!(meant, retry, "{problem}");
            assert!(
                problem.contains(code) && problem.contains("it is so\\nforged"),
                "{problem}"
            );
        }
        let taken = BatchImportFindingsOutput::builder()
            .failed_count(0)
            .success_count(1)
            .build();
        assert_eq!(of_answer(&taken), None);
        let silent = BatchImportFindingsOutput::builder().failed_count(1).build();
        let (_, retry) = of_answer(&silent).expect("has failed");
        assert_eq!(retry, Retry::Later);
    }
}
