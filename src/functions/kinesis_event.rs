//! A batch of a Kinesis stream as Lambda hands it over, and the answer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use wafwatch_windows::time::EventTime;

use crate::distributed::count::StreamRecord;

/// A batch of records, all of one shard.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct KinesisEvent {
    /// The records, in the order of their sequence numbers.
    #[serde(rename = "Records", default)]
    pub records: Vec<EventRecord>,
}

/// A record with where it comes from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct EventRecord {
    /// `SHARD:SEQUENCE NUMBER`.
    #[serde(rename = "eventID")]
    pub event_id: String,
    /// The record itself.
    pub kinesis: KinesisRecord,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KinesisRecord {
    /// Its place in the shard.
    pub sequence_number: String,
    /// What the producer distributed it by.
    #[serde(default)]
    pub partition_key: String,
    /// What it carries, in base64.
    #[serde(default)]
    pub data: String,
    /// When the stream took it, in seconds since the epoch.
    #[serde(default)]
    pub approximate_arrival_timestamp: f64,
}

/// What Lambda gets back: from where on the batch is handed over again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KinesisAnswer {
    /// The first record that was not counted, if there is one.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// A record that was not counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// Its sequence number.
    pub item_identifier: String,
}

/// An event that no stream sends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the event's record {index} has no {what}: connect this function to a Kinesis data stream alone"
)]
pub struct NotAStreamEvent {
    index: usize,
    what: &'static str,
}

/// Records of one shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardRecords {
    /// The shard's id.
    pub shard: String,
    /// Its records, in the order of their sequence numbers.
    pub records: Vec<StreamRecord>,
}

impl KinesisEvent {
    /// The event's records by shard. Lambda sends those of one shard; more are taken all the same.
    ///
    /// # Errors
    ///
    /// [`NotAStreamEvent`] where something that every record has is missing.
    pub fn by_shard(self) -> Result<Vec<ShardRecords>, NotAStreamEvent> {
        let mut shards: Vec<ShardRecords> = Vec::new();
        for (index, record) in self.records.into_iter().enumerate() {
            let missing = |what| NotAStreamEvent { index, what };
            let (shard, _) = record
                .event_id
                .split_once(':')
                .ok_or(missing("shard in its eventID"))?;
            let kinesis = record.kinesis;
            let sequence = kinesis.sequence_number.parse();
            let bytes = STANDARD.decode(&kinesis.data);
            let taken = StreamRecord {
                sequence: sequence.map_err(|_| missing("sequence number"))?,
                partition_key: kinesis.partition_key,
                bytes: bytes.map_err(|_| missing("data in base64"))?,
                arrival: EventTime((kinesis.approximate_arrival_timestamp * 1_000.0).round() as i64),
            };
            match shards.iter_mut().find(|known| known.shard == shard) {
                Some(known) => known.records.push(taken),
                None => shards.push(ShardRecords {
                    shard: shard.to_owned(),
                    records: vec![taken],
                }),
            }
        }
        for shard in &mut shards {
            shard
                .records
                .sort_by(|one, two| one.sequence.cmp(&two.sequence));
        }
        Ok(shards)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(shard: &str, sequence: &str) -> serde_json::Value {
        json!({
            "eventID": format!("{shard}:{sequence}"),
            "eventSource": "aws:kinesis",
            "awsRegion": "eu-central-1",
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": "key",
                "sequenceNumber": sequence,
                "data": "e30=",
                "approximateArrivalTimestamp": 1_545_084_650.987,
            },
        })
    }

    #[test]
    fn records_come_by_shard_and_in_their_order() {
        let event = json!({"Records": [record("b", "10"), record("a", "5"), record("b", "9")]});
        let event: KinesisEvent = serde_json::from_value(event).expect("an event");
        let shards = event.by_shard().expect("is whole");
        assert_eq!((shards.len(), &*shards[0].shard), (2, "b"));
        let first = &shards[0].records[0];
        assert_eq!(first.sequence.as_str(), "9");
        assert_eq!(first.bytes, b"{}");
        assert_eq!(first.arrival, EventTime(1_545_084_650_987));
    }

    #[test]
    fn what_no_stream_sends_is_told() {
        for (change, what) in [
            (json!({"eventID": "x"}), "shard"),
            (json!({"kinesis": {"sequenceNumber": "x"}}), "sequence"),
            (
                json!({"kinesis": {"sequenceNumber": "1", "data": "?"}}),
                "data",
            ),
        ] {
            let mut wrong = record("a", "1");
            for (key, value) in change.as_object().expect("is one") {
                wrong[key] = value.clone();
            }
            let event: KinesisEvent =
                serde_json::from_value(json!({"Records": [wrong]})).expect("an event");
            let error = event.by_shard().expect_err(what).to_string();
            assert!(error.contains(what), "{error}");
        }
    }

    #[test]
    fn the_answer_is_what_lambda_reads() {
        let answer = KinesisAnswer {
            batch_item_failures: vec![BatchItemFailure {
                item_identifier: "42".to_owned(),
            }],
        };
        let json = serde_json::to_value(answer).expect("serialises");
        assert_eq!(
            json,
            json!({"batchItemFailures": [{"itemIdentifier": "42"}]})
        );
    }
}
