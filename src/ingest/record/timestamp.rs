//! The forms in which a record's `timestamp` is met.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use wafwatch_windows::time::EventTime;

use super::lenient::{Depth, Shape};
use super::values::is_present;

/// Longer than any way to write a point in time.
const LONGEST_TEXT: usize = 64;

/// A record's `timestamp`: milliseconds since the epoch as a number or as a string, or ISO 8601 with
/// an offset, or without one for UTC. Milliseconds beyond 64 bits are held at the ends of the range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum When {
    /// There is none.
    #[default]
    Absent,
    /// A point in time.
    At(EventTime),
    /// Something else.
    Unreadable,
}

pub(super) struct WhenShape(pub Depth);

impl<'de> Shape<'de> for WhenShape {
    type Value = When;

    fn depth(&self) -> Depth {
        self.0
    }

    fn absent(self) -> When {
        When::Absent
    }

    fn transient(self, text: &str) -> When {
        let text = text.trim();
        if !is_present(text) {
            return When::Absent;
        }
        from_text(text).map_or(When::Unreadable, When::At)
    }

    fn unsigned(self, number: u64) -> When {
        When::At(EventTime(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    fn signed(self, number: i64) -> When {
        When::At(EventTime(number))
    }

    fn float(self, number: f64) -> When {
        When::At(from_float(number))
    }
}

fn from_float(number: f64) -> EventTime {
    // The cast saturates at both ends.
    EventTime(number.round() as i64)
}

fn from_text(text: &str) -> Option<EventTime> {
    if text.len() > LONGEST_TEXT {
        return None;
    }
    let is_numeric = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    if text.bytes().all(is_numeric)
        && let Ok(number) = text.parse::<f64>()
    {
        let exact = text.parse::<i64>().map(EventTime);
        return Some(exact.unwrap_or_else(|_| from_float(number)));
    }
    let with_offset = text.parse::<Timestamp>();
    let timestamp = with_offset.or_else(|_| {
        let in_utc = text.parse::<DateTime>()?;
        in_utc
            .to_zoned(TimeZone::UTC)
            .map(|zoned| zoned.timestamp())
    });
    Some(EventTime(timestamp.ok()?.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> When {
        WhenShape(Depth::minded(1)).transient(text)
    }

    #[test]
    fn every_form_of_the_same_moment_is_the_same() {
        let moment = When::At(EventTime(1_710_930_600_250));
        for text in [
            "1710930600250",
            " 1710930600250 ",
            "1710930600250.0",
            "2024-03-20T10:30:00.250Z",
            "2024-03-20T12:30:00.25+02:00",
            "2024-03-20T10:30:00.250",
            "2024-03-20 10:30:00.250",
        ] {
            assert_eq!(at(text), moment, "{text}");
        }
        assert_eq!(
            WhenShape(Depth::minded(1)).float(1_710_930_600_250.2),
            moment
        );
    }

    #[test]
    fn absent_and_unreadable_are_told_apart() {
        assert_eq!(at("-"), When::Absent);
        assert_eq!(at(""), When::Absent);
        for text in [
            "yesterday",
            "nan",
            "inf",
            "-inf",
            "1e",
            "2024-13-45T00:00:00Z",
            "0x10",
        ] {
            assert_eq!(at(text), When::Unreadable, "{text}");
        }
        assert_eq!(at(&"9".repeat(65)), When::Unreadable);
    }

    #[test]
    fn what_exceeds_64_bits_is_held_at_the_end() {
        assert_eq!(at("99999999999999999999"), When::At(EventTime(i64::MAX)));
        assert_eq!(
            WhenShape(Depth::minded(1)).float(-1e300),
            When::At(EventTime(i64::MIN))
        );
        assert_eq!(
            WhenShape(Depth::minded(1)).unsigned(u64::MAX),
            When::At(EventTime(i64::MAX))
        );
    }
}
