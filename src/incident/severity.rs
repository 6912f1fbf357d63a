//! How bad the findings of one window are, as a number from 0 to 100.
//!
//! ```text
//! severity = 100 x rarity x size + 2 x rarity for each further signal (at most 3)
//!
//! rarity = 0.40 up to once in 1e3 windows, 0.45 at once in 1e5, 1 from once in 1e10 on, linear in
//!          the logarithm between them; at least 0.75 below the range, at least 0.9 where the detector
//!          is calibrated to a budget of incidents
//! volume = (log10(excess requests) - 1) / 3                                0 at 10, 1 at 10,000
//! factor = log10(observed / max(expected, 20)) / 2                         0 at 1, 1 at 100 times
//!
//! size above the range = 0.45 + 0.35 volume + 0.20 factor
//! size below the range = (0.75 + 0.25 volume) x (missing share of the expected)
//! ```
//!
//! with rarity, volume and factor held within 0 to 1. Shares (blocked ratio, share of the busiest
//! address) count as the requests they stand for. The strongest finding decides; the findings of one
//! window mostly show the same requests, so further signals add little. Rarity multiplies, so
//! that neither a huge but ordinary swing of a huge site, nor a practically impossible handful of
//! requests, becomes critical.
//!
//! Anchors, held by tests:
//!
//! | what | severity |
//! | --- | --- |
//! | barely significant: once in 741 windows, 450 for 300 | low |
//! | 100 blocked probes of `/admin` on a quiet site | medium to high |
//! | flood of 100 times normal | critical |
//! | near-silence of a site with a request per second | high to critical |

use wafwatch_windows::counters::Counters;

use super::Severity;
use crate::detect::{Direction, Finding};

/// Silence has passed limits of its own, which leave no doubt that it is real.
const LEAST_RARITY_OF_SILENCE: f64 = 0.75;
/// A detector that tells the pattern has held its findings to a budget of false incidents: each of them
/// deserves one, whatever the nominal rarity of the others would say.
const LEAST_RARITY_OF_CALIBRATED: f64 = 0.9;
/// Expectations below this count as this, so that 10 for 0.1 is no hundredfold.
const LEAST_EXPECTATION: f64 = 20.0;
const POINTS_PER_FURTHER_SIGNAL: f64 = 2.0;
const MOST_FURTHER_SIGNALS: usize = 3;

/// The severity of a window's findings; 0 without any.
#[must_use]
pub fn of_window(findings: &[Finding], counters: &Counters) -> Severity {
    let strongest = findings
        .iter()
        .map(|finding| points(finding, counters))
        .fold(0.0, f64::max);
    let rarest = findings.iter().map(rarity).fold(0.0, f64::max);
    let further = findings.len().saturating_sub(1).min(MOST_FURTHER_SIGNALS) as f64;
    let points = strongest + POINTS_PER_FURTHER_SIGNAL * further * rarest;
    Severity(points.clamp(0.0, 100.0).round() as u8)
}

fn points(finding: &Finding, counters: &Counters) -> f64 {
    let requests_per_unit = if finding.signal.is_share() {
        counters.total as f64
    } else {
        1.0
    };
    let observed = finding.observed * requests_per_unit;
    let expected = finding.expected * requests_per_unit;
    let excess = (observed - expected).abs();
    let volume = within_one((excess.max(1.0).log10() - 1.0) / 3.0);
    let size = match finding.direction {
        Direction::Above => {
            let ratio = observed / expected.max(LEAST_EXPECTATION);
            let factor = within_one(ratio.max(1.0).log10() / 2.0);
            0.45 + 0.35 * volume + 0.20 * factor
        }
        Direction::Below => {
            let missing = within_one(excess / expected.max(1.0));
            (0.75 + 0.25 * volume) * missing
        }
    };
    100.0 * rarity(finding) * size
}

/// Flat where chance alone still reaches, given how many windows a month has; steep beyond.
fn rarity(finding: &Finding) -> f64 {
    let decades = finding.once_in_windows.max(1.0).log10();
    let rarity =
        0.40 + 0.05 * within_one((decades - 3.0) / 2.0) + 0.55 * within_one((decades - 5.0) / 5.0);
    if finding.pattern.is_some() {
        return rarity.max(LEAST_RARITY_OF_CALIBRATED);
    }
    match finding.direction {
        Direction::Above => rarity,
        Direction::Below => rarity.max(LEAST_RARITY_OF_SILENCE),
    }
}

