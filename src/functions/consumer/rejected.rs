//! Where records go that nothing can be made of.

use std::future::Future;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use tokio::time::timeout;

use crate::distributed::count::StreamRecord;

/// How long one copy may take: counting waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    /// It is there.
    There,
    /// Nobody wants one.
    Unwanted,
    /// It could not be made.
    Failed,
}

/// Keeps poison records for people to look at.
pub trait Aside {
    /// Puts `record` of `shard` aside, as well as it can be done. Doing so again changes nothing.
    fn put(&self, shard: &str, record: &StreamRecord) -> impl Future<Output = Copied> + Send;
}

/// Keeps them nowhere.
#[derive(Debug, Clone, Copy)]
pub struct Nowhere;

impl Aside for Nowhere {
    async fn put(&self, _shard: &str, _record: &StreamRecord) -> Copied {
        Copied::Unwanted
    }
}

/// Keeps them in a bucket as `rejected/SHARD/SEQUENCE NUMBER`.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    /// Without one, records are kept nowhere.
    bucket: Option<String>,
}

impl Bucket {
    /// The bucket of this name, if one is named.
    #[must_use]
    pub fn new(config: &SdkConfig, bucket: Option<String>) -> Self {
        let client = Client::new(config);
        Self { client, bucket }
    }
}

impl Aside for Bucket {
    async fn put(&self, shard: &str, record: &StreamRecord) -> Copied {
        let Some(bucket) = &self.bucket else {
            return Copied::Unwanted;
        };
        let put = self
            .client
            .put_object()
            .bucket(bucket)
            .key(format!("rejected/{shard}/{}", record.sequence))
            .body(ByteStream::from(record.bytes.clone()))
            .send();
        match timeout(PATIENCE, put).await {
            Ok(Ok(_)) => Copied::There,
            Ok(Err(_)) | Err(_) => Copied::Failed,
        }
    }
}
