#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::detect::{Direction, Mix, Signal, Stage};
use crate::incident::Severity;
use wafwatch_windows::time::WindowSize;

const ACL: &str = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/shop/5f1d-a52";

fn summary(number: i64, total: u64) -> Summary {
    let window = WindowSize::DEFAULT.window_of(EventTime(1_767_225_600_000 + number * 60_000));
    let mut summary = Summary::empty(ACL, window, Completeness::Complete);
    summary.counters.total = total;
    summary
}

fn finding(signal: Signal, observed: f64, once_in_windows: f64) -> Finding {
    Finding {
        signal,
        direction: Direction::Above,
        observed,
        expected: 10.0,
        lower: 0.0,
        upper: 20.0,
        score: observed,
        once_in_windows,
        reason: String::new(),
        muted: None,
        pattern: None,
    }
}

fn found(findings: Vec<Finding>) -> Verdict {
    Verdict {
        stage: Stage::Ready,
        findings,
        mix: Mix::Unknown,
    }
}

fn quiet() -> Verdict {
    found(Vec::new())
}

fn attack() -> Verdict {
    found(vec![finding(Signal::Blocked, 100.0, 1e12)])
}

fn flood() -> Verdict {
    found(vec![finding(Signal::Total, 1e6, 1e12)])
}

/// Feeds windows to one ACL.
#[derive(Default)]
struct Life {
    incident: Option<Incident>,
    policy: IncidentPolicy,
    messages: Messages,
    next: i64,
}

impl Life {
    fn sees(&mut self, verdict: &Verdict) -> Vec<EventKind> {
        let events = self.events(summary(self.next, 100), verdict);
        events.iter().map(|event| event.kind).collect()
    }

    fn events(&mut self, summary: Summary, verdict: &Verdict) -> Vec<IncidentEvent> {
        self.next += 1;
        let transition = advance(
            self.incident.as_ref(),
            &summary,
            verdict,
            &self.policy,
            self.messages,
        );
        self.incident = transition.incident;
        transition.events
    }

    fn open(&self) -> &Incident {
        self.incident.as_ref().expect("an incident")
    }
}

#[test]
fn an_incident_opens_grows_worse_and_is_resolved_with_one_message_each() {
    let mut life = Life::default();
    assert!(life.sees(&quiet()).is_empty());
    assert_eq!(life.sees(&attack()), [EventKind::Opened]);
    assert!(life.sees(&attack()).is_empty());
    assert_eq!(life.sees(&flood()), [EventKind::Worse]);
    assert!(life.sees(&flood()).is_empty());
    for _ in 0..4 {
        assert!(life.sees(&quiet()).is_empty());
    }
    assert_eq!(life.sees(&quiet()), [EventKind::Resolved]);
    let incident = life.open();
    assert_eq!(incident.state, State::Resolved);
    assert_eq!(incident.resolved, Some(summary(9, 0).window.end));
    assert_eq!((incident.windows, incident.messages), (4, 3));
    assert_eq!(incident.counters.total, 400);
    assert!(life.sees(&quiet()).is_empty());
    assert!(life.incident.is_none());
}

#[test]
fn ids_are_readable_safe_and_numbered() {
    let mut life = Life::default();
    let event = life.events(summary(1, 100), &attack()).remove(0);
    let hash = short_hash(ACL);
    assert_eq!(event.incident.id, format!("shop-{hash}-20260101T000100Z"));
    assert_eq!(event.id, format!("shop-{hash}-20260101T000100Z/0"));
    assert_eq!(event.incident.messages, 1);
    for time in [i64::MIN, i64::MAX, -1] {
        let id = incident_id("../<x>", EventTime(time));
        let is_safe = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        assert!(id.chars().all(is_safe), "{id}");
    }
}

#[test]
fn low_findings_open_nothing_and_keep_an_open_incident_alive() {
    let weak = found(vec![finding(Signal::Total, 40.0, 741.0)]);
    let mut life = Life::default();
    assert!(life.sees(&weak).is_empty());
    assert!(life.incident.is_none());
    life.sees(&attack());
    for _ in 0..4 {
        life.sees(&quiet());
    }
    assert!(life.sees(&weak).is_empty());
    assert_eq!(life.open().quiet_windows, 0);
    life.policy.minimum_level = Level::Low;
    life.incident = None;
    assert_eq!(life.sees(&weak), [EventKind::Opened]);
}

