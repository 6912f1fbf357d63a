//! The Firehose transformation: puts a batch into the stream, and gives every record back unchanged.
//!
//! The archive comes first. Whatever goes wrong on the way to the stream, every record is answered
//! as `Ok` with the data that it came with, byte for byte (the base64 text itself is handed back, so
//! that not even a wrong one changes). What could not be forwarded is counted in [`Forwarded`].
//!
//! The answer is shorter than the event it answers, since each record leaves its arrival time
//! behind: it cannot meet Lambda's limit of 6 MB before the event does. Firehose gathers at most 3
//! MB for a call anyway.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_kinesis::Client;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::forward::{PackLimits, PutOutcome, pack, put};
use crate::metrics::Health;

/// What is left of a call's time for the answer.
const MARGIN: Duration = Duration::from_secs(2);

/// A batch as Firehose hands it over.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransformEvent {
    /// The records, by the thousand.
    pub records: Vec<TransformRecord>,
}

/// One record of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransformRecord {
    /// Which one it is.
    pub record_id: String,
    /// What it carries, in base64.
    #[serde(default)]
    pub data: String,
}

/// What Firehose gets back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransformAnswer {
    /// Every record of the event, in its order.
    pub records: Vec<TransformedRecord>,
}

/// One record that is given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransformedRecord {
    /// Which one it is.
    pub record_id: String,
    /// What became of it.
    pub result: TransformResult,
    /// What goes into the archive, in base64.
    pub data: String,
}

/// What Firehose is told of a record. There are other words, but no record is dropped here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum TransformResult {
    /// It goes into the archive.
    Ok,
}

/// What was forwarded and what was not. `records = forwarded + blank + unreadable + oversized +
/// failed`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forwarded {
    /// Records of the batch.
    pub records: usize,
    /// Bytes in them.
    pub bytes: usize,
    /// Records that are in the stream.
    pub forwarded: usize,
    /// Records without anything in them.
    pub blank: usize,
    /// Records whose data is no base64.
    pub unreadable: usize,
    /// Records that no Kinesis record can take.
    pub oversized: usize,
    /// Records that the stream did not take in time.
    pub failed: usize,
    /// How the calls went.
    pub put: PutOutcome,
}

impl Forwarded {
    /// Records that are archived but not in the stream, whatever the reason.
    #[must_use]
    pub fn lost(&self) -> usize {
        self.unreadable + self.oversized + self.failed
    }

    /// Adds what there is to say of it to a function's health.
    pub fn add_to(&self, health: &mut Health) {
        health.forwarded += self.forwarded as u64;
        health.not_forwarded += self.lost() as u64;
    }

    /// What went wrong, in one line.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        if self.lost() == 0 {
            return None;
        }
        let reason = self
            .put
            .problem
            .as_deref()
            .unwrap_or("the stream was asked in vain");
        let mut text = format!(
            "{} of {} records are archived but not in the stream: {} are no base64, {} are too large",
            self.lost(),
            self.records,
            self.unreadable,
            self.oversized,
        );
        if self.failed > 0 {
            text.push_str(&format!(
                ", {} were not taken in time ({reason})",
                self.failed
            ));
        }
        Some(text)
    }
}

/// Puts records into one stream.
#[derive(Debug, Clone)]
pub struct Forwarder {
    client: Client,
    stream: String,
    limits: PackLimits,
}

impl Forwarder {
    /// A forwarder to `stream` in the account of `config`.
    #[must_use]
    pub fn new(config: &SdkConfig, stream: String, limits: PackLimits) -> Self {
        Self {
            client: Client::new(config),
            stream,
            limits,
        }
    }

    /// Forwards a batch within the time until `deadline`, the end of the call, and answers it.
    pub async fn handle(
        &self,
        event: TransformEvent,
        deadline: Instant,
    ) -> (TransformAnswer, Forwarded) {
        let decoded = event
            .records
            .iter()
            .map(|record| STANDARD.decode(&record.data));
        let payloads: Vec<Vec<u8>> = decoded.flatten().collect();
        let packed = pack(&payloads, self.limits);
        let until = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        let put = put(&self.client, &self.stream, &packed.packs, until).await;
        let in_packs: usize = packed.packs.iter().map(|pack| pack.payloads).sum();
        let forwarded = Forwarded {
            records: event.records.len(),
            bytes: payloads.iter().map(Vec::len).sum(),
            forwarded: in_packs - put.failed_payloads,
            blank: packed.blank,
            unreadable: event.records.len() - payloads.len(),
            oversized: packed.oversized,
            failed: put.failed_payloads,
            put,
        };
        (answer(event), forwarded)
    }
}

fn answer(event: TransformEvent) -> TransformAnswer {
    let records = event.records.into_iter().map(|record| TransformedRecord {
        record_id: record.record_id,
        result: TransformResult::Ok,
        data: record.data,
    });
    TransformAnswer {
        records: records.collect(),
    }
}

#[cfg(test)]
#[path = "forwarder_tests.rs"]
mod tests;
