//! Prints event time for people.

use jiff::Timestamp;
use wafwatch_windows::time::EventTime;

/// `time` in UTC as ISO 8601, as `2024-05-01T10:00:00Z`; outside of the years that it can write,
/// the milliseconds themselves.
#[must_use]
pub fn iso(time: EventTime) -> String {
    match Timestamp::from_millisecond(time.0) {
        Ok(timestamp) => timestamp.to_string(),
        Err(_) => format!("{} ms after the epoch", time.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        assert_eq!(iso(EventTime(1_714_557_600_000)), "2024-05-01T10:00:00Z");
        assert_eq!(iso(EventTime(1_714_557_600_250)), "2024-05-01T10:00:00.25Z");
    }

    #[test]
    fn impossible_times_are_printed_too() {
        assert_eq!(
            iso(EventTime(i64::MAX)),
            format!("{} ms after the epoch", i64::MAX)
        );
        assert_eq!(
            iso(EventTime(i64::MIN)),
            format!("{} ms after the epoch", i64::MIN)
        );
    }
}
