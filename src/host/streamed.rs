//! Reads a Kinesis stream on a thread of its own, which drives all its shards.
//!
//! The thread that counts knows nothing of futures: it takes arrivals from a channel, like those of
//! files. A second thread stands between the two channels, so that one that counts slowly holds the
//! shards back and blocks nothing else.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use wafwatch_windows::time::EventTime;

use super::followed::{Arrival, Arrived};
use crate::account;
use crate::source::kinesis::{self, ReadSettings, Start, Stream};
use crate::source::{Happened, ShardEvent, SourceError};
use crate::store::Checkpoint;

/// Arrivals that wait for the thread that counts, each up to a mebibyte or one record.
const ARRIVALS_AHEAD: usize = 4;

/// A stream that can be read.
#[derive(Debug)]
pub struct OpenStream {
    runtime: Runtime,
    stream: Stream,
}

impl OpenStream {
    /// The stream that `source` names, with the credentials and the region that the AWS tools
    /// would use.
    ///
    /// # Errors
    ///
    /// When there is no such stream, or it may not be read.
    pub fn open(source: &str) -> Result<Self, SourceError> {
        let failed = |reason: std::io::Error| SourceError::Remote {
            action: "read",
            input: source.to_owned(),
            reason: reason.to_string(),
            advice: "",
        };
        let (runtime, config) = account::connect_blocking().map_err(failed)?;
        let stream = runtime.block_on(Stream::open(&config, source))?;
        Ok(Self { runtime, stream })
    }

    /// Name of the checkpoint that holds since when the stream is read, and what it is for people.
    #[must_use]
    pub fn start_checkpoint(&self) -> (String, String) {
        (self.stream.start_checkpoint(), self.stream.input())
    }

    /// Where reading begins in shards of which nothing is counted: where an earlier run began, or at
    /// `asked`.
    #[must_use]
    pub fn start(&self, checkpoints: &[(String, Checkpoint)], asked: Start) -> Start {
        let id = self.stream.start_checkpoint();
        let known = checkpoints.iter().find(|(shard, _)| *shard == id);
        match known.and_then(|(_, checkpoint)| checkpoint.watermark) {
            None => asked,
            Some(OLDEST) => Start::Oldest,
            Some(time) => Start::At(time),
        }
    }

    /// Reads all shards until nobody takes arrivals any more.
    #[must_use]
    pub fn follow(
        self,
        checkpoints: Vec<(String, Checkpoint)>,
        settings: ReadSettings,
    ) -> Receiver<Arrival> {
        let (send, arrivals) = sync_channel(ARRIVALS_AHEAD);
        let (events, mut received) = mpsc::channel(1);
        thread::spawn(move || pass_on(&mut received, &send));
        let Self { runtime, stream } = self;
        thread::spawn(move || {
            runtime.block_on(kinesis::read(stream, &checkpoints, &settings, events));
        });
        arrivals
    }
}

/// What the checkpoint of a stream's start holds for [`Start::Oldest`].
const OLDEST: EventTime = EventTime(0);

/// The time to keep for `start` when the clock shows `now`.
#[must_use]
pub fn start_time(start: Start, now: EventTime) -> EventTime {
    match start {
        Start::Oldest => OLDEST,
        Start::Newest => now,
        Start::At(time) => time,
    }
}

fn pass_on(events: &mut mpsc::Receiver<ShardEvent>, send: &SyncSender<Arrival>) {
    while let Some(event) = events.blocking_recv() {
        let arrived = match event.happened {
            Happened::Started => Arrived::Started,
            Happened::Records(records) => Arrived::Records(records),
            Happened::Reached(reach) => Arrived::Reached(reach),
            Happened::Ended => Arrived::Ended,
            Happened::Failed(error) => Arrived::Failed(Box::new(error)),
        };
        let arrival = Arrival {
            shard: event.shard,
            input: event.input,
            arrived,
        };
        // Nobody listens any more where the watch has ended.
        if send.send(arrival).is_err() {
            return;
        }
    }
}
