//! How much a window may teach while something is going on.
//!
//! In a window with an alarm, and in the ten after it, next to nothing is learnt: an attack does not become
//! its own baseline. Two ways lead out: an alarm that lasts for six hours is learnt from then on, and
//! alarms that come many times a day teach more each time, because then the model must be wrong.

use serde::{Deserialize, Serialize};

/// Windows after an alarm that are still part of it.
const AFTER: u32 = 10;
const HOLD_HOURS: f64 = 6.0;
/// Alarms a day from which on they teach in full.
const FREQUENT: f64 = 20.0;
/// Influence of a window that is part of an alarm.
pub(crate) const LEAST: f64 = 0.02;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Gate {
    alarms: f64,
    quiet: u32,
    run: u32,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self {
            alarms: 0.0,
            quiet: u32::MAX,
            run: 0,
        }
    }

    /// Whether windows are part of an alarm.
    pub(crate) fn is_closed(&self) -> bool {
        self.quiet <= AFTER
    }

    /// The influence of a window, 0 to 1.
    pub(crate) fn pass(&mut self, is_alarm: bool, per_day: f64) -> f64 {
        self.alarms *= (1.0 - 1.0 / per_day).max(0.0);
        if is_alarm {
            if !self.is_closed() {
                self.alarms += 1.0;
                self.run = 0;
            }
            self.quiet = 0;
        } else {
            self.quiet = self.quiet.saturating_add(1);
        }
        if !self.is_closed() {
            return 1.0;
        }
        self.run = self.run.saturating_add(1);
        if f64::from(self.run) > HOLD_HOURS * per_day / 24.0 {
            return 1.0;
        }
        (self.alarms / FREQUENT).powi(2).clamp(LEAST, 1.0)
    }
}
