//! Durations as people write them: `90s`, `1h30m`, `7d`, `250ms`.

use std::time::Duration;

const UNITS: [(&str, u64); 6] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
];

/// Text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write whole numbers with units, as in 250ms, 90s, 75m, 1h30m or 7d")]
pub struct InvalidDuration;

/// The duration that `text` names.
///
/// # Errors
///
/// [`InvalidDuration`] for a number without unit, an unknown unit, and what is too long to count.
pub fn parse(text: &str) -> Result<Duration, InvalidDuration> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if text.is_empty() {
        return Err(InvalidDuration);
    }
    let mut rest = text;
    let mut total_ms = 0_u64;
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |byte| !byte.is_ascii_digit());
        let (unit, after) = split_where(after, |byte| byte.is_ascii_digit());
        let number: u64 = number.parse().map_err(|_| InvalidDuration)?;
        let unit_ms = UNITS
            .iter()
            .find_map(|(name, ms)| (*name == unit).then_some(*ms))
            .ok_or(InvalidDuration)?;
        total_ms = number
            .checked_mul(unit_ms)
            .and_then(|ms| total_ms.checked_add(ms))
            .ok_or(InvalidDuration)?;
        rest = after;
    }
    Ok(Duration::from_millis(total_ms))
}

/// `duration` with its largest whole units first: `1h15m`.
pub fn show(duration: Duration) -> String {
    let mut rest_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (name, unit_ms) in UNITS.iter().rev().filter(|(name, _)| *name != "w") {
        let number = rest_ms / unit_ms;
        rest_ms %= unit_ms;
        if number > 0 {
            text.push_str(&format!("{number}{name}"));
        }
    }
    if text.is_empty() {
        return "0s".to_owned();
    }
    text
}

fn split_where(text: &str, ends: impl Fn(u8) -> bool) -> (&str, &str) {
    // Both predicates stop at or pass over whole characters: digits are single bytes.
    let end = text.bytes().position(ends).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn usual_spellings_are_understood() {
        for (text, ms) in [
            ("0", 0),
            ("250ms", 250),
            ("90s", 90_000),
            ("75m", 4_500_000),
            ("1h30m", 5_400_000),
            ("7d", 604_800_000),
            ("1w", 604_800_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in [
            "",
            "5",
            "s",
            "-5s",
            "1.5h",
            "5 s",
            "5y",
            "99999999999999999w",
            "5µs",
        ] {
            assert_eq!(parse(text), Err(InvalidDuration), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_understood(ms in 0_u64..1_000_000_000_000) {
            let duration = Duration::from_millis(ms);
            prop_assert_eq!(parse(&show(duration)), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
