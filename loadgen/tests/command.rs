//! The command from outside: files, pipes and exit codes.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use wafwatch_loadgen::{Options, Scenario, Truth, generate};

fn loadgen(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command
        .args(arguments)
        .output()
        .expect("the command starts")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are UTF-8")
}

#[test]
fn what_it_writes_is_what_the_library_makes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (lines_path, truth_path) = (
        folder.path().join("a.jsonl.gz"),
        folder.path().join("t.json"),
    );
    let output = loadgen(&[
        "attack",
        "--out",
        text(&lines_path),
        "--truth",
        text(&truth_path),
    ]);
    assert!(output.status.success());
    assert!(output.stdout.is_empty() && output.stderr.is_empty());

    let mut expected = Vec::new();
    let expected_truth =
        generate(&Options::new(Scenario::Attack), &mut expected).expect("writing to memory");
    let file = std::fs::File::open(&lines_path).expect("the file exists");
    let mut lines = Vec::new();
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut lines)
        .expect("valid gzip");
    assert!(lines == expected);
    let truth_text = std::fs::read_to_string(&truth_path).expect("the file exists");
    let truth: Truth = serde_json::from_str(&truth_text).expect("a truth");
    assert_eq!(truth, expected_truth);

    let output = loadgen(&["attack"]);
    assert!(output.status.success());
    assert!(output.stdout == expected);
}

#[test]
fn the_list_names_every_scenario() {
    let output = loadgen(&["list"]);
    assert!(output.status.success());
    insta::assert_snapshot!("list", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn exit_codes_tell_usage_from_failure() {
    for arguments in [
        &["unheard-of"][..],
        &["flood", "--rate", "0"],
        &["flood", "--duration", "1h"],
        &["flood", "--disorder", "1h"],
        &["flood", "--acls", "0"],
    ] {
        let output = loadgen(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
    let output = loadgen(&["attack", "--out", "/nowhere/at/all.jsonl"]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("cannot create /nowhere/at/all.jsonl"),
        "{message}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure_that_says_so() {
    let output = loadgen(&["attack", "--out", "/dev/full"]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    let expected = "while writing /dev/full: cannot write records: No space left on device";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn a_reader_that_leaves_early_ends_it_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .arg("crowd")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdout = child.stdout.take().expect("piped");
    let mut first = [0_u8; 100];
    stdout.read_exact(&mut first).expect("some output");
    drop(stdout);
    let output = child.wait_with_output().expect("the command ends");
    assert!(output.status.success());
    assert!(output.stderr.is_empty());
}
