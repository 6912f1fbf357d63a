#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::detect::Direction;
use crate::detect::simulation::{Random, window, with_top};

fn settings() -> EwmaSettings {
    EwmaSettings {
        train_days: 0.0,
        ..EwmaSettings::default()
    }
}

fn taught(settings: EwmaSettings, windows: impl IntoIterator<Item = Summary>) -> Ewma {
    let mut detector = Ewma::new(settings);
    for summary in windows {
        detector.learn(&summary, Influence::Full);
    }
    detector
}

fn steady(windows: i64) -> impl Iterator<Item = Summary> {
    let mut random = Random(21);
    (0..windows).map(move |number| {
        let total = random.poisson(200.0);
        let blocked = random.poisson(4.0).min(total);
        let summary = window(number, total, blocked);
        let summary = with_top(summary, Dimension::Rule, &[("sqli", blocked)]);
        let summary = with_top(summary, Dimension::Uri, &[("/", total / 2), ("/login", 10)]);
        let address = format!("198.51.100.{}", number % 250);
        with_top(
            summary,
            Dimension::ClientAddress,
            &[("192.0.2.1", 12), (&address, 9)],
        )
    })
}

#[test]
fn it_says_that_it_is_learning_for_the_training_time() {
    let detector = taught(EwmaSettings::default(), steady(50));
    let verdict = detector.score(&window(50, 1_000_000, 0));
    assert_eq!(
        verdict.stage,
        Stage::Learning {
            seen: 50,
            needed: 10_080
        }
    );
    assert!(verdict.findings.is_empty());
    let untrained = taught(settings(), steady(9));
    let verdict = untrained.score(&window(9, 0, 0));
    assert_eq!(
        verdict.stage,
        Stage::Learning {
            seen: 9,
            needed: 10
        }
    );
    let ready = taught(settings(), steady(10));
    assert_eq!(ready.score(&window(10, 0, 0)).stage, Stage::Ready);
}

#[test]
fn scoring_first_sees_far_beyond_the_cap_of_updating_first() {
    let detector = taught(settings(), steady(200));
    let finding = detector.score(&window(200, 1_000, 4)).findings.remove(0);
    assert!(
        finding.score > 10.0 * (1.0 / 0.3_f64.sqrt()),
        "{}",
        finding.score
    );
}

#[test]
fn every_signal_can_be_found() {
    let detector = taught(settings(), steady(200));
    let mut odd = window(200, 2_000, 900);
    odd.counters.counted = 500;
    let odd = with_top(odd, Dimension::Rule, &[("sqli", 900)]);
    let odd = with_top(odd, Dimension::Uri, &[("/login", 1_500), ("/", 500)]);
    let odd = with_top(
        odd,
        Dimension::ClientAddress,
        &[("203.0.113.9", 1_500), ("192.0.2.1", 12)],
    );
    let findings = detector.score(&odd).findings;
    for signal in [
        Signal::Total,
        Signal::Allowed,
        Signal::Blocked,
        Signal::Counted,
        Signal::BlockedRatio,
        Signal::DistinctAddresses,
        Signal::TopAddressShare,
        Signal::Rule("sqli".to_owned()),
        Signal::Uri("/login".to_owned()),
        Signal::Address("203.0.113.9".to_owned()),
    ] {
        assert!(
            findings.iter().any(|finding| finding.signal == signal),
            "{signal:?}"
        );
    }
    assert!(
        findings
            .iter()
            .all(|finding| finding.direction == Direction::Above)
    );
}

#[test]
fn new_keys_are_compared_with_other_newcomers() {
    let detector = taught(settings(), steady(100));
    let newcomer = |count| {
        let summary = window(100, 200, 4);
        let summary = with_top(summary, Dimension::ClientAddress, &[("203.0.113.9", count)]);
        detector.score(&summary).findings
    };
    assert!(newcomer(25).is_empty());
    assert!(!newcomer(90).is_empty());
}

#[test]
fn keys_are_bounded_and_the_one_seen_longest_ago_goes_first() {
    let settings = EwmaSettings {
        top_k: 3,
        ..settings()
    };
    let seen = |number, key| with_top(window(number, 10, 0), Dimension::Uri, &[(key, 10)]);
    let detector = taught(
        settings,
        [
            seen(0, "/a"),
            seen(1, "/b"),
            seen(2, "/a"),
            seen(3, "/c"),
            seen(4, "/d"),
        ],
    );
    assert_eq!(
        detector.state.uris.keys().collect::<Vec<_>>(),
        ["/a", "/c", "/d"]
    );
    let both = with_top(window(0, 10, 0), Dimension::Uri, &[("/y", 5), ("/x", 5)]);
    let detector = taught(settings, [both, seen(1, "/b"), seen(2, "/c")]);
    assert_eq!(
        detector.state.uris.keys().collect::<Vec<_>>(),
        ["/b", "/c", "/y"]
    );
    let long = "/".repeat(MAX_KEY_BYTES + 1);
    let detector = taught(settings, [seen(0, &long)]);
    assert_eq!(detector.state.uris.keys().count(), 0);
}

#[test]
fn guarded_learning_moves_hardly_anything() {
    let before = taught(settings(), steady(200));
    let mut attacked = before.clone();
    for number in 200..1_000 {
        attacked.learn(&window(number, 9_000, 8_000), Influence::Guarded);
    }
    let mean = |detector: &Ewma| detector.state.total.mean();
    assert!((mean(&before) - mean(&attacked)).abs() < 1e-9);
    let mut calm = before.clone();
    calm.learn(&window(200, 260, 4), Influence::Guarded);
    assert!((mean(&calm) - mean(&before)).abs() < 1.0);
}

#[test]
fn odd_settings_are_held_within_their_ranges() {
    for value in [f64::NAN, f64::INFINITY, -5.0, 0.0, 1e300] {
        let settings = EwmaSettings {
            alpha: value,
            sigma: value,
            train_days: value.min(0.01),
            ..settings()
        };
        let detector = taught(settings, steady(60));
        for finding in detector.score(&window(60, 1_000_000, 500_000)).findings {
            assert!(finding.score.is_finite() && finding.once_in_windows.is_finite());
        }
    }
}

fn any_count() -> impl Strategy<Value = u64> {
    prop_oneof![1 => Just(0.0), 6 => (0.0..27.631_f64).prop_map(f64::exp)].prop_map(|x| x as u64)
}

proptest! {
    #[test]
    fn figures_are_finite_for_any_counts(
        learnt in prop::collection::vec((any_count(), any_count()), 10..60),
        (total, blocked) in (any_count(), any_count()),
    ) {
        let any_window = |number, (total, blocked): (u64, u64)| {
            let summary = window(number, total, blocked.min(total));
            let summary = with_top(summary, Dimension::Rule, &[("rule", blocked)]);
            with_top(summary, Dimension::ClientAddress, &[("192.0.2.1", total)])
        };
        let windows = learnt.into_iter().zip(0_i64..).map(|(counts, number)| any_window(number, counts));
        let detector = taught(settings(), windows);
        let before = detector.clone();
        for finding in detector.score(&any_window(99, (total, blocked))).findings {
            for figure in [
                finding.observed, finding.expected, finding.lower, finding.upper, finding.score,
                finding.once_in_windows,
            ] {
                prop_assert!(figure.is_finite() && figure >= 0.0, "{finding:?}");
            }
            prop_assert!((1.0..=1e12).contains(&finding.once_in_windows));
        }
        prop_assert_eq!(before, detector);
    }
}
