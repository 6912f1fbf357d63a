use std::cell::RefCell;

use wafwatch_windows::summary::{
    AddressProfile, CountBounds, Dimension, DistinctCount, RuleProfile, TopItem, TopList,
};
use wafwatch_windows::time::Window;

use super::*;
use crate::detect::{Direction, Finding};
use crate::investigate::sample::Sample;

const MINUTE: i64 = 60_000;

#[derive(Debug, thiserror::Error)]
#[error("the disk is gone\nreally")]
struct DiskGone;

/// A history in memory that notes what it was asked for.
struct Memory {
    summaries: Vec<Summary>,
    asked: RefCell<Vec<(i64, i64, usize)>>,
}

impl Memory {
    fn of(summaries: Vec<Summary>) -> Self {
        Self {
            summaries,
            asked: RefCell::default(),
        }
    }
}

impl WindowHistory for Memory {
    type Error = DiskGone;

    fn windows_between(
        &self,
        _acl: &str,
        from: EventTime,
        until: EventTime,
        limit: usize,
    ) -> Result<Vec<Summary>, DiskGone> {
        self.asked.borrow_mut().push((from.0, until.0, limit));
        let inside = |s: &&Summary| (from..until).contains(&s.window.start);
        let mut found: Vec<Summary> = self.summaries.iter().filter(inside).cloned().collect();
        found.drain(..found.len().saturating_sub(limit));
        Ok(found)
    }
}

struct Broken;

impl WindowHistory for Broken {
    type Error = DiskGone;

    fn windows_between(
        &self,
        _acl: &str,
        _from: EventTime,
        _until: EventTime,
        _limit: usize,
    ) -> Result<Vec<Summary>, DiskGone> {
        Err(DiskGone)
    }
}

fn summary(minute: i64, total: u64) -> Summary {
    let window = Window {
        start: EventTime(minute * MINUTE),
        end: EventTime((minute + 1) * MINUTE),
    };
    let mut summary = Summary::empty("acl", window, Completeness::Complete);
    summary.counters.total = total;
    summary.counters.allowed = total;
    summary.distinct_addresses = DistinctCount {
        estimate: 4.0,
        lower: 4.0,
        upper: 4.0,
    };
    summary
}

fn event(opened_minute: i64, windows: u32) -> IncidentEvent {
    let mut event = Sample::quiet().build().event;
    let last = opened_minute + i64::from(windows) - 1;
    event.incident.acl = "acl".to_owned();
    event.incident.opened = EventTime(opened_minute * MINUTE);
    event.incident.last_window = summary(last, 0).window;
    event.incident.windows = windows;
    event
}

#[test]
fn the_incident_is_compared_with_the_hour_before_it() {
    let history = Memory::of((0..200).map(|minute| summary(minute, 10)).collect());
    let evidence = gather(&event(100, 3), &history, MINUTE);
    let starts: Vec<i64> = evidence
        .windows
        .iter()
        .map(|w| w.window.start.0 / MINUTE)
        .collect();
    assert_eq!(starts, [100, 101, 102]);
    assert_eq!(evidence.baseline.windows, 60);
    assert_eq!(evidence.baseline.counters.total, 600);
    assert!((evidence.baseline.mean_distinct_addresses - 4.0).abs() < 1e-9);
    assert!(evidence.missing.is_empty(), "{:?}", evidence.missing);
    let asked = history.asked.borrow();
    assert_eq!(asked[0], (100 * MINUTE, 103 * MINUTE, MAX_INCIDENT_WINDOWS));
    assert_eq!(asked[1], (40 * MINUTE, 100 * MINUTE, MAX_BASELINE_WINDOWS));
}

#[test]
fn a_long_incident_keeps_its_newest_windows_and_says_so() {
    let history = Memory::of((0..200).map(|minute| summary(minute, 10)).collect());
    let evidence = gather(&event(100, 50), &history, MINUTE);
    assert_eq!(evidence.windows.len(), MAX_INCIDENT_WINDOWS);
    assert_eq!(evidence.windows[0].window.start.0, 130 * MINUTE);
    assert_eq!(
        evidence.missing,
        ["the incident has 50 windows: the newest 20 are examined"]
    );
}

