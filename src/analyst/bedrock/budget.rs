//! How much a model may use in an hour and in a day; beyond, the built-in analyst takes over.
//!
//! Hours and days are those of the clock (UTC). A question is only asked where what it may use at most
//! still fits, so a limit is never passed.

use serde::{Deserialize, Serialize};
use wafwatch_windows::time::EventTime;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Limits; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Budget {
    /// Of an hour.
    pub hour: Limit,
    /// Of a day.
    pub day: Limit,
}

/// The limits of a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limit {
    /// Tokens in and out.
    pub tokens: Option<u64>,
    /// US dollars.
    pub cost_usd: Option<f64>,
}

/// What was used, or may be.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Spent {
    /// Tokens in and out.
    pub tokens: u64,
    /// US dollars, as far as prices are known.
    pub cost_usd: f64,
}

impl Spent {
    #[cfg(feature = "aws")]
    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_sub(other.tokens),
            cost_usd: (self.cost_usd - other.cost_usd).max(0.0),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            cost_usd: self.cost_usd + other.cost_usd,
        }
    }
}

impl Limit {
    fn allows(self, spent: Spent) -> bool {
        self.tokens.is_none_or(|most| spent.tokens <= most)
            && self.cost_usd.is_none_or(|most| spent.cost_usd <= most)
    }
}

/// What was used in the running hour and day. Serialisable, for hosts that end and go on elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Ledger {
    hour: (i64, Spent),
    day: (i64, Spent),
}

impl Ledger {
    /// Whether `wanted` still fits into `budget` at `now`.
    #[must_use]
    pub fn allows(&self, budget: Budget, wanted: Spent, now: EventTime) -> bool {
        let hour = within(self.hour, now.0.div_euclid(HOUR_MS)).plus(wanted);
        let day = within(self.day, now.0.div_euclid(DAY_MS)).plus(wanted);
        budget.hour.allows(hour) && budget.day.allows(day)
    }

    /// Notes what was used at `now`.
    pub fn add(&mut self, used: Spent, now: EventTime) {
        let hour = now.0.div_euclid(HOUR_MS);
        let day = now.0.div_euclid(DAY_MS);
        self.hour = (hour, within(self.hour, hour).plus(used));
        self.day = (day, within(self.day, day).plus(used));
    }

    /// What was used in the hour and the day of `now`.
    #[must_use]
    pub fn used(&self, now: EventTime) -> (Spent, Spent) {
        let hour = within(self.hour, now.0.div_euclid(HOUR_MS));
        (hour, within(self.day, now.0.div_euclid(DAY_MS)))
    }
}

fn within((span, spent): (i64, Spent), now: i64) -> Spent {
    if span == now { spent } else { Spent::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(tokens: u64, cost_usd: f64) -> Spent {
        Spent { tokens, cost_usd }
    }

    fn limit(tokens: Option<u64>, cost_usd: Option<f64>) -> Limit {
        Limit { tokens, cost_usd }
    }

    #[test]
    fn what_may_be_used_must_fit_into_hour_and_day() {
        let budget = Budget {
            hour: limit(Some(1_000), None),
            day: limit(Some(1_500), Some(1.0)),
        };
        let start = EventTime(10 * DAY_MS);
        let mut ledger = Ledger::default();
        assert!(ledger.allows(budget, spent(1_000, 0.0), start));
        assert!(!ledger.allows(budget, spent(1_001, 0.0), start));
        ledger.add(spent(1_000, 0.2), start);
        assert!(!ledger.allows(budget, spent(1, 0.0), start));
        let next = start.plus(HOUR_MS);
        assert!(ledger.allows(budget, spent(500, 0.0), next));
        assert!(
            !ledger.allows(budget, spent(501, 0.0), next),
            "the day's tokens"
        );
        assert!(
            !ledger.allows(budget, spent(1, 0.9), next),
            "the day's dollars"
        );
        assert!(ledger.allows(budget, spent(1_000, 1.0), start.plus(DAY_MS)));
    }

    #[test]
    fn without_limits_everything_is_allowed_and_still_counted() {
        let mut ledger = Ledger::default();
        let now = EventTime(-5);
        ledger.add(spent(u64::MAX, 1e9), now);
        ledger.add(spent(u64::MAX, 1e9), now);
        assert!(ledger.allows(Budget::default(), spent(u64::MAX, 0.0), now));
        assert_eq!(ledger.used(now).0.tokens, u64::MAX);
        let json = serde_json::to_string(&ledger).expect("serialises");
        let read: Ledger = serde_json::from_str(&json).expect("reads");
        assert_eq!(read, ledger);
    }
}
