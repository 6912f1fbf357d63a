//! Exponentially weighted means and spreads of many signals, scored before they are updated.
//!
//! Followed are the counts of requests (total, allowed, blocked, counted), the blocked ratio,
//! the distinct client addresses, the share of the busiest address, and of the top lists up to
//! `top_k` rules, paths and addresses each. A finding needs `sigma` standard deviations, the
//! same rarity under the count's (skewed) distribution, and a practical minimum. The algebra is
//! in `average`, the keys are in `keyed`, silence is in [`super::silence`].

mod average;
mod keyed;
mod settings;

use serde::{Deserialize, Serialize};
use wafwatch_windows::summary::{Completeness, Dimension, Summary};
use wafwatch_windows::time::WindowSize;

use self::average::{Average, Kind, Observation, Terms};
pub use self::keyed::MAX_KEY_BYTES;
use self::keyed::Table;
pub use self::settings::{EwmaSettings, FEWEST_TRAINING_WINDOWS, MOST_KEYS};
use super::describe::number;
use super::expectation::{Practical, Seen, sort_strongest_first};
use super::silence::{self, Loudness};
use super::tail;
use super::track::acceptance;
use super::{Detector, Finding, Forecast, Influence, Mix, Signal, Stage, Verdict};

/// Most findings of one window.
pub const MAX_FINDINGS: usize = 16;
/// Gain of the share of near-silent windows.
const SILENT_SHARE_GAIN: f64 = 0.01;
/// A mean that remembers six windows wanders: one near-silent window is never enough.
const LEAST_SILENT_SHARE: f64 = 0.02;

/// The signal of a key.
type MakeSignal = fn(String) -> Signal;

/// What the detector has learnt of one ACL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EwmaState {
    /// Size of the windows that it was learnt from; of no use for windows of another size.
    pub window_size: WindowSize,
    learnt: u32,
    total: Average,
    allowed: Average,
    blocked: Average,
    counted: Average,
    ratio: Average,
    distinct: Average,
    top_share: Average,
    rules: Table,
    uris: Table,
    addresses: Table,
    silent_share: f64,
    silent_run: u32,
}

/// The detector: settings and what was learnt under them.
#[derive(Debug, Clone, PartialEq)]
pub struct Ewma {
    /// The settings.
    pub settings: EwmaSettings,
    /// What was learnt.
    pub state: EwmaState,
}

impl EwmaState {
    /// Nothing learnt.
    #[must_use]
    pub fn new(window_size: WindowSize) -> Self {
        Self {
            window_size,
            learnt: 0,
            total: Average::new(),
            allowed: Average::new(),
            blocked: Average::new(),
            counted: Average::new(),
            ratio: Average::new(),
            distinct: Average::new(),
            top_share: Average::new(),
            rules: Table::new(),
            uris: Table::new(),
            addresses: Table::new(),
            silent_share: 0.5,
            silent_run: 0,
        }
    }

    fn tables(&self) -> [(Dimension, &Table, MakeSignal); 3] {
        [
            (Dimension::Rule, &self.rules, Signal::Rule),
            (Dimension::Uri, &self.uris, Signal::Uri),
            (Dimension::ClientAddress, &self.addresses, Signal::Address),
        ]
    }

    fn averages(&self) -> [(Signal, &Average); 7] {
        [
            (Signal::Total, &self.total),
            (Signal::Allowed, &self.allowed),
            (Signal::Blocked, &self.blocked),
            (Signal::Counted, &self.counted),
            (Signal::DistinctAddresses, &self.distinct),
            (Signal::BlockedRatio, &self.ratio),
            (Signal::TopAddressShare, &self.top_share),
        ]
    }
}

/// The window's observations in the order of [`EwmaState::averages`].
fn observations(summary: &Summary) -> [Observation; 7] {
    let counters = &summary.counters;
    let total = counters.total as f64;
    let top_address = summary.top(Dimension::ClientAddress).first();
    let busiest = top_address.map_or(0.0, |item| item.lower as f64);
    let distinct = summary.distinct_addresses.estimate;
    let distinct = if distinct.is_finite() {
        distinct.max(0.0)
    } else {
        0.0
    };
    [
        Observation::count(total),
        Observation::count(counters.allowed as f64),
        Observation::count(counters.blocked as f64),
        Observation::count(counters.counted as f64),
        Observation::count(distinct),
        Observation::share(counters.blocked as f64, total, Practical::BLOCKED_RATIO),
        Observation::share(busiest.min(total), total, Practical::TOP_SHARE),
    ]
}

/// The finding of one observation, where there is one.
fn finding(
    average: &Average,
    observation: &Observation,
    terms: &Terms,
    signal: Signal,
) -> Option<Finding> {
    if observation.exposure <= 0.0 {
        return None;
    }
    let threshold = average.threshold(observation, terms)?;
    if observation.count < threshold {
        return None;
    }
    let expectation = average.expectation(observation.exposure, terms.alpha);
    let (lower, upper) = expectation.range(terms.sigma, terms.tail);
    let sigmas = (observation.count - expectation.mean) / expectation.deviation();
    let (mean, unit) = match observation.kind {
        Kind::Count => (average.mean(), ""),
        Kind::Share => (average.mean() * 100.0, "%"),
    };
    let reason = format!(
        "{} standard deviations above the moving mean of {}{unit}",
        number(sigmas),
        number(mean)
    );
    let seen = Seen {
        observed: observation.count,
        expected: average.mean() * observation.exposure,
        lower,
        upper: upper.min(threshold - 1.0),
        once_in_windows: expectation.once_in(observation.count),
        scale: 1.0 / observation.exposure,
    };
    Some(expectation.above(signal, seen, reason))
}

