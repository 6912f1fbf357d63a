//! Any bytes at all: no panic, every unit accounted for, nothing unbounded, samples on one line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wafwatch::ingest::{Accounts, KnownRuns, Limits, Origin, SAMPLES_PER_REASON, decode};
use wafwatch_windows::record::RecordBatch;

const ORIGIN: Origin<'_> = Origin {
    name: "fuzz",
    offset: 0,
};

fuzz_target!(|payload: &[u8]| {
    let limits = Limits {
        max_decompressed_bytes: 1 << 20,
        ..Limits::default()
    };
    let mut batch = RecordBatch::new();
    let mut known = KnownRuns::default();
    let mut accounts = Accounts::default();
    decode(payload, &ORIGIN, &limits, &mut known, &mut batch, &mut accounts);

    assert!(accounts.balance(), "{accounts:?}");
    assert_eq!(accounts.accepted, batch.len() as u64);
    // A record repeats its group's name for every rule in it, and little else.
    let text = payload.len() + limits.max_decompressed_bytes;
    assert!(batch.text_bytes() <= 16 * text);
    assert!(accounts.samples.len() <= SAMPLES_PER_REASON * accounts.rejected.len());
    for sample in &accounts.samples {
        assert!(sample.excerpt.len() <= 120);
        assert!(!sample.excerpt.chars().any(char::is_control));
        assert!(sample.offset <= payload.len() as u64);
    }
    for record in batch.iter() {
        assert!(record.timestamp >= limits.earliest && record.timestamp < limits.latest);
        assert!(record.uri.is_none_or(|uri| !uri.contains('?')));
        assert!(record.log_bytes <= limits.max_record_bytes as u64);
    }
});
