//! Settings of the calibrated detector: there is one.

use serde::{Deserialize, Serialize};
use wafwatch_windows::time::WindowSize;

/// Settings of the calibrated detector.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibratedSettings {
    /// False incidents that are accepted per ACL and week, more than 0.
    pub false_incidents_per_week: f64,
    /// Size of the windows.
    pub window_size: WindowSize,
}

impl Default for CalibratedSettings {
    /// One a week, windows of a minute.
    fn default() -> Self {
        Self {
            false_incidents_per_week: 1.0,
            window_size: WindowSize::DEFAULT,
        }
    }
}

impl CalibratedSettings {
    pub(super) fn windows_per_day(&self) -> f64 {
        86_400_000.0 / self.window_size.milliseconds().max(1) as f64
    }
}
