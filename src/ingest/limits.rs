//! Bounds within which payloads are decoded.

use serde::{Deserialize, Serialize};
use wafwatch_windows::time::EventTime;

use super::ranges::TimeRanges;

/// How deep envelopes may nest at most, whatever is configured: each level takes its share of stack.
const DEEPEST_NESTING: u16 = 16;

/// How deep JSON may nest at most, whatever is configured: the JSON parser's own limit is 128.
const DEEPEST: u16 = 120;

/// Bounds of what is decoded; whatever lies beyond is rejected and counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one payload as it arrives; a larger one is rejected whole. Default 64 MiB.
    pub max_payload_bytes: usize,
    /// Bytes of one record's JSON text. Default 1 MiB.
    pub max_record_bytes: usize,
    /// Levels of objects and arrays in one record, 120 at most. Default 64.
    pub max_depth: u16,
    /// Bytes that all compressed parts of one payload may decompress to, together. Default 64 MiB.
    pub max_decompressed_bytes: usize,
    /// Envelopes within envelopes; the deepest known route (Kinesis event, KPL aggregate, gzip,
    /// CloudWatch Logs) has 4. 16 at most. Default 8.
    pub max_nesting: u16,
    /// Earliest timestamp to accept, in milliseconds since the epoch. Default 2015-01-01, the year
    /// AWS WAF came.
    pub earliest: EventTime,
    /// First timestamp too late to accept, in milliseconds since the epoch. Default 2100-01-01.
    pub latest: EventTime,
    /// Timestamps that are asked for. A record with another one is neither accepted nor rejected, but
    /// counted as outside the range. Default all.
    pub wanted: TimeRanges,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_payload_bytes: 64 << 20,
            max_record_bytes: 1 << 20,
            max_depth: 64,
            max_decompressed_bytes: 64 << 20,
            max_nesting: 8,
            earliest: EventTime(1_420_070_400_000),
            latest: EventTime(4_102_444_800_000),
            wanted: TimeRanges::default(),
        }
    }
}

impl Limits {
    /// The depth in force: the configured one, held below the JSON parser's own limit.
    pub(super) fn depth(&self) -> u16 {
        self.max_depth.min(DEEPEST)
    }

    /// The nesting in force: the configured one, held below what the stack can take.
    pub(super) fn nesting(&self) -> u16 {
        self.max_nesting.min(DEEPEST_NESTING)
    }
}
