use wafwatch_windows::summary::{Completeness, Dimension, Summary};

use crate::detect::calibrated::{Calibrated, CalibratedSettings};
use crate::detect::simulation::{Random, window, with_top};
use crate::detect::{Detector, Influence, Mix};

const DAY: i64 = 1_440;
/// Of a site's requests, how many are usually blocked.
const BLOCKED: f64 = 0.02;

/// Requests, and the part of them that is blocked.
fn traffic(number: i64, requests: f64, blocked: f64, random: &mut Random) -> Summary {
    let total = random.overdispersed(requests, 0.1);
    let blocked = random.thinned(total, blocked);
    let mut summary = window(number, total, blocked);
    summary.distinct_addresses.estimate = (total as f64 * 0.5).round();
    let busiest = random.thinned(total, 0.02);
    with_top(summary, Dimension::ClientAddress, &[("192.0.2.9", busiest)])
}

/// Four days of a site where in some hours twice as many requests as usual are blocked.
fn site(random: &mut Random) -> Calibrated {
    site_after(4 * DAY, random)
}

fn site_after(windows: i64, random: &mut Random) -> Calibrated {
    let mut detector = Calibrated::new(CalibratedSettings::default());
    let mut blocked = BLOCKED;
    for number in 0..windows {
        if number % 60 == 0 {
            let is_rich = random.uniform() < 0.1;
            blocked = if is_rich { 2.0 * BLOCKED } else { BLOCKED };
        }
        detector.learn(&traffic(number, 300.0, blocked, random), Influence::Full);
    }
    detector
}

/// What is said of the mix in the windows with findings of half an hour with four times the requests.
fn mixes(blocked: f64, seed: u64) -> Vec<Mix> {
    let mut random = Random(seed);
    let mut detector = site(&mut random);
    let mut mixes = Vec::new();
    for number in 4 * DAY..4 * DAY + 30 {
        let summary = traffic(number, 1_200.0, blocked, &mut random);
        let verdict = detector.score(&summary);
        detector.learn(&summary, Influence::Full);
        if !verdict.findings.is_empty() {
            mixes.push(verdict.mix);
        }
    }
    mixes
}

#[test]
fn a_crowd_in_an_hour_of_many_blocked_requests_is_a_crowd() {
    for seed in 20..24 {
        let mixes = mixes(2.0 * BLOCKED, seed);
        assert!(mixes.len() >= 25, "{mixes:?}");
        let changed = mixes.iter().filter(|mix| **mix == Mix::Changed).count();
        assert_eq!(changed, 0, "seed {seed}: {mixes:?}");
    }
}

/// A site's second day, an incomplete window of its fifth, and one without requests cannot show that
/// nothing has changed.
#[test]
fn what_cannot_tell_is_not_called_unchanged() {
    let mut random = Random(20);
    let crowd = traffic(DAY, 1_200.0, BLOCKED, &mut random);
    let verdict = site_after(DAY, &mut random).score(&crowd);
    assert!(!verdict.findings.is_empty());
    assert_eq!(verdict.mix, Mix::Unknown);

    let mut detector = site(&mut random);
    let mut crowd = traffic(4 * DAY, 1_200.0, BLOCKED, &mut random);
    assert_eq!(detector.score(&crowd).mix, Mix::Unchanged);
    crowd.completeness = Completeness::Incomplete;
    let verdict = detector.score(&crowd);
    assert!(!verdict.findings.is_empty());
    assert_eq!(verdict.mix, Mix::Unknown);

    for number in 4 * DAY..4 * DAY + 6 {
        let silence = window(number, 0, 0);
        let verdict = detector.score(&silence);
        assert_eq!(verdict.mix, Mix::Unknown);
        detector.learn(&silence, Influence::Full);
    }
}

#[test]
fn a_crowd_of_which_a_rule_blocks_far_more_than_ever_is_none() {
    for seed in 20..24 {
        let mixes = mixes(8.0 * BLOCKED, seed);
        let changed = mixes.iter().filter(|mix| **mix == Mix::Changed).count();
        assert!(changed >= 20, "seed {seed}: {mixes:?}");
    }
}
