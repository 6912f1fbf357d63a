//! Findings and their numbers in words.

use super::tail::RAREST;
use super::{Direction, Finding, Pattern, Signal};

/// A finding in one sentence without a full stop, as `blocked requests: 118 in this window,
/// expected 0 to 4; about once in 1,000,000 windows`.
///
/// Names of rules, paths and addresses come from requests: escape the sentence where it is shown.
#[must_use]
pub fn describe(finding: &Finding) -> String {
    let show = |value: f64| match &finding.signal {
        share if share.is_share() => format!("{}%", number(value * 100.0)),
        _ => number(value),
    };
    let name = signal_name(&finding.signal);
    let observed = show(finding.observed);
    let expected = match finding.direction {
        Direction::Above => format!("{} to {}", show(finding.lower), show(finding.upper)),
        Direction::Below => format!("about {}", show(finding.expected)),
    };
    let rarity = if finding.once_in_windows >= RAREST {
        "practically impossible by chance".to_owned()
    } else {
        format!(
            "about once in {} windows",
            number(two_digits(finding.once_in_windows))
        )
    };
    let when = match finding.pattern {
        Some(Pattern::Ramp { windows }) => {
            format!("on average of about {} windows", number(f64::from(windows)))
        }
        _ => "in this window".to_owned(),
    };
    format!("{name}: {observed} {when}, expected {expected}; {rarity}")
}

/// A signal in words. Names of rules, paths and addresses come from requests.
#[must_use]
pub fn signal_name(signal: &Signal) -> String {
    match signal {
        Signal::Total => "requests".to_owned(),
        Signal::Allowed => "allowed requests".to_owned(),
        Signal::Blocked => "blocked requests".to_owned(),
        Signal::Counted => "requests matched by a COUNT rule".to_owned(),
        Signal::BlockedRatio => "share of blocked requests".to_owned(),
        Signal::DistinctAddresses => "distinct client addresses".to_owned(),
        Signal::TopAddressShare => "share of the busiest address".to_owned(),
        Signal::Rule(rule) => format!("requests terminated by rule {rule}"),
        Signal::Uri(uri) => format!("requests for {uri}"),
        Signal::Address(address) => format!("requests of {address}"),
        Signal::TopAddress => "requests of the busiest address".to_owned(),
        Signal::DistinctShare => "distinct client addresses per request".to_owned(),
        Signal::ChallengeShare => "share of challenged requests".to_owned(),
        Signal::UriShare(uri) => format!("share of requests for {uri}"),
        Signal::NewAddressShare => "share of client addresses never seen before".to_owned(),
        Signal::AddressEntropy => "spread of requests over client addresses".to_owned(),
    }
}

/// A number for people: whole from 10 on, with one or two decimals below, thousands separated.
#[must_use]
pub fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 9.95 || size.fract() == 0.0 => 0,
        size if size >= 0.95 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", whole),
    };
    let mut grouped = String::from(sign);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

/// Rounded to two leading digits: a nominal rarity has no more than that to say.
fn two_digits(value: f64) -> f64 {
    if value < 100.0 {
        return value.round();
    }
    let unit = 10_f64.powf(value.log10().floor() - 1.0);
    ((value / unit).round() * unit).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(signal: Signal, once_in_windows: f64) -> Finding {
        Finding {
            signal,
            direction: Direction::Above,
            observed: 118.0,
            expected: 0.4,
            lower: 0.0,
            upper: 4.0,
            score: 90.0,
            once_in_windows,
            reason: String::new(),
            muted: None,
            pattern: None,
        }
    }

    #[test]
    fn a_finding_reads_as_one_sentence() {
        assert_eq!(
            describe(&finding(Signal::Blocked, 1_000_123.0)),
            "blocked requests: 118 in this window, expected 0 to 4; about once in 1,000,000 windows"
        );
        let ratio = Finding {
            observed: 0.917,
            upper: 0.0125,
            ..finding(Signal::BlockedRatio, RAREST)
        };
        assert_eq!(
            describe(&ratio),
            "share of blocked requests: 92% in this window, expected 0% to 1.2%; practically impossible by chance"
        );
        let outage = Finding {
            direction: Direction::Below,
            observed: 0.0,
            expected: 3_600.4,
            ..finding(Signal::Total, 741.0)
        };
        assert_eq!(
            describe(&outage),
            "requests: 0 in this window, expected about 3,600; about once in 740 windows"
        );
    }

    #[test]
    fn numbers_are_short_and_grouped() {
        for (value, text) in [
            (0.0, "0"),
            (0.2, "0.2"),
            (0.038, "0.04"),
            (1.05, "1.1"),
            (9.96, "10"),
            (999.6, "1,000"),
            (1e12, "1,000,000,000,000"),
            (-1_234.0, "-1,234"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
