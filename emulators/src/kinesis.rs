//! Kinesis in this process.

use aws_config::SdkConfig;
use ferrokinesis::store::StoreOptions;

use crate::server::Server;
use crate::{EmulatorError, sdk_config};

/// An in-memory Kinesis, which ends when it is dropped.
///
/// Streams are created, resharded and deleted nearly at once. It stands outside any test's
/// asynchronous runtime, so that several may use it.
#[derive(Debug)]
pub struct Kinesis {
    server: Server,
}

impl Kinesis {
    /// Starts one in which up to 200 shards may be open.
    ///
    /// # Errors
    ///
    /// When there is no free port or thread.
    pub fn start() -> Result<Self, EmulatorError> {
        Self::start_with(StoreOptions {
            create_stream_ms: 1,
            delete_stream_ms: 1,
            update_stream_ms: 1,
            shard_limit: 200,
            aws_region: crate::REGION.to_owned(),
            ..StoreOptions::default()
        })
    }

    /// Starts one with other options: delays, limits, throttling of writes.
    ///
    /// # Errors
    ///
    /// When there is no free port or thread.
    pub fn start_with(options: StoreOptions) -> Result<Self, EmulatorError> {
        let routes = || ferrokinesis::create_app(options).0;
        let server = Server::start("kinesis emulator", routes)
            .map_err(EmulatorError::start("ferrokinesis"))?;
        Ok(Self { server })
    }

    /// Where it answers.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// A configuration for clients of it; see [`sdk_config`].
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        sdk_config(&self.endpoint())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_kinesis::Client;
    use aws_sdk_kinesis::primitives::Blob;

    use super::*;

    #[tokio::test]
    async fn a_stream_takes_records_and_shards() {
        let kinesis = Kinesis::start().expect("starts");
        let client = Client::new(&kinesis.sdk_config());
        let create = client.create_stream().stream_name("logs").shard_count(2);
        create.send().await.expect("creates");
        loop {
            let stream = client.describe_stream_summary().stream_name("logs").send();
            let summary = stream.await.expect("is there").stream_description_summary;
            if summary.expect("described").stream_status.as_str() == "ACTIVE" {
                break;
            }
        }
        let put = client.put_record().stream_name("logs");
        let put = put.partition_key("k").data(Blob::new("record"));
        let put = put.send().await.expect("puts");
        assert!(!put.sequence_number.is_empty());
        let shards = client.list_shards().stream_name("logs").send().await;
        assert_eq!(shards.expect("lists").shards().len(), 2);
    }
}
