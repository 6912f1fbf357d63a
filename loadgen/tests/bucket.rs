//! The command from outside, where it sends again what lies in a bucket.

#![cfg(feature = "aws")]

use std::process::{Command, Output};

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use serde_json::Value;
use tokio::runtime::Runtime;
use wafwatch_emulators::Ministack;
use wafwatch_loadgen::envelope::{Encoder, Encoding, Key, Limits};
use wafwatch_loadgen::{Generator, Options, Scenario};

const RECORDS_PER_OBJECT: usize = 40;

fn replay(place: &str) -> Output {
    let ministack = Ministack::shared();
    Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["replay", place, "--speed", "max"])
        .args(["--start", "2026-03-01T00:00:00Z"])
        .env("AWS_ENDPOINT_URL", ministack.endpoint())
        .env("AWS_REGION", wafwatch_emulators::REGION)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .output()
        .expect("the command starts")
}

#[test]
fn objects_in_every_envelope_become_one_sequence_in_time() {
    let runtime = Runtime::new().expect("starts");
    let config = Ministack::shared().sdk_config();
    let config = aws_sdk_s3::config::Builder::from(&config)
        .force_path_style(true)
        .build();
    let client = Client::from_conf(config);
    let bucket = format!("recorded-{}", std::process::id());
    runtime
        .block_on(client.create_bucket().bucket(&bucket).send())
        .expect("creates");
    let put = |key: &str, data: Vec<u8>| {
        let put = client.put_object().bucket(&bucket).key(key);
        let put = put.body(ByteStream::from(data)).send();
        runtime.block_on(put).expect("puts");
    };

    let lines: Vec<Vec<u8>> = Generator::new(&Options::new(Scenario::Normal))
        .expect("valid options")
        .take(4 * RECORDS_PER_OBJECT)
        .map(|line| (line.text + "\n").into_bytes())
        .collect();
    // The names stand against the order of time.
    for ((part, encoding), name) in lines
        .chunks(RECORDS_PER_OBJECT)
        .zip(Encoding::ALL)
        .zip(["d", "c", "b", "a"])
    {
        let part: Vec<&[u8]> = part.iter().map(Vec::as_slice).collect();
        let limits = Limits {
            entry_bytes: 1 << 20,
        };
        let mut encoder = Encoder::new(encoding, Key::Hash(1), limits, 1, 0);
        let mut entries = encoder.encode(&part).entries;
        let data = match encoding {
            Encoding::Plain => part.concat(),
            Encoding::Packed | Encoding::CloudWatch => {
                entries.into_iter().flat_map(|entry| entry.data).collect()
            }
            Encoding::Kpl => {
                // An object holds one aggregate; the rest goes into others.
                let first = entries.remove(0).data;
                for (number, entry) in entries.into_iter().enumerate() {
                    put(&format!("logs/2026/{name}-{number}"), entry.data);
                }
                first
            }
        };
        put(&format!("logs/2026/{name}"), data);
    }
    put("logs/", Vec::new());
    put("other/a", b"not a log".to_vec());

    let output = replay(&format!("s3://{bucket}/logs/"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let text = String::from_utf8(output.stdout).expect("text");
    let mut found: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let mut expected: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_slice(line).expect("JSON"))
        .collect();
    let shift = 1_772_323_200_000 - expected[0]["timestamp"].as_i64().expect("a time");
    assert!(found.is_sorted_by_key(|record| record["timestamp"].as_i64()));
    for record in &mut found {
        let time = record["timestamp"].as_i64().expect("a time") - shift;
        record["timestamp"] = time.into();
    }
    // Records of the same millisecond in two objects may change places.
    found.sort_by_key(Value::to_string);
    expected.sort_by_key(Value::to_string);
    assert!(found == expected, "{} of {}", found.len(), expected.len());

    for (place, reason) in [
        (format!("s3://{bucket}/nothing/"), "no record to send"),
        ("s3://absent-bucket-of-nobody/".to_owned(), "NoSuchBucket"),
    ] {
        let output = replay(&place);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(reason), "{said}");
    }
}
