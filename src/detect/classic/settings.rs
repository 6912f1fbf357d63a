//! Settings of the classic detector, in its published words.

use serde::{Deserialize, Serialize};
use wafwatch_windows::time::WindowSize;

/// The look-back is never shorter than this many windows: fewer give no spread to compare with.
pub const MINIMUM_HISTORY_WINDOWS: u64 = 30;

/// Which signals are followed (`ANOMALY_MODE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassicMode {
    /// Requests only. Blind to a rule that begins to block at unchanged volume.
    Total,
    /// Requests, blocked requests and the blocked ratio. The default.
    #[default]
    Mixed,
    /// The blocked ratio only.
    Ratio,
}

impl ClassicMode {
    pub(super) fn follows_total(self) -> bool {
        matches!(self, Self::Total | Self::Mixed)
    }

    pub(super) fn follows_blocked(self) -> bool {
        matches!(self, Self::Mixed)
    }

    pub(super) fn follows_ratio(self) -> bool {
        matches!(self, Self::Mixed | Self::Ratio)
    }
}

/// Settings of the classic detector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassicSettings {
    /// Which signals are followed.
    pub mode: ClassicMode,
    /// Whether means and percentiles of counts leave out windows without any request (as long as
    /// ten with some are known). Such windows always count where silence is judged.
    pub use_nonzero_baseline: bool,
    /// Length of the look-back in milliseconds; held at 30 windows and more.
    pub history_milliseconds: i64,
    /// Size of the windows.
    pub window_size: WindowSize,
}

impl Default for ClassicSettings {
    /// Mixed mode, nonzero baseline, one hour of one-minute windows.
    fn default() -> Self {
        Self {
            mode: ClassicMode::default(),
            use_nonzero_baseline: true,
            history_milliseconds: 3_600_000,
            window_size: WindowSize::DEFAULT,
        }
    }
}

impl ClassicSettings {
    /// The look-back in windows.
    pub(super) fn capacity(&self) -> u64 {
        let windows = self.history_milliseconds / self.window_size.milliseconds();
        u64::try_from(windows)
            .unwrap_or(0)
            .max(MINIMUM_HISTORY_WINDOWS)
    }
}
