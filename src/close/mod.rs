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

use crate::detect::{
    AnyDetector, Detector, DetectorSettings, DetectorState, Finding, Influence, Verdict,
};
use crate::guidance::{Calendar, Guidance, Marks, Scoring, Treatment, Weight};
use crate::incident::{self, Incident, IncidentPolicy, State};
use crate::store::{AclState, ClosedWindow, Closing};

/// What closing depends on beside the counts.
#[derive(Debug, Clone)]
pub struct CloseSettings {
    /// Length of every window.
    pub window_size: WindowSize,
    /// Most windows in a row that are closed without a record. After them an ACL is dormant until
    /// its next record; see [`EMPTY_WINDOWS_PER_ACTIVE`].
    pub dormant_after_windows: u32,
    /// The detector and its settings.
    pub detector: DetectorSettings,
    /// When incidents open, grow worse and resolve.
    pub incident: IncidentPolicy,
    /// How summaries are made of sketches.
    pub sketch: SketchSettings,
    /// What is planned.
    pub calendar: Calendar,
}

impl Default for CloseSettings {
    /// Windows of one minute, a day of them without a record, and the default of everything else.
    fn default() -> Self {
        Self {
            window_size: WindowSize::DEFAULT,
            dormant_after_windows: 1_440,
            detector: DetectorSettings::default(),
            incident: IncidentPolicy::default(),
            sketch: SketchSettings::default(),
            calendar: Calendar::default(),
        }
    }
}

/// Windows without a record that each window with one entitles an ACL to, so that a store grows
/// with what is in the logs and not with the time between them. An ACL with a request every ten
/// windows never sleeps; one with a request a day does, and nobody could tell its silence from an
/// outage anyway.
pub const EMPTY_WINDOWS_PER_ACTIVE: u32 = 10;

/// Closes the windows of `acl` that `due` says are due, in order, the empty ones between included,
/// `most_windows` at most: the caller calls again.
///
/// `marks` is what people said of earlier incidents. `partials` holds the open windows' counts; those of closed windows are taken out. Returns
/// nothing where no window was due.
pub fn close_due(
    acl: &str,
    state: &AclState,
    partials: &mut BTreeMap<Window, Partial>,
    due: &dyn Fn(Window) -> Due,
    most_windows: usize,
    marks: &Marks,
    settings: &CloseSettings,
) -> Option<Closing> {
    // Restoring a detector costs more than finding out that there is nothing to do.
    let first = next_window(state, partials, settings)?;
    if due(first) == Due::NotYet {
        return None;
    }
    let mut closer = Closer::new(acl, state, marks, settings);
    while let Some(window) = next_window(&closer.closing.state, partials, settings) {
        let completeness = match due(window) {
            Due::NotYet => break,
            Due::Complete => Completeness::Complete,
            Due::Incomplete => Completeness::Incomplete,
        };
        closer.close(window, partials.remove(&window).as_ref(), completeness);
        if closer.closing.windows.len() >= most_windows {
            break;
        }
    }
    closer.finish(state.version)
}

/// The window to close next: the one after the last, or the first that has records where there is
/// no last one or the ACL is dormant.
#[must_use]
pub fn next_window(
    state: &AclState,
    partials: &BTreeMap<Window, Partial>,
    settings: &CloseSettings,
) -> Option<Window> {
    let Some(closed_through) = state.closed_through else {
        return partials.keys().next().copied();
    };
    let following = settings.window_size.window_of(closed_through);
    if state.is_dormant() {
        return partials
            .range(following..)
            .next()
            .map(|(window, _)| *window);
    }
    Some(following)
}

struct Closer<'a> {
    settings: &'a CloseSettings,
    guidance: Guidance<'a>,
    detector: AnyDetector,
    closing: Closing,
    changed_incidents: BTreeMap<String, Incident>,
}

impl<'a> Closer<'a> {
    fn new(acl: &str, state: &AclState, marks: &'a Marks, settings: &'a CloseSettings) -> Self {
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
            guidance: Guidance {
                calendar: &settings.calendar,
                marks,
            },
            detector,
            closing,
            changed_incidents: BTreeMap::new(),
        }
    }

    fn close(&mut self, window: Window, partial: Option<&Partial>, completeness: Completeness) {
        let acl = &self.closing.acl;
        let summary = partial.map_or_else(
            || Summary::empty(acl, window, completeness),
            |partial| partial.summarize(acl, window, completeness, &self.settings.sketch),
        );
        let treatment = self.guidance.treatment(acl, window);
        let forecast = self.detector.forecast(&summary);
        let verdict = self.follow(&summary, treatment);
        let state = &mut self.closing.state;
        state.closed_through = Some(window.end);
        state.empty_budget = if summary.counters.total == 0 {
            state.empty_budget.saturating_sub(1)
        } else {
            let entitled = state.empty_budget.saturating_add(EMPTY_WINDOWS_PER_ACTIVE);
            entitled.min(self.settings.dormant_after_windows)
        };
        self.closing.windows.push(ClosedWindow {
            summary,
            stage: verdict.stage,
            findings: verdict.findings,
            forecast,
        });
    }

    /// Scores a window, moves the incident on, and learns; all findings, muted ones too.
    fn follow(&mut self, summary: &Summary, treatment: Treatment) -> Verdict {
        let mut verdict = self.detector.score(summary);
        if treatment.scoring == Scoring::Ignored {
            verdict.findings.clear();
            return verdict;
        }
        let (acl, window) = (&summary.acl, summary.window);
        let weight = self.guidance.apply(acl, window, &mut verdict.findings);
        let counting = Verdict {
            findings: heard(&verdict.findings),
            ..verdict
        };
        let mut policy = self.settings.incident;
        if weight == Weight::Relevant {
            policy.minimum_level = policy.minimum_level.below();
        }
        let before = self.closing.state.incident.take();
        let messages = treatment.messages;
        let transition = incident::advance(before.as_ref(), summary, &counting, &policy, messages);
        if let Some(incident) = &transition.incident {
            self.changed_incidents
                .insert(incident.id.clone(), incident.clone());
        }
        let still_open = |incident: &Incident| incident.state == State::Open;
        let open = transition.incident.filter(still_open);
        let influence = self.influence(summary, treatment, open.as_ref());
        self.detector.learn(summary, influence);
        self.closing.state.incident = open;
        self.closing.events.extend(transition.events);
        verdict
    }

    fn influence(
        &self,
        summary: &Summary,
        treatment: Treatment,
        open: Option<&Incident>,
    ) -> Influence {
        if summary.completeness == Completeness::Incomplete {
            return Influence::Guarded;
        }
        if treatment.scoring == Scoring::Unusual {
            return Influence::Unusual;
        }
        match open {
            None => Influence::Full,
            Some(incident) if self.guidance.is_accepted(&summary.acl, &incident.id) => {
                Influence::Accepted
            }
            Some(_) => Influence::Guarded,
        }
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

fn heard(findings: &[Finding]) -> Vec<Finding> {
    let heard = findings.iter().filter(|finding| finding.muted.is_none());
    heard.cloned().collect()
}
