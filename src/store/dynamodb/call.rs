//! Calls of DynamoDB: tried again while it is busy, and errors that say what to do.
//!
//! The SDK itself tries a call a few times. What it does not know is that a transaction that met
//! another one (`TransactionConflict`) may simply be sent again, and that a throttled table is worth
//! seconds of waiting here, where everything before would have to be done again otherwise.

use std::collections::hash_map::RandomState;
use std::error::Error;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::DynamoStore;
use crate::store::StoreError;

/// How long a call is tried again.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What DynamoDB answers when the same request may succeed later.
const BUSY_CODES: [&str; 8] = [
    "ThrottlingException",
    "Throttling",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "TransactionConflictException",
    "TransactionInProgressException",
    "InternalServerError",
    "ServiceUnavailable",
];

impl DynamoStore {
    /// Sends a request, again while `is_busy` says so and patience lasts.
    pub(super) async fn call<T, E, F>(
        &self,
        is_busy: fn(&SdkError<E>) -> bool,
        send: impl Fn() -> F,
    ) -> Result<T, SdkError<E>>
    where
        F: Future<Output = Result<T, SdkError<E>>>,
    {
        let deadline = Instant::now() + self.patience;
        let mut longest = FIRST_PAUSE;
        loop {
            let error = match send().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            // Anything up to the longest pause: writers that met each other must not meet again.
            let pause = longest.mul_f64(random_fraction());
            if !is_busy(&error) || Instant::now() + pause > deadline {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            longest = (longest * 2).min(LONGEST_PAUSE);
        }
    }

    /// The same for a request that has no reasons of its own to be busy.
    pub(super) async fn read<T, E, F>(
        &self,
        operation: &'static str,
        send: impl Fn() -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, SdkError<E>>>,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let answer = self.call(is_busy, send).await;
        answer.map_err(|error| hinted(operation, &self.table, error))
    }
}

/// Whether the same request may succeed later.
pub(super) fn is_busy<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.code().is_some_and(|code| BUSY_CODES.contains(&code))
}

/// An error with what to do about it.
pub(super) fn hinted<E>(operation: &'static str, table: &str, error: SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if is_busy(&error) {
        return StoreError::TableBusy {
            operation,
            table: table.to_owned(),
            source: error.into(),
        };
    }
    StoreError::Table {
        operation,
        table: table.to_owned(),
        hint: hint(operation, &error),
        source: error.into(),
    }
}

fn hint<E: ProvideErrorMetadata>(operation: &str, error: &SdkError<E>) -> String {
    match error {
        SdkError::ConstructionFailure(_) => {
            return "the request cannot be made: set a region and credentials".to_owned();
        }
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => {
            return "DynamoDB does not answer: look at the region, the network and the endpoint"
                .to_owned();
        }
        _ => {}
    }
    let code = error.code().unwrap_or("no code");
    match code {
        "ResourceNotFoundException" => {
            "there is no such table in this region: deploy the template, or correct the name of \
             the table or the region"
                .to_owned()
        }
        "AccessDeniedException" => {
            format!("the credentials do not allow it: give their role dynamodb:{operation} on it")
        }
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "ExpiredTokenException"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignatureException" => {
            format!("the credentials are not valid ({code}): renew them")
        }
        _ => {
            let message = error.message().unwrap_or("no message");
            format!("DynamoDB refused it ({code}): {message}")
        }
    }
}

/// A token by which DynamoDB knows a transaction again: a repetition whose first answer was lost
/// succeeds, and does nothing.
pub(super) fn request_token() -> String {
    format!("{:016x}{:016x}", random(), random())
}

fn random_fraction() -> f64 {
    // 53 bits are what a float holds exactly.
    (random() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Seeded by the operating system, anew with each call.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_are_short_enough_and_never_the_same() {
        let tokens: HashSet<String> = (0..10_000).map(|_| request_token()).collect();
        assert_eq!(tokens.len(), 10_000);
        assert!(tokens.iter().all(|token| token.len() <= 36));
    }

    #[test]
    fn pauses_are_spread() {
        let fractions: Vec<f64> = (0..1_000).map(|_| random_fraction()).collect();
        assert!(
            fractions
                .iter()
                .all(|fraction| (0.0..1.0).contains(fraction))
        );
        let mean = fractions.iter().sum::<f64>() / 1_000.0;
        assert!((0.4..0.6).contains(&mean), "{mean}");
    }
}
