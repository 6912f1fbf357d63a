use super::*;
use crate::investigate::sample::Sample;
use crate::investigate::scenarios;

fn one_address(total: u64, of_it: u64) -> Sample {
    Sample::usually(100, 0, 40.0)
        .now(total, 0, 41.0)
        .values(
            Dimension::ClientAddress,
            &[("203.0.113.7", of_it, 0.0), ("198.51.100.4", 30, 30.0)],
        )
        .values(Dimension::Uri, &[("/search", total, 100.0)])
        .address(
            "203.0.113.7",
            of_it,
            0,
            &[("/search", of_it)],
            &[("Default_Action", of_it)],
        )
}

fn single(sample: Sample) -> Option<Hypothesis> {
    let evidence = sample.build();
    single_source(&Figures::of(&evidence))
}

fn many(sample: Sample) -> Option<Hypothesis> {
    let evidence = sample.build();
    distributed(&Figures::of(&evidence))
}

#[test]
fn one_address_that_sends_the_excess_is_a_flood() {
    let found = single(one_address(5_100, 5_000)).expect("flood");
    assert!(
        (found.confidence - 0.8).abs() < 0.02,
        "{}",
        found.confidence
    );
    assert!(
        found
            .reason
            .contains("203.0.113.7 sent 100% of 5000 requests"),
        "{}",
        found.reason
    );
    assert_eq!(found.effect, Effect::Attack { stopped: 0.0 });
    assert!(found.actions[1].contains("rate-based rule"));
}

#[test]
fn an_address_that_is_one_of_many_is_no_flood() {
    assert_eq!(single(one_address(5_100, 1_500)), None);
}

#[test]
fn a_busy_address_in_a_usual_volume_is_no_flood() {
    assert_eq!(single(one_address(150, 90)), None);
}

#[test]
fn an_address_that_is_always_busy_is_no_flood() {
    let sample = Sample::usually(100, 0, 40.0)
        .now(250, 0, 41.0)
        .values(Dimension::ClientAddress, &[("192.0.2.1", 90, 90.0)]);
    assert_eq!(single(sample), None);
}

#[test]
fn three_addresses_are_less_certain_than_one() {
    let sample = Sample::usually(100, 0, 40.0).now(3_100, 0, 43.0).values(
        Dimension::ClientAddress,
        &[
            ("203.0.113.1", 1_000, 0.0),
            ("203.0.113.2", 1_000, 0.0),
            ("203.0.113.3", 1_000, 0.0),
        ],
    );
    let found = single(sample).expect("flood");
    assert!(
        (0.6..=0.65).contains(&found.confidence),
        "{}",
        found.confidence
    );
    assert!(found.reason.contains("203.0.113.2"));
}

#[test]
fn without_a_baseline_a_flood_must_be_large() {
    assert!(single(one_address(5_100, 5_000).without_baseline()).is_some());
    assert_eq!(single(one_address(90, 80).without_baseline()), None);
}

fn from_everywhere(path_now: &str) -> Sample {
    Sample::usually(400, 4, 150.0)
        .now(40_000, 2_000, 9_000.0)
        .values(Dimension::ClientAddress, &[("203.0.113.7", 40, 0.0)])
        .values(
            Dimension::Uri,
            &[(path_now, 39_000, 20.0), ("/", 500, 200.0)],
        )
        .unlisted(Dimension::Uri, 500, 180.0)
        .values(
            Dimension::Country,
            &[("DE", 9_000, 300.0), ("VN", 31_000, 100.0)],
        )
}

#[test]
fn many_addresses_with_another_mix_are_a_distributed_flood() {
    let found = many(from_everywhere("/search")).expect("flood");
    assert!(found.confidence >= 0.8, "{}", found.confidence);
    assert!(found.reason.contains("/search"), "{}", found.reason);
    assert_eq!(single(from_everywhere("/search")), None);
}

#[test]
fn many_addresses_with_the_usual_mix_are_hardly_one() {
    let confidence = many(scenarios::crowd()).map_or(0.0, |found| found.confidence);
    assert!(confidence < 0.4, "{confidence}");
}

#[test]
fn a_flood_that_is_blocked_is_stopped() {
    let found = single(one_address(5_100, 5_000).now(5_100, 5_000, 41.0)).expect("flood");
    assert_eq!(found.effect, Effect::Attack { stopped: 1.0 });
}
