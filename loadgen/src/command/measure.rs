//! What sending took: counts, answers, and the distribution of latency.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

/// An hour; what takes longer counts as that.
const MAX_MICROSECONDS: u64 = 3_600_000_000;
const SIGNIFICANT_DIGITS: u8 = 3;
/// Of the histogram, for the form that plotters read.
const SUB_BUCKETS: u32 = 2_048;

/// Everything measured while sending.
#[derive(Debug)]
pub struct Measures {
    /// Records sent.
    pub records: u64,
    /// Bytes sent, before compression.
    pub bytes: u64,
    /// From the moment a record was due until it was sent; without a schedule, what its write took.
    pub latency: Histogram<u64>,
    /// From the begin of its sending until it was sent.
    pub service: Histogram<u64>,
    /// Answers by HTTP status.
    pub answers: BTreeMap<u16, u64>,
    /// Requests without an answer, and records that a stream did not take, by reason.
    pub failures: BTreeMap<String, u64>,
    /// Records that were sent to a stream again, by reason.
    pub retried: BTreeMap<String, u64>,
    /// Records of a stream that held those that were sent.
    pub entries: u64,
    /// Their bytes, with partition keys.
    pub entry_bytes: u64,
}

/// A histogram of microseconds.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, MAX_MICROSECONDS, SIGNIFICANT_DIGITS)
        .expect("the bounds of a histogram are constants")
}

impl Measures {
    pub fn new() -> Self {
        Self {
            records: 0,
            bytes: 0,
            latency: histogram(),
            service: histogram(),
            answers: BTreeMap::new(),
            failures: BTreeMap::new(),
            retried: BTreeMap::new(),
            entries: 0,
            entry_bytes: 0,
        }
    }

    /// A record was sent `latency` after it was due.
    pub fn latency(&mut self, latency: Duration) {
        self.latency.saturating_record(microseconds(latency));
    }

    /// The same for `records` at once.
    pub fn latency_of_many(&mut self, latency: Duration, records: u64) {
        let latency = microseconds(latency);
        self.latency.saturating_record_n(latency, records);
    }

    /// `records` were sent in one go that took `service`.
    pub fn sent(&mut self, records: u64, bytes: u64, service: Duration) {
        self.records += records;
        self.bytes += bytes;
        let service = microseconds(service);
        self.service.saturating_record_n(service, records);
    }

    /// Adds what another sender measured.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.bytes += other.bytes;
        self.latency
            .add(&other.latency)
            .expect("histograms have the same bounds");
        self.service
            .add(&other.service)
            .expect("histograms have the same bounds");
        for (status, count) in &other.answers {
            *self.answers.entry(*status).or_default() += count;
        }
        for (reason, count) in &other.failures {
            *self.failures.entry(reason.clone()).or_default() += count;
        }
        for (reason, count) in &other.retried {
            *self.retried.entry(reason.clone()).or_default() += count;
        }
        self.entries += other.entries;
        self.entry_bytes += other.entry_bytes;
    }
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros())
        .unwrap_or(u64::MAX)
        .max(1)
}

/// The distribution in milliseconds, in the text form that HdrHistogram's plotters read.
pub fn hgrm(histogram: &Histogram<u64>) -> String {
    const TICKS_PER_HALF: u32 = 5;
    let milliseconds = |value: u64| value as f64 / 1_000.0;
    let mut text = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut total = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALF) {
        total += step.count_since_last_iteration();
        let quantile = step.quantile_iterated_to();
        let value = milliseconds(step.value_iterated_to());
        text.push_str(&format!("{value:>12.3} {quantile:>14.12} {total:>10}"));
        if quantile < 1.0 {
            text.push_str(&format!(" {:>14.2}", 1.0 / (1.0 - quantile)));
        }
        text.push('\n');
    }
    text.push_str(&format!(
        "#[Mean    = {:>12.3}, StdDeviation   = {:>12.3}]\n",
        histogram.mean() / 1_000.0,
        histogram.stdev() / 1_000.0
    ));
    text.push_str(&format!(
        "#[Max     = {:>12.3}, Total count    = {:>12}]\n",
        milliseconds(histogram.max()),
        histogram.len()
    ));
    text.push_str(&format!(
        "#[Buckets = {:>12}, SubBuckets     = {SUB_BUCKETS:>12}]\n",
        histogram.buckets()
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_add_up() {
        let mut one = Measures::new();
        let mut other = Measures::new();
        one.sent(2, 100, Duration::from_millis(5));
        other.sent(1, 10, Duration::from_secs(90_000));
        other.latency(Duration::from_secs(2));
        other.answers.insert(200, 4);
        one.answers.insert(200, 1);
        one.retried.insert("slow".to_owned(), 1);
        other.retried.insert("slow".to_owned(), 2);
        (one.entries, other.entries) = (1, 4);
        one.add(&other);
        assert_eq!((one.records, one.bytes, one.service.len()), (3, 110, 3));
        assert_eq!(one.answers[&200], 5);
        assert_eq!((one.retried["slow"], one.entries), (3, 5));
        assert_eq!(one.latency.len(), 1);
        assert!(one.service.max().abs_diff(MAX_MICROSECONDS) < MAX_MICROSECONDS / 500);
    }

    #[test]
    fn the_text_form_rises_to_the_last_record() {
        let mut measures = Measures::new();
        for milliseconds in 1..=1_000 {
            measures.latency(Duration::from_millis(milliseconds));
        }
        let text = hgrm(&measures.latency);
        let rows: Vec<Vec<f64>> = text
            .lines()
            .skip(2)
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                let numbers = line.split_whitespace();
                numbers
                    .map(|number| number.parse().expect("a number"))
                    .collect()
            })
            .collect();
        assert!(rows.iter().map(|row| row[1]).is_sorted());
        let last = rows.last().expect("rows");
        assert_eq!((last[1], last[2], last.len()), (1.0, 1_000.0, 3));
        let median = rows.iter().find(|row| row[1] >= 0.5).expect("the median");
        assert!((median[0] - 500.0).abs() < 2.0, "{median:?}");
        assert!(text.contains("#[Max     =     1000"), "{text}");
    }
}
