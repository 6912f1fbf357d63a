//! The hot path for a count of its instructions: decoding and counting of 20,000 records of normal life, as
//! lines and compressed.
//!
//! `benches/count-instructions` runs this under callgrind, which collects within [`decode_and_count`]
//! alone. Run by itself it only checks that every record is counted. Records and seeds are fixed, so the
//! count moves with the code, the compiler and the instructions of the processor, and with nothing else.

#![allow(clippy::print_stdout)]

use libdeflater::{CompressionLvl, Compressor};
use wafwatch::ingest::{Accounts, KnownRuns, Limits, Origin, decode};
use wafwatch_loadgen::{Generator, Options, Scenario};
use wafwatch_windows::accumulator::Accumulator;
use wafwatch_windows::record::RecordBatch;
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::time::WindowSize;

const RECORDS: usize = 20_000;
const RECORDS_PER_BLOCK: usize = 500;

fn main() {
    let plain = blocks();
    let packed: Vec<Vec<u8>> = plain.iter().map(|block| gzip(block)).collect();
    let payloads = match std::env::var("PAYLOADS").as_deref() {
        Ok("gzip") => packed,
        Ok("plain") | Err(_) => plain,
        Ok(other) => panic!("there are no payloads {other:?}: choose plain or gzip"),
    };
    let mut windows = Accumulator::new(SketchSettings::default(), WindowSize::DEFAULT, 10);
    decode_and_count(&payloads, &mut windows);
    let drained = windows.drain().into_iter();
    let counted: u64 = drained
        .map(|(_, _, partial)| partial.counters().total)
        .sum();
    assert_eq!(counted, RECORDS as u64, "every record is counted");
    println!("{counted} records");
}

/// What is measured; its name is what callgrind is told.
#[inline(never)]
fn decode_and_count(payloads: &[Vec<u8>], windows: &mut Accumulator) {
    let origin = Origin {
        name: "bench",
        offset: 0,
    };
    let limits = Limits::default();
    let mut batch = RecordBatch::new();
    let mut known = KnownRuns::default();
    let mut accounts = Accounts::default();
    for payload in payloads {
        batch.clear();
        decode(
            payload,
            &origin,
            &limits,
            &mut known,
            &mut batch,
            &mut accounts,
        );
        for record in batch.iter() {
            let counted = windows.observe(&record);
            counted.expect("there is one Web ACL");
        }
    }
}

fn blocks() -> Vec<Vec<u8>> {
    let mut options = Options::new(Scenario::Normal);
    options.rate = 100.0;
    let mut generator = Generator::new(&options).expect("the options are in range");
    let mut block = || {
        let mut lines = Vec::new();
        for _ in 0..RECORDS_PER_BLOCK {
            generator.write_next(&mut lines).expect("a day is long");
        }
        lines
    };
    (0..RECORDS / RECORDS_PER_BLOCK).map(|_| block()).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut member = vec![0; compressor.gzip_compress_bound(text.len())];
    let length = compressor.gzip_compress(text, &mut member);
    member.truncate(length.expect("the bound is enough"));
    member
}
