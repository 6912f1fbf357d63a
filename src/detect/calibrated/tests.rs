use proptest::prelude::*;
use wafwatch_windows::summary::{Completeness, Dimension, Summary, TopItem};

use super::*;
use crate::detect::simulation::{Random, window, with_top};
use crate::detect::state::Restored;
use crate::detect::{AnyDetector, DetectorSettings, DetectorState, Pattern, Signal};

const DAY: i64 = 1_440;

/// A site with a daily rhythm: about 100 requests a minute, 2% of them blocked.
fn ordinary(number: i64, random: &mut Random) -> Summary {
    let phase = number.rem_euclid(DAY) as f64 / DAY as f64 * std::f64::consts::TAU;
    let total = random.overdispersed(100.0 * (1.0 - 0.6 * phase.cos()), 0.1);
    let blocked = random.thinned(total, 0.02);
    let busiest = random.poisson(4.0).min(total);
    let mut summary = window(number, total, blocked);
    summary.distinct_addresses.estimate = (total as f64 * 0.6).round();
    summary = with_top(summary, Dimension::ClientAddress, &[("192.0.2.9", busiest)]);
    summary
}

/// `ordinary` with requests of one address on top, all of them blocked.
fn attacked(number: i64, requests: u64, random: &mut Random) -> Summary {
    let mut summary = ordinary(number, random);
    summary.counters.total += requests;
    summary.counters.blocked += requests;
    with_top(
        summary,
        Dimension::ClientAddress,
        &[("203.0.113.9", requests)],
    )
}

fn sees(detector: &mut Calibrated, summary: &Summary) -> Verdict {
    let verdict = detector.score(summary);
    detector.learn(summary, Influence::Full);
    verdict
}

fn taught(windows: i64, random: &mut Random) -> Calibrated {
    let mut detector = Calibrated::new(CalibratedSettings::default());
    for number in 0..windows {
        detector.learn(&ordinary(number, random), Influence::Full);
    }
    detector
}

#[test]
fn it_says_which_stage_it_is_in() {
    let stage = |windows| {
        taught(windows, &mut Random(1))
            .score(&window(windows, 0, 0))
            .stage
    };
    assert_eq!(stage(4), Stage::Learning { seen: 4, needed: 5 });
    assert_eq!(stage(5), Stage::Wide { windows_left: 25 });
    assert_eq!(
        stage(30),
        Stage::BurstsOnly {
            windows_left: 3 * 1_440 - 30
        }
    );
    assert_eq!(stage(3 * DAY), Stage::Ready);
}

#[test]
fn an_attack_of_today_is_found_again_tomorrow() {
    let mut random = Random(2);
    let mut detector = taught(3 * DAY, &mut random);
    for day in 3..6 {
        let mut found = 0;
        for minute in 0..DAY {
            let number = day * DAY + minute;
            let is_attack = (700..760).contains(&minute);
            let summary = if is_attack {
                attacked(number, 150, &mut random)
            } else {
                ordinary(number, &mut random)
            };
            let verdict = sees(&mut detector, &summary);
            found += usize::from(is_attack && !verdict.findings.is_empty());
            if is_attack && minute < 710 {
                assert_eq!(verdict.mix, Mix::Changed, "day {day}, minute {minute}");
            }
        }
        assert!(found >= 55, "day {day}: {found} of 60 windows");
    }
}

#[test]
fn a_change_that_lasts_is_accepted_within_about_a_day() {
    let mut random = Random(3);
    let mut detector = taught(4 * DAY, &mut random);
    let doubled = |number: i64, random: &mut Random| {
        let (one, other) = (ordinary(number, random), ordinary(number, random));
        let mut summary = window(
            number,
            one.counters.total + other.counters.total,
            one.counters.blocked + other.counters.blocked,
        );
        summary.distinct_addresses.estimate = (summary.counters.total as f64 * 0.6).round();
        with_top(summary, Dimension::ClientAddress, &[("192.0.2.9", 8)])
    };
    let mut alarms = [0; 3];
    for day in 0..3 {
        for minute in 0..DAY {
            let number = (4 + day) * DAY + minute;
            let verdict = sees(&mut detector, &doubled(number, &mut random));
            alarms[day as usize] += usize::from(!verdict.findings.is_empty());
        }
    }
    assert!(alarms[0] > 0, "{alarms:?}");
    assert!(alarms[2] <= 20, "{alarms:?}");
}

