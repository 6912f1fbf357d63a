//! Decodes WAF logs of other projects, where they are at hand.

#![allow(clippy::print_stderr)]

use std::path::PathBuf;

use wafwatch::ingest::{Accounts, KnownRuns, Limits, Origin, decode};
use wafwatch_windows::record::RecordBatch;

fn shared_folder() -> PathBuf {
    match std::env::var_os("WAFWATCH_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    }
}

#[test]
fn every_record_of_real_logs_is_accounted_for() {
    let folder = shared_folder().join("data/waf");
    for (file, records, counted, with_inner_rule) in [
        ("aws-solutions-waf.log.gz", 228, 0, 0),
        ("panther-analysis.ndjson", 38, 10, 15),
        ("awsdocs.ndjson", 7, 3, 1),
    ] {
        let path = folder.join(file);
        let Ok(payload) = std::fs::read(&path) else {
            eprintln!("skipped: {} is not there", path.display());
            continue;
        };
        let origin = Origin {
            name: file,
            offset: 0,
        };
        let limits = Limits::default();
        let mut batch = RecordBatch::new();
        let mut known = KnownRuns::default();
        let mut accounts = Accounts::default();
        decode(
            &payload,
            &origin,
            &limits,
            &mut known,
            &mut batch,
            &mut accounts,
        );
        assert!(accounts.balance(), "{file}: {accounts:?}");
        assert_eq!(accounts.read, records, "{file}: {accounts:?}");
        assert_eq!(accounts.accepted, records, "{file}: {accounts:?}");
        assert_eq!(accounts.cut_values, 0, "{file}");
        let found = batch.iter().filter(|record| record.counted).count();
        assert_eq!(found, counted, "{file}: counted");
        let inner_rules = batch.iter().filter_map(|record| record.inner_rule);
        assert_eq!(inner_rules.count(), with_inner_rule, "{file}: inner rules");
    }
}
