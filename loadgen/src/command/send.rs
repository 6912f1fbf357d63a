//! Sends records to a sink when they are due.

use std::time::{Duration, Instant};

use super::feed::Feed;
use super::measure::Measures;
use super::probe::Ledger;
use super::progress::Progress;
use super::sink::Sink;
use super::tempo::Schedule;

/// Lines are handed on in pieces of about this size.
const CHUNK_BYTES: usize = 256 * 1024;
const NAP: Duration = Duration::from_millis(200);

/// Lines that are due and not written.
#[derive(Default)]
struct Batch {
    lines: Vec<u8>,
    records: u64,
    /// Of every line; none without a schedule.
    due: Vec<Instant>,
    /// What their timestamps say, where that is to be known.
    stamps: Vec<i64>,
}

/// Sends all of `feed` to `sink`.
pub fn all(
    feed: &mut Feed,
    sink: &mut Sink,
    mut schedule: Schedule,
    progress: &mut Progress,
    ledger: Option<&Ledger>,
) -> anyhow::Result<Measures> {
    let mut measures = Measures::new();
    let mut batch = Batch {
        lines: Vec::with_capacity(CHUNK_BYTES + (1 << 16)),
        ..Batch::default()
    };
    loop {
        let ready = batch.lines.len();
        let Some(place) = feed.next(&mut batch.lines)? else {
            break;
        };
        let at_ms = place.at_ms;
        if let Some(due) = schedule.due(at_ms) {
            if due > Instant::now() {
                let early = batch.lines.split_off(ready);
                batch.send(sink, &mut measures, ledger)?;
                batch.lines.extend_from_slice(&early);
                wait_until(due, at_ms, &measures, progress);
            }
            batch.due.push(due);
        }
        batch.records += 1;
        if ledger.is_some() {
            batch.stamps.push(place.stamp_ms);
        }
        if batch.lines.len() >= CHUNK_BYTES {
            batch.send(sink, &mut measures, ledger)?;
            progress.show(at_ms, measures.records);
        }
    }
    batch.send(sink, &mut measures, ledger)?;
    Ok(measures)
}

impl Batch {
    fn send(
        &mut self,
        sink: &mut Sink,
        measures: &mut Measures,
        ledger: Option<&Ledger>,
    ) -> anyhow::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let begun = Instant::now();
        sink.write(&self.lines)?;
        let sent = Instant::now();
        measures.sent(self.records, self.lines.len() as u64, sent - begun);
        match self.due.is_empty() {
            true => measures.latency_of_many(sent - begun, self.records),
            false => {
                for due in self.due.drain(..) {
                    measures.latency(sent.saturating_duration_since(due));
                }
            }
        }
        if let Some(ledger) = ledger {
            ledger.note(self.stamps.drain(..), sent);
        }
        self.lines.clear();
        self.records = 0;
        Ok(())
    }
}

fn wait_until(due: Instant, at_ms: i64, measures: &Measures, progress: &mut Progress) {
    loop {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(NAP));
        progress.show(at_ms, measures.records);
    }
}
