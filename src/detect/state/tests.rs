#![allow(clippy::unwrap_used)]

use super::*;
use crate::detect::simulation::{Random, window, with_top};
use crate::detect::{Direction, Signal, Stage};
use proptest::prelude::*;
use wafwatch_windows::summary::Dimension;

fn both() -> [DetectorSettings; 2] {
    [
        DetectorSettings::Classic(ClassicSettings::default()),
        DetectorSettings::Ewma(EwmaSettings::default()),
    ]
}

fn taught(settings: DetectorSettings, windows: i64) -> AnyDetector {
    taught_with_keys(settings, windows, 0)
}

/// Keys are filled up to `key_bytes`.
fn taught_with_keys(settings: DetectorSettings, windows: i64, key_bytes: usize) -> AnyDetector {
    let mut random = Random(5);
    let mut detector = AnyDetector::new(settings);
    for number in 0..windows {
        let total = random.poisson(300.0);
        let keys: Vec<String> = (0..20)
            .map(|key| format!("/{}/{key}{:x<key_bytes$}", number % 40, ""))
            .collect();
        let items: Vec<(&str, u64)> = keys.iter().map(|key| (key.as_str(), total / 40)).collect();
        let mut summary = window(number, total, total / 20);
        for dimension in [Dimension::Rule, Dimension::Uri, Dimension::ClientAddress] {
            summary = with_top(summary, dimension, &items);
        }
        detector.learn(&summary, Influence::Full);
    }
    detector
}

#[test]
fn a_stored_state_goes_on_exactly_where_it_was() {
    for settings in both() {
        let detector = taught(settings, 200);
        let bytes = detector.clone().into_state().encode();
        assert_eq!(bytes[0], STATE_VERSION);
        let state = DetectorState::decode(&bytes).unwrap();
        let (restored, how) = AnyDetector::restore(settings, Some(state));
        assert_eq!((&restored, how), (&detector, Restored::Kept));
        assert_eq!(taught(settings, 200).into_state().encode(), bytes);
    }
}

#[test]
fn other_detectors_and_sizes_start_afresh_and_harmless_settings_do_not() {
    let [classic, ewma] = both();
    let learnt = taught(classic, 60).into_state();
    let (_, how) = AnyDetector::restore(ewma, Some(learnt.clone()));
    assert_eq!(how, Restored::Fresh(FreshReason::OtherDetector));
    let (fresh, how) = AnyDetector::restore(classic, None);
    assert_eq!(how, Restored::Fresh(FreshReason::NothingStored));
    assert_eq!(fresh, AnyDetector::new(classic));

    let larger = WindowSize::from_seconds(300).unwrap();
    let other_size = DetectorSettings::Classic(ClassicSettings {
        window_size: larger,
        ..ClassicSettings::default()
    });
    let (_, how) = AnyDetector::restore(other_size, Some(learnt.clone()));
    let stored = WindowSize::DEFAULT;
    assert_eq!(
        how,
        Restored::Fresh(FreshReason::OtherWindowSize { stored })
    );

    let longer = DetectorSettings::Classic(ClassicSettings {
        history_milliseconds: 86_400_000,
        use_nonzero_baseline: false,
        ..ClassicSettings::default()
    });
    let (_, how) = AnyDetector::restore(longer, Some(learnt));
    assert_eq!(how, Restored::Kept);
}

#[test]
fn states_are_small() {
    let [classic, ewma] = both();
    let size = |settings, windows| taught(settings, windows).into_state().encode().len();
    assert!(size(classic, 500) < 2_048, "{}", size(classic, 500));
    assert!(size(ewma, 500) < 24_576, "{}", size(ewma, 500));
    let longest = taught_with_keys(ewma, 500, 248).into_state().encode().len();
    assert!((70_000..100_000).contains(&longest), "{longest}");
    let quarter = DetectorSettings::Classic(ClassicSettings {
        history_milliseconds: 90 * 86_400_000,
        ..ClassicSettings::default()
    });
    assert!(size(quarter, 9_000) < 65_536, "{}", size(quarter, 9_000));
}

#[test]
fn bytes_that_are_no_state_are_refused() {
    assert!(matches!(DetectorState::decode(&[]), Err(StateError::Empty)));
    let mut bytes = taught(both()[0], 60).into_state().encode();
    bytes.push(0);
    assert!(matches!(
        DetectorState::decode(&bytes),
        Err(StateError::Trailing { bytes: 1 })
    ));
    bytes.truncate(bytes.len() - 5);
    assert!(matches!(
        DetectorState::decode(&bytes),
        Err(StateError::Damaged(_))
    ));
    bytes[0] = 9;
    assert!(matches!(
        DetectorState::decode(&bytes),
        Err(StateError::Version { found: 9 })
    ));
}

proptest! {
    #[test]
    fn any_bytes_decode_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut versioned = vec![STATE_VERSION];
        versioned.extend(bytes);
        let _ = DetectorState::decode(&versioned).map(|state| state.encode());
    }
}

#[test]
fn a_forecast_ends_where_findings_begin() {
    let calibrated = DetectorSettings::Calibrated(CalibratedSettings::default());
    for settings in both().into_iter().chain([calibrated]) {
        let mut detector = AnyDetector::new(settings);
        assert_eq!(detector.forecast(&window(0, 300, 15)), None, "{settings:?}");
        let mut random = Random(5);
        let mut next = 0;
        while detector.score(&window(next, 300, 15)).stage != Stage::Ready {
            let total = random.poisson(300.0);
            detector.learn(&window(next, total, total / 20), Influence::Full);
            next += 1;
            assert!(next < 30_000, "{settings:?} never learns");
        }
        let forecast = detector.forecast(&window(next, 300, 15)).unwrap();
        let Forecast {
            expected,
            lower,
            upper,
        } = forecast;
        assert!(
            (280.0..320.0).contains(&expected),
            "{settings:?} {forecast:?}"
        );
        assert!(
            0.0 <= lower && lower < expected && expected < upper,
            "{forecast:?}"
        );
        let finds_too_many = |total: f64| {
            let verdict = detector.score(&window(next, total as u64, 15));
            verdict.findings.iter().any(|finding| {
                finding.signal == Signal::Total && finding.direction == Direction::Above
            })
        };
        let blurred = if settings == calibrated { 1.25 } else { 1.0 };
        assert!(
            !finds_too_many(upper / blurred),
            "{settings:?} {forecast:?}"
        );
        assert!(
            finds_too_many((upper + 1.0) * blurred),
            "{settings:?} {forecast:?}"
        );
    }
}
