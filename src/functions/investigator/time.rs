//! How a call's time is shared.

use std::time::Duration;

use tokio::time::Instant;
use wafwatch_windows::time::EventTime;

/// What is left of a call's time to record how deliveries ended.
const MARGIN: Duration = Duration::from_secs(3);
/// Longest time for one attempt on a channel.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
/// The part of what is left that explaining may take, so that deliveries have their turn.
const EXPLAINING_SHARE: f64 = 0.6;

/// When a call began, by both clocks, and when it must end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    began: Instant,
    now: EventTime,
    until: Instant,
}

impl Time {
    pub(super) fn of_call(now: EventTime, deadline: Instant) -> Self {
        Self {
            began: Instant::now(),
            now,
            until: deadline.checked_sub(MARGIN).unwrap_or(deadline),
        }
    }

    pub(super) fn now(&self) -> EventTime {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.now.plus(passed)
    }

    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    pub(super) fn of_attempt(&self) -> Instant {
        self.until.min(Instant::now() + ATTEMPT_TIMEOUT)
    }

    /// When an explanation that begins now must be there.
    pub(super) fn of_explanation(&self) -> Instant {
        let now = Instant::now();
        now + self
            .until
            .saturating_duration_since(now)
            .mul_f64(EXPLAINING_SHARE)
    }
}
