//! The published investigator's spikes over a moving baseline, with its flaws mended.
//!
//! The baseline of a signal is the history of its last windows: mean, sample standard deviation
//! and percentiles. A window is compared with the baseline of the windows before it:
//!
//! | signal | rules |
//! | --- | --- |
//! | requests | 3 standard deviations, or the 99th percentile, or `max(3 x mean, mean + 200)` |
//! | blocked requests | 3 standard deviations, or the 99th percentile |
//! | blocked ratio | 2 standard deviations, or the 95th percentile |
//! | silence | see [`super::silence`] |
//!
//! Each rule also asks for what the original lacks, a real excess: see `counts` and `ratio`.
//! Bounded learning is described in `track`, the bounded history in `history`.

mod counts;
mod ratio;
mod settings;

use serde::{Deserialize, Serialize};
use wafwatch_windows::summary::{Completeness, Summary};
use wafwatch_windows::time::WindowSize;

use self::counts::CountBaseline;
use self::ratio::RatioBaseline;
pub use self::settings::{ClassicMode, ClassicSettings, MINIMUM_HISTORY_WINDOWS};
use super::expectation::sort_strongest_first;
use super::history::Sample;
use super::silence::{self, Loudness};
use super::track::{Lesson, Track, acceptance};
use super::{Detector, Forecast, Influence, Mix, Signal, Stage, Verdict};

/// Windows that must be learnt before the first finding.
pub const NEEDED_WINDOWS: u32 = 10;

/// What the detector has learnt of one ACL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassicState {
    /// Size of the windows that it was learnt from; of no use for windows of another size.
    pub window_size: WindowSize,
    total: Track,
    blocked: Track,
    ratio: Track,
    silent_run: u32,
}

/// The detector: settings and what was learnt under them.
#[derive(Debug, Clone, PartialEq)]
pub struct Classic {
    /// The settings.
    pub settings: ClassicSettings,
    /// What was learnt.
    pub state: ClassicState,
}

impl ClassicState {
    /// Nothing learnt.
    #[must_use]
    pub fn new(window_size: WindowSize) -> Self {
        Self {
            window_size,
            total: Track::default(),
            blocked: Track::default(),
            ratio: Track::default(),
            silent_run: 0,
        }
    }

    fn stage(&self) -> Stage {
        let seen = u32::try_from(self.total.history.learnt()).unwrap_or(u32::MAX);
        if seen >= NEEDED_WINDOWS {
            return Stage::Ready;
        }
        Stage::Learning {
            seen,
            needed: NEEDED_WINDOWS,
        }
    }
}

impl Classic {
    /// A detector that has learnt nothing.
    #[must_use]
    pub fn new(settings: ClassicSettings) -> Self {
        let state = ClassicState::new(settings.window_size);
        Self { settings, state }
    }

    fn count_baseline(&self, track: &Track) -> CountBaseline {
        CountBaseline::of(&track.history, self.settings.use_nonzero_baseline)
    }

    fn loudness(&self) -> Loudness {
        // Silence is judged by all windows: a baseline without its empty ones knows no silence.
        let baseline = CountBaseline::of(&self.state.total.history, false);
        Loudness {
            expectation: baseline.expectation(),
            near_silent_share: baseline.near_silent_share(),
            run_before: self.state.silent_run,
        }
    }

    /// The finding of silence and the smallest count that would be none.
    fn silence(&self, summary: &Summary) -> Option<(super::Finding, u64)> {
        if summary.completeness == Completeness::Incomplete {
            return None;
        }
        let loudness = self.loudness();
        let finding = silence::score(summary.counters.total as f64, &loudness)?;
        Some((finding, (loudness.expectation.mean / 10.0).ceil() as u64))
    }
}

impl Detector for Classic {
    fn score(&self, summary: &Summary) -> Verdict {
        let stage = self.state.stage();
        let mut findings = Vec::new();
        if stage == Stage::Ready {
            let counters = &summary.counters;
            let mode = self.settings.mode;
            if mode.follows_total() {
                let baseline = self.count_baseline(&self.state.total);
                findings.extend(baseline.score(Signal::Total, counters.total));
                findings.extend(self.silence(summary).map(|(finding, _)| finding));
            }
            if mode.follows_blocked() {
                let baseline = self.count_baseline(&self.state.blocked);
                findings.extend(baseline.score(Signal::Blocked, counters.blocked));
            }
            if mode.follows_ratio() {
                let baseline = RatioBaseline::of(&self.state.ratio.history);
                findings.extend(baseline.score(counters.blocked, counters.total));
            }
            sort_strongest_first(&mut findings);
        }
        Verdict {
            stage,
            findings,
            mix: Mix::Unknown,
        }
    }

    fn forecast(&self, _summary: &Summary) -> Option<Forecast> {
        let is_ready = self.state.stage() == Stage::Ready;
        is_ready.then(|| self.count_baseline(&self.state.total).forecast())
    }

    fn learn(&mut self, summary: &Summary, influence: Influence) {
        if summary.completeness == Completeness::Incomplete {
            return;
        }
        let (total, blocked) = (summary.counters.total, summary.counters.blocked);
        let seen = |count| Sample {
            count,
            requests: total,
        };
        let is_ready = self.state.stage() == Stage::Ready;
        let mut lessons = [None, None, None];
        if is_ready {
            let total_limit = self.count_baseline(&self.state.total);
            lessons[0] = match self.silence(summary) {
                Some((_, least)) => Some(seen(least)),
                None => total_limit.winsorised(Signal::Total, total).map(seen),
            };
            let blocked_limit = self.count_baseline(&self.state.blocked);
            lessons[1] = blocked_limit.winsorised(Signal::Blocked, blocked).map(seen);
        }
        let ratio_baseline = RatioBaseline::of(&self.state.ratio.history);
        if is_ready {
            lessons[2] = ratio_baseline.winsorised(blocked, total);
        }

        let mean = self.loudness().expectation.mean;
        let is_silent = silence::is_near_silent(total as f64, mean) && is_ready;
        self.state.silent_run = if is_silent {
            self.state.silent_run.saturating_add(1)
        } else {
            0
        };

        let capacity = self.settings.capacity();
        let acceptance = acceptance(self.settings.window_size.milliseconds());
        let lesson = |seen, winsorised| Lesson {
            start: summary.window.start,
            seen,
            winsorised,
            influence,
        };
        let state = &mut self.state;
        let [total_lesson, blocked_lesson, ratio_lesson] = lessons;
        state
            .total
            .learn(&lesson(seen(total), total_lesson), capacity, acceptance);
        state
            .blocked
            .learn(&lesson(seen(blocked), blocked_lesson), capacity, acceptance);
        let weighed = ratio_baseline.weighed(seen(blocked));
        state
            .ratio
            .learn(&lesson(weighed, ratio_lesson), capacity, acceptance);
    }

    fn learn_counters(&mut self, summary: &Summary) -> bool {
        self.learn(summary, Influence::Full);
        true
    }
}

#[cfg(test)]
mod tests;
