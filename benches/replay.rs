//! CPU time and memory of the whole main job: reading, decoding, counting with all dimensions and
//! sketches, detection, and the store.
//!
//! `cargo bench --bench replay`, or `RECORDS=1000000 cargo bench --bench replay` for the figure that
//! the README tells. Logs of normal life at 1,000 requests a second are generated into a temporary
//! folder first. One thread; the median of several runs, because other work on the machine moves
//! single ones.

#![allow(clippy::print_stdout, missing_docs)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;

use cpu_time::ProcessTime;
use flate2::Compression;
use flate2::write::GzEncoder;
use wafwatch::host::replay::{ReplaySettings, replay};
use wafwatch::host::{Decoding, FeedSettings};
use wafwatch::pipeline::Pipeline;
use wafwatch::source::{BlockLimits, Progress, expand};
use wafwatch::store::sqlite::SqliteStore;
use wafwatch_loadgen::{Generator, Options, Scenario};
use wafwatch_windows::time::{EventTime, WindowSize};

const RUNS: usize = 5;

fn main() {
    let records = std::env::var("RECORDS")
        .ok()
        .and_then(|text| text.parse().ok());
    let records: u64 = records.unwrap_or(200_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let plain = folder.path().join("logs.jsonl");
    let packed = folder.path().join("logs.jsonl.gz");
    let bytes = generate(records, &plain, &packed);
    println!("{records} records of {} bytes on average", bytes / records);
    for path in [&plain, &packed] {
        let mut runs: Vec<f64> = (0..RUNS).map(|_| run(path, records)).collect();
        runs.sort_by(f64::total_cmp);
        let name = path.extension().unwrap_or_default().to_string_lossy();
        println!(
            "{name:<6} {:.2} CPU-seconds per million records (median of {RUNS}; {:.2} to {:.2})",
            runs[RUNS / 2],
            runs[0],
            runs[RUNS - 1]
        );
    }
    if let Some(peak) = peak_memory() {
        println!("peak memory of the process: {peak}");
    }
}

fn generate(records: u64, plain: &Path, packed: &Path) -> u64 {
    let mut options = Options::new(Scenario::Normal);
    options.rate = 1_000.0;
    let mut generator = Generator::new(&options).expect("the options are in range");
    let create = |path| BufWriter::new(File::create(path).expect("the folder can be written"));
    let mut lines = create(plain);
    let mut gzip = GzEncoder::new(create(packed), Compression::fast());
    let mut line = Vec::new();
    let mut bytes = 0;
    for _ in 0..records {
        line.clear();
        generator
            .write_next(&mut line)
            .expect("a day holds millions of records");
        lines.write_all(&line).expect("the disk has room");
        gzip.write_all(&line).expect("the disk has room");
        bytes += line.len() as u64;
    }
    lines.flush().expect("the disk has room");
    gzip.finish()
        .and_then(|mut file| file.flush())
        .expect("the disk has room");
    bytes
}

/// CPU-seconds per million records of one replay into a new store.
fn run(path: &Path, records: u64) -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let started = ProcessTime::now();
    let store = SqliteStore::open(&folder.path().join("store.db"), WindowSize::DEFAULT)
        .expect("a new store opens");
    let settings = common::pipeline_settings(30_000);
    let replay_settings = ReplaySettings {
        commit_bytes: 64 << 20,
        memory_bytes: 24 << 20,
        feed: FeedSettings {
            decoding: Decoding::Inline,
            block: BlockLimits::default(),
            limits: settings.limits.clone(),
            now: EventTime(i64::MAX / 2),
        },
        run: "bench".to_owned(),
    };
    let mut pipeline = Pipeline::open(store, settings).expect("a new store opens");
    let inputs = expand(&[path.display().to_string()]).expect("the file is there");
    let progress = Progress::of(&inputs);
    let interrupt = AtomicBool::new(false);
    replay(
        &mut pipeline,
        &inputs,
        &replay_settings,
        &progress,
        &interrupt,
        &mut |_| {},
    )
    .expect("the store can be written");
    let took = started.elapsed();
    assert_eq!(
        pipeline.accounts().accepted,
        records,
        "every record is counted"
    );
    took.as_secs_f64() * 1e6 / records as f64
}

fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.trim_start_matches("VmHWM:").trim().to_owned())
}