#[test]
fn an_outage_is_silence() {
    let mut random = Random(4);
    let mut detector = taught(DAY + 700, &mut random);
    let mut found = Vec::new();
    for number in 0..6 {
        let verdict = sees(&mut detector, &window(DAY + 700 + number, 0, 0));
        found.push(verdict);
    }
    let last = found.last().expect("windows");
    let total = last
        .findings
        .iter()
        .find(|finding| finding.signal == Signal::Total);
    let total = total.expect("a finding of the total");
    assert_eq!(total.direction, Direction::Below);
    // There is nothing to compare.
    assert_eq!(last.mix, Mix::Unknown);
    let mut incomplete = window(DAY + 706, 0, 0);
    incomplete.completeness = Completeness::Incomplete;
    assert!(detector.score(&incomplete).findings.is_empty());
}

#[test]
fn an_outage_in_the_second_hour_is_found_in_each_of_its_windows() {
    let mut random = Random(18);
    let mut detector = Calibrated::new(CalibratedSettings::default());
    for number in 0..75 {
        let summary = window(number, random.poisson(180.0), 3);
        detector.learn(&summary, Influence::Full);
    }
    for number in 75..90 {
        let verdict = sees(&mut detector, &window(number, 0, 0));
        assert!(!verdict.findings.is_empty(), "window {number}");
    }
}

#[test]
fn a_rule_that_fires_for_the_first_time_is_a_finding() {
    let mut random = Random(5);
    let detector = taught(DAY, &mut random);
    let summary = with_top(
        ordinary(DAY, &mut random),
        Dimension::Rule,
        &[("block-rule-test", 40)],
    );
    let verdict = detector.score(&summary);
    let signals: Vec<&Signal> = verdict
        .findings
        .iter()
        .map(|finding| &finding.signal)
        .collect();
    assert_eq!(signals, [&Signal::Rule("block-rule-test".to_owned())]);
    assert_eq!(verdict.findings[0].pattern, Some(Pattern::Burst));
}

#[test]
fn a_watched_path_is_followed_from_the_first_window_on_and_its_burst_is_a_finding() {
    let mut random = Random(15);
    let mut detector = Calibrated::new(CalibratedSettings::default());
    let watched = |requests, random: &mut Random| {
        let mut summary = ordinary(0, random);
        summary.watched_uris = vec![TopItem::new("/api/token", requests, requests)];
        summary
    };
    for number in 0..DAY {
        let mut summary = watched(random.poisson(1.0), &mut random);
        summary.window = window(number, 0, 0).window;
        detector.learn(&summary, Influence::Full);
    }
    let mut burst = watched(40, &mut random);
    burst.window = window(DAY, 0, 0).window;
    let verdict = detector.score(&burst);
    let path = Signal::Uri("/api/token".to_owned());
    let found = verdict.findings.iter().any(|found| found.signal == path);
    assert!(found, "{:?}", verdict.findings);
}

/// `ordinary` with addresses of which one in fifty is new each time.
fn familiar(number: i64, random: &mut Random) -> Summary {
    let mut summary = ordinary(number, random);
    let addresses = summary.distinct_addresses.estimate as u32;
    let hash = |random: &mut Random| (random.uniform() * f64::from(u32::MAX)) as u32;
    let known = |random: &mut Random| (random.uniform() * 500.0) as u32 * 8_000_003;
    summary.address_sample = (0..addresses)
        .map(|_| {
            if random.uniform() < 0.02 {
                hash(random)
            } else {
                known(random)
            }
        })
        .collect();
    summary
}

#[test]
fn addresses_that_were_never_seen_are_a_finding_at_unchanged_volume() {
    let mut random = Random(16);
    let mut detector = Calibrated::new(CalibratedSettings::default());
    let days = 4 * DAY;
    for number in 0..days {
        detector.learn(&familiar(number, &mut random), Influence::Full);
    }
    let found_in = |verdict: &Verdict| {
        let mut signals = verdict.findings.iter().map(|found| &found.signal);
        signals.any(|signal| *signal == Signal::NewAddressShare)
    };
    let (mut calm, mut found) = (0, 0);
    for number in days..days + 60 {
        calm += usize::from(found_in(&sees(
            &mut detector,
            &familiar(number, &mut random),
        )));
    }
    for number in days + 60..days + 90 {
        let mut summary = familiar(number, &mut random);
        let strangers = 0..summary.distinct_addresses.estimate as u32;
        summary.address_sample = strangers
            .map(|_| (random.uniform() * f64::from(u32::MAX)) as u32)
            .collect();
        found += usize::from(found_in(&sees(&mut detector, &summary)));
    }
    assert_eq!(calm, 0);
    assert!(found >= 10, "{found} of 30");
}