#[test]
fn incomplete_windows_and_a_learning_detector_do_not_end_an_incident() {
    let learning = Verdict {
        stage: Stage::Learning {
            seen: 1,
            needed: 10,
        },
        findings: Vec::new(),
        mix: Mix::Unknown,
    };
    let mut life = Life::default();
    life.sees(&attack());
    for _ in 0..20 {
        let mut incomplete = summary(life.next, 0);
        incomplete.completeness = Completeness::Incomplete;
        assert!(life.events(incomplete, &quiet()).is_empty());
        assert!(life.sees(&learning).is_empty());
    }
    assert_eq!(life.open().quiet_windows, 0);
}

#[test]
fn a_mix_that_has_changed_once_has_changed() {
    let with = |mix| Verdict { mix, ..attack() };
    let mut life = Life::default();
    for (seen, kept) in [
        (Mix::Unknown, Mix::Unknown),
        (Mix::Unchanged, Mix::Unchanged),
        (Mix::Unknown, Mix::Unchanged),
        (Mix::Changed, Mix::Changed),
        (Mix::Unchanged, Mix::Changed),
    ] {
        life.sees(&with(seen));
        assert_eq!(life.open().mix, kept, "{seen:?}");
    }
}

#[test]
fn a_window_that_was_seen_changes_nothing() {
    let mut life = Life::default();
    life.events(summary(5, 100), &attack());
    let before = life.open().clone();
    assert!(life.events(summary(5, 100), &flood()).is_empty());
    assert!(life.events(summary(4, 100), &flood()).is_empty());
    assert_eq!(*life.open(), before);
}

#[test]
fn an_endless_incident_keeps_a_bounded_state() {
    let mut life = Life::default();
    for number in 0..5_000_u32 {
        let key = format!("/path/{number}");
        let strength = 1e9 + f64::from(number);
        life.sees(&found(vec![finding(Signal::Uri(key), 200.0, strength)]));
    }
    let incident = life.open();
    assert_eq!(incident.windows, 5_000);
    assert_eq!(incident.findings.len(), MAX_FINDINGS);
    assert_eq!(
        incident.findings[0].signal,
        Signal::Uri("/path/4999".to_owned())
    );
    let size = serde_json::to_vec(incident).unwrap().len();
    assert!(size < 8_192, "{size} bytes");
}

#[test]
fn the_strongest_finding_of_a_signal_is_kept() {
    let mut life = Life::default();
    life.sees(&found(vec![finding(Signal::Blocked, 100.0, 1e12)]));
    life.sees(&found(vec![
        finding(Signal::Total, 900.0, 1e12),
        finding(Signal::Blocked, 60.0, 1e10),
    ]));
    let kept: Vec<(&Signal, f64)> = life
        .open()
        .findings
        .iter()
        .map(|finding| (&finding.signal, finding.observed))
        .collect();
    assert_eq!(kept, [(&Signal::Total, 900.0), (&Signal::Blocked, 100.0)]);
}

fn step() -> impl Strategy<Value = (bool, bool, Vec<(u8, f64, f64)>)> {
    let findings = prop::collection::vec((0..3_u8, 20.0..1e6_f64, 2.0..12.0_f64), 1..3);
    let findings = prop_oneof![3 => Just(Vec::new()), 2 => findings];
    (
        prop::bool::weighted(0.9),
        prop::bool::weighted(0.9),
        findings,
    )
}

