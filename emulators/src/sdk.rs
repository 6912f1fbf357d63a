//! Configurations for clients of an emulator.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{HttpClient, SharedHttpClient};

/// The region that emulators are used in.
pub const REGION: &str = "us-east-1";

/// A configuration with test credentials for the emulator at `endpoint`.
///
/// Its connections belong to the asynchronous runtime that opens them: make one in each test.
#[must_use]
pub fn sdk_config(endpoint: &str) -> SdkConfig {
    sdk_config_over(endpoint, plain_http())
}

/// The same over another HTTP client, such as [`crate::faults::Faults::over_http`].
#[must_use]
pub fn sdk_config_over(endpoint: &str, http: impl HttpClient + 'static) -> SdkConfig {
    let credentials = Credentials::from_keys("test", "test", None);
    // As in the product, but for the pauses between attempts.
    let retries = RetryConfig::standard()
        .with_max_attempts(4)
        .with_initial_backoff(Duration::from_millis(10))
        .with_max_backoff(Duration::from_millis(100));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(10))
        .operation_attempt_timeout(Duration::from_secs(60))
        .build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(retries)
        .timeout_config(timeouts)
        .http_client(http)
        .build()
}

pub(crate) fn plain_http() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}
