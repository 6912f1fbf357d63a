//! CPU time of counting one record, on synthetic records with Zipf-like popularity.
//!
//! `cargo bench -p wafwatch-windows --bench observe`

#![allow(clippy::print_stdout)]

use std::time::Duration;

use cpu_time::ProcessTime;
use wafwatch_windows::accumulator::Accumulator;
use wafwatch_windows::partial::Partial;
use wafwatch_windows::record::{Action, Record, RecordBatch};
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::summary::Completeness;
use wafwatch_windows::text_list::TextList;
use wafwatch_windows::time::{EventTime, Window, WindowSize};

const RECORDS: usize = 1_000_000;
/// The best run is reported: whatever else the machine does only adds.
const RUNS: usize = 5;
const RECORDS_PER_BATCH: usize = 10_000;
const RECORDS_PER_COMMIT: usize = 100_000;
const RECORDS_PER_MILLISECOND: usize = 2;

/// SplitMix64: enough randomness for popularity, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A rank from 0 to `count - 1` with probability about 1 / (rank + 1).
    fn zipf(&mut self, count: usize) -> usize {
        let rank = (count as f64 + 1.0).powf(self.unit()) - 1.0;
        (rank as usize).min(count - 1)
    }
}

/// How varied the traffic is.
struct Traffic {
    name: &'static str,
    addresses: usize,
    uris: usize,
    agents: usize,
    acls: usize,
}

struct Vocabulary {
    addresses: Vec<String>,
    uris: Vec<String>,
    agents: Vec<String>,
    fingerprints: Vec<String>,
    hosts: Vec<String>,
    acls: Vec<String>,
}

impl Vocabulary {
    fn of(traffic: &Traffic) -> Self {
        let address = |n: usize| format!("{}.{}.{}.{}", 11 + n % 89, n / 89 % 256, n / 22_784, 7);
        let agent = |n: usize| {
            format!("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{n}.0 Safari/537.36")
        };
        let acl = |n: usize| {
            format!("arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/shop-{n}/0a1b2c3d")
        };
        Self {
            addresses: (0..traffic.addresses).map(address).collect(),
            uris: (0..traffic.uris)
                .map(|n| format!("/shop/article/{n}/details"))
                .collect(),
            agents: (0..traffic.agents).map(agent).collect(),
            fingerprints: (0..300)
                .map(|n| format!("t13d1516h2_8daaf6152771_{n:012x}"))
                .collect(),
            hosts: (0..20).map(|n| format!("shop-{n}.example.com")).collect(),
            acls: (0..traffic.acls).map(acl).collect(),
        }
    }

    fn record(&self, number: usize, random: &mut Random) -> Record<'_> {
        const COUNTRIES: [&str; 8] = ["US", "DE", "FR", "GB", "IN", "BR", "JP", "CN"];
        const METHODS: [&str; 3] = ["GET", "POST", "HEAD"];
        const RULES: [&str; 4] = ["rate-limit", "AWSManagedRulesCommonRuleSet", "geo", "bots"];
        let blocked = random.next().is_multiple_of(10);
        let action = if blocked {
            Action::Block
        } else {
            Action::Allow
        };
        let time = EventTime((number / RECORDS_PER_MILLISECOND) as i64);
        let mut record = Record::new(time, &self.acls[random.zipf(self.acls.len())], action);
        // An address keeps its country and agent most of the time, as people do.
        let address = random.zipf(self.addresses.len());
        record.client_address = Some(&self.addresses[address]);
        record.country = Some(COUNTRIES[(address % 23).min(7)]);
        record.user_agent = Some(&self.agents[address % self.agents.len()]);
        let fingerprint = Some(&*self.fingerprints[address % self.fingerprints.len()]);
        (record.ja3, record.ja4) = (fingerprint, fingerprint);
        record.uri = Some(&self.uris[random.zipf(self.uris.len())]);
        record.host = Some(&self.hosts[random.zipf(self.hosts.len())]);
        record.method = Some(METHODS[random.zipf(3)]);
        record.http_source = Some("ALB");
        record.labels = TextList::of(&[
            "awswaf:clientip:geo:country:US",
            "awswaf:managed:token:absent",
        ]);
        record.rule = Some("Default_Action");
        if blocked {
            record.rule = Some(RULES[random.zipf(RULES.len())]);
            record.inner_rule = Some("AWSManagedRulesCommonRuleSet/NoUserAgent_HEADER");
        }
        record.log_bytes = 1_900;
        record
    }
}

