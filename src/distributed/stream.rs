//! What has to be known of the stream itself, beside what it delivers.

use std::future::Future;

use aws_config::SdkConfig;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::{DisplayErrorContext, SdkError};
use aws_sdk_kinesis::operation::get_records::GetRecordsOutput;
use aws_sdk_kinesis::types::{Shard, ShardIteratorType};

use crate::store::SequenceNumber;

/// A shard as the stream lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedShard {
    /// Its id.
    pub id: String,
    /// The shards in whose place it came.
    pub parents: Vec<String>,
}

/// What lies in a shard behind a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ahead {
    /// More records.
    Records,
    /// Nothing so far.
    Nothing,
    /// Nothing, and nothing will come: the shard has ended.
    End,
    /// It could not be found out in a few calls.
    Unknown,
}

/// A stream that cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot do {operation} on the stream {stream}: {reason}")]
pub struct StreamError {
    operation: &'static str,
    stream: String,
    reason: String,
}

/// Whom to ask.
pub trait Stream {
    /// Every shard that the stream still has.
    fn shards(&self) -> impl Future<Output = Result<Vec<ListedShard>, StreamError>> + Send;

    /// What lies in `shard` behind the record `behind`, or at all.
    fn ahead(
        &self,
        shard: &str,
        behind: Option<&SequenceNumber>,
    ) -> impl Future<Output = Result<Ahead, StreamError>> + Send;
}

/// A Kinesis data stream.
#[derive(Debug, Clone)]
pub struct KinesisStream {
    client: Client,
    name: String,
}

/// Answers without a record that are taken as "not there yet": Kinesis gives such while it searches.
const LOOKS: u32 = 5;

impl KinesisStream {
    /// The stream called `name`.
    #[must_use]
    pub fn new(config: &SdkConfig, name: String) -> Self {
        let client = Client::new(config);
        Self { client, name }
    }

    fn error<E>(&self, operation: &'static str, error: &SdkError<E>) -> StreamError
    where
        E: std::error::Error + 'static,
    {
        StreamError {
            operation,
            stream: self.name.clone(),
            reason: DisplayErrorContext(error).to_string(),
        }
    }

    async fn iterator(
        &self,
        shard: &str,
        behind: Option<&SequenceNumber>,
    ) -> Result<Option<String>, StreamError> {
        let call = self
            .client
            .get_shard_iterator()
            .stream_name(&self.name)
            .shard_id(shard);
        let call = match behind {
            None => call.shard_iterator_type(ShardIteratorType::TrimHorizon),
            Some(sequence) => call
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .starting_sequence_number(sequence.as_str()),
        };
        let answer = call.send().await;
        let answer = answer.map_err(|error| self.error("GetShardIterator", &error))?;
        Ok(answer.shard_iterator)
    }

    async fn look(&self, iterator: String) -> Result<GetRecordsOutput, StreamError> {
        // One record tells as much as all of them.
        let call = self.client.get_records().shard_iterator(iterator).limit(1);
        let answer = call.send().await;
        answer.map_err(|error| self.error("GetRecords", &error))
    }
}

impl Stream for KinesisStream {
    async fn shards(&self) -> Result<Vec<ListedShard>, StreamError> {
        let mut listed = Vec::new();
        let mut token: Option<String> = None;
        loop {
            // A further page is named by its token alone.
            let call = match token {
                None => self.client.list_shards().stream_name(&self.name),
                Some(token) => self.client.list_shards().next_token(token),
            };
            let page = call.send().await;
            let page = page.map_err(|error| self.error("ListShards", &error))?;
            listed.extend(page.shards().iter().map(listed_shard));
            match page.next_token {
                Some(next) => token = Some(next),
                None => return Ok(listed),
            }
        }
    }

    async fn ahead(
        &self,
        shard: &str,
        behind: Option<&SequenceNumber>,
    ) -> Result<Ahead, StreamError> {
        let mut iterator = self.iterator(shard, behind).await?;
        for _ in 0..LOOKS {
            let Some(next) = iterator else {
                return Ok(Ahead::End);
            };
            let answer = self.look(next).await?;
            if !answer.records.is_empty() {
                return Ok(Ahead::Records);
            }
            if answer.next_shard_iterator.is_some() && answer.millis_behind_latest == Some(0) {
                return Ok(Ahead::Nothing);
            }
            iterator = answer.next_shard_iterator;
        }
        Ok(Ahead::Unknown)
    }
}

fn listed_shard(shard: &Shard) -> ListedShard {
    let parents = [shard.parent_shard_id(), shard.adjacent_parent_shard_id()];
    ListedShard {
        id: shard.shard_id().to_owned(),
        parents: parents.into_iter().flatten().map(str::to_owned).collect(),
    }
}
