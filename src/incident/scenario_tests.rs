//! Detector and life cycle together on the published scenarios.

use wafwatch_windows::summary::{Completeness, Summary};

use crate::detect::simulation::{Random, window};
use crate::detect::{
    AnyDetector, CalibratedSettings, ClassicSettings, Detector, DetectorSettings, Direction,
    EwmaSettings, Finding, Influence, Signal,
};

use super::{EventKind, Incident, IncidentEvent, IncidentPolicy, Level, Messages, State, advance};

/// One ACL: scores, advances and learns each window as the closing step does.
pub(super) struct Site {
    detector: AnyDetector,
    policy: IncidentPolicy,
    incident: Option<Incident>,
    pub findings: u64,
    pub events: Vec<IncidentEvent>,
}

impl Site {
    pub(super) fn new(settings: DetectorSettings) -> Self {
        Self {
            detector: AnyDetector::new(settings),
            policy: IncidentPolicy::default(),
            incident: None,
            findings: 0,
            events: Vec::new(),
        }
    }

    pub(super) fn closes(&mut self, summary: &Summary) -> Vec<Finding> {
        let verdict = self.detector.score(summary);
        let transition = advance(
            self.incident.as_ref(),
            summary,
            &verdict,
            &self.policy,
            Messages::Sent,
        );
        self.incident = transition.incident;
        self.events.extend(transition.events);
        let is_open = self.is_open();
        let influence = if is_open || summary.completeness == Completeness::Incomplete {
            Influence::Guarded
        } else {
            Influence::Full
        };
        self.detector.learn(summary, influence);
        self.findings += verdict.findings.len() as u64;
        verdict.findings
    }

    pub(super) fn is_open(&self) -> bool {
        self.incident
            .as_ref()
            .is_some_and(|incident| incident.state == State::Open)
    }

    pub(super) fn opened(&self) -> usize {
        let opened = |event: &&IncidentEvent| event.kind == EventKind::Opened;
        self.events.iter().filter(opened).count()
    }

    fn kinds(&self) -> Vec<EventKind> {
        self.events.iter().map(|event| event.kind).collect()
    }
}

/// The detectors that compare with a look-back.
fn both() -> [DetectorSettings; 2] {
    let ewma = EwmaSettings {
        train_days: 0.0,
        ..EwmaSettings::default()
    };
    [
        DetectorSettings::Classic(ClassicSettings::default()),
        DetectorSettings::Ewma(ewma),
    ]
}

fn calibrated() -> DetectorSettings {
    DetectorSettings::Calibrated(CalibratedSettings::default())
}

fn all() -> [DetectorSettings; 3] {
    let [classic, ewma] = both();
    [classic, ewma, calibrated()]
}

/// One request every five minutes.
fn trickle(number: i64) -> Summary {
    window(number, u64::from(number % 5 == 0), 0)
}

fn after_trickle(settings: DetectorSettings, windows: i64) -> Site {
    let mut site = Site::new(settings);
    for number in 0..windows {
        site.closes(&trickle(number));
    }
    site
}

/// A site of about `mean` requests per minute, a hundredth of them blocked.
fn busy(settings: DetectorSettings, mean: f64, windows: i64, random: &mut Random) -> Site {
    let mut site = Site::new(settings);
    for number in 0..windows {
        site.closes(&ordinary(number, mean, random));
    }
    site
}

fn ordinary(number: i64, mean: f64, random: &mut Random) -> Summary {
    let total = random.poisson(mean);
    let blocked = random.thinned(total, 0.01);
    window(number, total, blocked)
}

#[test]
fn regular_traffic_makes_no_finding_ever() {
    for settings in all() {
        let site = after_trickle(settings, 7 * 1_440);
        assert_eq!((site.findings, site.opened()), (0, 0));
    }
}

#[test]
fn a_hundred_blocked_probes_are_an_incident_at_once_or_spread_over_four_windows() {
    for settings in all() {
        for (per_window, windows) in [(100, 1), (50, 2), (25, 4)] {
            for learnt in [15, 60, 300] {
                let mut site = after_trickle(settings, learnt);
                for number in learnt..learnt + windows {
                    site.closes(&window(number, per_window, per_window));
                }
                assert_eq!(site.opened(), 1, "{per_window} after {learnt}");
                for number in 0..5 {
                    site.closes(&trickle(learnt + windows + number));
                }
                assert_eq!(
                    site.kinds().last(),
                    Some(&EventKind::Resolved),
                    "{per_window} after {learnt}"
                );
            }
        }
    }
}

#[test]
fn the_probes_are_medium_or_high() {
    for settings in all() {
        let mut site = after_trickle(settings, 60);
        site.closes(&window(60, 100, 100));
        let level = site.events[0].incident.severity.level();
        assert!(level == Level::Medium || level == Level::High, "{level}");
    }
}

#[test]
fn a_rule_that_begins_to_block_is_found_at_unchanged_volume() {
    for settings in all() {
        let mut random = Random(3);
        let mut site = busy(settings, 40.0, 120, &mut random);
        assert_eq!(site.opened(), 0);
        for number in 120..125 {
            let total = random.poisson(40.0);
            let blocked = random.thinned(total, 0.65);
            site.closes(&window(number, total, blocked));
        }
        assert_eq!(site.opened(), 1);
        let signals: Vec<&Signal> = site.events[0]
            .incident
            .findings
            .iter()
            .map(|finding| &finding.signal)
            .collect();
        assert!(signals.contains(&&Signal::BlockedRatio), "{signals:?}");
    }
}

