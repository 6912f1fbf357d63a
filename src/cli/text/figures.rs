//! Numbers and times as people read them.

use jiff::Timestamp;
use wafwatch_windows::time::EventTime;

/// `1234567` as `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        let rest = digits.len() - index;
        if index > 0 && rest.is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share of one as `12.3%`.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// A time as `2026-01-05 12:00:00`, in UTC.
#[must_use]
pub fn utc(time: EventTime) -> String {
    Timestamp::from_millisecond(time.0).map_or_else(
        |_| format!("{} ms", time.0),
        |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// How long ago `time` was `now`, as `3 min ago`.
#[must_use]
pub fn ago(time: EventTime, now: EventTime) -> String {
    let seconds = now.0.saturating_sub(time.0) / 1_000;
    match seconds {
        ..0 => "still to come".to_owned(),
        0..120 => format!("{seconds} s ago"),
        120..7_200 => format!("{} min ago", seconds / 60),
        7_200..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// The time that a text names: RFC 3339, or a day, which begins at midnight UTC.
///
/// # Errors
///
/// Says what was given and what is expected.
pub fn parse_time(text: &str) -> Result<EventTime, String> {
    let day = format!("{text}T00:00:00Z");
    text.parse::<Timestamp>()
        .or_else(|_| day.parse())
        .map(|time| EventTime(time.as_millisecond()))
        .map_err(|_| {
            format!("{text:?} is not a time: write it as 2026-01-05T12:00:00Z or 2026-01-05")
        })
}

/// A count of bytes as `12.3 MB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1_000.0 && unit + 1 < UNITS.len() {
        value /= 1_000.0;
        unit += 1;
    }
    if unit == 0 {
        return format!("{count} B");
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(percent(0.1234), "12.3%");
        assert_eq!(utc(EventTime(0)), "1970-01-01 00:00:00");
        assert_eq!(utc(EventTime(i64::MAX)), "9223372036854775807 ms");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_500_000), "1.5 MB");
    }

    #[test]
    fn how_long_ago_reads_well() {
        let after = |seconds: i64| ago(EventTime(0), EventTime(seconds * 1_000));
        assert_eq!(after(-1), "still to come");
        assert_eq!(after(0), "0 s ago");
        assert_eq!(after(119), "119 s ago");
        assert_eq!(after(120), "2 min ago");
        assert_eq!(after(7_200), "2 h ago");
        assert_eq!(after(200_000), "2 days ago");
        assert!(ago(EventTime(i64::MIN), EventTime(i64::MAX)).ends_with("days ago"));
    }

    #[test]
    fn times_are_parsed_or_the_error_says_how() {
        assert_eq!(parse_time("1970-01-01T00:00:01Z"), Ok(EventTime(1_000)));
        assert_eq!(parse_time("1970-01-02"), Ok(EventTime(86_400_000)));
        let error = parse_time("yesterday").expect_err("no time");
        assert!(error.contains("yesterday") && error.contains("2026-01-05T12:00:00Z"));
    }
}
