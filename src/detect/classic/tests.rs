#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::detect::Direction;
use crate::detect::simulation::{Random, window};

fn taught(settings: ClassicSettings, windows: impl IntoIterator<Item = (u64, u64)>) -> Classic {
    let mut detector = Classic::new(settings);
    for (number, (total, blocked)) in windows.into_iter().enumerate() {
        let summary = window(number as i64, total, blocked);
        detector.learn(&summary, Influence::Full);
    }
    detector
}

fn mode(mode: ClassicMode) -> ClassicSettings {
    ClassicSettings {
        mode,
        ..ClassicSettings::default()
    }
}

fn signals(detector: &Classic, total: u64, blocked: u64) -> Vec<Signal> {
    let verdict = detector.score(&window(9_999, total, blocked));
    verdict
        .findings
        .into_iter()
        .map(|finding| finding.signal)
        .collect()
}

#[test]
fn it_says_that_it_is_learning_for_ten_windows() {
    let mut detector = Classic::new(ClassicSettings::default());
    for seen in 0..NEEDED_WINDOWS {
        let verdict = detector.score(&window(0, 1_000_000, 1_000_000));
        assert_eq!(verdict.stage, Stage::Learning { seen, needed: 10 });
        assert!(verdict.findings.is_empty());
        detector.learn(&window(i64::from(seen), 10, 0), Influence::Full);
    }
    let verdict = detector.score(&window(10, 1_000_000, 1_000_000));
    assert_eq!(verdict.stage, Stage::Ready);
    assert_eq!(verdict.findings.len(), 3);
}

#[test]
fn modes_follow_their_signals() {
    let windows = || (0..60).map(|_| (100, 1));
    let total = taught(mode(ClassicMode::Total), windows());
    assert_eq!(signals(&total, 1_000, 1_000), [Signal::Total]);
    assert!(signals(&total, 100, 100).is_empty());
    assert_eq!(signals(&total, 0, 0), [Signal::Total]);
    let ratio = taught(mode(ClassicMode::Ratio), windows());
    assert_eq!(signals(&ratio, 100, 100), [Signal::BlockedRatio]);
    assert!(signals(&ratio, 0, 0).is_empty());
    let mixed = taught(mode(ClassicMode::Mixed), windows());
    let mut both = signals(&mixed, 100, 100);
    both.sort();
    assert_eq!(both, [Signal::Blocked, Signal::BlockedRatio]);
}

#[test]
fn a_finding_says_what_was_expected_and_how_rare_it_is() {
    let mut random = Random(1);
    let detector = taught(
        ClassicSettings::default(),
        (0..60).map(|_| (random.poisson(50.0), 0)),
    );
    let verdict = detector.score(&window(60, 150, 0));
    let finding = &verdict.findings[0];
    assert_eq!(
        (&finding.signal, finding.direction),
        (&Signal::Total, Direction::Above)
    );
    assert!((finding.expected - 50.0).abs() < 3.0);
    assert!(finding.lower < 35.0 && finding.upper > 65.0 && finding.upper < 90.0);
    assert!(finding.score > 8.0 && finding.once_in_windows > 1e9);
    assert!(
        finding.reason.contains("standard deviations"),
        "{}",
        finding.reason
    );
}

#[test]
fn the_largest_of_sixty_windows_is_not_an_anomaly() {
    let mut random = Random(2);
    let mut counts: Vec<u64> = (0..60).map(|_| random.poisson(50.0)).collect();
    counts.sort_unstable();
    let largest = counts[59];
    let detector = taught(
        ClassicSettings::default(),
        counts.into_iter().map(|count| (count, 0)),
    );
    assert!(signals(&detector, largest + 1, 0).is_empty());
}

#[test]
fn a_spread_of_zero_is_counting_noise_and_not_infinite() {
    let detector = taught(ClassicSettings::default(), (0..60).map(|_| (100, 0)));
    assert!(signals(&detector, 125, 0).is_empty());
    let finding = detector.score(&window(60, 200, 0)).findings.remove(0);
    assert!((finding.score - 9.9).abs() < 0.5, "{}", finding.score);
}

#[test]
fn quiet_sites_do_not_alert_at_a_handful_of_requests() {
    let detector = taught(
        ClassicSettings::default(),
        (0..60).map(|n| (u64::from(n % 5 == 0), 0)),
    );
    for count in 0..=9 {
        assert!(signals(&detector, count, count).is_empty(), "{count}");
    }
    assert!(signals(&detector, 20, 0).is_empty());
    assert!(!signals(&detector, 25, 0).is_empty());
}

#[test]
fn a_nonzero_baseline_leaves_out_empty_windows() {
    let windows = || (0..60).map(|n| (if n % 2 == 0 { 40 } else { 0 }, 0));
    let expected = |use_nonzero_baseline| {
        let settings = ClassicSettings {
            use_nonzero_baseline,
            ..ClassicSettings::default()
        };
        let detector = taught(settings, windows());
        detector.score(&window(60, 4_000, 0)).findings[0].expected
    };
    assert!((expected(true) - 40.0).abs() < 1e-9);
    assert!((expected(false) - 20.0).abs() < 1e-9);
}

