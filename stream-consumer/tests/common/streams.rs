//! Streams of an emulator, looked at from outside.

use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::types::{ShardIteratorType, StreamStatus};

/// A Kinesis record.
pub struct StreamRecord {
    /// What it carries.
    pub data: Vec<u8>,
    /// Its key.
    pub partition_key: String,
}

/// Creates a stream and waits until it can be used.
pub async fn create_stream(client: &Client, stream: &str, shards: i32) {
    let create = client
        .create_stream()
        .stream_name(stream)
        .shard_count(shards);
    create.send().await.expect("creates");
    loop {
        let described = client.describe_stream_summary().stream_name(stream).send();
        let summary = described
            .await
            .expect("is there")
            .stream_description_summary;
        if summary.expect("described").stream_status == StreamStatus::Active {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Everything in a stream, shard by shard.
pub async fn records_of(client: &Client, stream: &str) -> Vec<StreamRecord> {
    let shards = client.list_shards().stream_name(stream).send().await;
    let mut found = Vec::new();
    for shard in shards.expect("lists").shards() {
        let iterator = client
            .get_shard_iterator()
            .stream_name(stream)
            .shard_id(&shard.shard_id)
            .shard_iterator_type(ShardIteratorType::TrimHorizon);
        let mut iterator = iterator.send().await.expect("is there").shard_iterator;
        while let Some(position) = iterator.take() {
            let page = client.get_records().shard_iterator(position).send().await;
            let page = page.expect("reads");
            let is_end = page.records.is_empty() && page.millis_behind_latest == Some(0);
            found.extend(page.records.into_iter().map(|record| StreamRecord {
                data: record.data.into_inner(),
                partition_key: record.partition_key.expect("has a key"),
            }));
            iterator = page.next_shard_iterator.filter(|_| !is_end);
        }
    }
    found
}
