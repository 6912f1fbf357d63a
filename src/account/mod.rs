//! How clients of AWS are made: one configuration for all of them.
//!
//! Region, credentials and endpoints come from where every AWS tool looks for them: environment,
//! profile, the function's role. `AWS_ENDPOINT_URL` points all of it at an emulator.

mod backoff;
mod failure;

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

pub use backoff::Backoff;
pub use failure::{Failure, FailureKind};

/// Longest time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest time that one attempt may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Attempts of one call, with backoff and jitter between them.
const ATTEMPTS: u32 = 4;

/// The configuration that clients are made from.
pub async fn connect() -> SdkConfig {
    let https = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(https)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .load()
        .await
}
