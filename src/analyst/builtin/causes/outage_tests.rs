use super::*;
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
    let sample = Sample::usually(900, 0, 230.0)
        .now(180, 0, 170.0)
        .total_finding(Direction::Below, 180.0, 900.0);
    let found = found(sample.mix(Mix::Changed)).expect("outage");
    assert!(found.confidence < 0.6, "{}", found.confidence);
    assert!(found.reason.contains("surge ends"), "{}", found.reason);
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
