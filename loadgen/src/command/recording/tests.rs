//! Recordings of several files, and what is no recording.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use wafwatch_loadgen::envelope::{Encoder, Encoding, Key, Limits};

use super::*;

fn line(at_ms: i64, name: &str) -> String {
    format!(
        "{{\"timestamp\":{at_ms},\"webaclId\":\"{name}\",\"httpRequest\":{{\"clientIp\":\"192.0.2.1\"}}}}\n"
    )
}

fn gzip(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(part.as_bytes()).expect("memory");
        bytes.extend(encoder.finish().expect("memory"));
    }
    bytes
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn with(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("space");
        std::fs::write(path, bytes).expect("space");
        self
    }

    fn open(&self) -> anyhow::Result<Recording> {
        Recording::open(&[Location::Path(self.0.path().to_owned())], None)
    }

    fn error(&self) -> String {
        match self.open().and_then(all) {
            Ok(_) => panic!("no error"),
            Err(error) => format!("{error:#}"),
        }
    }
}

/// Recorded times and names.
type Records = Vec<(i64, String)>;

/// All records, and what was skipped.
fn all(mut recording: Recording) -> anyhow::Result<(Records, BTreeMap<String, u64>)> {
    let mut found = Vec::new();
    let mut buffer = Vec::new();
    while let Some(place) = recording.next(&mut buffer)? {
        let record: serde_json::Value = serde_json::from_slice(&buffer)?;
        let name = record["webaclId"].as_str().unwrap_or_default().to_owned();
        assert!(buffer.ends_with(b"\n"));
        found.push((place.at_ms, name));
        buffer.clear();
    }
    Ok((found, recording.skipped()))
}

#[test]
fn files_that_overlap_become_one_sequence_in_time() {
    let folder = Folder::new()
        .with(
            "b/late.jsonl",
            [line(900, "late"), line(950, "late")].concat(),
        )
        .with(
            "a.jsonl.gz",
            gzip(&[&line(100, "a"), &[line(300, "a"), line(250, "a")].concat()]),
        )
        .with(
            "c.jsonl",
            [line(200, "c"), line(400, "c").trim_end().to_owned()].concat(),
        );
    let (found, skipped) = folder.open().and_then(all).expect("readable");
    let times: Vec<i64> = found.iter().map(|(at_ms, _)| *at_ms).collect();
    // A file's own order stays.
    assert_eq!(times, [100, 200, 300, 250, 400, 900, 950]);
    assert!(skipped.is_empty());
}

#[test]
fn times_are_shifted() {
    let folder = Folder::new().with("a.jsonl", [line(5_000, "a"), line(11_000, "a")].concat());
    let mut recording = folder.open().expect("readable");
    assert_eq!(recording.first_ms(), 5_000);
    recording.shift(1_000_000, 60.0);
    let mut lines = Vec::new();
    while recording.next(&mut lines).expect("readable").is_some() {}
    assert_eq!(
        lines,
        [line(1_000_000, "a"), line(1_000_100, "a")]
            .concat()
            .into_bytes()
    );
}

#[test]
fn bad_lines_are_counted_and_the_rest_goes_on() {
    let long = format!("{}\n", "x".repeat(40 << 20));
    let text = [
        "nonsense\n",
        &line(1, "a"),
        "\n",
        &long,
        "{}\n",
        &line(2, "a"),
        &long[..20 << 20],
    ]
    .concat();
    let folder = Folder::new()
        .with("a.jsonl", text)
        .with("notes.txt", "not a log\n");
    let (found, skipped) = folder.open().and_then(all).expect("readable");
    assert_eq!(found.len(), 2);
    assert_eq!(skipped.values().sum::<u64>(), 5);
    assert_eq!(skipped[&Refusal::NotJson.to_string()], 2);
    assert_eq!(skipped[&Refusal::TooLong.to_string()], 2);
    assert_eq!(skipped[&Refusal::NoRecord.to_string()], 1);
}

#[test]
fn every_envelope_is_opened() {
    let lines: Vec<String> = (1..=30).map(|at_ms| line(at_ms, "a")).collect();
    let bytes: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
    let limits = Limits {
        entry_bytes: 1 << 20,
    };
    let encoded = |encoding| {
        let mut encoder = Encoder::new(encoding, Key::Random, limits, 1, 0);
        encoder.encode(&bytes).entries.remove(0).data
    };
    let whole = lines.concat();
    let joined = whole.replace('\n', "");
    let elements = format!("[\n{}]", whole.trim_end().replace('\n', ",\n"));
    let values: Vec<serde_json::Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    for (name, bytes) in [
        ("concatenated", joined.clone().into_bytes()),
        ("an array of lines", elements.into_bytes()),
        ("an array", serde_json::to_vec(&values).expect("JSON")),
        ("pretty", serde_json::to_vec_pretty(&values).expect("JSON")),
        ("gzip twice", gzip(&[&joined])),
        ("packed", encoded(Encoding::Packed)),
        ("an aggregate", encoded(Encoding::Kpl)),
        ("an aggregate in gzip", {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&encoded(Encoding::Kpl)).expect("memory");
            encoder.finish().expect("memory")
        }),
        ("a subscription", encoded(Encoding::CloudWatch)),
    ] {
        let folder = Folder::new().with("a", bytes);
        let (found, skipped) = folder.open().and_then(all).expect(name);
        let times: Vec<i64> = found.iter().map(|(at_ms, _)| *at_ms).collect();
        assert_eq!(times, (1..=30).collect::<Vec<i64>>(), "{name}");
        assert!(skipped.is_empty(), "{name}: {skipped:?}");
    }
}

#[test]
fn a_record_that_was_cut_off_takes_no_other_along() {
    let whole = line(1, "a");
    let text = [
        &whole[..40],
        "\n",
        &line(2, "a"),
        &whole[..40],
        &line(3, "a"),
    ]
    .concat();
    let (found, skipped) = Folder::new()
        .with("a", text)
        .open()
        .and_then(all)
        .expect("readable");
    assert_eq!(found, [(2, "a".to_owned())]);
    assert_eq!(skipped[&Refusal::NotJson.to_string()], 2);
}

#[test]
fn what_is_not_read_is_named() {
    for (bytes, expected) in [
        (&b"PAR1"[..], "Parquet"),
        (&[0x28, 0xb5, 0x2f, 0xfd, 0], "zstd"),
        (
            b"{\"timestamp\":1,\"message\":\"{}\"}",
            "CloudWatch Logs event",
        ),
        (
            &[0xf3, 0x89, 0x9a, 0xc2, 1],
            "KPL aggregate that cannot be opened",
        ),
    ] {
        let error = Folder::new().with("a", bytes).error();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn nothing_to_send_is_an_error() {
    assert!(Folder::new().error().contains("no record to send"));
    assert!(
        Folder::new()
            .with("a", "x\n")
            .error()
            .contains("no record to send")
    );
    let nowhere = Location::Path("/nowhere/at/all".into());
    let missing = Recording::open(&[nowhere], None);
    assert!(missing.is_err());
}

#[test]
fn damaged_gzip_is_an_error() {
    let mut bytes = gzip(&[&line(1, "a").repeat(1_000)]);
    bytes.truncate(bytes.len() / 2);
    assert!(
        Folder::new()
            .with("a.gz", bytes)
            .error()
            .contains("cannot read")
    );
}
