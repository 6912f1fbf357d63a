//! Text that decodes to one record decodes to the same one within any envelope.

#![no_main]

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use wafwatch::ingest::{Accounts, KnownRuns, Limits, Origin, decode};
use wafwatch_windows::record::RecordBatch;

const ORIGIN: Origin<'_> = Origin {
    name: "fuzz",
    offset: 0,
};

fuzz_target!(|text: &str| {
    let limits = Limits::default();
    let (batch, accounts) = decoded(text.as_bytes(), &limits);
    let is_one_record = accounts.read == 1 && accounts.accepted == 1;
    if !is_one_record {
        return;
    }
    // The wrappers take a level of their own.
    let roomier = Limits {
        max_nesting: limits.max_nesting + 2,
        max_depth: limits.max_depth + 1,
        ..limits
    };
    let in_message = serde_json::json!({"logEvents": [{"message": text}]}).to_string();
    let wrapped = [
        gzip(text.as_bytes()),
        format!("[{text}]").into_bytes(),
        format!("\n{text}\r\n").into_bytes(),
        in_message.into_bytes(),
    ];
    for payload in wrapped {
        let (again, accounts) = decoded(&payload, &roomier);
        assert_eq!(accounts.read, 1, "{payload:?}");
        assert!(again.iter().eq(batch.iter()), "{payload:?}");
    }
});

fn decoded(payload: &[u8], limits: &Limits) -> (RecordBatch, Accounts) {
    let mut batch = RecordBatch::new();
    let mut known = KnownRuns::default();
    let mut accounts = Accounts::default();
    decode(payload, &ORIGIN, limits, &mut known, &mut batch, &mut accounts);
    assert!(accounts.balance(), "{accounts:?}");
    (batch, accounts)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("writing to a vector");
    encoder.finish().expect("writing to a vector")
}
