//! A line that the scanner reads is read as the general parser reads it.
//!
//! Two texts that mean the same go different ways: a tab is a blank that only the parser knows, so
//! the same line with a tab behind its first brace is never scanned. Each line comes three times: what the
//! second one makes known, the third one is read by.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wafwatch::ingest::{Accounts, KnownRuns, Limits, Origin, decode};
use wafwatch_windows::record::{Record, RecordBatch};

const ORIGIN: Origin<'_> = Origin {
    name: "fuzz",
    offset: 0,
};

fuzz_target!(|line: &str| {
    let Some(rest) = line.strip_prefix('{') else {
        return;
    };
    if line.contains('\n') {
        return;
    }
    let (scanned, scanned_accounts) = decoded(&format!("{line}\n{line}\n{line}"));
    let (parsed, parsed_accounts) = decoded(&format!("{{\t{rest}\n{{\t{rest}\n{{\t{rest}"));
    assert_eq!(outcome(&scanned_accounts), outcome(&parsed_accounts));
    assert_eq!(fields(&scanned), fields(&parsed));
});

fn decoded(line: &str) -> (RecordBatch, Accounts) {
    let mut batch = RecordBatch::new();
    let mut known = KnownRuns::default();
    let mut accounts = Accounts::default();
    let limits = Limits::default();
    decode(line.as_bytes(), &ORIGIN, &limits, &mut known, &mut batch, &mut accounts);
    assert!(accounts.balance(), "{accounts:?}");
    (batch, accounts)
}

/// Everything but the samples, which show the text itself.
fn outcome(accounts: &Accounts) -> Accounts {
    Accounts {
        payload_bytes: 0,
        samples: Vec::new(),
        ..accounts.clone()
    }
}

/// Everything but the length, which the tab adds to.
fn fields(batch: &RecordBatch) -> Vec<Record<'_>> {
    let without_length = |record| Record {
        log_bytes: 0,
        ..record
    };
    batch.iter().map(without_length).collect()
}
