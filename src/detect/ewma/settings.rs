//! Settings of the EWMA detector, in its published words.

use serde::{Deserialize, Serialize};
use wafwatch_windows::time::WindowSize;

/// Fewest windows that are learnt before the first finding, however short the training.
pub const FEWEST_TRAINING_WINDOWS: u32 = 10;
/// Most keys per dimension, whatever the setting.
pub const MOST_KEYS: u32 = 1_000;

/// Settings of the EWMA detector.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EwmaSettings {
    /// Weight of the newest window (`EWMA_ALPHA`), held within 0.001 to 1.
    pub alpha: f64,
    /// Standard deviations of a finding (`SIGMA`), held within 1 to 100.
    pub sigma: f64,
    /// Days of windows that are learnt before the first finding (`TRAIN_DAYS`); 0 is ten windows.
    pub train_days: f64,
    /// Rules, paths and addresses that are followed, of each (`TOP_K`), at most 1,000.
    pub top_k: u32,
    /// Size of the windows.
    pub window_size: WindowSize,
}

impl Default for EwmaSettings {
    fn default() -> Self {
        Self {
            alpha: 0.3,
            sigma: 3.0,
            train_days: 7.0,
            top_k: 100,
            window_size: WindowSize::DEFAULT,
        }
    }
}

impl EwmaSettings {
    pub(super) fn alpha(&self) -> f64 {
        within(self.alpha, 0.001, 1.0, 0.3)
    }

    pub(super) fn sigma(&self) -> f64 {
        within(self.sigma, 1.0, 100.0, 3.0)
    }

    pub(super) fn keys(&self) -> usize {
        self.top_k.min(MOST_KEYS) as usize
    }

    /// Windows of the training.
    pub(super) fn training_windows(&self) -> u32 {
        let days = within(self.train_days, 0.0, 3_650.0, 7.0);
        let windows = (days * 86_400.0 / f64::from(self.window_size.seconds())).ceil();
        (windows as u32).max(FEWEST_TRAINING_WINDOWS)
    }
}

fn within(value: f64, lowest: f64, highest: f64, otherwise: f64) -> f64 {
    if value.is_nan() {
        return otherwise;
    }
    value.clamp(lowest, highest)
}
