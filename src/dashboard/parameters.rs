//! Reads the query of a request: known names, limits, clear refusals.

use std::ops::RangeInclusive;

use wafwatch_windows::summary::Dimension;
use wafwatch_windows::time::EventTime;

use super::answer::Refusal;
use crate::store::sqlite::series::TimeRange;

const MAX_QUERY_BYTES: usize = 16 << 10;
const MAX_PAIRS: usize = 128;
/// Longest value that is shown in a refusal.
const SHOWN_CHARS: usize = 60;
/// Times further from the epoch are nobody's, and sums with them might overflow: the year 9999.
const LARGEST_TIME: i64 = 253_402_300_799_999;

/// The parameters of one request.
#[derive(Debug)]
pub(super) struct Parameters {
    pairs: Vec<(String, String)>,
}

impl Parameters {
    /// Reads a query whose names are all in `known`.
    pub(super) fn parse(query: Option<&str>, known: &[&str]) -> Result<Self, Refusal> {
        let query = query.unwrap_or_default();
        if query.len() > MAX_QUERY_BYTES {
            return Err(Refusal::BadRequest(format!(
                "the query has more than {MAX_QUERY_BYTES} bytes: ask for less at once"
            )));
        }
        let mut pairs = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !known.contains(&name.as_ref()) {
                let name = shown(&name);
                let known = match known {
                    [] => "there are none here".to_owned(),
                    known => format!("choose of {}", known.join(", ")),
                };
                return Err(Refusal::BadRequest(format!(
                    "there is no parameter {name}: {known}"
                )));
            }
            if pairs.len() == MAX_PAIRS {
                return Err(Refusal::BadRequest(format!(
                    "the query has more than {MAX_PAIRS} parameters: ask for less at once"
                )));
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self { pairs })
    }

    /// The value of a parameter that may be given once.
    pub(super) fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.all(name);
        let value = values.next();
        if values.next().is_some() {
            return Err(Refusal::BadRequest(format!(
                "{name} is given twice: give it once"
            )));
        }
        Ok(value)
    }

    /// The values of a parameter that may be given several times.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let of_name = self.pairs.iter().filter(move |(given, _)| given == name);
        of_name.map(|(_, value)| value.as_str())
    }

    /// A whole number.
    pub(super) fn number(
        &self,
        name: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| {
            Refusal::BadRequest(format!(
                "{name} is {}: give a whole number from {} to {}",
                shown(text),
                range.start(),
                range.end()
            ))
        })
    }

    /// At most so many of something.
    pub(super) fn limit(&self, name: &str, usual: usize, most: usize) -> Result<usize, Refusal> {
        let largest = i64::try_from(most).unwrap_or(i64::MAX);
        let given = self.number(name, 1..=largest)?;
        Ok(given.map_or(usual, |given| usize::try_from(given).unwrap_or(most)))
    }

    /// `from` and `until`, as far as they are given.
    pub(super) fn times(&self) -> Result<(Option<EventTime>, Option<EventTime>), Refusal> {
        let time = |name| self.number(name, -LARGEST_TIME..=LARGEST_TIME);
        let (from, until) = (time("from")?, time("until")?);
        if let (Some(from), Some(until)) = (from, until)
            && from >= until
        {
            return Err(Refusal::BadRequest(format!(
                "from ({from}) is not before until ({until}): times are milliseconds since 1970"
            )));
        }
        Ok((from.map(EventTime), until.map(EventTime)))
    }

    /// `from` and `until` within what there is, where they are not given.
    pub(super) fn range_within(&self, all: TimeRange) -> Result<TimeRange, Refusal> {
        let (from, until) = self.times()?;
        Ok(TimeRange {
            from: from.unwrap_or(all.from),
            until: until.unwrap_or(all.until),
        })
    }

    /// One of several words.
    pub(super) fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, Refusal> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| Some(*value)).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            Refusal::BadRequest(format!(
                "{name} is {}: choose of {}",
                shown(text),
                words.join(", ")
            ))
        })
    }

    /// The dimensions asked for; all where none is.
    pub(super) fn dimensions(&self) -> Result<Vec<Dimension>, Refusal> {
        let mut dimensions = Vec::new();
        for text in self.all("dimension") {
            dimensions.push(dimension(text)?);
        }
        if dimensions.is_empty() {
            dimensions.extend(Dimension::ALL);
        }
        Ok(dimensions)
    }
}

fn dimension(name: &str) -> Result<Dimension, Refusal> {
    let mut all = Dimension::ALL.into_iter();
    all.find(|dimension| dimension.name() == name)
        .ok_or_else(|| {
            let names = Dimension::ALL.map(Dimension::name).join(", ");
            let name = shown(name);
            Refusal::BadRequest(format!("there is no dimension {name}: choose of {names}"))
        })
}

/// A value in a refusal: quoted, on one line, short.
pub(super) fn shown(text: &str) -> String {
    format!("{:?}", crate::report::hostile::one_line(text, SHOWN_CHARS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(query: &str, read: impl Fn(&Parameters) -> Result<(), Refusal>) -> String {
        let parsed = Parameters::parse(Some(query), &["from", "until", "limit", "acl"]);
        let refusal = parsed.and_then(|parameters| read(&parameters));
        refusal.expect_err("is refused").to_string()
    }

    #[test]
    fn what_is_given_is_read() {
        let query = Some("acl=a%2Fb&acl=c+d&from=-5&until=7&limit=3");
        let parameters =
            Parameters::parse(query, &["from", "until", "limit", "acl"]).expect("is fine");
        let acls: Vec<&str> = parameters.all("acl").collect();
        assert_eq!(acls, ["a/b", "c d"]);
        let times = parameters.times().expect("are times");
        assert_eq!(times, (Some(EventTime(-5)), Some(EventTime(7))));
        assert_eq!(parameters.limit("limit", 10, 100).expect("is one"), 3);
        let none = Parameters::parse(None, &[]).expect("is fine");
        assert_eq!(none.limit("limit", 10, 100).expect("is the usual"), 10);
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_to_do() {
        let limit = |parameters: &Parameters| parameters.limit("limit", 1, 9).map(drop);
        let times = |parameters: &Parameters| parameters.times().map(drop);
        for (query, expected) in [
            ("limit=0", "limit is \"0\": give a whole number from 1 to 9"),
            (
                "limit=1e3",
                "limit is \"1e3\": give a whole number from 1 to 9",
            ),
            ("limit=1&limit=2", "limit is given twice: give it once"),
            (
                "evil%0a=1",
                "there is no parameter \"evil\\\\n\": choose of from, until, limit, acl",
            ),
        ] {
            assert_eq!(refusal(query, limit), expected);
        }
        assert!(refusal("from=5&until=5", times).starts_with("from (5) is not before until (5)"));
        assert!(refusal("from=9999999999999999", times).contains("give a whole number"));
        let long = format!("acl={}", "a".repeat(MAX_QUERY_BYTES));
        assert!(refusal(&long, times).contains("more than 16384 bytes"));
        let many = "acl=a&".repeat(MAX_PAIRS + 1);
        assert!(refusal(&many, times).contains("more than 128 parameters"));
    }
}
