//! Records into a stream, over several connections at a time.
//!
//! Every connection takes the next batch when it is due, encodes it and sends it until it is taken.
//! Where all are busy when a record is due, the wait counts as its latency.

mod batches;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::runtime::{Builder, Runtime};
use wafwatch_loadgen::envelope::{Encoder, Encoding};
use wafwatch_loadgen::stream::{Service, Settled, Stream, connect};

use super::arguments::{StreamService, StreamTarget};
use super::feed::Feed;
use super::measure::Measures;
use super::probe::Ledger;
use super::progress::Progress;
use super::tempo::Schedule;
use batches::{Batch, BatchLimits, Batches};

const POLL: Duration = Duration::from_millis(50);
/// Lines of one turn; packed, they are some hundred kilobytes.
const TURN_BYTES: usize = 4 << 20;
/// Entries of a call, where each is one record.
const CALL_RECORDS: usize = 500;

/// Sends all of `feed` to `target`.
pub fn all(
    feed: &mut Feed,
    target: &StreamTarget,
    schedule: Schedule,
    progress: &mut Progress,
    ledger: Option<&Ledger>,
) -> anyhow::Result<Measures> {
    let limits = BatchLimits {
        records: match target.encoding {
            Encoding::Plain => CALL_RECORDS,
            _ => usize::MAX,
        },
        bytes: TURN_BYTES,
        linger: target.linger,
    };
    let batches = Mutex::new(Batches::new(feed, schedule, limits));
    let total = Mutex::new(Measures::new());
    let sent = AtomicU64::new(0);
    let latest_ms = AtomicU64::new(0);
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let mut senders = Vec::new();
        for number in 0..target.connections {
            let mut connection = Connection::open(target, u64::from(number))?;
            let (batches, total, sent, latest_ms) = (&batches, &total, &sent, &latest_ms);
            let work = move || {
                let take = || batches.lock().ok().map(|mut batches| batches.next());
                while let Some(batch) = take().filter(|batch| !batch.is_empty()) {
                    if let Err(error) = connection.send(&batch, ledger) {
                        if let Ok(mut batches) = batches.lock() {
                            batches.stop(error);
                        }
                        break;
                    }
                    sent.fetch_add(batch.due.len() as u64, Ordering::Relaxed);
                    latest_ms.fetch_max(batch.at_ms.unsigned_abs(), Ordering::Relaxed);
                }
                if let Ok(mut total) = total.lock() {
                    total.add(&connection.measures);
                }
            };
            let builder = std::thread::Builder::new().name(format!("connection {number}"));
            let sender = builder.spawn_scoped(scope, work);
            senders.push(sender.context("cannot start a thread for a connection")?);
        }
        while !senders.iter().all(ScopedJoinHandle::is_finished) {
            std::thread::sleep(POLL);
            let at_ms = latest_ms.load(Ordering::Relaxed);
            progress.show(at_ms as i64, sent.load(Ordering::Relaxed));
        }
        Ok(())
    })?;
    let batches = batches
        .into_inner()
        .expect("no sender panics with the queue");
    let total = total.into_inner().expect("no sender panics with the total");
    match batches.into_error() {
        Some(error) => Err(error.context(format!("{} records were taken before", total.records))),
        None => Ok(total),
    }
}

/// What sends one batch at a time.
struct Connection {
    runtime: Runtime,
    stream: Stream,
    encoder: Encoder,
    patience: Duration,
    measures: Measures,
}

impl Connection {
    fn open(target: &StreamTarget, number: u64) -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("cannot wait for a network")?;
        let config = runtime.block_on(connect());
        let service = match target.service {
            StreamService::Kinesis => Service::Kinesis,
            StreamService::Firehose => Service::Firehose,
        };
        let limits = service.limits();
        let key = target.key.clone();
        Ok(Self {
            stream: Stream::new(&config, service, &target.name, number),
            runtime,
            // Keys follow from the run alone.
            encoder: Encoder::new(target.encoding, key, limits, 0, number),
            patience: target.patience,
            measures: Measures::new(),
        })
    }

    fn send(&mut self, batch: &Batch, ledger: Option<&Ledger>) -> anyhow::Result<()> {
        let begun = Instant::now();
        let lines = batch.lines();
        let encoded = self.encoder.encode(&lines);
        let put = self.stream.put(encoded.entries, self.patience);
        let settled = self.runtime.block_on(put)?;
        for (at, taken) in &settled.taken {
            let bytes = taken
                .iter()
                .map(|place| lines[*place as usize].len() as u64);
            let count = taken.len() as u64;
            self.measures.sent(count, bytes.sum(), *at - begun);
            for place in taken {
                let due = batch.due[*place as usize];
                self.measures.latency(at.saturating_duration_since(due));
            }
            if let Some(ledger) = ledger {
                ledger.note(taken.iter().map(|place| batch.stamps[*place as usize]), *at);
            }
        }
        self.count(settled, encoded.oversized.len() as u64);
        Ok(())
    }

    fn count(&mut self, settled: Settled, oversized: u64) {
        self.measures.entries += settled.entries;
        self.measures.entry_bytes += settled.bytes;
        for (reason, count) in settled.retried {
            *self.measures.retried.entry(reason).or_default() += count;
        }
        let too_long = (oversized > 0).then(|| ("too long for the stream".to_owned(), oversized));
        for (reason, count) in settled.lost.into_iter().chain(too_long) {
            *self.measures.failures.entry(reason).or_default() += count;
        }
    }
}
