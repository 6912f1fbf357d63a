//! How well incidents match what happened.

use std::collections::BTreeMap;

use super::run::Run;
use super::truth::Event;
use crate::detect::Mix;

/// Windows after an event in which an incident is neither right nor wrong.
const AFTERMATH: usize = 180;

/// What became of the events of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kind {
    /// How many there were.
    pub events: usize,
    /// Delays of those that were found, in windows.
    pub delays: Vec<usize>,
    /// Of those that were found, how many showed the usual mix of requests.
    pub unchanged_mix: usize,
}

/// Figures of one detector over some traces.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measured {
    /// By kind of event.
    pub kinds: BTreeMap<String, Kind>,
    /// Windows that were run over.
    pub windows: usize,
    /// Their length together in weeks.
    pub weeks: f64,
    /// Incidents.
    pub incidents: usize,
    /// Incidents that belong to no event.
    pub false_incidents: usize,
    /// Incidents that began in an event.
    pub true_incidents: usize,
}

impl Measured {
    /// Adds a run, of which `events` are true.
    pub fn add(&mut self, run: &Run, events: &[Event], window_seconds: f64) {
        self.windows += run.rows.len();
        self.weeks += run.rows.len() as f64 * window_seconds / 604_800.0;
        self.incidents += run.incidents.len();
        for event in events {
            let kind = self.kinds.entry(event.kind.clone()).or_default();
            kind.events += 1;
            let rows = run.rows.get(event.start..event.end).unwrap_or_default();
            let Some(delay) = rows.iter().position(|row| row.is_alarm) else {
                continue;
            };
            kind.delays.push(delay);
            let during = run
                .incidents
                .iter()
                .filter(|incident| incident.rows.0 < event.end && incident.rows.1 >= event.start);
            let is_unchanged = during.clone().all(|found| found.mix == Mix::Unchanged);
            kind.unchanged_mix += usize::from(is_unchanged);
        }
        for incident in &run.incidents {
            let (first, last) = incident.rows;
            let in_event = |event: &Event| first < event.end && last >= event.start;
            let after = |event: &Event| (event.start..event.end + AFTERMATH).contains(&first);
            if events.iter().any(in_event) {
                self.true_incidents += 1;
            } else if !events.iter().any(after) {
                self.false_incidents += 1;
            }
        }
    }

    /// Events that were found, of those that somebody has to act on.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        let (found, events) = self.kinds.values().fold((0, 0), |(found, events), kind| {
            (found + kind.delays.len(), events + kind.events)
        });
        (events > 0).then(|| found as f64 / events as f64)
    }

    /// Incidents that belong to an event, of those that are right or wrong.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        let judged = self.true_incidents + self.false_incidents;
        (judged > 0 && !self.kinds.is_empty()).then(|| self.true_incidents as f64 / judged as f64)
    }

    /// Incidents a week.
    #[must_use]
    pub fn incidents_per_week(&self) -> f64 {
        self.incidents as f64 / self.weeks.max(1e-9)
    }
}

impl Kind {
    /// The median delay in windows.
    #[must_use]
    pub fn median_delay(&self) -> Option<usize> {
        let mut delays = self.delays.clone();
        delays.sort_unstable();
        delays.get(delays.len() / 2).copied()
    }
}
