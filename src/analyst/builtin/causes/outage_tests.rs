use super::*;
use crate::detect::{Direction, Signal};
use crate::investigate::sample::Sample;
use crate::investigate::scenarios;

fn found(sample: Sample) -> Option<Hypothesis> {
    let evidence = sample.build();
    outage_or_logging_gap(&Figures::of(&evidence))
}

#[test]
fn silence_is_an_outage_or_a_gap() {
    let found = found(scenarios::outage()).expect("outage");
    assert!(found.confidence >= 0.95, "{}", found.confidence);
    assert!(
        found
            .reason
            .contains("0 requests per window where 400 are usual"),
        "{}",
        found.reason
    );
    assert_eq!(found.effect, Effect::Harm);
}

#[test]
fn half_the_requests_are_less_certain() {
    let sample = Sample::usually(400, 0, 150.0)
        .now(200, 0, 70.0)
        .total_finding(Direction::Below, 200.0, 400.0);
    let found = found(sample).expect("outage");
    assert!(
        (0.7..0.85).contains(&found.confidence),
        "{}",
        found.confidence
    );
}

#[test]
fn what_leaves_another_mix_behind_may_have_been_a_surge() {
    let left = |requests: u64| {
        Sample::usually(900, 0, 230.0)
            .now(requests, 0, 170.0)
            .total_finding(Direction::Below, requests as f64, 900.0)
    };
    let usual = found(left(180)).expect("outage");
    let other = found(left(180).mix(Mix::Changed)).expect("outage");
    assert!(other.confidence < usual.confidence - 0.1);
    assert!(other.reason.contains("surge ends"), "{}", other.reason);
    // Health checks go on when the site is gone, and are another mix.
    let checks = found(left(40).mix(Mix::Changed)).expect("outage");
    assert!(checks.confidence >= 0.9, "{}", checks.confidence);
    assert!(!checks.reason.contains("surge"), "{}", checks.reason);
}

#[test]
fn fewer_allowed_requests_with_the_same_total_are_no_outage() {
    let sample = Sample::usually(400, 0, 150.0).now(400, 390, 150.0).finding(
        Signal::Allowed,
        Direction::Below,
        10.0,
        400.0,
    );
    assert_eq!(found(sample), None);
}

#[test]
fn a_dip_is_no_outage() {
    let sample = Sample::usually(400, 0, 150.0)
        .now(330, 0, 130.0)
        .total_finding(Direction::Below, 330.0, 400.0);
    assert_eq!(found(sample), None);
}
