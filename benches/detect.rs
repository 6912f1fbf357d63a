//! What the calibrated detector costs per window of an ACL, with all signals on.
//!
//! `cargo bench --bench detect` prints microseconds per window (score and learn) and the size of the state.

#![allow(clippy::print_stdout)]

use std::time::Instant;

use wafwatch::detect::{AnyDetector, CalibratedSettings, Detector, DetectorSettings, Influence};
use wafwatch_windows::sample::SAMPLE;
use wafwatch_windows::summary::{
    Completeness, Dimension, DistinctCount, Summary, TopItem, TopList,
};
use wafwatch_windows::time::{EventTime, Window};

const WINDOWS: i64 = 20_000;

fn summary(number: i64) -> Summary {
    let start = EventTime(1_767_225_600_000 + number * 60_000);
    let window = Window {
        start,
        end: start.plus(60_000),
    };
    let mut summary = Summary::empty("acl", window, Completeness::Complete);
    // Deterministic, and different from window to window.
    let noise = number
        .wrapping_mul(2_654_435_761)
        .rem_euclid(97)
        .cast_unsigned();
    summary.counters.total = 900 + noise;
    summary.counters.blocked = 20 + noise % 9;
    summary.counters.counted = 30 + noise % 7;
    summary.counters.allowed = summary.counters.total - summary.counters.blocked;
    summary.distinct_addresses = DistinctCount {
        estimate: (400 + noise) as f64,
        lower: 400.0,
        upper: 500.0,
    };
    // As in a busy window: the lowest hashes, three in four of them known.
    let addresses = (0..SAMPLE as u32).map(|address| match address % 4 {
        0 => address * 1_000 + (number % 900) as u32,
        _ => address * 1_000,
    });
    summary.address_sample = addresses.collect();
    summary.watched_uris = ["/login", "/api/token", "/password"]
        .map(|path| TopItem::new(path.to_owned(), 10 + noise % 5, 10 + noise % 5))
        .to_vec();
    for (dimension, name) in [
        (Dimension::ClientAddress, "192.0.2."),
        (Dimension::Rule, "rule"),
        (Dimension::Uri, "/login/"),
    ] {
        let items = (0..10).map(|key| TopItem::new(format!("{name}{key}"), 20 - key, 20 - key));
        let list = TopList {
            items: items.collect(),
            error: 0,
            weight: 900,
            unlisted: Some(0),
        };
        summary.top.insert(dimension, list);
    }
    summary
}

fn main() {
    let summaries: Vec<Summary> = (0..WINDOWS).map(summary).collect();
    let settings = DetectorSettings::Calibrated(CalibratedSettings::default());
    let mut detector = AnyDetector::new(settings);
    let started = Instant::now();
    let mut findings = 0;
    for summary in &summaries {
        findings += detector.score(summary).findings.len();
        detector.learn(summary, Influence::Full);
    }
    let micros = started.elapsed().as_secs_f64() * 1e6 / WINDOWS as f64;
    let bytes = detector.into_state().encode().len();
    println!("calibrated: {micros:.1} us per window, {bytes} bytes of state, {findings} findings");
}
