//! What is looked up when an incident is investigated.

use serde::{Deserialize, Serialize};

/// `[investigate]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InvestigateConfig {
    /// Whether the account of the Web ACL is asked: its configuration (AWS WAF) and recent changes
    /// (CloudTrail). Default false. `WAFWATCH_ACCOUNT_EVIDENCE` sets it. It needs a build with AWS.
    pub account: bool,
    /// How many hours before an incident changes are looked for, 1 to 2160. Default 24.
    /// `WAFWATCH_CHANGES_HOURS` sets it.
    pub changes_hours: u32,
    /// Bucket with the raw records, to look at those of the incident. None by default.
    /// `WAF_LOG_BUCKET` sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive_bucket: Option<String>,
    /// Beginning of the keys in it. `WAF_LOG_PREFIX` sets it.
    pub archive_prefix: String,
    /// Minutes before and after the incident whose records are looked at, 0 to 60. Default 5.
    /// `TIME_PAD_MINUTES` sets it.
    pub time_pad_minutes: u32,
    /// Keys that one call lists, 1 to 1000. Default 500. `S3_MAX_KEYS` sets it.
    pub s3_max_keys: u32,
    /// Objects that are read, 1 to 10000. Default 200. `S3_MAX_OBJECTS` sets it.
    pub s3_max_objects: u32,
    /// Bytes of them, as they are stored, 1 to 1073741824. Default 52428800 (50 MiB). `S3_MAX_BYTES`
    /// sets it.
    pub s3_max_bytes: u64,
}

impl Default for InvestigateConfig {
    fn default() -> Self {
        Self {
            account: false,
            changes_hours: 24,
            archive_bucket: None,
            archive_prefix: String::new(),
            time_pad_minutes: 5,
            s3_max_keys: 500,
            s3_max_objects: 200,
            s3_max_bytes: 50 << 20,
        }
    }
}
