//! When records were sent, by the time in them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

const SECOND_MS: i64 = 1_000;
/// Seconds that are remembered: more than a day.
const MAX_SECONDS: usize = 100_000;

/// The moment in which the last record of every second was sent. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<BTreeMap<i64, Instant>>>);

impl Ledger {
    /// Records with these timestamps, in Unix milliseconds, were sent by `at`.
    pub fn note(&self, stamps: impl Iterator<Item = i64>, at: Instant) {
        let mut seconds = self.lock();
        let mut last = None;
        for stamp in stamps {
            let second = stamp.div_euclid(SECOND_MS);
            // Neighbours mostly share their second.
            if last.replace(second) == Some(second) {
                continue;
            }
            let sent = seconds.entry(second).or_insert(at);
            *sent = at.max(*sent);
        }
        while seconds.len() > MAX_SECONDS {
            seconds.pop_first();
        }
    }

    /// When the last record with a time in `start_ms..end_ms` was sent.
    pub fn last_of(&self, start_ms: i64, end_ms: i64) -> Option<Instant> {
        let (start, end) = (start_ms.div_euclid(SECOND_MS), end_ms.div_euclid(SECOND_MS));
        if start >= end {
            return None;
        }
        self.lock().range(start..end).map(|(_, at)| *at).max()
    }

    /// The newest second of any record, in Unix milliseconds.
    pub fn newest(&self) -> Option<i64> {
        let seconds = self.lock();
        let newest = seconds.last_key_value();
        newest.map(|(second, _)| second.saturating_mul(SECOND_MS))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_window_knows_its_last_record() {
        let ledger = Ledger::default();
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        ledger.note([59_999, 60_000, 60_500].into_iter(), at(1));
        ledger.note([119_999].into_iter(), at(3));
        ledger.note([60_700].into_iter(), at(2));
        ledger.note([60_800].into_iter(), at(1));
        assert_eq!(ledger.last_of(60_000, 120_000), Some(at(3)));
        assert_eq!(ledger.last_of(0, 60_000), Some(at(1)));
        assert_eq!(ledger.last_of(60_000, 61_000), Some(at(2)));
        assert_eq!(ledger.last_of(120_000, 180_000), None);
        assert_eq!(ledger.last_of(180_000, 60_000), None);
        assert_eq!(ledger.newest(), Some(119_000));
    }

    #[test]
    fn it_forgets_the_oldest() {
        let ledger = Ledger::default();
        let now = Instant::now();
        ledger.note(
            (0..MAX_SECONDS as i64 + 5).map(|second| second * 1_000),
            now,
        );
        assert_eq!(ledger.last_of(0, 5_000), None);
        assert_eq!(ledger.last_of(0, 6_000), Some(now));
    }
}
