//! WAF logs of other projects through the real command, where they are at hand.

#![allow(clippy::print_stderr)]

mod common;

use std::path::PathBuf;

use common::command::Sandbox;
use common::measured::Replayed;

/// The files, and how many records each holds; all of them are valid.
const FILES: [(&str, u64); 3] = [
    ("aws-solutions-waf.log.gz", 228),
    ("panther-analysis.ndjson", 38),
    ("awsdocs.ndjson", 7),
];

fn recorded_logs() -> Option<PathBuf> {
    let folder = common::shared_folder().map(|shared| shared.join("data/waf"));
    let present = folder.filter(|folder| FILES.iter().all(|(name, _)| folder.join(name).is_file()));
    if present.is_none() {
        eprintln!("skipped: the recorded logs are not there; WAFWATCH_SHARED says where they are");
    }
    present
}

fn replay(inputs: &[PathBuf]) -> Replayed {
    let sandbox = Sandbox::new();
    // The records are years apart.
    sandbox.write("wafwatch.toml", b"store.retention_days = 3650\n");
    let inputs: Vec<&str> = inputs
        .iter()
        .map(|input| input.to_str().expect("a path in UTF-8"))
        .collect();
    let replayed = sandbox.replay(&inputs);
    let again = sandbox.replay(&inputs);
    assert_eq!(
        again.accounts, replayed.accounts,
        "a second run counts nothing"
    );
    for command in [
        ["windows", "list"],
        ["windows", "top"],
        ["incidents", "list"],
    ] {
        let ran = sandbox.run(&command);
        assert_eq!(ran.code, Some(0), "{command:?}: {}", ran.stderr);
        assert!(!ran.stdout.is_empty());
    }
    replayed
}

#[test]
fn every_record_of_each_file_is_accounted_for() {
    let Some(folder) = recorded_logs() else {
        return;
    };
    for (name, records) in FILES {
        let replayed = replay(&[folder.join(name)]);
        assert_eq!(replayed.accounts.read, records, "{name}");
        replayed.assert_accounts(records, &[]);
    }
}

#[test]
fn the_whole_folder_is_the_sum_of_its_files() {
    let Some(folder) = recorded_logs() else {
        return;
    };
    let records = FILES.iter().map(|(_, records)| records).sum();
    replay(&[folder]).assert_accounts(records, &[]);
}
