//! Tests of the module as a whole, and what its tests share.

mod envelopes;
mod hostile;
mod layouts;
mod properties;
mod reasons;
mod records;
mod rules;
mod secrets;

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use prost::Message;
use serde_json::{Value, json};
use wafwatch_windows::record::RecordBatch;

use super::{Accounts, KnownRuns, Limits, Origin, RejectReason, decode};

/// What became of one payload.
pub(super) struct Decoded {
    pub batch: RecordBatch,
    pub accounts: Accounts,
}

impl Decoded {
    /// Counts of (accepted, rejected).
    pub fn counts(&self) -> (u64, u64) {
        (self.accounts.accepted, self.accounts.rejected_total())
    }

    /// Reasons and how often each occurred.
    pub fn reasons(&self) -> Vec<(RejectReason, u64)> {
        let rejected = self.accounts.rejected.iter();
        rejected.map(|(&reason, &count)| (reason, count)).collect()
    }

    /// Paths of the accepted records, in order.
    pub fn uris(&self) -> Vec<&str> {
        let uris = self.batch.iter().map(|record| record.uri);
        uris.map(|uri| uri.expect("every record of these tests has a path"))
            .collect()
    }
}

pub(super) fn decoded(payload: &[u8]) -> Decoded {
    decoded_within(payload, &Limits::default())
}

pub(super) fn decoded_within(payload: &[u8], limits: &Limits) -> Decoded {
    let origin = Origin {
        name: "test",
        offset: 1_000,
    };
    let mut batch = RecordBatch::new();
    let mut known = KnownRuns::default();
    let mut accounts = Accounts::default();
    decode(
        payload,
        &origin,
        limits,
        &mut known,
        &mut batch,
        &mut accounts,
    );
    assert!(accounts.balance(), "{accounts:?}");
    assert_eq!(accounts.accepted, batch.len() as u64);
    Decoded { batch, accounts }
}

/// A small record for the path `uri`.
pub(super) fn record(uri: &str) -> String {
    json!({
        "timestamp": 1_700_000_000_000_u64,
        "webaclId": "acl",
        "action": "ALLOW",
        "httpRequest": {"clientIp": "192.0.2.1", "headers": [{"name": "Host", "value": "h"}], "uri": uri},
    })
    .to_string()
}

/// [`record`] with more fields, which win.
pub(super) fn record_with(fields: &Value) -> String {
    let mut value: Value = serde_json::from_str(&record("/")).expect("a record is JSON");
    let added = fields.as_object().expect("the fields are an object");
    for (name, field) in added {
        value[name] = field.clone();
    }
    value.to_string()
}

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A CloudWatch Logs subscription record.
pub(super) fn cloudwatch(message_type: &str, messages: &[&str]) -> Vec<u8> {
    let events: Vec<_> = messages
        .iter()
        .map(|message| json!({"id": "1", "timestamp": 1, "message": message}))
        .collect();
    json!({
        "messageType": message_type,
        "owner": "111122223333",
        "logGroup": "aws-waf-logs-x",
        "logEvents": events,
    })
    .to_string()
    .into_bytes()
}

/// The event of a Lambda function subscribed to a log group.
pub(super) fn lambda_logs(data: &[u8]) -> Vec<u8> {
    json!({"awslogs": {"data": base64(data)}})
        .to_string()
        .into_bytes()
}

/// The event of a Firehose transformation function.
pub(super) fn firehose(parts: &[&[u8]]) -> Vec<u8> {
    let records: Vec<_> = parts
        .iter()
        .map(
            |part| json!({"recordId": "1", "approximateArrivalTimestamp": 1, "data": base64(part)}),
        )
        .collect();
    json!({"invocationId": "1", "records": records})
        .to_string()
        .into_bytes()
}

/// The event of a Lambda function that reads a Kinesis stream.
pub(super) fn kinesis(parts: &[&[u8]]) -> Vec<u8> {
    let records: Vec<_> = parts
        .iter()
        .map(|part| json!({"kinesis": {"partitionKey": "k", "data": base64(part)}, "eventName": "x"}))
        .collect();
    json!({"Records": records}).to_string().into_bytes()
}

/// `bytes` as one gzip member.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("writing to a vector");
    encoder.finish().expect("writing to a vector")
}

/// The published messages of the KPL, written here with prost's own encoder.
#[derive(Message)]
struct AggregatedRecord {
    #[prost(string, repeated, tag = "1")]
    partition_key_table: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    explicit_hash_key_table: Vec<String>,
    #[prost(message, repeated, tag = "3")]
    records: Vec<KplRecord>,
}

#[derive(Message)]
struct KplRecord {
    #[prost(uint64, required, tag = "1")]
    partition_key_index: u64,
    #[prost(uint64, optional, tag = "2")]
    explicit_hash_key_index: Option<u64>,
    #[prost(bytes = "vec", required, tag = "3")]
    data: Vec<u8>,
}

/// `parts` as the KPL aggregates them.
pub(super) fn kpl_aggregate(parts: &[&[u8]]) -> Vec<u8> {
    let message = AggregatedRecord {
        partition_key_table: vec!["key".to_owned()],
        explicit_hash_key_table: vec!["123".to_owned()],
        records: parts
            .iter()
            .map(|part| KplRecord {
                partition_key_index: 0,
                explicit_hash_key_index: Some(0),
                data: part.to_vec(),
            })
            .collect(),
    }
    .encode_to_vec();
    let checksum = Md5::digest(&message);
    [&super::kpl::MAGIC[..], &message, checksum.as_slice()].concat()
}
