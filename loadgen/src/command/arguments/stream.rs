//! Which stream records go to, and in what.

use std::time::Duration;

use clap::{Args, ValueEnum};
use wafwatch_loadgen::duration;
use wafwatch_loadgen::envelope::{Encoding, Key};

/// A stream that was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamTarget {
    /// What kind of stream.
    pub service: StreamService,
    /// Its name, or for Kinesis its ARN.
    pub name: String,
    /// What its records hold.
    pub encoding: Encoding,
    /// Which partition keys they have.
    pub key: Key,
    /// How long a record waits for others to be sent with.
    pub linger: Duration,
    /// How long refused records are sent again.
    pub patience: Duration,
    /// Calls at a time.
    pub connections: u32,
}

/// A kind of stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamService {
    /// A Kinesis data stream.
    Kinesis,
    /// A stream of Amazon Data Firehose.
    Firehose,
}

#[derive(Debug, Args)]
pub(super) struct StreamArguments {
    /// Sends records to this Kinesis stream, by name or ARN; region, credentials and endpoint come from
    /// the environment
    #[arg(long, value_name = "STREAM",
          conflicts_with_all = ["out", "format", "rotate", "url", "firehose"])]
    kinesis: Option<String>,
    /// Sends records to this stream of Firehose
    #[arg(long, value_name = "STREAM", conflicts_with_all = ["out", "format", "rotate", "url", "key"])]
    firehose: Option<String>,
    /// What a record of the stream holds
    #[arg(long, value_enum, default_value = "plain")]
    encoding: EncodingName,
    /// Partition keys: random, acl, client (address), content, fixed=KEY, or hash=NUMBER for one shard
    /// [default: random; content for packed]
    #[arg(long, value_name = "CHOICE", requires = "kinesis")]
    key: Option<Key>,
    /// How long a record waits for others to be sent with
    #[arg(long, default_value = "100ms", value_parser = duration::parse, value_name = "DURATION")]
    linger: Duration,
    /// How long records that the stream refuses are sent again
    #[arg(long, default_value = "1m", value_parser = duration::parse, value_name = "DURATION")]
    retry_for: Duration,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum EncodingName {
    /// One record as a line
    Plain,
    /// A gzip member of many lines
    Packed,
    /// An aggregate of the Kinesis Producer Library
    Kpl,
    /// What a subscription of CloudWatch Logs sends
    Cloudwatch,
}

impl StreamArguments {
    /// The stream, if one is named.
    pub(super) fn read(self, connections: u32) -> Option<StreamTarget> {
        let (service, name) = match (self.kinesis, self.firehose) {
            (Some(name), _) => (StreamService::Kinesis, name),
            (None, Some(name)) => (StreamService::Firehose, name),
            (None, None) => return None,
        };
        let encoding = match self.encoding {
            EncodingName::Plain => Encoding::Plain,
            EncodingName::Packed => Encoding::Packed,
            EncodingName::Kpl => Encoding::Kpl,
            EncodingName::Cloudwatch => Encoding::CloudWatch,
        };
        let own = match encoding {
            Encoding::Packed => Key::Content,
            _ => Key::Random,
        };
        Some(StreamTarget {
            service,
            name,
            encoding,
            key: self.key.unwrap_or(own),
            linger: self.linger,
            patience: self.retry_for,
            connections,
        })
    }
}
