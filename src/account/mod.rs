//! How clients of AWS are made: one configuration for all of them.
//!
//! Region, credentials and endpoints come from where every AWS tool looks for them: environment,
//! profile, the function's role. `AWS_ENDPOINT_URL` points all of it at an emulator.

mod backoff;
mod failure;

use std::io;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::runtime::{Builder as RuntimeBuilder, Runtime};

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

/// A runtime for one thread that has none.
///
/// # Errors
///
/// When the system gives no event queue to wait on.
pub fn own_runtime() -> io::Result<Runtime> {
    RuntimeBuilder::new_current_thread().enable_all().build()
}

/// [`connect`] for a thread without a runtime, and the runtime on which clients are then waited for.
///
/// # Errors
///
/// When the system gives no event queue to wait on.
pub fn connect_blocking() -> io::Result<(Runtime, SdkConfig)> {
    let runtime = own_runtime()?;
    let config = runtime.block_on(connect());
    Ok((runtime, config))
}

/// `config` for another region: what is asked lies there, wherever the function or the command runs.
#[must_use]
pub fn in_region(config: &SdkConfig, region: &str) -> SdkConfig {
    let region = Region::new(region.to_owned());
    config.to_builder().region(region).build()
}
