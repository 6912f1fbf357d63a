//! Settings of the detectors.

use serde::{Deserialize, Serialize};

use crate::detect::CalibratedSettings;
use crate::detect::ewma::EwmaSettings;

/// `[detect]`
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DetectConfig {
    /// Which detector decides: `calibrated`, `classic` or `ewma`. Default calibrated. `WAFWATCH_DETECTOR` sets it.
    pub detector: DetectorKind,
    /// `[detect.classic]`
    pub classic: ClassicConfig,
    /// `[detect.ewma]`
    pub ewma: EwmaConfig,
    /// `[detect.calibrated]`
    pub calibrated: CalibratedConfig,
}

/// The detectors there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetectorKind {
    /// Means, deviations and percentiles over a look-back.
    Classic,
    /// Exponentially weighted moving averages.
    Ewma,
    /// A model of each signal, calibrated to a number of false incidents.
    #[default]
    Calibrated,
}

/// `[detect.calibrated]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CalibratedConfig {
    /// False incidents that are accepted per ACL and week, 0.01 to 100. Default 1.
    pub false_incidents_per_week: f64,
}

impl Default for CalibratedConfig {
    fn default() -> Self {
        Self {
            false_incidents_per_week: CalibratedSettings::default().false_incidents_per_week,
        }
    }
}

/// `[detect.classic]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClassicConfig {
    /// Look-back in hours, 1 to 2160. Preferred over `history_days`; without either, 1 hour.
    /// `HISTORY_HOURS` sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_hours: Option<u32>,
    /// Look-back in days, 1 to 90. `HISTORY_DAYS` sets it, and overrides `history_hours` of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_days: Option<u32>,
    /// Which signals count: `total` (spikes of the volume), `ratio` (spikes of the blocked share) or
    /// `mixed` (both, and spikes of blocked requests). Default mixed: with total alone, a rule that
    /// begins to block ordinary traffic goes unseen, because the volume does not change.
    /// `ANOMALY_MODE` sets it.
    pub anomaly_mode: AnomalyMode,
    /// Whether windows without requests are left out of the baseline. Default true.
    /// `USE_NONZERO_BASELINE` (true, false, 1, 0, yes or no) sets it.
    pub use_nonzero_baseline: bool,
}

/// The signals that the classic detector follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnomalyMode {
    /// Total requests.
    Total,
    /// Total requests, blocked requests and the blocked share.
    #[default]
    Mixed,
    /// The blocked share.
    Ratio,
}

impl Default for ClassicConfig {
    fn default() -> Self {
        Self {
            history_hours: None,
            history_days: None,
            anomaly_mode: AnomalyMode::default(),
            use_nonzero_baseline: true,
        }
    }
}

impl ClassicConfig {
    /// The look-back in seconds.
    #[must_use]
    pub fn history_seconds(&self) -> u64 {
        let hours = match (self.history_hours, self.history_days) {
            (Some(hours), _) => u64::from(hours),
            (None, Some(days)) => u64::from(days) * 24,
            (None, None) => 1,
        };
        hours * 3_600
    }
}

/// `[detect.ewma]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EwmaConfig {
    /// Weight of the newest window, 0.001 to 1. Default 0.3. `EWMA_ALPHA` sets it.
    pub alpha: f64,
    /// Standard deviations of a finding, 1 to 100. Default 3. `SIGMA` sets it.
    pub sigma: f64,
    /// Days that are learnt before the first finding, 0 to 3650, also parts of a day. Default 7.
    /// `TRAIN_DAYS` sets it.
    pub train_days: f64,
    /// Rules, paths and addresses that are followed, of each, 1 to 1000. Default 100. `TOP_K` sets it.
    pub top_k: u32,
}

impl Default for EwmaConfig {
    fn default() -> Self {
        let EwmaSettings {
            alpha,
            sigma,
            train_days,
            top_k,
            ..
        } = EwmaSettings::default();
        Self {
            alpha,
            sigma,
            train_days,
            top_k,
        }
    }
}