#[test]
fn a_rule_that_begins_to_block_on_a_quiet_site_is_found() {
    for settings in all() {
        let mut site = after_trickle(settings, 60);
        for (number, blocked) in [(60, 42), (61, 43), (62, 42)] {
            site.closes(&window(number, blocked + 1, blocked));
        }
        assert_eq!(site.opened(), 1);
    }
}

#[test]
fn a_flood_is_critical() {
    for settings in all() {
        let mut random = Random(5);
        let mut site = busy(settings, 60.0, 120, &mut random);
        site.closes(&window(120, 6_000, 4_000));
        assert_eq!(site.events[0].incident.severity.level(), Level::Critical);
    }
}

#[test]
fn a_crowd_that_gathers_over_twenty_minutes_is_one_incident() {
    for settings in both() {
        let mut random = Random(5);
        let mut site = busy(settings, 120.0, 120, &mut random);
        for number in 0..40 {
            let rise = 1.0 + 4.0 * (f64::from(number) / 40.0 * std::f64::consts::PI).sin();
            site.closes(&ordinary(
                120 + i64::from(number),
                120.0 * rise,
                &mut random,
            ));
        }
        let opened_by = site.events[0].window;
        assert!(
            opened_by.start <= window(130, 0, 0).window.start,
            "{opened_by:?}"
        );
        assert_eq!(site.opened(), 1);
    }
}

#[test]
fn an_outage_is_found_with_its_first_or_second_window_and_ends_with_it() {
    for settings in all() {
        for mean in [60.0, 600.0] {
            let mut random = Random(7);
            let mut site = busy(settings, mean, 120, &mut random);
            let first = site.closes(&window(120, 0, 0));
            let second = site.closes(&window(121, 0, 0));
            let finding = first.first().or(second.first()).expect("an outage");
            assert_eq!(finding.direction, Direction::Below);
            assert!(site.events[0].incident.severity.level() >= Level::High);
            for number in 122..240 {
                let found = site.closes(&window(number, 0, 0));
                // A young calibrated detector does not know yet how often the site pauses.
                assert!(settings == calibrated() || !found.is_empty(), "{number}");
                assert!(site.is_open(), "{number}");
            }
            for number in 240..246 {
                site.closes(&ordinary(number, mean, &mut random));
            }
            assert_eq!(site.kinds().last(), Some(&EventKind::Resolved));
            assert_eq!(site.opened(), 1);
        }
    }
}

#[test]
fn empty_windows_that_are_incomplete_are_no_outage() {
    for settings in all() {
        let mut random = Random(9);
        let mut site = busy(settings, 600.0, 120, &mut random);
        for number in 120..180 {
            let mut summary = window(number, 0, 0);
            summary.completeness = Completeness::Incomplete;
            assert!(site.closes(&summary).is_empty());
        }
        assert!(site.closes(&ordinary(180, 600.0, &mut random)).is_empty());
    }
}

#[test]
fn a_lasting_change_is_accepted_after_a_day() {
    for settings in both() {
        for (total, blocked) in [(3_000, 30), (0, 0), (100, 60)] {
            let mut random = Random(11);
            let mut site = busy(settings, 100.0, 120, &mut random);
            for number in 120..120 + 1_380 {
                site.closes(&window(number, total, blocked));
            }
            assert!(site.is_open(), "{total} and {blocked} were learnt too soon");
            for number in 1_500..1_700 {
                site.closes(&window(number, total, blocked));
            }
            assert!(!site.is_open(), "{total} and {blocked} were not accepted");
            assert_eq!(site.opened(), 1);
        }
    }
}

#[test]
fn a_lasting_change_is_one_incident_that_calibrated_accepts_within_a_day() {
    for (total, blocked) in [(3_000, 30), (100, 60)] {
        let mut random = Random(11);
        let mut site = busy(calibrated(), 100.0, 120, &mut random);
        for number in 120..180 {
            site.closes(&window(number, total, blocked));
        }
        assert!(site.is_open(), "{total} and {blocked} were learnt too soon");
        for number in 180..120 + 1_440 {
            site.closes(&window(number, total, blocked));
        }
        assert!(!site.is_open(), "{total} and {blocked} were not accepted");
        assert_eq!(site.opened(), 1);
    }
}

#[test]
fn bursts_that_keep_coming_are_accepted_too() {
    for settings in all() {
        let mut random = Random(13);
        let mut site = busy(settings, 100.0, 120, &mut random);
        for number in 120..2 * 1_440 {
            let summary = if number % 3 == 0 {
                window(number, 2_000, 20)
            } else {
                ordinary(number, 100.0, &mut random)
            };
            site.closes(&summary);
        }
        assert!(!site.is_open());
    }
}

#[test]
fn what_follows_an_attack_is_judged_by_what_was_before_it() {
    for settings in all() {
        let mut random = Random(17);
        let mut site = busy(settings, 60.0, 120, &mut random);
        for number in 120..180 {
            site.closes(&window(number, 6_000, 5_500));
        }
        for number in 180..190 {
            assert!(site.closes(&ordinary(number, 60.0, &mut random)).is_empty());
        }
        let again = site.closes(&window(190, 600, 300));
        assert!(again.iter().any(|finding| finding.signal == Signal::Total));
        assert!(
            again
                .iter()
                .any(|finding| finding.signal == Signal::Blocked)
        );
    }
}
