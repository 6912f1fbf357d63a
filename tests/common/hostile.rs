//! Makes what attackers send.

use std::io::{self, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::{ACL, line};

/// A time that every clock has passed, at the start of a window.
pub const START: i64 = 1_767_571_200_000;

/// A good record on one line.
pub fn good(time: i64) -> String {
    line(ACL, time, "ALLOW", "192.0.2.1", "/")
}

/// A good record in which one field more has this JSON value.
pub fn with_field(name: &str, value: &str) -> String {
    let good = good(START);
    let open = good.strip_suffix('}').expect("an object");
    format!("{open},\"{name}\":{value}}}")
}

/// So many arrays in each other.
pub fn nested(depth: usize) -> String {
    ["[".repeat(depth), "]".repeat(depth)].concat()
}

/// A gzip member with all that `content` gives.
pub fn gzip(mut content: impl Read) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    io::copy(&mut content, &mut encoder).expect("compresses");
    encoder.finish().expect("compresses")
}

/// A CloudWatch Logs subscription record with these messages.
pub fn cloudwatch(messages: &[&str]) -> String {
    let events: Vec<Value> = messages
        .iter()
        .map(|message| json!({"id": "1", "timestamp": START, "message": message}))
        .collect();
    json!({"messageType": "DATA_MESSAGE", "owner": "111122223333", "logEvents": events}).to_string()
}

/// An event of a Lambda function that CloudWatch Logs calls.
pub fn lambda_logs(data: &[u8]) -> String {
    json!({"awslogs": {"data": STANDARD.encode(data)}}).to_string()
}

/// A Firehose transformation event with these records.
pub fn firehose(records: &[&[u8]]) -> String {
    let records: Vec<Value> = records
        .iter()
        .map(|data| json!({"recordId": "1", "data": STANDARD.encode(data)}))
        .collect();
    json!({"invocationId": "1", "records": records}).to_string()
}

/// A Kinesis event of a Lambda function with these records.
pub fn kinesis(records: &[&[u8]]) -> String {
    let records: Vec<Value> = records
        .iter()
        .map(|data| json!({"kinesis": {"data": STANDARD.encode(data)}}))
        .collect();
    json!({"Records": records}).to_string()
}

/// A KPL aggregate with these parts.
pub fn kpl_aggregate(parts: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::new();
    for part in parts {
        let mut record = vec![0x08, 0x00, 0x1a];
        varint(&mut record, part.len());
        record.extend_from_slice(part);
        message.push(0x1a);
        varint(&mut message, record.len());
        message.extend_from_slice(&record);
    }
    let checksum = Md5::digest(&message);
    [&[0xf3, 0x89, 0x9a, 0xc2], &message[..], checksum.as_slice()].concat()
}

fn varint(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Records of a flood in which every address, agent and path occurs once, each text of 500 bytes.
pub struct Flood {
    state: u64,
}

impl Flood {
    pub fn new() -> Self {
        Self {
            state: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// Writes so many lines, spread evenly over ten minutes.
    pub fn write(&mut self, records: i64, output: &mut dyn Write) {
        let mut line = String::new();
        for number in 0..records {
            line.clear();
            self.line(START + number * 600_000 / records, &mut line);
            output.write_all(line.as_bytes()).expect("takes the line");
        }
        output.flush().expect("takes the line");
    }

    fn line(&mut self, time: i64, line: &mut String) {
        let address = std::net::Ipv4Addr::from_bits(self.next() as u32);
        line.push_str(&format!(
            r#"{{"timestamp":{time},"webaclId":"{ACL}","action":"BLOCK","terminatingRuleId":"flood","httpRequest":{{"clientIp":"{address}","country":"DE","httpMethod":"GET","uri":"/"#
        ));
        self.text(line);
        line.push_str(
            r#"","headers":[{"name":"Host","value":"shop.example"},{"name":"User-Agent","value":""#,
        );
        self.text(line);
        line.push_str("\"}]}}\n");
    }

    fn text(&mut self, line: &mut String) {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for _ in 0..50 {
            let random = self.next();
            let letters = (0..10).map(|place| (random >> (6 * place)) & 63);
            line.extend(letters.map(|letter| char::from(ALPHABET[letter as usize])));
        }
    }

    /// Xorshift: any sequence without repetition will do.
    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }
}
