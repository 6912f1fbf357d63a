//! What a run did, for people and for programs.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;
use wafwatch_loadgen::duration;

use super::measure::Measures;
use super::probe::{Seen, Sights};
use super::tempo::Tempo;

/// All of a run's sending.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where the records went.
    pub sink: String,
    /// `max`, or how many times faster than the clock.
    pub speed: String,
    /// Records sent.
    pub records: u64,
    /// Bytes sent, before compression.
    pub bytes: u64,
    /// What the run took.
    pub seconds: f64,
    /// Records sent per second.
    pub records_per_second: f64,
    /// From the moment each record was due until it was sent; without a schedule, what its write
    /// took.
    pub latency: Quantiles,
    /// From the begin of its sending until it was sent.
    pub service: Quantiles,
    /// Answers by HTTP status; none where records were written.
    pub answers: BTreeMap<u16, u64>,
    /// Requests without an answer, and records that a stream did not take, by reason.
    pub failures: BTreeMap<String, u64>,
    /// Records that were sent to a stream again, by reason: more than once, if that often.
    pub retried: BTreeMap<String, u64>,
    /// What a stream was sent; none for other sinks.
    pub stream: Option<StreamFigures>,
    /// Lines of recordings that were not sent, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// When closed windows were seen; none unless that was looked for.
    pub windows: Option<Probed>,
    /// The same of messages.
    pub messages: Option<Probed>,
}

/// Records of a stream.
#[derive(Debug, Serialize)]
pub struct StreamFigures {
    /// Records of the stream, each with one or many records of WAF in it.
    pub records: u64,
    /// Their bytes, with partition keys.
    pub bytes: u64,
}

/// What a probe has seen.
#[derive(Debug, Serialize)]
pub struct Probed {
    /// Windows of records that were sent here.
    pub seen: u64,
    /// From the moment in which the last record of a window's time was sent until that was seen.
    pub latency: Quantiles,
    /// Windows of other times.
    pub others: u64,
    /// Looks that failed, and texts that were no JSON.
    pub failures: u64,
}

impl Probed {
    fn of(seen: &Seen) -> Self {
        Self {
            seen: seen.latency.len(),
            latency: Quantiles::of(&seen.latency),
            others: seen.others,
            failures: seen.failures,
        }
    }
}

/// Times in milliseconds.
#[derive(Debug, Serialize)]
pub struct Quantiles {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
    pub mean: f64,
}

impl Quantiles {
    fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1_000.0;
        Self {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: histogram.max() as f64 / 1_000.0,
            mean: (histogram.mean()).round() / 1_000.0,
        }
    }
}

impl std::fmt::Display for Quantiles {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "p50 {:.3}, p90 {:.3}, p99 {:.3}, p99.9 {:.3}, max {:.3} ms",
            self.p50, self.p90, self.p99, self.p999, self.max
        )
    }
}

impl Report {
    pub fn new(
        sink: String,
        tempo: Tempo,
        measures: &Measures,
        took: Duration,
        skipped: BTreeMap<String, u64>,
        sights: &Sights,
    ) -> Self {
        let seconds = took.as_secs_f64();
        Self {
            sink,
            speed: tempo.to_string(),
            records: measures.records,
            bytes: measures.bytes,
            seconds,
            records_per_second: measures.records as f64 / seconds.max(1e-9),
            latency: Quantiles::of(&measures.latency),
            service: Quantiles::of(&measures.service),
            answers: measures.answers.clone(),
            failures: measures.failures.clone(),
            retried: measures.retried.clone(),
            stream: (measures.entries > 0).then_some(StreamFigures {
                records: measures.entries,
                bytes: measures.entry_bytes,
            }),
            skipped,
            windows: sights.windows.as_ref().map(Probed::of),
            messages: sights.messages.as_ref().map(Probed::of),
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let took = duration::show(Duration::from_millis((self.seconds * 1_000.0) as u64));
        writeln!(
            formatter,
            "{} records, {:.1} MB to {} in {took} at speed {}: {:.0} records/s",
            self.records,
            self.bytes as f64 / 1e6,
            self.sink,
            self.speed,
            self.records_per_second
        )?;
        let since = match self.speed.as_str() {
            "max" => "no schedule, so of writes alone",
            _ => "since each record was due",
        };
        writeln!(formatter, "latency ({since}): {}", self.latency)?;
        writeln!(formatter, "service time: {}", self.service)?;
        if let Some(stream) = &self.stream {
            let bytes = stream.bytes as f64 / 1e6;
            writeln!(
                formatter,
                "in {} records of the stream, {bytes:.1} MB",
                stream.records
            )?;
        }
        for (status, count) in &self.answers {
            writeln!(formatter, "HTTP {status}: {count}")?;
        }
        for (reason, count) in &self.failures {
            writeln!(formatter, "failed, {reason}: {count}")?;
        }
        for (reason, count) in &self.retried {
            writeln!(formatter, "sent again, {reason}: {count}")?;
        }
        for (reason, count) in &self.skipped {
            writeln!(formatter, "not sent, {reason}: {count}")?;
        }
        for (name, probed) in [("windows", &self.windows), ("messages", &self.messages)] {
            let Some(probed) = probed else { continue };
            writeln!(
                formatter,
                "{name} (since their last record was sent): {} seen, {}",
                probed.seen, probed.latency
            )?;
            if probed.failures > 0 {
                writeln!(formatter, "{name}: {} looks failed", probed.failures)?;
            }
        }
        Ok(())
    }
}
