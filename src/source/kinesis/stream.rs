//! The calls that reading a stream takes.

use aws_config::SdkConfig;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::retry::RetryConfig;
use aws_sdk_kinesis::operation::get_records::GetRecordsOutput;
use aws_sdk_kinesis::primitives::DateTime;
use aws_sdk_kinesis::types::{Shard, ShardIteratorType};
use sha2::{Digest, Sha256};
use wafwatch_windows::time::EventTime;

use super::lineage::ListedShard;
use crate::account::Failure;
use crate::source::SourceError;
use crate::store::SequenceNumber;

const SCHEME: &str = "kinesis://";

/// The shard iterator was not used for five minutes.
pub(super) const EXPIRED_ITERATOR: &str = "ExpiredIteratorException";

/// A stream that exists.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Makes every call once: readers have a backoff of their own, which has no end.
    client: Client,
    name: Name,
    /// Tells it from all other streams, those of the same name before it included.
    identity: String,
}

/// How calls name the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Plain(String),
    /// Needed for a stream of another account.
    Arn(String),
}

/// Where reading of a shard begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Position {
    /// With the oldest record that the stream still has.
    Oldest,
    /// With what comes from now on.
    Newest,
    /// With what arrived at this time or later.
    At(EventTime),
    /// Behind this record.
    After(SequenceNumber),
}

impl Stream {
    /// The stream that `source` names, `kinesis://NAME` or `kinesis://ARN`.
    ///
    /// # Errors
    ///
    /// [`SourceError`] when the name cannot be one, there is no such stream, or it may not be read.
    pub async fn open(config: &SdkConfig, source: &str) -> Result<Self, SourceError> {
        let name = Name::parse(source)?;
        let described = Client::new(config)
            .describe_stream_summary()
            .set_stream_name(name.plain())
            .set_stream_arn(name.arn())
            .send()
            .await
            .map_err(|error| SourceError::remote("look at", source, &Failure::of(&error)))?;
        let summary = described.stream_description_summary();
        let arn = summary.map(|summary| summary.stream_arn());
        let created = summary.map(|summary| summary.stream_creation_timestamp().secs());
        Ok(Self {
            identity: identity(arn.unwrap_or(source), created.unwrap_or_default()),
            client: single_attempts(config),
            name,
        })
    }

    /// The stream, for people.
    #[must_use]
    pub fn input(&self) -> String {
        let (Name::Plain(name) | Name::Arn(name)) = &self.name;
        format!("{SCHEME}{name}")
    }

    /// Name of the checkpoint that holds since when the stream is read.
    #[must_use]
    pub fn start_checkpoint(&self) -> String {
        format!("kinesis-{}", self.identity)
    }

    /// Name of the checkpoint of one shard.
    #[must_use]
    pub fn shard_checkpoint(&self, shard: &str) -> String {
        format!("kinesis-{}-{shard}", self.identity)
    }

    pub(super) async fn list_shards(&self) -> Result<Vec<ListedShard>, Failure> {
        let mut listed = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let call = self.client.list_shards();
            // A further page is named by its token alone.
            let call = match token {
                None => call
                    .set_stream_name(self.name.plain())
                    .set_stream_arn(self.name.arn()),
                Some(token) => call.next_token(token),
            };
            let page = call.send().await.map_err(|error| Failure::of(&error))?;
            listed.extend(page.shards().iter().map(listed_shard));
            match page.next_token() {
                Some(next) => token = Some(next.to_owned()),
                None => return Ok(listed),
            }
        }
    }

    /// Where reading of `shard` begins; `None` where nothing is there and nothing will come.
    pub(super) async fn iterator(
        &self,
        shard: &str,
        position: &Position,
    ) -> Result<Option<String>, Failure> {
        let call = self
            .client
            .get_shard_iterator()
            .set_stream_name(self.name.plain())
            .set_stream_arn(self.name.arn())
            .shard_id(shard);
        let call = match position {
            Position::Oldest => call.shard_iterator_type(ShardIteratorType::TrimHorizon),
            Position::Newest => call.shard_iterator_type(ShardIteratorType::Latest),
            Position::At(time) => call
                .shard_iterator_type(ShardIteratorType::AtTimestamp)
                .timestamp(DateTime::from_millis(time.0)),
            Position::After(sequence) => call
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .starting_sequence_number(sequence.as_str()),
        };
        let answer = call.send().await.map_err(|error| Failure::of(&error))?;
        Ok(answer.shard_iterator().map(str::to_owned))
    }

    pub(super) async fn records(&self, iterator: &str) -> Result<GetRecordsOutput, Failure> {
        let call = self.client.get_records().shard_iterator(iterator);
        // Named too where it is another account's; a plain name is no parameter of this call.
        let call = call.set_stream_arn(self.name.arn());
        call.send().await.map_err(|error| Failure::of(&error))
    }
}

impl Name {
    fn parse(source: &str) -> Result<Self, SourceError> {
        let name = source.strip_prefix(SCHEME).unwrap_or_default();
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if name.starts_with("arn:") && name.contains(":stream/") {
            return Ok(Self::Arn(name.to_owned()));
        }
        if !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(is_word) {
            return Ok(Self::Plain(name.to_owned()));
        }
        Err(SourceError::NotAStream {
            input: source.to_owned(),
        })
    }

    fn plain(&self) -> Option<String> {
        match self {
            Self::Plain(name) => Some(name.clone()),
            Self::Arn(_) => None,
        }
    }

    fn arn(&self) -> Option<String> {
        match self {
            Self::Plain(_) => None,
            Self::Arn(arn) => Some(arn.clone()),
        }
    }
}

/// Longest name of a stream.
const LONGEST_NAME: usize = 128;

fn single_attempts(config: &SdkConfig) -> Client {
    let config = aws_sdk_kinesis::config::Builder::from(config)
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

/// A stream that is deleted and made anew under its name has the same shard ids, and sequence numbers
/// that may be in any relation to the old ones; only the time of its making tells it apart.
fn identity(arn: &str, created_seconds: i64) -> String {
    let mut hash = Sha256::new();
    hash.update(arn);
    hash.update([0]);
    hash.update(created_seconds.to_be_bytes());
    let digest = hash.finalize();
    digest[..12]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn listed_shard(shard: &Shard) -> ListedShard {
    let parents = [shard.parent_shard_id(), shard.adjacent_parent_shard_id()];
    let range = shard.sequence_number_range();
    ListedShard {
        id: shard.shard_id().to_owned(),
        parents: parents.into_iter().flatten().map(str::to_owned).collect(),
        is_closed: range.is_some_and(|range| range.ending_sequence_number().is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_named_plainly_or_by_arn() {
        let arn = "arn:aws:kinesis:eu-central-1:111122223333:stream/waf";
        let plain = Name::parse("kinesis://aws-waf-logs_1.x").expect("a name");
        assert_eq!(plain, Name::Plain("aws-waf-logs_1.x".to_owned()));
        let of_arn = Name::parse(&format!("kinesis://{arn}")).expect("an ARN");
        assert_eq!(of_arn, Name::Arn(arn.to_owned()));
        for wrong in [
            "kinesis://",
            "kinesis://a/b",
            "kinesis://ä",
            "waf",
            "kinesis://arn:aws:s3:::x",
        ] {
            let refused = Name::parse(wrong);
            assert!(
                matches!(refused, Err(SourceError::NotAStream { .. })),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_stream_made_anew_is_another_one() {
        let first = identity("arn", 1);
        assert_eq!(first, identity("arn", 1));
        assert_ne!(first, identity("arn", 2));
        assert_ne!(first, identity("other", 1));
    }
}
