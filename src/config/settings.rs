//! The tables of the file, but for detectors and notifiers, which have files of their own.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use wafwatch_windows::text::LONG_TEXT_BYTES;
use wafwatch_windows::time::{EventTime, WindowSize};

use super::analyst::AnalystConfig;
use super::detect::DetectConfig;
use super::effective::Origins;
use super::event_time;
use super::investigate::InvestigateConfig;
use super::notify::NotifyConfig;
use crate::detect::calibrated::MOST_WATCHED;
use crate::incident::Level;
use crate::report::{AddressMask, Redaction};

/// Everything that can be set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `[windows]`: how records are counted and when windows close.
    pub windows: WindowsConfig,
    /// `[ingest]`: what is accepted as a record.
    pub ingest: IngestConfig,
    /// `[detect]`: which windows are out of the ordinary.
    pub detect: DetectConfig,
    /// `[incident]`: what becomes of findings.
    pub incident: IncidentConfig,
    /// `[investigate]`: what is looked up about incidents.
    pub investigate: InvestigateConfig,
    /// `[analyst]`: who explains incidents.
    pub analyst: AnalystConfig,
    /// `[store]`: the database file.
    pub store: StoreConfig,
    /// `[[notify]]`: who is told. By default the terminal; blocks in the file replace that.
    pub notify: Vec<NotifyConfig>,
    /// `[privacy]`: what is masked.
    pub privacy: PrivacyConfig,
    #[serde(skip)]
    pub(super) origins: Origins,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            windows: WindowsConfig::default(),
            ingest: IngestConfig::default(),
            detect: DetectConfig::default(),
            incident: IncidentConfig::default(),
            investigate: InvestigateConfig::default(),
            analyst: AnalystConfig::default(),
            store: StoreConfig::default(),
            notify: vec![NotifyConfig::terminal()],
            privacy: PrivacyConfig::default(),
            origins: Origins::default(),
        }
    }
}

/// `[windows]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WindowsConfig {
    /// `size_seconds`: length of a window in seconds, 10 to 86400. Default 60. `WINDOW_MINUTES` (1 to
    /// 1440), where given, sets it in minutes.
    #[serde(rename = "size_seconds")]
    pub size: WindowSize,
    /// How long after its end a window waits for stragglers, 0 to 86400. Default 30.
    pub lateness_seconds: u32,
    /// How long after its end a window closes even if a source has not delivered that far, 1 to 86400
    /// and no less than `lateness_seconds`; it is then marked incomplete. Default 120.
    pub longest_wait_seconds: u32,
    /// How far behind the wall clock a source that is at its end is assumed to be complete, 0 to
    /// 86400. Default 60. `WAFWATCH_IDLE_DELAY_SECONDS` sets it, as `WAFWATCH_LATENESS_SECONDS` and
    /// `WAFWATCH_LONGEST_WAIT_SECONDS` set the other two.
    pub idle_delay_seconds: u32,
    /// Values in every top list, 1 to 100. Default 20.
    pub top_n: u32,
    /// Paths whose requests every window tells and the detector follows, however few they are: up to 3,
    /// each as it stands in records, such as `/api/token`. Default none (paths that look like a login
    /// and are among the `top_n` are followed without being named).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub watched_uris: Vec<String>,
    /// Web ACLs that are followed at once, 1 to 100000; records of more are counted, but kept in no
    /// window. Default 256.
    pub max_acls: u32,
    /// Memory for windows that are not committed yet in MiB, 1 to 65536. Default 24.
    pub memory_mib: u32,
    /// Most that one partial takes when stored, in KiB, 8 to 1024: beyond, its sketches are trimmed
    /// and say how much less exact they are. Default 128.
    pub partial_budget_kib: u32,
    /// Seed of the hashing behind distinct counts, for stores that are to be equal to the byte: a whole
    /// number up to 2^63 - 1. By default a random one for each store, which is kept in it and which
    /// attackers cannot know. With windows open in the store it cannot be changed. `WAFWATCH_SEED`
    /// sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Hours without any record after which an ACL is no longer expected to have windows, 1 to 8760.
    /// Default 24.
    pub dormant_after_hours: u32,
}