#[test]
fn a_failing_history_is_missing_evidence_and_no_error() {
    let evidence = gather(&event(100, 3), &Broken, MINUTE);
    assert!(evidence.windows.is_empty());
    assert_eq!(evidence.missing.len(), 2);
    assert_eq!(
        evidence.missing[0],
        "windows of the incident: the history could not be read: the disk is gone\\nreally"
    );
}

#[test]
fn an_empty_history_and_incomplete_windows_are_said() {
    let mut incomplete = summary(100, 10);
    incomplete.completeness = Completeness::Incomplete;
    let evidence = gather(&event(100, 1), &Memory::of(vec![incomplete]), MINUTE);
    assert_eq!(
        evidence.missing,
        [
            "windows of the incident: 1 of 1 closed before all records were in",
            "windows before the incident: the history holds none",
        ]
    );
}

#[test]
fn extreme_times_and_lengths_do_not_overflow() {
    let mut event = event(100, 3);
    event.incident.opened = EventTime(i64::MIN);
    event.incident.last_window.end = EventTime(i64::MAX);
    for window_ms in [i64::MIN, 0, i64::MAX] {
        let evidence = gather(&event, &Memory::of(Vec::new()), window_ms);
        assert!(evidence.windows.is_empty());
    }
}

/// Summaries as large as nothing real: lists of 200 values of 500 characters each, all of them
/// different in every window.
fn maximal(minute: i64, filler: char) -> Summary {
    let key = |n: usize| format!("{minute}-{n}-{}", filler.to_string().repeat(500));
    let count = u64::MAX / 1_000;
    let bounds = CountBounds {
        lower: count,
        upper: count,
    };
    let items = |many: usize| -> Vec<TopItem> {
        (0..many)
            .map(|n| TopItem {
                key: key(n),
                lower: count,
                upper: count,
            })
            .collect()
    };
    let mut summary = summary(minute, count);
    for dimension in Dimension::ALL {
        let list = TopList {
            items: items(30),
            error: count,
            weight: u64::MAX,
            unlisted: None,
        };
        summary.top.insert(dimension, list);
    }
    summary.addresses = (0..20)
        .map(|n| AddressProfile {
            address: key(n),
            total: bounds,
            blocked: bounds,
            allowed: bounds,
            counted: bounds,
            uris: items(8),
            rules: items(8),
            countries: items(8),
            user_agents: items(8),
            labels: items(8),
        })
        .collect();
    summary.rules = (0..20)
        .map(|n| RuleProfile {
            rule: key(n),
            blocked: bounds,
            uris: items(8),
            addresses: items(8),
            countries: items(8),
        })
        .collect();
    summary
}

#[test]
fn evidence_stays_within_its_size_whatever_the_input() {
    for filler in ['a', '\u{1}', '"', '\u{10ffff}'] {
        let history = Memory::of((70..104).map(|minute| maximal(minute, filler)).collect());
        let mut event = event(100, 40);
        event.incident.acl = filler.to_string().repeat(100_000);
        event.incident.id = event.incident.acl.clone();
        event.id = event.incident.acl.clone();
        event.incident.findings = (0..100)
            .map(|_| Finding {
                signal: Signal::Uri(filler.to_string().repeat(10_000)),
                direction: Direction::Above,
                observed: f64::MAX,
                expected: 1.0 / 3.0,
                lower: f64::MIN,
                upper: f64::MAX,
                score: f64::MAX,
                once_in_windows: 1e12,
                reason: filler.to_string().repeat(10_000),
                muted: None,
                pattern: None,
            })
            .collect();
        let evidence = gather(&event, &history, MINUTE);
        let json = serde_json::to_vec(&evidence).expect("evidence serialises");
        assert!(
            json.len() <= MAX_EVIDENCE_BYTES,
            "{filler:?}: {}",
            json.len()
        );
        assert!(evidence.missing.iter().any(|why| why.contains("are cut")));
        assert!(!evidence.values.is_empty() && !evidence.addresses.is_empty());
        let last = build(
            &event,
            &history.summaries,
            &history.summaries,
            vec![],
            LADDER[3],
        );
        assert!(serialised_bytes(&last) <= MAX_EVIDENCE_BYTES);
    }
}
