//! One detector over one trace.

use wafwatch_windows::summary::{Completeness, Summary};
use wafwatch_windows::time::{EventTime, Window, WindowSize};

use super::trace::{Rows, Trace};
use crate::detect::calibrated::stream::Stream;
use crate::detect::{
    AnyDetector, CalibratedSettings, Detector, DetectorSettings, Influence, Mix, Verdict,
};
use crate::incident::{self, Incident, IncidentPolicy, Messages, State};

/// What was made of one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Start in Unix seconds.
    pub start: i64,
    /// The value of the series, or the requests of the window.
    pub observed: f64,
    /// What was expected; the observed where the detector only speaks of findings.
    pub expected: f64,
    /// Lower end of the expected range.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// How anomalous, 0 and more.
    pub score: f64,
    /// Whether an incident opened or went on with a finding.
    pub is_alarm: bool,
}

/// One incident of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// First and last row with an alarm.
    pub rows: (usize, usize),
    /// Whether requests were composed as expected all the time.
    pub mix: Mix,
    /// The strongest finding of its first window, in words; empty for plain series.
    pub because: String,
}

/// A detector's run over a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// One for each window.
    pub rows: Vec<Row>,
    /// In order.
    pub incidents: Vec<Found>,
}

/// Alarms of a plain series within so many windows are one incident.
const SAME_INCIDENT: usize = 30;

/// Runs the detector of `settings`, for windows of the trace's length, over `trace`.
#[must_use]
pub fn run(trace: &Trace, settings: DetectorSettings, policy: &IncidentPolicy) -> Run {
    let settings = with_size(settings, trace.window_seconds);
    match (&trace.rows, settings) {
        (Rows::Values(values), DetectorSettings::Calibrated(settings)) => {
            stream(values, trace.window_seconds, settings)
        }
        (Rows::Values(values), settings) => {
            let windows: Vec<Summary> = values
                .iter()
                .map(|(start, value)| window(trace, *start, *value))
                .collect();
            acl(&windows, settings, policy)
        }
        (Rows::Windows(windows), settings) => acl(windows, settings, policy),
    }
}

fn with_size(settings: DetectorSettings, seconds: f64) -> DetectorSettings {
    let seconds = u32::try_from(seconds.max(1.0) as u64).unwrap_or(u32::MAX);
    let window_size = WindowSize::from_seconds(seconds).unwrap_or(WindowSize::DEFAULT);
    match settings {
        DetectorSettings::Classic(mut settings) => {
            settings.window_size = window_size;
            DetectorSettings::Classic(settings)
        }
        DetectorSettings::Ewma(mut settings) => {
            settings.window_size = window_size;
            DetectorSettings::Ewma(settings)
        }
        DetectorSettings::Calibrated(mut settings) => {
            settings.window_size = window_size;
            DetectorSettings::Calibrated(settings)
        }
    }
}

fn window(trace: &Trace, start: i64, value: f64) -> Summary {
    let start = EventTime(start.saturating_mul(1_000));
    let window = Window {
        start,
        end: start.plus((trace.window_seconds * 1_000.0) as i64),
    };
    let mut summary = Summary::empty(&trace.name, window, Completeness::Complete);
    summary.counters.total = value.clamp(0.0, 1e15).round() as u64;
    summary.counters.allowed = summary.counters.total;
    summary
}

fn stream(values: &[(i64, f64)], seconds: f64, settings: CalibratedSettings) -> Run {
    let head: Vec<f64> = values.iter().take(200).map(|(_, value)| *value).collect();
    let mut stream = Stream::new(&head, seconds, settings.false_incidents_per_week);
    let mut run = Run {
        rows: Vec::with_capacity(values.len()),
        incidents: Vec::new(),
    };
    for (place, (start, value)) in values.iter().enumerate() {
        let scored = stream.next(*start, *value);
        run.rows.push(Row {
            start: *start,
            observed: *value,
            expected: scored.expected,
            lower: scored.lower,
            upper: scored.upper,
            score: scored.score,
            is_alarm: scored.is_alarm,
        });
        if !scored.is_alarm {
            continue;
        }
        match run.incidents.last_mut() {
            Some(last) if place - last.rows.1 <= SAME_INCIDENT => last.rows.1 = place,
            _ => run.incidents.push(Found {
                rows: (place, place),
                mix: Mix::Unknown,
                because: String::new(),
            }),
        }
    }
    run
}

fn acl(windows: &[Summary], settings: DetectorSettings, policy: &IncidentPolicy) -> Run {
    let mut detector = AnyDetector::new(settings);
    let mut incident: Option<Incident> = None;
    let mut run = Run {
        rows: Vec::with_capacity(windows.len()),
        incidents: Vec::new(),
    };
    for (place, summary) in windows.iter().enumerate() {
        let verdict = detector.score(summary);
        let mut row = row(&detector, summary, &verdict);
        let was_open = is_open(incident.as_ref());
        let transition =
            incident::advance(incident.as_ref(), summary, &verdict, policy, Messages::Sent);
        incident = transition.incident;
        let open = incident
            .as_ref()
            .filter(|incident| incident.state == State::Open);
        row.is_alarm = open.is_some_and(|open| open.last_window == summary.window);
        if row.is_alarm {
            note(&mut run.incidents, place, !was_open, &verdict);
        }
        let is_trusted = open.is_none() && summary.completeness == Completeness::Complete;
        let influence = if is_trusted {
            Influence::Full
        } else {
            Influence::Guarded
        };
        detector.learn(summary, influence);
        run.rows.push(row);
    }
    run
}

fn is_open(incident: Option<&Incident>) -> bool {
    incident.is_some_and(|incident| incident.state == State::Open)
}

fn note(incidents: &mut Vec<Found>, place: usize, is_new: bool, verdict: &Verdict) {
    match incidents.last_mut() {
        Some(last) if !is_new => {
            last.rows.1 = place;
            last.mix = last.mix.max(verdict.mix);
        }
        _ => incidents.push(Found {
            rows: (place, place),
            mix: verdict.mix,
            because: verdict
                .findings
                .first()
                .map(crate::detect::describe)
                .unwrap_or_default(),
        }),
    }
}

fn row(detector: &AnyDetector, summary: &Summary, verdict: &Verdict) -> Row {
    let observed = summary.counters.total as f64;
    let mut row = Row {
        start: summary.window.start.0.div_euclid(1_000),
        observed,
        expected: observed,
        lower: observed,
        upper: observed,
        score: 0.0,
        is_alarm: false,
    };
    if let AnyDetector::Calibrated(detector) = detector {
        let outlook = detector.outlook(summary);
        row.expected = outlook.expected;
        row.lower = outlook.lower;
        row.upper = outlook.upper;
        row.score = outlook.score;
        return row;
    }
    if let Some(strongest) = verdict.findings.first() {
        row.expected = strongest.expected;
        row.lower = strongest.lower;
        row.upper = strongest.upper;
        row.score = strongest.score.min(1e6);
    }
    row
}