impl WindowsConfig {
    /// Whether the watched paths are few, short and different enough.
    pub(super) fn watches_what_it_can(&self) -> bool {
        let uris = &self.watched_uris;
        let is_path = |uri: &String| uri.starts_with('/') && uri.len() <= LONG_TEXT_BYTES;
        let different: BTreeSet<&String> = uris.iter().collect();
        uris.len() <= MOST_WATCHED && different.len() == uris.len() && uris.iter().all(is_path)
    }
}

impl Default for WindowsConfig {
    fn default() -> Self {
        Self {
            size: WindowSize::DEFAULT,
            lateness_seconds: 30,
            longest_wait_seconds: 120,
            idle_delay_seconds: 60,
            top_n: 20,
            watched_uris: Vec::new(),
            max_acls: 256,
            memory_mib: 24,
            partial_budget_kib: 128,
            seed: None,
            dormant_after_hours: 24,
        }
    }
}

/// `[ingest]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IngestConfig {
    /// Largest record in KiB, 1 to 65536. Default 1024.
    pub max_record_kib: u32,
    /// Longest line, or JSON document over many lines, that is read at all, in MiB, 1 to 1024. Default 8.
    pub max_line_mib: u32,
    /// Most that the compressed parts of one payload may decompress to, in MiB, 1 to 4096. Default
    /// 64. Files that are compressed as a whole are read piece by piece, whatever their size.
    pub max_decompressed_mib: u32,
    /// Levels of objects and arrays in a record, 8 to 120. Default 64.
    pub max_depth: u32,
    /// Envelopes within envelopes, 1 to 32. Default 8.
    pub max_nesting: u32,
    /// Earliest timestamp to accept, as an RFC 3339 time. Default `2015-10-01T00:00:00Z`, when AWS WAF
    /// came.
    #[serde(with = "event_time")]
    pub accept_from: EventTime,
    /// How far ahead of the wall clock a timestamp may be, in minutes, 0 to 525600. Default 10.
    pub accept_future_minutes: u32,
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self {
            max_record_kib: 1024,
            max_line_mib: 8,
            max_decompressed_mib: 64,
            max_depth: 64,
            max_nesting: 8,
            accept_from: EventTime(1_443_657_600_000),
            accept_future_minutes: 10,
        }
    }
}

/// `[incident]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IncidentConfig {
    /// Windows without a finding after which an incident is resolved, 1 to 10000. Default 5.
    pub resolve_after_windows: u32,
    /// Least level that opens an incident: info, low, medium, high or critical. Default medium;
    /// weaker findings stay visible in their windows. `WAFWATCH_MINIMUM_LEVEL` sets it.
    pub minimum_level: Level,
    /// A file with planned events: campaigns to expect more in, tests to ignore, maintenance to be silent
    /// in. `docs/guidance.md` shows one. None by default. `WAFWATCH_CALENDAR` sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<PathBuf>,
}

impl Default for IncidentConfig {
    fn default() -> Self {
        Self {
            resolve_after_windows: 5,
            minimum_level: Level::Medium,
            calendar: None,
        }
    }
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// The database file. Default `wafwatch.db` in the working folder. `WAFWATCH_STORE` sets it.
    pub path: PathBuf,
    /// Days for which closed windows are kept, 1 to 3650. Default 30. `WAFWATCH_RETENTION_DAYS` sets
    /// it.
    pub retention_days: u32,
    /// MiB of decoded input between two commits of a replay, 1 to 1024. Default 64. Smaller loses
    /// less work when a replay is killed; larger is faster.
    pub commit_mib: u32,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            path: PathBuf::from("wafwatch.db"),
            retention_days: 30,
            commit_mib: 64,
        }
    }
}

/// `[privacy]`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrivacyConfig {
    /// Whether AWS account ids are masked wherever they are shown or sent. Default false.
    /// `WAFWATCH_MASK_ACCOUNT_IDS` sets it.
    pub mask_account_ids: bool,
    /// How much of client addresses is masked in every message, on every channel, and in what commands
    /// print: `none`, `host` (`203.0.113.x`, and of IPv6 the lower 80 bits) or `network` (`203.0.x.x`,
    /// the lower 96 bits). Default none. The store keeps addresses whole. `WAFWATCH_MASK_ADDRESSES`
    /// sets it.
    pub mask_addresses: AddressMask,
}

impl PrivacyConfig {
    /// What reports and messages mask.
    #[must_use]
    pub fn redaction(&self) -> Redaction {
        Redaction {
            account_ids: self.mask_account_ids,
            addresses: self.mask_addresses,
        }
    }
}
