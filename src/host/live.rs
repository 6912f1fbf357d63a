//! How far in event time a live shard has delivered while nothing comes from it.
//!
//! Of a file nobody knows whether it is at its end, but that nothing came for a moment. Of a stream's
//! shard the stream says so, and when everything that was delivered had arrived.

use std::time::{Duration, Instant};

use wafwatch_windows::time::EventTime;

use crate::source::Reach;

/// A file or pipe from which nothing came for so long is at its end.
const IDLE_AFTER: Duration = Duration::from_secs(1);
/// A stream's shard that has been at its end for so long follows the others.
const FOLLOWS_AFTER_MS: i64 = 10_000;

/// A shard that goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Live {
    /// When something last came from it.
    last: Instant,
    /// The same on the wall clock.
    last_by_clock: EventTime,
    /// How far a stream's shard has delivered. Until it is known, nobody can say; of other inputs it
    /// is never known.
    reach: Option<Reach>,
}

impl Live {
    /// A shard of which nothing came yet when the clock shows `now`.
    pub(super) fn since(now: EventTime) -> Self {
        Self {
            last: Instant::now(),
            last_by_clock: now,
            reach: None,
        }
    }

    /// Something came.
    pub(super) fn hear(&mut self, now: EventTime) {
        self.last = Instant::now();
        self.last_by_clock = now;
    }

    /// Whether nothing came for a moment.
    pub(super) fn is_idle(&self) -> bool {
        self.last.elapsed() >= IDLE_AFTER
    }

    /// It is known how far it has delivered.
    pub(super) fn reach(&mut self, reach: Reach) {
        self.reach = Some(reach);
    }

    /// Up to which event time it has delivered, when its newest record is of `own`, the others stand
    /// at `others`, and records are up to `delay_ms` under way; `None` where nothing can be said.
    pub(super) fn delivered_until(
        &self,
        own: Option<EventTime>,
        others: Option<EventTime>,
        now: EventTime,
        delay_ms: i64,
    ) -> Option<EventTime> {
        let others = others.map(|others| others.minus(delay_ms));
        if let Some(reach) = self.reach {
            let (Reach::End(arrived) | Reach::Behind(arrived)) = reach;
            let time = self.of_stream(own, others, reach)?;
            return Some(time.min(arrived.minus(delay_ms)));
        }
        if !self.is_idle() {
            return None;
        }
        let Some(own) = own else {
            return others;
        };
        let idle = self.last.elapsed();
        let idle_ms = i64::try_from(idle.as_millis()).unwrap_or(i64::MAX);
        Some(own.plus(idle_ms).min(now.minus(delay_ms)))
    }

    /// Records that wait in a shard are not passed by, unless none of it is known.
    fn of_stream(
        &self,
        own: Option<EventTime>,
        others: Option<EventTime>,
        reach: Reach,
    ) -> Option<EventTime> {
        let Some(own) = own else {
            return others;
        };
        let Reach::End(asked_at) = reach else {
            return None;
        };
        let idle_ms = asked_at.0.saturating_sub(self.last_by_clock.0).max(0);
        let passed = own.plus(idle_ms);
        match idle_ms < FOLLOWS_AFTER_MS {
            true => Some(passed),
            false => Some(passed).max(others),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: EventTime = EventTime(10_000_000);
    const DELAY: i64 = 60_000;

    fn shard(reach: Reach) -> Live {
        let mut live = Live::since(NOW);
        live.reach(reach);
        live
    }

    fn until(live: Live, own: Option<i64>, others: Option<i64>) -> Option<i64> {
        let (own, others) = (own.map(EventTime), others.map(EventTime));
        let time = live.delivered_until(own, others, NOW, DELAY);
        time.map(|time| time.0)
    }

    #[test]
    fn nothing_can_be_said_of_what_was_just_heard_of() {
        assert_eq!(until(Live::since(NOW), Some(0), Some(5_000_000)), None);
    }

    #[test]
    fn a_shard_that_is_behind_waits_for_its_records() {
        let behind = shard(Reach::Behind(NOW.minus(3_600_000)));
        assert_eq!(until(behind, Some(1_000_000), Some(NOW.0)), None);
        // Where none came yet, it is known since when they arrived.
        let known = NOW.0 - 3_600_000 - DELAY;
        assert_eq!(until(behind, None, Some(NOW.0)), Some(known));
        assert_eq!(until(behind, None, None), None);
    }

    #[test]
    fn time_goes_on_in_a_shard_that_is_at_its_end() {
        let own = NOW.0 - 100_000;
        let soon = shard(Reach::End(NOW.plus(9_000)));
        assert_eq!(until(soon, Some(own), Some(NOW.0)), Some(own + 9_000));
        // After a while it follows the others, and never comes nearer than the delay.
        let later = shard(Reach::End(NOW.plus(20_000)));
        assert_eq!(until(later, Some(own), Some(NOW.0)), Some(NOW.0 - DELAY));
        assert_eq!(
            until(later, Some(NOW.0), Some(NOW.0)),
            Some(NOW.0 + 20_000 - DELAY)
        );
        assert_eq!(until(later, None, Some(NOW.0 - 5)), Some(NOW.0 - 5 - DELAY));
    }

    #[test]
    fn an_answer_from_before_the_last_record_says_nothing_of_later() {
        let own = NOW.0 - 100_000;
        assert_eq!(
            until(shard(Reach::End(NOW.minus(5_000))), Some(own), None),
            Some(own)
        );
    }
}