impl Ewma {
    /// A detector that has learnt nothing.
    #[must_use]
    pub fn new(settings: EwmaSettings) -> Self {
        let state = EwmaState::new(settings.window_size);
        Self { settings, state }
    }

    fn terms(&self, summary: &Summary, influence: Influence) -> Terms {
        let sigma = self.settings.sigma();
        Terms {
            alpha: self.settings.alpha(),
            sigma,
            tail: tail::normal_at_least(sigma).max(f64::MIN_POSITIVE),
            start: summary.window.start,
            influence,
            acceptance: acceptance(self.settings.window_size.milliseconds()),
        }
    }

    fn stage(&self) -> Stage {
        let needed = self.settings.training_windows();
        if self.state.learnt >= needed {
            return Stage::Ready;
        }
        Stage::Learning {
            seen: self.state.learnt,
            needed,
        }
    }

    fn silence(&self, summary: &Summary) -> Option<Finding> {
        if summary.completeness == Completeness::Incomplete {
            return None;
        }
        let loudness = Loudness {
            expectation: self.state.total.expectation(1.0, self.settings.alpha()),
            near_silent_share: self.state.silent_share.max(LEAST_SILENT_SHARE),
            run_before: self.state.silent_run,
        };
        silence::score(summary.counters.total as f64, &loudness)
    }

    fn learn_silence(&mut self, total: f64, influence: Influence) {
        let mean = self.state.total.mean();
        let is_silent = self.state.learnt > 0 && silence::is_near_silent(total, mean);
        self.state.silent_run = if is_silent {
            self.state.silent_run.saturating_add(1)
        } else {
            0
        };
        if matches!(influence, Influence::Full | Influence::Accepted) {
            // The half of the first window is the doubt that a share of zero leaves.
            let gain = SILENT_SHARE_GAIN.max(1.0 / (f64::from(self.state.learnt) + 2.0));
            let silent = if is_silent { 1.0 } else { 0.0 };
            self.state.silent_share += gain * (silent - self.state.silent_share);
        }
    }
}

impl Detector for Ewma {
    fn score(&self, summary: &Summary) -> Verdict {
        let stage = self.stage();
        if stage != Stage::Ready {
            return Verdict {
                stage,
                findings: Vec::new(),
                mix: Mix::Unknown,
            };
        }
        let terms = self.terms(summary, Influence::Full);
        let mut findings = Vec::new();
        for ((signal, average), observation) in
            self.state.averages().into_iter().zip(observations(summary))
        {
            findings.extend(finding(average, &observation, &terms, signal));
        }
        findings.extend(self.silence(summary));
        for (dimension, table, signal) in self.state.tables() {
            findings.extend(table.score(summary.top.get(&dimension), &terms, signal));
        }
        sort_strongest_first(&mut findings);
        findings.truncate(MAX_FINDINGS);
        Verdict {
            stage,
            findings,
            mix: Mix::Unknown,
        }
    }

    fn forecast(&self, summary: &Summary) -> Option<Forecast> {
        if self.stage() != Stage::Ready {
            return None;
        }
        let terms = self.terms(summary, Influence::Full);
        let average = &self.state.total;
        let expectation = average.expectation(1.0, terms.alpha);
        let (lower, upper) = expectation.range(terms.sigma, terms.tail);
        // More than any practical minimum: what is asked for is where findings begin.
        let threshold = average.threshold(&Observation::count(f64::MAX), &terms);
        Some(Forecast {
            expected: average.mean(),
            lower,
            upper: threshold.map_or(upper, |threshold| threshold.ceil() - 1.0),
        })
    }

    fn learn(&mut self, summary: &Summary, influence: Influence) {
        if summary.completeness == Completeness::Incomplete {
            return;
        }
        let terms = self.terms(summary, influence);
        let is_silent = self.silence(summary).is_some();
        let least = (self.state.total.mean() / 10.0).ceil();
        self.learn_silence(summary.counters.total as f64, influence);

        let capacity = self.settings.keys();
        let state = &mut self.state;
        let averages = [
            &mut state.total,
            &mut state.allowed,
            &mut state.blocked,
            &mut state.counted,
            &mut state.distinct,
            &mut state.ratio,
            &mut state.top_share,
        ];
        for (place, (average, observation)) in
            averages.into_iter().zip(observations(summary)).enumerate()
        {
            let is_settled = average.windows() >= FEWEST_TRAINING_WINDOWS;
            let above = average
                .threshold(&observation, &terms)
                .filter(|limit| is_settled && observation.count >= *limit);
            let is_total = place == 0;
            let limit = if is_silent && is_total {
                Some(least)
            } else {
                above
            };
            average.learn(&observation, limit, &terms);
        }
        for (dimension, table) in [
            (Dimension::Rule, &mut state.rules),
            (Dimension::Uri, &mut state.uris),
            (Dimension::ClientAddress, &mut state.addresses),
        ] {
            table.learn(summary.top.get(&dimension), &terms, capacity);
        }
        state.learnt = state.learnt.saturating_add(1);
    }

    /// It cannot: its average of distinct addresses would learn that there are none.
    fn learn_counters(&mut self, _summary: &Summary) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
