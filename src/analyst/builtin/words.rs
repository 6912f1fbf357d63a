//! How numbers and values of requests are written in sentences.

use crate::investigate::hostile::one_line;

const MAX_VALUE_CHARS: usize = 80;

/// A value of a request as it may stand in a sentence.
pub(super) fn shown(value: &str) -> String {
    one_line(value, MAX_VALUE_CHARS)
}

/// Up to `max` values: `a, b and c`, or `a, b and 7 more`.
pub(super) fn listed<'a>(values: impl IntoIterator<Item = &'a str>, max: usize) -> String {
    let values: Vec<&str> = values.into_iter().collect();
    let hidden = values.len().saturating_sub(max);
    let mut parts: Vec<String> = values.iter().take(max).map(|value| shown(value)).collect();
    if hidden > 0 {
        parts.push(format!("{hidden} more"));
    }
    match parts.as_slice() {
        [] => "none".to_owned(),
        [only] => only.clone(),
        [front @ .., last] => format!("{} and {last}", front.join(", ")),
    }
}

/// A share as a whole percentage; never `100%` or `0%` where it is not.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 {
        return "under 1%".to_owned();
    }
    if percent < 100.0 && percent > 99.0 {
        return "over 99%".to_owned();
    }
    format!("{percent:.0}%")
}

/// A mean count: whole where it is large, with one decimal where it is small.
pub(super) fn mean(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if value < 0.1 {
        return "under 0.1".to_owned();
    }
    if value < 10.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    format!("{value:.0}")
}

/// `1 request`, `2 requests`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let plural = match noun.strip_suffix("ss") {
        Some(stem) => format!("{stem}sses"),
        None => format!("{noun}s"),
    };
    let noun = if count == 1 { noun } else { plural.as_str() };
    format!("{count} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_do_not_claim_more_than_they_know() {
        assert_eq!(percent(1.0), "100%");
        assert_eq!(percent(0.999), "over 99%");
        assert_eq!(percent(0.001), "under 1%");
        assert_eq!(percent(0.0), "0%");
        assert_eq!(mean(0.2), "0.2");
        assert_eq!(mean(0.04), "under 0.1");
        assert_eq!(mean(1234.5), "1234");
        assert_eq!(mean(3.0), "3");
    }

    #[test]
    fn lists_are_bounded_and_harmless() {
        assert_eq!(listed(["a", "b", "c"], 3), "a, b and c");
        assert_eq!(listed(["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(listed(["a\n"], 2), "a\\n");
        assert_eq!(listed([], 2), "none");
    }

    #[test]
    fn nouns_follow_their_number() {
        assert_eq!(counted(1, "address"), "1 address");
        assert_eq!(counted(3, "address"), "3 addresses");
        assert_eq!(counted(2, "window"), "2 windows");
    }
}
