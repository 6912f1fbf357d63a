//! What the shards of a stream deliver.

use wafwatch_windows::time::EventTime;

use super::error::SourceError;
use crate::store::SequenceNumber;

/// A record of a stream's shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRecord {
    /// Where it stands in the shard.
    pub sequence: SequenceNumber,
    /// What the producer put: any envelope.
    pub data: Vec<u8>,
}

/// How far a shard has been read, in the time at which records arrived in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nothing had arrived behind what was delivered when the stream was asked at this time.
    End(EventTime),
    /// More is there, which arrived after this time.
    Behind(EventTime),
}

/// Something that happened to a shard of a stream.
#[derive(Debug)]
pub struct ShardEvent {
    /// Name of the shard's checkpoint.
    pub shard: String,
    /// The shard, for people.
    pub input: String,
    /// What happened.
    pub happened: Happened,
}

/// What happened to a shard of a stream.
#[derive(Debug)]
pub enum Happened {
    /// It is being read; nothing came yet.
    Started,
    /// Records came, in the order of their sequence numbers.
    Records(Vec<StreamRecord>),
    /// It has delivered so far.
    Reached(Reach),
    /// It was closed by resharding and has been read to its end. The shards that took its place
    /// have started already.
    Ended,
    /// It cannot be read any more.
    Failed(SourceError),
}
