//! What the name of an object tells about the time of its records.
//!
//! WAF writes `.../YYYY/MM/dd/HH/mm/..._YYYYMMDDTHHmmZ_....log.gz`, one slot of five minutes each;
//! Firehose `YYYY/MM/dd/HH/NAME-1-YYYY-MM-dd-HH-mm-ss-ID`, or what its prefix says, Hive style
//! (`year=2026/month=01/day=05/hour=12`, `dt=2026-01-05/hour=12`) above all; all of them in UTC. The
//! time is when the delivery began: of Firehose the arrival of the oldest record, at most 15 minutes
//! before the last one; and records arrive minutes after they were written. So [`Span::may_hold`] leaves
//! [`MARGIN_MS`] on both sides.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use wafwatch_windows::time::EventTime;

/// How far the records of an object may lie outside the time of its name.
const MARGIN_MS: i64 = 15 * 60_000;
/// What one object of WAF covers.
const SLOT_MINUTES: i64 = 5;
/// Names of time in Hive style, by unit.
const UNIT_NAMES: [&[&str]; 5] = [
    &["year", "yyyy", "y"],
    &["month", "mm", "m"],
    &["day", "dd", "d"],
    &["hour", "hh", "h", "hr"],
    &["minute", "min"],
];
const DATE_NAMES: &[&str] = &["dt", "date", "day", "datetime"];

/// The time that a name covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: EventTime,
    pub(crate) end: EventTime,
}

impl Span {
    /// What `key`, or a prefix that ends with a slash, covers; `None` where it does not say.
    pub(crate) fn of(key: &str) -> Option<Self> {
        let (folders, name) = key.rsplit_once('/').unwrap_or(("", key));
        of_name(name).or_else(|| of_folders(folders))
    }

    /// Whether what is named so may hold records of `[from, until)`.
    pub(crate) fn may_hold(self, from: EventTime, until: EventTime) -> bool {
        self.start.minus(MARGIN_MS) < until && self.end.plus(MARGIN_MS) > from
    }

    fn starting(start: DateTime, length: jiff::Span) -> Option<Self> {
        let end = start.checked_add(length).ok()?;
        Some(Self {
            start: utc(start)?,
            end: utc(end)?,
        })
    }
}

fn utc(time: DateTime) -> Option<EventTime> {
    let timestamp = TimeZone::UTC.to_timestamp(time).ok()?;
    Some(EventTime(timestamp.as_millisecond()))
}

/// The time in the folders, to the finest unit that they name without a gap.
fn of_folders(folders: &str) -> Option<Span> {
    let folders: Vec<&str> = folders.split('/').collect();
    let first = folders.iter().position(|folder| begins_time(folder))?;
    let mut numbers = Vec::with_capacity(UNIT_NAMES.len());
    for folder in &folders[first..] {
        if let Some(date) = whole_date(folder) {
            if numbers.is_empty() {
                numbers.extend(date);
                continue;
            }
            break;
        }
        let names = UNIT_NAMES.get(numbers.len());
        let Some(number) = names.and_then(|names| unit(folder, names)) else {
            break;
        };
        numbers.push(number);
    }
    span_of(&numbers)
}

fn begins_time(folder: &str) -> bool {
    let year = unit(folder, UNIT_NAMES[0]);
    whole_date(folder).is_some() || year.is_some_and(|year| (2000..2100).contains(&year))
}

fn span_of(numbers: &[i16]) -> Option<Span> {
    let number = |index: usize, least: i8| match numbers.get(index) {
        Some(number) => i8::try_from(*number).ok(),
        None => Some(least),
    };
    let date = Date::new(*numbers.first()?, number(1, 1)?, number(2, 1)?).ok()?;
    let time = Time::new(number(3, 0)?, number(4, 0)?, 0, 0).ok()?;
    let length = match numbers.len() {
        1 => 1.year(),
        2 => 1.month(),
        3 => 1.day(),
        4 => 1.hour(),
        _ => SLOT_MINUTES.minutes(),
    };
    Span::starting(date.to_datetime(time), length)
}

