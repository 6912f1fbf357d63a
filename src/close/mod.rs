//! Closes due windows: merges their partials, scores them, moves the incident on, and puts all of
//! it into one [`Closing`] that the store commits whole.
//!
//! Pure: what is due, and the partials, come in as arguments.

mod late;

use std::collections::BTreeMap;

use wafwatch_windows::close::Due;
use wafwatch_windows::partial::Partial;
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::summary::{Completeness, Summary};
use wafwatch_windows::time::{Window, WindowSize};

pub use late::amend;

use crate::detect::{AnyDetector, Detector, DetectorSettings, DetectorState, Influence};
use crate::incident::{self, Incident, IncidentPolicy, State};
use crate::store::{AclState, ClosedWindow, Closing};

/// What closing depends on beside the counts.
#[derive(Debug, Clone)]
pub struct CloseSettings {
    /// Length of every window.
    pub window_size: WindowSize,
    /// After so many windows without a record an ACL is dormant: no more empty windows are closed
    /// until its next record.
    pub dormant_after_windows: u32,
    /// The detector and its settings.
    pub detector: DetectorSettings,
    /// When incidents open, grow worse and resolve.
    pub incident: IncidentPolicy,
    /// How summaries are made of sketches.
    pub sketch: SketchSettings,
}

/// Closes the windows of `acl` that `due` says are due, in order, the empty ones between included.
///
/// `partials` holds the open windows' counts; those of closed windows are taken out. Returns
/// nothing where no window was due.
pub fn close_due(
    acl: &str,
    state: &AclState,
    partials: &mut BTreeMap<Window, Partial>,
    due: &dyn Fn(Window) -> Due,
    settings: &CloseSettings,
) -> Option<Closing> {
    let mut closer = Closer::new(acl, state, settings);
    while let Some(window) = closer.next_window(partials) {
        let completeness = match due(window) {
            Due::NotYet => break,
            Due::Complete => Completeness::Complete,
            Due::Incomplete => Completeness::Incomplete,
        };
        closer.close(window, partials.remove(&window).as_ref(), completeness);
    }
    closer.finish(state.version)
}

struct Closer<'a> {
    settings: &'a CloseSettings,
    detector: AnyDetector,
    closing: Closing,
    changed_incidents: BTreeMap<String, Incident>,
}

impl<'a> Closer<'a> {
    fn new(acl: &str, state: &AclState, settings: &'a CloseSettings) -> Self {
        let closing = Closing {
            acl: acl.to_owned(),
            state: state.clone(),
            windows: Vec::new(),
            incidents: Vec::new(),
            events: Vec::new(),
        };
        // A state of another version or detector teaches nothing: then learning begins anew.
        let stored = DetectorState::decode(&state.detector).ok();
        let (detector, _) = AnyDetector::restore(settings.detector, stored);
        Self {
            settings,
            detector,
            closing,
            changed_incidents: BTreeMap::new(),
        }
    }

    /// The window to close next: the one after the last, or the first that has records where
    /// there is no last one or the ACL is dormant.
    fn next_window(&self, partials: &BTreeMap<Window, Partial>) -> Option<Window> {
        let state = &self.closing.state;
        let Some(closed_through) = state.closed_through else {
            return partials.keys().next().copied();
        };
        let following = self.settings.window_size.window_of(closed_through);
        let is_dormant = state.empty_windows >= self.settings.dormant_after_windows;
        if is_dormant {
            return partials
                .range(following..)
                .next()
                .map(|(window, _)| *window);
        }
        Some(following)
    }

    fn close(&mut self, window: Window, partial: Option<&Partial>, completeness: Completeness) {
        let acl = &self.closing.acl;
        let summary = partial.map_or_else(
            || Summary::empty(acl, window, completeness),
            |partial| partial.summarize(acl, window, completeness, &self.settings.sketch),
        );
        let verdict = self.detector.score(&summary);
        let before = self.closing.state.incident.take();
        let transition =
            incident::advance(before.as_ref(), &summary, &verdict, &self.settings.incident);

        let open = transition
            .incident
            .filter(|incident| incident.state == State::Open);
        let is_trusted = open.is_none() && completeness == Completeness::Complete;
        let influence = if is_trusted {
            Influence::Full
        } else {
            Influence::Guarded
        };
        self.detector.learn(&summary, influence);

        for event in &transition.events {
            self.changed_incidents
                .insert(event.incident.id.clone(), event.incident.clone());
        }
        if let Some(open) = &open {
            self.changed_incidents.insert(open.id.clone(), open.clone());
        }
        let state = &mut self.closing.state;
        state.closed_through = Some(window.end);
        state.empty_windows = if summary.counters.total == 0 {
            state.empty_windows.saturating_add(1)
        } else {
            0
        };
        state.incident = open;
        self.closing.events.extend(transition.events);
        self.closing.windows.push(ClosedWindow {
            summary,
            stage: verdict.stage,
            findings: verdict.findings,
        });
    }

    fn finish(mut self, version: u64) -> Option<Closing> {
        if self.closing.windows.is_empty() {
            return None;
        }
        self.closing.state.version = version + 1;
        self.closing.state.detector = self.detector.into_state().encode();
        self.closing.incidents = self.changed_incidents.into_values().collect();
        Some(self.closing)
    }
}
