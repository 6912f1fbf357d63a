//! How often shards are asked for records.
//!
//! Kinesis serves 5 calls and 2 MB a second from each shard to all consumers that share it; one
//! answer may hold 10 MB, and is paid for with five seconds of refusals. So a call follows the one
//! before no sooner than its answer has been paid for; a shard that is being caught up with is asked
//! four times a second, one that is at its end once a second.
//!
//! Shards of a backlog are read side by side: one that is more than [`ABREAST`] ahead of another in
//! time of arrival pauses. Otherwise the quickest would be through with hours of records while
//! windows wait for the slowest, longer than they are meant to. Nobody pauses for a shard whose lag has
//! not shrunk for [`PATIENCE`]: it cannot keep up, or cannot be read, and windows wait for it no
//! longer than the longest wait.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use wafwatch_windows::time::EventTime;

use crate::source::Reach;

/// Between two calls of a shard that has more.
const CATCHING_UP: Duration = Duration::from_millis(250);
/// Between two calls of a shard that is at its end.
const AT_END: Duration = Duration::from_secs(1);
/// Bytes that one shard serves in a second.
const BYTES_PER_SECOND: f64 = 2_000_000.0;
/// How far one shard may be ahead of another.
const ABREAST: i64 = 60_000;
/// How long a shard that does not catch up is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait after an answer of so many bytes that reached so far.
pub(super) fn pause(bytes: usize, reach: Reach) -> Duration {
    let paid = Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND);
    let usual = match reach {
        Reach::End(_) => AT_END,
        Reach::Behind(_) => CATCHING_UP,
    };
    paid.max(usual)
}

/// Where every shard stands, shared by those that read them.
#[derive(Debug, Default)]
pub(super) struct Formation {
    places: Mutex<BTreeMap<String, Place>>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    arrival_ms: i64,
    shortest_lag_ms: i64,
    /// When the lag was shorter than ever before.
    since: Instant,
}

impl Formation {
    /// Says that `shard` had reached so far when it was asked at `asked_at`, which was `now`.
    pub(super) fn reach(&self, shard: &str, reach: Reach, asked_at: EventTime, now: Instant) {
        let (Reach::End(time) | Reach::Behind(time)) = reach;
        let lag_ms = asked_at.0.saturating_sub(time.0);
        self.with(|places| {
            let place = places.entry(shard.to_owned()).or_insert(Place {
                arrival_ms: time.0,
                shortest_lag_ms: i64::MAX,
                since: now,
            });
            place.arrival_ms = time.0;
            if lag_ms < place.shortest_lag_ms {
                place.shortest_lag_ms = lag_ms;
                place.since = now;
            }
        });
    }

    /// Says that `shard` is read no longer.
    pub(super) fn leave(&self, shard: &str) {
        self.with(|places| {
            places.remove(shard);
        });
    }

    /// Whether `shard` should pause for another one at `now`.
    pub(super) fn is_ahead(&self, shard: &str, now: Instant) -> bool {
        self.with(|places| {
            let Some(own) = places.get(shard).copied() else {
                return false;
            };
            let holds_up = |place: &Place| {
                let catches_up = now.saturating_duration_since(place.since) < PATIENCE;
                catches_up && own.arrival_ms.saturating_sub(place.arrival_ms) > ABREAST
            };
            places.values().any(holds_up)
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<String, Place>) -> T) -> T {
        let mut places = self
            .places
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        work(&mut places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_answer_is_paid_for() {
        let behind = Reach::Behind(EventTime(0));
        assert_eq!(pause(10_000_000, behind), Duration::from_secs(5));
        assert_eq!(pause(100, behind), CATCHING_UP);
        assert_eq!(pause(0, Reach::End(EventTime(0))), AT_END);
        // Five calls a second at most.
        assert!(CATCHING_UP >= Duration::from_millis(200));
    }

    #[test]
    fn the_leader_pauses_for_one_that_catches_up() {
        let formation = Formation::default();
        let start = Instant::now();
        let asked_at = EventTime(1_000_000);
        let reach = |shard, time, at| {
            formation.reach(shard, Reach::Behind(EventTime(time)), asked_at, at);
        };
        assert!(!formation.is_ahead("a", start));
        formation.reach("a", Reach::End(asked_at), asked_at, start);
        assert!(!formation.is_ahead("a", start));
        reach("b", 930_000, start);
        assert!(formation.is_ahead("a", start));
        assert!(!formation.is_ahead("b", start));
        // It falls back, and is waited for no longer than patience lasts.
        reach("b", 920_000, start + PATIENCE / 2);
        assert!(formation.is_ahead("a", start + PATIENCE / 2));
        assert!(!formation.is_ahead("a", start + PATIENCE));
        reach("b", 939_000, start + PATIENCE);
        assert!(formation.is_ahead("a", start + PATIENCE));
        reach("b", 940_000, start + PATIENCE);
        assert!(!formation.is_ahead("a", start + PATIENCE));
        reach("b", 0, start + PATIENCE);
        formation.leave("b");
        assert!(!formation.is_ahead("a", start + PATIENCE));
    }
}
