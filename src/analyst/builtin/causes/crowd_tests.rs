use super::*;
use crate::investigate::sample::Sample;
use crate::investigate::scenarios;

fn crowd(sample: Sample) -> Option<Hypothesis> {
    let evidence = sample.build();
    benign_crowd(&Figures::of(&evidence))
}

#[test]
fn more_people_with_the_usual_mix_are_a_crowd() {
    let found = crowd(scenarios::crowd()).expect("crowd");
    assert!(found.confidence >= 0.8, "{}", found.confidence);
    assert_eq!(found.effect, Effect::Harmless);
    assert!(
        found.reason.contains("volume grew 8 times"),
        "{}",
        found.reason
    );
}

#[test]
fn what_the_detector_says_of_the_mix_counts_and_is_told() {
    let confidence = |mix| {
        let found = crowd(for_one_page().mix(mix)).expect("crowd");
        let is_told = found.reason.contains("The detector found");
        assert_eq!(is_told, mix != Mix::Unknown, "{}", found.reason);
        found.confidence
    };
    assert_eq!(confidence(Mix::Unchanged), confidence(Mix::Unknown));
    assert!(confidence(Mix::Changed) < 0.5);
}

#[test]
fn a_crowd_that_is_blocked_more_than_usual_is_none() {
    assert_eq!(crowd(scenarios::crowd().now(3_200, 400, 1_150.0)), None);
}

#[test]
fn more_requests_from_the_same_people_are_no_crowd() {
    assert_eq!(crowd(scenarios::crowd().now(3_200, 66, 160.0)), None);
}

#[test]
fn a_crowd_of_another_country_is_none() {
    let sample = Sample::usually(400, 8, 150.0)
        .now(3_200, 66, 1_150.0)
        .values(
            Dimension::Country,
            &[("DE", 250, 250.0), ("VN", 2_950, 150.0)],
        );
    assert_eq!(crowd(sample), None);
}

fn for_one_page() -> Sample {
    Sample::usually(400, 8, 150.0)
        .now(3_200, 66, 1_150.0)
        .values(
            Dimension::Country,
            &[("DE", 2_000, 250.0), ("US", 1_200, 150.0)],
        )
        .values(Dimension::UserAgent, &[("Mozilla/5.0", 3_200, 400.0)])
        .values(
            Dimension::Uri,
            &[("/news/today", 1_600, 4.0), ("/", 1_600, 396.0)],
        )
}

#[test]
fn people_may_all_come_for_one_page() {
    let found = crowd(for_one_page()).expect("crowd");
    assert!(
        (0.5..0.8).contains(&found.confidence),
        "{}",
        found.confidence
    );
}

#[test]
fn without_enough_before_a_crowd_cannot_be_told() {
    assert_eq!(crowd(scenarios::crowd().without_baseline()), None);
    assert_eq!(crowd(Sample::quiet().now(3_200, 0, 1_000.0)), None);
}