proptest! {
    #[test]
    fn the_life_cycle_holds_for_any_windows(
        steps in prop::collection::vec(step(), 1..120),
        resolve_after in 0..6_u32,
        minimum in prop::sample::select(vec![Level::Info, Level::Low, Level::Medium, Level::High]),
    ) {
        let policy = IncidentPolicy { resolve_after_windows: resolve_after, minimum_level: minimum };
        let mut life = Life { policy, ..Life::default() };
        let mut ids = HashSet::new();
        let mut event_ids = HashSet::new();
        let mut open: Option<(String, Level)> = None;
        for (is_complete, is_ready, parts) in steps {
            let mut summary = summary(life.next, 50);
            if !is_complete {
                summary.completeness = Completeness::Incomplete;
            }
            let findings: Vec<Finding> = parts
                .into_iter()
                .filter(|_| is_ready)
                .map(|(signal, observed, decades)| {
                    let signal = [Signal::Total, Signal::Blocked, Signal::Counted][usize::from(signal)].clone();
                    finding(signal, observed, 10_f64.powf(decades))
                })
                .collect();
            let stage = if is_ready { Stage::Ready } else { Stage::Learning { seen: 1, needed: 10 } };
            let verdict = Verdict {
                stage,
                findings,
                mix: Mix::Unknown,
            };
            let events = life.events(summary, &verdict);
            prop_assert!(events.len() <= 1);
            for event in events {
                prop_assert!(event_ids.insert(event.id.clone()));
                prop_assert_eq!(Some(&event.incident), life.incident.as_ref());
                let level = event.incident.severity.level();
                prop_assert_eq!(event.incident.announced, level);
                match event.kind {
                    EventKind::Opened => {
                        prop_assert!(open.is_none());
                        prop_assert!(level >= minimum);
                        prop_assert!(ids.insert(event.incident.id.clone()));
                        open = Some((event.incident.id, level));
                    }
                    EventKind::Worse => {
                        let (id, before) = open.clone().unwrap();
                        prop_assert_eq!(&id, &event.incident.id);
                        prop_assert!(level > before);
                        open = Some((id, level));
                    }
                    EventKind::Resolved => {
                        let (id, _) = open.take().unwrap();
                        prop_assert_eq!(id, event.incident.id);
                        prop_assert!(verdict.findings.is_empty() && is_complete && is_ready);
                        prop_assert_eq!(event.incident.quiet_windows, resolve_after.max(1));
                    }
                }
            }
            let is_open = life.incident.as_ref().is_some_and(|incident| incident.state == State::Open);
            prop_assert_eq!(is_open, open.is_some());
            if let Some(incident) = &life.incident {
                prop_assert!(incident.severity >= Severity(0) && incident.findings.len() <= 3);
                if is_open {
                    prop_assert!(incident.quiet_windows < resolve_after.max(1));
                }
            }
        }
    }
}

#[test]
fn nobody_is_told_of_what_is_over_before_the_silence_is() {
    let mut life = Life {
        messages: Messages::Held,
        ..Life::default()
    };
    assert_eq!(life.sees(&attack()), []);
    assert_eq!(life.open().messages, 0);
    assert_eq!(life.sees(&flood()), [], "worse, and still silent");
    let resolve_after = life.policy.resolve_after_windows;
    for _ in 0..resolve_after {
        assert_eq!(life.sees(&quiet()), []);
    }
    let resolved = life.incident.as_ref().expect("is kept");
    assert_eq!((resolved.state, resolved.messages), (State::Resolved, 0));
}

#[test]
fn what_goes_on_when_the_silence_ends_opens_then() {
    let mut life = Life {
        messages: Messages::Held,
        ..Life::default()
    };
    life.sees(&attack());
    life.messages = Messages::Sent;
    assert_eq!(life.sees(&quiet()), [], "nothing to be told of now");
    assert_eq!(life.sees(&attack()), [EventKind::Opened]);
    assert_eq!(life.sees(&attack()), []);
}

#[test]
fn what_people_know_of_resolves_after_the_silence() {
    let mut life = Life::default();
    assert_eq!(life.sees(&attack()), [EventKind::Opened]);
    life.messages = Messages::Held;
    for _ in 0..3 * life.policy.resolve_after_windows {
        assert_eq!(life.sees(&quiet()), []);
    }
    life.messages = Messages::Sent;
    assert_eq!(life.sees(&quiet()), [EventKind::Resolved]);
}
