//! Which stretches of event time are asked for.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wafwatch_windows::time::EventTime;

/// Half-open stretches of event time, disjoint and in order.
///
/// Their text, `FROM..UNTIL` in milliseconds and commas between them, is part of the names of
/// checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeRanges(Arc<[(EventTime, EventTime)]>);

/// A text that names no stretches of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stretches of time are written as `FROM..UNTIL,FROM..UNTIL` in milliseconds, in order")]
pub struct NotTimeRanges;

impl Default for TimeRanges {
    /// All of time.
    fn default() -> Self {
        Self::between(None, None)
    }
}

impl TimeRanges {
    /// From `from` until before `until`, each without an end where it is none.
    #[must_use]
    pub fn between(from: Option<EventTime>, until: Option<EventTime>) -> Self {
        let from = from.unwrap_or(EventTime(i64::MIN));
        let until = until.unwrap_or(EventTime(i64::MAX));
        let is_some = from < until;
        Self(is_some.then_some((from, until)).into_iter().collect())
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether everything is asked for.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether `time` is asked for.
    #[must_use]
    pub fn contains(&self, time: EventTime) -> bool {
        let behind = self.0.partition_point(|(from, _)| *from <= time);
        let last = behind.checked_sub(1).and_then(|index| self.0.get(index));
        last.is_some_and(|(_, until)| time < *until)
    }

    /// Whether the two have a time in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.without(other) != *self
    }

    /// What is in `self` and not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut left = self.0.to_vec();
        for (from, until) in other.0.iter() {
            let cut = |(start, end): (EventTime, EventTime)| {
                [(start, end.min(*from)), (start.max(*until), end)]
            };
            let parts = left.into_iter().flat_map(cut);
            left = parts.filter(|(start, end)| start < end).collect();
        }
        Self(left.into())
    }
}

impl fmt::Display for TimeRanges {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (from, until)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(formatter, "{comma}{}..{}", from.0, until.0)?;
        }
        Ok(())
    }
}

impl FromStr for TimeRanges {
    type Err = NotTimeRanges;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let range = |text: &str| {
            let (from, until) = text.split_once("..")?;
            Some((
                EventTime(from.parse().ok()?),
                EventTime(until.parse().ok()?),
            ))
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        let ranges = ranges.ok_or(NotTimeRanges)?;
        let are_whole = ranges.iter().all(|(from, until)| from < until);
        let are_in_order = ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0);
        match are_whole && are_in_order {
            true => Ok(Self(ranges.into())),
            false => Err(NotTimeRanges),
        }
    }
}

impl TryFrom<String> for TimeRanges {
    type Error = NotTimeRanges;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TimeRanges> for String {
    fn from(ranges: TimeRanges) -> Self {
        ranges.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(text: &str) -> TimeRanges {
        text.parse().expect("ranges")
    }

    #[test]
    fn the_end_is_no_part_of_a_range() {
        let asked = ranges("10..20,30..40");
        for (time, is_in) in [
            (9, false),
            (10, true),
            (19, true),
            (20, false),
            (30, true),
            (40, false),
        ] {
            assert_eq!(asked.contains(EventTime(time)), is_in, "{time}");
        }
        assert!(TimeRanges::default().contains(EventTime(0)));
        assert!(TimeRanges::default().is_all());
        assert!(TimeRanges::between(Some(EventTime(5)), Some(EventTime(5))).is_empty());
    }

    #[test]
    fn what_was_counted_is_taken_away() {
        let asked = ranges("0..100");
        assert_eq!(
            asked.without(&ranges("10..20,30..40")),
            ranges("0..10,20..30,40..100")
        );
        assert_eq!(asked.without(&ranges("-5..50")), ranges("50..100"));
        assert_eq!(asked.without(&ranges("100..200")), asked);
        assert!(asked.without(&TimeRanges::default()).is_empty());
        assert!(asked.overlaps(&ranges("99..200")));
        assert!(!asked.overlaps(&ranges("100..200")));
        let rest = TimeRanges::default().without(&asked);
        assert!(rest.contains(EventTime(-1)) && rest.contains(EventTime(100)));
        assert!(!rest.contains(EventTime(50)));
    }

    #[test]
    fn the_text_survives_and_nonsense_is_refused() {
        for text in [
            "10..20",
            "-20..-10,0..5",
            &TimeRanges::default().to_string(),
        ] {
            assert_eq!(ranges(text).to_string(), *text);
        }
        for text in ["", "10", "20..10", "5..5", "0..10,5..20", "a..b", "1..2,"] {
            assert_eq!(text.parse::<TimeRanges>(), Err(NotTimeRanges), "{text}");
        }
    }
}
