//! What a range is compared with.

use serde::Serialize;

use super::super::answer::Refusal;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::series::TimeRange;

const DAY_MS: i64 = 86_400_000;

/// A stretch of time of the same length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BaselineKind {
    /// Directly before.
    Before,
    /// The same hours a day earlier.
    Day,
    /// The same hours a week earlier.
    Week,
    /// None.
    None,
}

/// What a request asks to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Whatever says most.
    Auto,
    This(BaselineKind),
}

pub(super) const WORDS: [(&str, Asked); 5] = [
    ("auto", Asked::Auto),
    ("before", Asked::This(BaselineKind::Before)),
    ("day", Asked::This(BaselineKind::Day)),
    ("week", Asked::This(BaselineKind::Week)),
    ("none", Asked::This(BaselineKind::None)),
];

impl BaselineKind {
    /// The stretch, for a range. It never overlaps the range: one of several days is compared with as
    /// many days or weeks before.
    pub(super) fn of(self, range: TimeRange) -> Option<TimeRange> {
        let length = range.until.0.saturating_sub(range.from.0).max(1);
        let periods = |period: i64| period.saturating_mul(1 + (length - 1) / period);
        let back = match self {
            Self::Before => length,
            Self::Day => periods(DAY_MS),
            Self::Week => periods(7 * DAY_MS),
            Self::None => return None,
        };
        Some(TimeRange {
            from: range.from.minus(back),
            until: range.until.minus(back),
        })
    }
}

/// The kinds that the store holds any window of.
pub(super) fn stored(
    store: &SqliteStore,
    acls: Option<&[String]>,
    range: TimeRange,
) -> Result<Vec<BaselineKind>, Refusal> {
    let mut kinds = Vec::new();
    for kind in [BaselineKind::Before, BaselineKind::Day, BaselineKind::Week] {
        if let Some(baseline) = kind.of(range)
            && store.has_windows(acls, baseline)?
        {
            kinds.push(kind);
        }
    }
    Ok(kinds)
}

/// What to compare with, of the kinds that are stored: the same hours of the day before, because traffic
/// has a daily rhythm, or else what came directly before.
pub(super) fn chosen(asked: Asked, stored: &[BaselineKind]) -> BaselineKind {
    let preferred = [BaselineKind::Day, BaselineKind::Before, BaselineKind::Week];
    let found = match asked {
        Asked::Auto => preferred.into_iter().find(|kind| stored.contains(kind)),
        Asked::This(kind) => Some(kind).filter(|kind| stored.contains(kind)),
    };
    found.unwrap_or(BaselineKind::None)
}

#[cfg(test)]
mod tests {
    use wafwatch_windows::time::EventTime;

    use super::*;

    fn range(from: i64, until: i64) -> TimeRange {
        TimeRange {
            from: EventTime(from),
            until: EventTime(until),
        }
    }

    #[test]
    fn a_baseline_is_as_long_and_never_overlaps() {
        for length in [60_000, DAY_MS, DAY_MS + 1, 10 * DAY_MS] {
            let asked = range(20 * DAY_MS, 20 * DAY_MS + length);
            for kind in [BaselineKind::Before, BaselineKind::Day, BaselineKind::Week] {
                let baseline = kind.of(asked).expect("is a stretch");
                assert_eq!(baseline.until.0 - baseline.from.0, length);
                assert!(baseline.until <= asked.from, "{kind:?} {length}");
            }
        }
        let hour = range(20 * DAY_MS, 20 * DAY_MS + 3_600_000);
        let day = range(19 * DAY_MS, 19 * DAY_MS + 3_600_000);
        assert_eq!(BaselineKind::Day.of(hour), Some(day));
    }

    #[test]
    fn the_day_before_says_most() {
        use BaselineKind::{Before, Day, None, Week};
        assert_eq!(chosen(Asked::Auto, &[Before, Day, Week]), Day);
        assert_eq!(chosen(Asked::Auto, &[Before, Week]), Before);
        assert_eq!(chosen(Asked::Auto, &[]), None);
        assert_eq!(chosen(Asked::This(Week), &[Before]), None);
        assert_eq!(chosen(Asked::This(None), &[Before, Day]), None);
    }
}