fn measure(traffic: &Traffic) -> (Duration, String) {
    let vocabulary = Vocabulary::of(traffic);
    let mut random = Random(42);
    let mut batch = RecordBatch::new();
    let settings = SketchSettings::default();
    let mut coding = Coding::default();
    let mut open = Accumulator::new(settings.clone(), WindowSize::DEFAULT, 1_000);
    let (mut reading, mut counting) = (Duration::ZERO, Duration::ZERO);
    let (mut most_bytes, mut total, mut partials) = (0, 0, 0);
    for first in (0..RECORDS).step_by(RECORDS_PER_BATCH) {
        batch.clear();
        (first..first + RECORDS_PER_BATCH)
            .for_each(|n| batch.push(&vocabulary.record(n, &mut random)));
        let started = ProcessTime::now();
        let labels: usize = batch.iter().map(|record| record.labels.len()).sum();
        assert_eq!(labels, 2 * RECORDS_PER_BATCH);
        let read = ProcessTime::now();
        for record in batch.iter() {
            open.observe(&record).expect("fewer ACLs than the limit");
        }
        counting += read.elapsed();
        reading += read.duration_since(started);
        most_bytes = most_bytes.max(open.estimated_bytes());
        if first % RECORDS_PER_COMMIT == 0 || first + RECORDS_PER_BATCH == RECORDS {
            let drained = open.drain();
            partials += drained.len();
            coding.measure(&drained, &settings);
            total += drained
                .iter()
                .map(|(_, _, partial)| partial.counters().total)
                .sum::<u64>();
        }
    }
    assert_eq!(total, RECORDS as u64);
    let counting = counting.saturating_sub(reading);
    let report = format!(
        "{}: observe {:.0} ns/record (reading the batch, not included: {:.0}), {} partials, {:.1} MB",
        traffic.name,
        counting.as_nanos() as f64 / RECORDS as f64,
        reading.as_nanos() as f64 / RECORDS as f64,
        partials,
        most_bytes as f64 / 1e6,
    );
    (counting, format!("{report}\n{}", coding.report()))
}

/// CPU time and size of what happens to partials at a commit.
#[derive(Default)]
struct Coding {
    partials: u32,
    bytes: usize,
    encoding: Duration,
    decoding: Duration,
    merging: Duration,
    summarizing: Duration,
}

impl Coding {
    fn measure(&mut self, drained: &[(String, Window, Partial)], settings: &SketchSettings) {
        for (acl, window, partial) in drained {
            let started = ProcessTime::now();
            let bytes = partial.encode(settings.budget_bytes);
            let encoded = ProcessTime::now();
            let mut decoded = Partial::decode(&bytes, settings).expect("own encoding");
            let merging = ProcessTime::now();
            decoded.merge(partial);
            let merged = ProcessTime::now();
            let summary = decoded.summarize(acl, *window, Completeness::Complete, settings);
            self.summarizing += merged.elapsed();
            assert_eq!(summary.counters.total, 2 * partial.counters().total);
            self.partials += 1;
            self.bytes += bytes.len();
            self.encoding += encoded.duration_since(started);
            self.decoding += merging.duration_since(encoded);
            self.merging += merged.duration_since(merging);
        }
    }

    fn report(&self) -> String {
        let milliseconds = |time: Duration| (time / self.partials).as_secs_f64() * 1e3;
        format!(
            "  per partial: {} bytes, encode {:.2} ms, decode {:.2} ms, merge {:.2} ms, summarize {:.2} ms",
            self.bytes / self.partials as usize,
            milliseconds(self.encoding),
            milliseconds(self.decoding),
            milliseconds(self.merging),
            milliseconds(self.summarizing),
        )
    }
}

fn main() {
    let regular = Traffic {
        name: "regular",
        addresses: 20_000,
        uris: 2_000,
        agents: 300,
        acls: 1,
    };
    let varied = Traffic {
        name: "varied",
        addresses: 500_000,
        uris: 50_000,
        agents: 3_000,
        acls: 1,
    };
    let many_acls = Traffic {
        name: "many acls",
        addresses: 20_000,
        uris: 2_000,
        agents: 300,
        acls: 10,
    };
    for traffic in [regular, varied, many_acls] {
        let runs = (0..RUNS).map(|_| measure(&traffic));
        let best = runs.min_by_key(|(counting, _)| *counting);
        println!("{}", best.expect("at least one run").1);
    }
}