#[test]
fn percentiles_find_what_a_daily_shape_hides_from_the_deviation() {
    let settings = ClassicSettings {
        history_milliseconds: 7 * 86_400_000,
        ..ClassicSettings::default()
    };
    let mut random = Random(4);
    // Nine hours in ten at 50, the rest at 500: three deviations reach beyond the busy hours.
    let counts =
        (0..1_440 * 3).map(|n| (random.poisson(if n % 600 < 60 { 500.0 } else { 50.0 }), 0));
    let detector = taught(settings, counts.collect::<Vec<_>>());
    assert!(signals(&detector, 560, 0).is_empty());
    let finding = detector.score(&window(9_999, 900, 0)).findings.remove(0);
    assert!(finding.once_in_windows > 1_000.0);
}

#[test]
fn a_window_moves_the_baseline_by_no_more_than_the_end_of_the_range() {
    let mut detector = taught(ClassicSettings::default(), (0..60).map(|_| (100, 2)));
    for number in 60..64 {
        detector.learn(&window(number, 1_000_000, 900_000), Influence::Full);
    }
    let finding = detector.score(&window(64, 1_000_000, 2)).findings.remove(0);
    assert!(finding.expected < 102.0, "{}", finding.expected);
}

#[test]
fn guarded_learning_learns_nothing_out_of_range_and_little_in_it() {
    let before = taught(ClassicSettings::default(), (0..60).map(|_| (100, 2)));
    let mut attacked = before.clone();
    for number in 60..1_200 {
        attacked.learn(&window(number, 5_000, 4_000), Influence::Guarded);
    }
    assert_eq!(before.state.total.history, attacked.state.total.history);
    assert_eq!(before.state.ratio.history, attacked.state.ratio.history);
    let mut calm = before.clone();
    for number in 60..100 {
        calm.learn(&window(number, 110, 2), Influence::Guarded);
    }
    let learnt = calm.state.total.history.learnt() - before.state.total.history.learnt();
    assert_eq!(learnt, 10);
}

#[test]
fn incomplete_windows_teach_nothing() {
    let mut detector = taught(ClassicSettings::default(), (0..60).map(|_| (100, 2)));
    let before = detector.clone();
    let mut half = window(60, 50, 1);
    half.completeness = Completeness::Incomplete;
    detector.learn(&half, Influence::Guarded);
    assert_eq!(before, detector);
}

#[test]
fn a_look_back_that_is_too_short_is_held_at_thirty_windows() {
    let settings = ClassicSettings {
        window_size: WindowSize::from_seconds(900).unwrap(),
        ..ClassicSettings::default()
    };
    let detector = taught(settings, (0..200).map(|_| (100, 2)));
    assert_eq!(detector.state.total.history.samples().count(), 30);
}

#[test]
fn one_huge_window_does_not_outweigh_the_ratio_of_all_others() {
    let mut detector = taught(ClassicSettings::default(), (0..60).map(|_| (100, 10)));
    detector.learn(&window(60, 100_000_000, 1), Influence::Full);
    let finding = detector.score(&window(61, 100, 90)).findings;
    let ratio = finding
        .iter()
        .find(|finding| finding.signal == Signal::BlockedRatio)
        .unwrap();
    assert!(ratio.expected > 0.08, "{}", ratio.expected);
}

/// Counts of every order of magnitude up to 1e12.
fn any_count() -> impl Strategy<Value = u64> {
    prop_oneof![1 => Just(0.0), 6 => (0.0..27.631_f64).prop_map(f64::exp)].prop_map(|x| x as u64)
}

proptest! {
    #[test]
    fn figures_are_finite_for_any_counts(
        learnt in prop::collection::vec((any_count(), any_count()), 10..80),
        (total, blocked) in (any_count(), any_count()),
    ) {
        let detector = taught(
            ClassicSettings::default(),
            learnt.into_iter().map(|(total, blocked)| (total, blocked.min(total))),
        );
        let before = detector.clone();
        for finding in detector.score(&window(99, total, blocked.min(total))).findings {
            for figure in [
                finding.observed, finding.expected, finding.lower, finding.upper, finding.score,
                finding.once_in_windows,
            ] {
                prop_assert!(figure.is_finite() && figure >= 0.0, "{finding:?}");
            }
            prop_assert!((1.0..=1e12).contains(&finding.once_in_windows));
            match finding.direction {
                Direction::Above => prop_assert!(finding.observed > finding.upper, "{finding:?}"),
                Direction::Below => prop_assert!(finding.observed <= finding.lower, "{finding:?}"),
            }
        }
        prop_assert_eq!(before, detector);
    }
}