#[test]
fn the_state_with_every_key_and_address_stays_within_64_kib() {
    let mut random = Random(17);
    let mut detector = Calibrated::new(CalibratedSettings::default());
    let key = |kind: &str, number: usize| format!("/{kind}{number:0>200}");
    for number in 0..16 * DAY {
        let mut summary = ordinary(number, &mut random);
        let rules: Vec<(String, u64)> = (0..8).map(|n| (key("rule", n), 9)).collect();
        let rules: Vec<(&str, u64)> = rules.iter().map(|(key, n)| (key.as_str(), *n)).collect();
        let logins: Vec<(String, u64)> = (0..3).map(|n| (key("login", n), 9)).collect();
        let logins: Vec<(&str, u64)> = logins.iter().map(|(key, n)| (key.as_str(), *n)).collect();
        summary = with_top(summary, Dimension::Rule, &rules);
        summary = with_top(summary, Dimension::Uri, &logins);
        let watched = (0..MOST_WATCHED).map(|n| TopItem::new(key("watched", n), 9, 9));
        summary.watched_uris = watched.collect();
        summary.address_sample = (0..64)
            .map(|_| (random.uniform() * f64::from(u32::MAX)) as u32)
            .collect();
        detector.learn(&summary, Influence::Full);
    }
    assert_eq!(
        (detector.state.rules.len(), detector.state.paths.len()),
        (8, 6)
    );
    let bytes = DetectorState::Calibrated(Box::new(detector.state)).encode();
    assert!(bytes.len() < 65_536, "{} bytes", bytes.len());
}

#[test]
fn a_restart_changes_nothing_and_the_state_is_small() {
    let settings = DetectorSettings::Calibrated(CalibratedSettings::default());
    let mut random = Random(6);
    let mut detector = AnyDetector::new(settings);
    for number in 0..2 * DAY {
        let keys: Vec<String> = (0..20)
            .map(|key| format!("/login/{key}{:x<240}", ""))
            .collect();
        let items: Vec<(&str, u64)> = keys.iter().map(|key| (key.as_str(), 3)).collect();
        let mut summary = ordinary(number, &mut random);
        for dimension in [Dimension::Rule, Dimension::Uri] {
            summary = with_top(summary, dimension, &items);
        }
        detector.learn(&summary, Influence::Full);
    }
    let bytes = detector.clone().into_state().encode();
    assert!(bytes.len() < 65_536, "{} bytes", bytes.len());
    let stored = DetectorState::decode(&bytes).expect("a state");
    let (restored, how) = AnyDetector::restore(settings, Some(stored));
    assert_eq!(how, Restored::Kept);
    assert_eq!(restored, detector);
    let next = attacked(2 * DAY, 30, &mut random);
    assert_eq!(restored.score(&next), detector.score(&next));
}

#[test]
fn a_late_window_and_an_incomplete_one_teach_nothing() {
    let mut random = Random(7);
    let mut detector = taught(DAY, &mut random);
    let before = detector.clone();
    detector.learn(&attacked(DAY - 5, 9_000, &mut random), Influence::Full);
    assert_eq!(detector, before);
    let mut incomplete = attacked(DAY, 9_000, &mut random);
    incomplete.completeness = Completeness::Incomplete;
    detector.learn(&incomplete, Influence::Full);
    assert_eq!(detector.state.fixed, before.state.fixed);
}

#[test]
fn a_gap_of_hours_makes_no_finding() {
    let mut random = Random(8);
    let mut detector = taught(4 * DAY, &mut random);
    let mut found = 0;
    for number in 4 * DAY + 300..4 * DAY + 600 {
        let verdict = sees(&mut detector, &ordinary(number, &mut random));
        found += verdict.findings.len();
    }
    assert_eq!(found, 0);
}

#[test]
fn what_makes_a_finding_lies_outside_the_range_it_states() {
    let mut random = Random(9);
    let mut found = 0;
    for quiet in [12, DAY, 4 * DAY] {
        let mut detector = taught(quiet, &mut random);
        for number in quiet..quiet + 90 {
            let verdict = sees(&mut detector, &attacked(number, 60, &mut random));
            for finding in &verdict.findings {
                found += 1;
                let is_outside = match finding.direction {
                    Direction::Above => finding.observed >= finding.upper,
                    Direction::Below => finding.observed <= finding.lower,
                };
                let is_silence = matches!(finding.pattern, Some(Pattern::Silence { .. }));
                assert!(is_outside || is_silence, "{finding:?}");
            }
        }
    }
    assert!(found > 100, "{found}");
}