/// The number in `07`, or in `month=07` where `names` say so.
fn unit(folder: &str, names: &[&str]) -> Option<i16> {
    let is_year = names == UNIT_NAMES[0];
    let digits = match folder.split_once('=') {
        Some((name, digits)) if is_one_of(name, names) => digits,
        Some(_) => return None,
        None if folder.len() == if is_year { 4 } else { 2 } => folder,
        None => return None,
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

/// Year, month and day of `2026-01-05` or `dt=2026-01-05`.
fn whole_date(folder: &str) -> Option<[i16; 3]> {
    let date = match folder.split_once('=') {
        Some((name, date)) if is_one_of(name, DATE_NAMES) => date,
        Some(_) => return None,
        None => folder,
    };
    if date.len() != 10 {
        return None;
    }
    let mut numbers = date.splitn(3, '-').map(|number| number.parse::<i16>().ok());
    let [year, month, day] = [numbers.next()??, numbers.next()??, numbers.next()??];
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    Some([year, month, day])
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The time in a file's name, as WAF or Firehose writes it.
fn of_name(name: &str) -> Option<Span> {
    let starts = 0..name.len();
    starts
        .filter_map(|start| name.get(start..))
        .find_map(|rest| of_waf(rest).or_else(|| of_firehose(rest)))
}

/// `20260105T1205Z`.
fn of_waf(text: &str) -> Option<Span> {
    let numbers = numbers(text, "####.##.##.T##.##Z")?;
    span_of(&numbers)
}

/// `2026-01-05-12-05-59`.
fn of_firehose(text: &str) -> Option<Span> {
    let numbers = numbers(text, "####.-##.-##.-##.-##.-##")?;
    span_of(&numbers[..5])
}

/// The numbers at the beginning of `text`, which must look like `pattern`: `#` a digit, `.` the end
/// of a number, the rest as it is.
fn numbers(text: &str, pattern: &str) -> Option<Vec<i16>> {
    let mut text = text.bytes();
    let mut numbers = vec![0_i16];
    for expected in pattern.bytes() {
        if expected == b'.' {
            numbers.push(0);
            continue;
        }
        let byte = text.next()?;
        match expected {
            b'#' if byte.is_ascii_digit() => {
                let number = numbers.last_mut()?;
                *number = *number * 10 + i16::from(byte - b'0');
            }
            expected if expected == byte => {}
            _ => return None,
        }
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(key: &str) -> Option<(String, String)> {
        let text = |time: EventTime| {
            let time = jiff::Timestamp::from_millisecond(time.0).expect("a time");
            time.to_string()
        };
        Span::of(key).map(|span| (text(span.start), text(span.end)))
    }

    fn covers(key: &str, start: &str, end: &str) {
        let expected = Some((format!("{start}:00Z"), format!("{end}:00Z")));
        assert_eq!(span(key), expected, "{key}");
    }

    #[test]
    fn the_layouts_of_waf_firehose_and_hive_are_read() {
        let acl = "AWSLogs/111122223333/WAFLogs/eu-central-1/shop/";
        covers(
            &format!("{acl}2026/"),
            "2026-01-01T00:00",
            "2027-01-01T00:00",
        );
        covers(
            &format!("{acl}2026/12/"),
            "2026-12-01T00:00",
            "2027-01-01T00:00",
        );
        covers(
            &format!("{acl}2024/02/29/"),
            "2024-02-29T00:00",
            "2024-03-01T00:00",
        );
        covers(
            &format!("{acl}2026/01/05/23/"),
            "2026-01-05T23:00",
            "2026-01-06T00:00",
        );
        covers(
            &format!("{acl}2026/01/05/12/55/"),
            "2026-01-05T12:55",
            "2026-01-05T13:00",
        );
        let name = "111122223333_waflogs_eu-central-1_shop_20260105T1255Z_0a1b2c3d.log.gz";
        covers(
            &format!("{acl}{name}"),
            "2026-01-05T12:55",
            "2026-01-05T13:00",
        );
        let name = "aws-waf-logs-shop-1-2026-01-05-12-03-44-0f0e0d0c-1111";
        covers(
            &format!("2026/01/05/12/{name}"),
            "2026-01-05T12:03",
            "2026-01-05T12:08",
        );
        covers(
            "2026/01/05/12/other",
            "2026-01-05T12:00",
            "2026-01-05T13:00",
        );
        covers(
            "waf/year=2026/month=1/day=05/hour=12/",
            "2026-01-05T12:00",
            "2026-01-05T13:00",
        );
        covers(
            "waf/dt=2026-01-05/hour=12/",
            "2026-01-05T12:00",
            "2026-01-05T13:00",
        );
        covers("waf/2026-01-05/", "2026-01-05T00:00", "2026-01-06T00:00");
    }

    #[test]
    fn what_says_nothing_may_hold_everything() {
        for key in [
            "",
            "AWSLogs/",
            "AWSLogs/111122223333/WAFLogs/eu-central-1/shop/",
            "waf.log.gz",
            "1234/56/",
            "2026/13/01/",
            "2026-02-30/",
            "month=01/",
        ] {
            assert_eq!(span(key), None, "{key}");
        }
    }

    #[test]
    fn a_margin_is_left_on_both_sides() {
        let span = Span::of("2026/01/05/12/").expect("an hour");
        let minutes = |minutes: i64| minutes * 60_000;
        let (start, end) = (span.start, span.end);
        assert!(span.may_hold(end.plus(minutes(14)), end.plus(minutes(20))));
        assert!(!span.may_hold(end.plus(minutes(15)), end.plus(minutes(20))));
        assert!(span.may_hold(start.minus(minutes(20)), start.minus(minutes(14))));
        assert!(!span.may_hold(start.minus(minutes(20)), start.minus(minutes(15))));
    }
}