/// Held within 0 to 1; zero for what is no number.
fn within_one(value: f64) -> f64 {
    if value.is_nan() {
        return 0.0;
    }
    value.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Signal;
    use crate::incident::Level;
    use proptest::prelude::*;

    fn finding(signal: Signal, observed: f64, expected: f64, once_in_windows: f64) -> Finding {
        let direction = if observed >= expected {
            Direction::Above
        } else {
            Direction::Below
        };
        Finding {
            signal,
            direction,
            observed,
            expected,
            lower: 0.0,
            upper: expected,
            score: 3.0,
            once_in_windows,
            reason: String::new(),
            pattern: None,
        }
    }

    fn severity(findings: &[Finding], total: u64) -> Severity {
        let counters = Counters {
            total,
            ..Counters::default()
        };
        of_window(findings, &counters)
    }

    #[test]
    fn a_barely_significant_finding_is_low() {
        for (observed, expected) in [(450.0, 300.0), (40.0, 20.0), (150_000.0, 100_000.0)] {
            let finding = finding(Signal::Total, observed, expected, 741.0);
            assert_eq!(severity(&[finding], observed as u64).level(), Level::Low);
        }
    }

    #[test]
    fn a_hundred_blocked_probes_are_medium_to_high() {
        let findings = [
            finding(Signal::Total, 100.0, 1.0, 1e12),
            finding(Signal::Blocked, 100.0, 0.0, 1e12),
            finding(Signal::BlockedRatio, 1.0, 0.0, 1e7),
        ];
        let level = severity(&findings, 100).level();
        assert!(level == Level::Medium || level == Level::High, "{level}");
    }

    #[test]
    fn a_flood_of_a_hundred_times_normal_is_critical() {
        for expected in [15.0, 60.0, 1_000.0] {
            let flood = finding(Signal::Total, expected * 100.0, expected, 1e12);
            let level = severity(&[flood], (expected * 100.0) as u64).level();
            assert_eq!(level, Level::Critical);
        }
    }

    #[test]
    fn an_outage_of_a_busy_site_is_high_or_critical() {
        for (expected, once_in) in [(60.0, 1e6), (60.0, 1e12), (6_000.0, 1e12)] {
            let outage = finding(Signal::Total, 0.0, expected, once_in);
            let level = severity(&[outage], 0).level();
            assert!(level >= Level::High, "{level} for {expected}");
        }
    }

    #[test]
    fn no_finding_is_nothing() {
        assert_eq!(severity(&[], 1_000), Severity(0));
    }

    proptest! {
        #[test]
        fn severity_never_falls_when_a_finding_grows(
            expected in 0.0..1e9_f64, excess in 0.0..1e9_f64, more in 0.0..1e9_f64,
            once in 1.0..1e12_f64, rarer in 1.0..1e3_f64,
        ) {
            let small = finding(Signal::Total, expected + excess, expected, once);
            let large = finding(Signal::Total, expected + excess + more, expected, once * rarer);
            let second = finding(Signal::Blocked, expected + excess, expected, once);
            let alone = severity(std::slice::from_ref(&small), 0);
            prop_assert!(alone <= severity(&[large], 0));
            prop_assert!(alone <= severity(&[small, second], 0));
        }

        #[test]
        fn silence_is_worse_the_less_comes_through(
            expected in 1.0..1e9_f64, share in 0.0..1.0_f64, less in 0.0..1.0_f64,
        ) {
            let some = finding(Signal::Total, expected * share, expected, 1e9);
            let fewer = finding(Signal::Total, expected * share * less, expected, 1e9);
            prop_assume!(some.direction == fewer.direction);
            prop_assert!(severity(&[some], 0) <= severity(&[fewer], 0));
        }

        #[test]
        fn any_numbers_give_a_severity(
            observed in prop::num::f64::ANY, expected in prop::num::f64::ANY,
            once in prop::num::f64::ANY, total in any::<u64>(),
        ) {
            for signal in [Signal::Total, Signal::BlockedRatio] {
                let odd = finding(signal, observed, expected, once);
                prop_assert!(severity(&[odd], total).0 <= 100);
            }
        }
    }
}