fn assert_finite(verdict: &Verdict) {
    for finding in &verdict.findings {
        let values = [
            finding.observed,
            finding.expected,
            finding.lower,
            finding.upper,
            finding.score,
            finding.once_in_windows,
        ];
        assert!(values.iter().all(|value| value.is_finite()), "{finding:?}");
        assert!(finding.lower <= finding.upper && finding.once_in_windows >= 1.0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_counts_give_finite_numbers(
        counts in prop::collection::vec(
            (0..10_u32, 0..1_000_000_000_u64, 0..1_000_000_000_u64, 0.0..1e9_f64), 40..160,
        ),
        hours in prop::collection::vec(1..50_i64, 8),
    ) {
        let mut detector = Calibrated::new(CalibratedSettings::default());
        let mut number = 0;
        for (place, (kind, total, blocked, distinct)) in counts.into_iter().enumerate() {
            number += if place % 40 == 39 { hours[place / 40 % 8] * 60 } else { 1 };
            let total = match kind { 0..4 => 0, 4..7 => total % 50, _ => total };
            let mut summary = window(number, total, blocked.min(total));
            summary.distinct_addresses.estimate = if kind == 9 { f64::NAN } else { distinct };
            summary = with_top(summary, Dimension::Uri, &[("/login", blocked)]);
            assert_finite(&sees(&mut detector, &summary));
            let outlook = detector.outlook(&summary);
            prop_assert!(outlook.lower.is_finite() && outlook.upper.is_finite());
            prop_assert!(outlook.score.is_finite() && outlook.expected.is_finite());
        }
    }

    #[test]
    fn any_series_gives_finite_scores(values in prop::collection::vec(any::<f64>(), 1..300)) {
        let mut stream = stream::Stream::new(&values, 300.0, 1.0);
        for (place, value) in values.iter().enumerate() {
            let scored = stream.next(place as i64 * 300, *value);
            let numbers = [scored.score, scored.expected, scored.lower, scored.upper, scored.once_in_windows];
            prop_assert!(numbers.iter().all(|number| number.is_finite()), "{scored:?} of {value}");
            prop_assert!(scored.score >= 0.0);
        }
    }
}

/// Incidents per week of noise that holds no event, as `docs/detection.md` tells them.
fn false_incidents_per_week(accepted: f64, days: i64, seed: u64, noise: [f64; 2]) -> f64 {
    let [dispersion, swing] = noise;
    let mut random = Random(seed);
    let mut detector = Calibrated::new(CalibratedSettings {
        false_incidents_per_week: accepted,
        ..CalibratedSettings::default()
    });
    let (mut incidents, mut last) = (0, i64::MIN / 2);
    for number in 0..days * DAY {
        let phase = number.rem_euclid(DAY) as f64 / DAY as f64 * std::f64::consts::TAU;
        let total = random.overdispersed(120.0 * (1.0 - swing * phase.cos()), dispersion);
        let blocked = random.thinned(total, 0.03);
        let mut summary = window(number, total, blocked);
        summary.counters.counted = random.thinned(total, 0.05);
        summary.distinct_addresses.estimate = random.thinned(total, 0.5) as f64;
        let busiest = random.poisson(6.0).min(total);
        summary = with_top(summary, Dimension::ClientAddress, &[("192.0.2.9", busiest)]);
        let verdict = sees(&mut detector, &summary);
        if number >= 2 * DAY && !verdict.findings.is_empty() {
            incidents += i32::from(number - last > 30);
            last = number;
        }
    }
    f64::from(incidents) / ((days - 2) as f64 / 7.0)
}

#[test]
#[allow(clippy::print_stderr)]
#[ignore = "minutes; run with --release and --nocapture for the figures of docs/detection.md"]
fn noise_makes_the_stated_number_of_false_incidents() {
    let mut all = Vec::new();
    for (name, noise) in [
        ("stationary, Poisson", [0.0, 0.0]),
        ("stationary, cv 0.3", [0.3, 0.0]),
        ("daily shape x4, Poisson", [0.0, 0.6]),
        ("daily shape x4, cv 0.2", [0.2, 0.6]),
    ] {
        for accepted in [0.3, 1.0, 3.0] {
            let rates: Vec<f64> = (0..48)
                .map(|seed| false_incidents_per_week(accepted, 30, 5_000 + seed, noise))
                .collect();
            let mean = rates.iter().sum::<f64>() / rates.len() as f64;
            eprintln!("| {name} | {accepted} | {mean:.2} |");
            all.push(mean / accepted);
        }
    }
    assert!(all.iter().all(|part| (0.5..=2.0).contains(part)), "{all:?}");
}
