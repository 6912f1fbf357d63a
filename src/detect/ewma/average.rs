//! One exponentially weighted average with its spread.
//!
//! An observation is a count `x` in an exposure `e`: for counts `e = 1`, for shares `e` is the
//! number of requests of the window. The rate `y = x / e` is followed by
//!
//! ```text
//! d  = y - mean                      before the update
//! mean  <- mean + g d                g = max(alpha, 1 / n)
//! extra <- extra + h (d² - mean / e - extra)   h = max(alpha / 10, 1 / n)
//! ```
//!
//! over `n` windows, so that the next count has mean `e mean` and variance
//! `w² (e mean + e² max(0, extra))`: counting noise, and what varies beyond it. `d` is a
//! forecast's error, so `extra` holds the uncertainty of the mean already. It is smoothed ten times longer
//! than the mean, because `alpha = 0.3` remembers six windows, and a spread estimated from six
//! windows lets three sigma pass far too often. Windows of few requests teach a share less: their
//! gains are multiplied by `e / (e + 20)`.
//!
//! Scoring comes before the update. The original's order (update, then score) shrinks a
//! deviation `d` to `(1 - a) d` and lets `d` into its own variance `(1 - a)(v + a d²)`, so that
//! `|z| <= (1 - a) |d| / sqrt((1 - a) a d²) = sqrt((1 - a) / a) < 1 / sqrt(a) = 1.83` whatever happens.

use serde::{Deserialize, Serialize};
use wafwatch_windows::time::EventTime;

use super::super::Influence;
use super::super::expectation::{Expectation, Practical, freedom, widening};

/// How much longer than the mean the spread is smoothed.
const SPREAD_SMOOTHING: f64 = 0.1;
/// Gain of a window out of range (held at the end of the range), relative to one in range.
const OUTLIER_GAIN: f64 = 0.25;
/// Gain of a guarded window in range, relative to an ordinary one.
const GUARDED_GAIN: f64 = 0.01;
/// Requests at which a window teaches a share half of what a large one does.
const HALF_WEIGHT_REQUESTS: f64 = 20.0;
/// Windows in range, one after the other, after which a change is over.
const CALM_WINDOWS: u32 = 10;

/// What is learnt of one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Average {
    level: Level,
    windows: u32,
    pending: Option<Pending>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Level {
    mean: f64,
    extra: f64,
}

/// The level since the series first left its range, learnt without bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pending {
    since: EventTime,
    in_range: u32,
    windows: u32,
    level: Level,
}

/// A count in its exposure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observation {
    pub count: f64,
    pub exposure: f64,
    pub kind: Kind,
    pub practical: Practical,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Count,
    Share,
}

/// How a window is scored and learnt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub alpha: f64,
    pub sigma: f64,
    /// Tail probability that a finding needs.
    pub tail: f64,
    pub start: EventTime,
    pub influence: Influence,
    /// Time in milliseconds after which a change that lasts is accepted.
    pub acceptance: i64,
}

impl Observation {
    pub(super) fn count(count: f64) -> Self {
        Self {
            count,
            exposure: 1.0,
            kind: Kind::Count,
            practical: Practical::COUNT,
        }
    }

    pub(super) fn share(count: f64, requests: f64, practical: Practical) -> Self {
        Self {
            count,
            exposure: requests,
            kind: Kind::Share,
            practical,
        }
    }

    fn weight(&self) -> f64 {
        match self.kind {
            Kind::Count => 1.0,
            Kind::Share => self.exposure / (self.exposure + HALF_WEIGHT_REQUESTS),
        }
    }

    fn practical_excess(&self, mean: f64) -> f64 {
        let requests = match self.kind {
            Kind::Count => 0.0,
            Kind::Share => self.exposure,
        };
        self.practical.excess(mean, requests)
    }
}

impl Level {
    fn learn(&mut self, rate: f64, seen: &Observation, windows: u32, alpha: f64, gain: f64) {
        let first = 1.0 / f64::from(windows.max(1));
        let gain = gain * seen.weight();
        let mean_gain = alpha.max(first) * gain;
        let deviation = rate - self.mean;
        let noise = self.mean / seen.exposure;
        if windows > 1 {
            let spread_gain = (alpha * SPREAD_SMOOTHING).max(first) * gain;
            self.extra += spread_gain * (deviation * deviation - noise - self.extra);
        }
        self.mean += mean_gain * deviation;
    }
}

impl Average {
    pub(super) fn new() -> Self {
        Self {
            level: Level {
                mean: 0.0,
                extra: 0.0,
            },
            windows: 0,
            pending: None,
        }
    }

    /// Windows learnt so far.
    pub(super) fn windows(&self) -> u32 {
        self.windows
    }

    /// The mean as it is, for reports.
    pub(super) fn mean(&self) -> f64 {
        self.level.mean
    }

    /// The prediction for an exposure; half a request in the remembered windows is added to the
    /// mean, so that what was never seen is improbable and not impossible.
    pub(super) fn expectation(&self, exposure: f64, alpha: f64) -> Expectation {
        let gain = alpha.max(1.0 / f64::from(self.windows.max(1)));
        let mean = self.level.mean * exposure + 0.5 * gain;
        let extra = exposure * exposure * self.level.extra.max(0.0);
        let variance = mean + extra;
        let windows = f64::from(self.windows);
        let remembered = 2.0 / (alpha * SPREAD_SMOOTHING) - 1.0;
        Expectation {
            mean,
            variance: widening(windows).powi(2) * variance,
            freedom: freedom(windows.min(remembered), variance, extra),
        }
    }

    /// The count from which on the series is out of range; `None` where `observation` does not
    /// even reach the practical minimum.
    pub(super) fn threshold(&self, observation: &Observation, terms: &Terms) -> Option<f64> {
        let expectation = self.expectation(observation.exposure, terms.alpha);
        let practical = expectation.mean + observation.practical_excess(expectation.mean);
        if observation.count < practical {
            return None;
        }
        let threshold = (expectation.mean + terms.sigma * expectation.deviation())
            .max(expectation.quantile(terms.tail))
            .max(practical);
        Some(threshold)
    }

    /// Learns `observation`, held at `limit` where that is given: it is out of range then.
    pub(super) fn learn(&mut self, observation: &Observation, limit: Option<f64>, terms: &Terms) {
        if observation.exposure <= 0.0 {
            return;
        }
        let may_last = terms.influence != Influence::Unusual;
        if may_last && self.accepts(observation, limit.is_some(), terms) {
            return;
        }
        let is_held_back = matches!(terms.influence, Influence::Guarded | Influence::Unusual);
        if is_held_back && limit.is_some() {
            return;
        }
        self.windows = self.windows.saturating_add(1);
        let rate = limit.unwrap_or(observation.count) / observation.exposure;
        let gain = match (terms.influence, limit) {
            (Influence::Full | Influence::Accepted, None) => 1.0,
            (Influence::Full | Influence::Accepted, Some(_)) => OUTLIER_GAIN,
            (Influence::Guarded | Influence::Unusual, _) => GUARDED_GAIN,
        };
        self.level
            .learn(rate, observation, self.windows, terms.alpha, gain);
    }

    fn accepts(&mut self, observation: &Observation, is_out: bool, terms: &Terms) -> bool {
        if is_out && self.pending.is_none() {
            self.pending = Some(Pending {
                since: terms.start,
                in_range: 0,
                windows: 0,
                level: Level {
                    mean: 0.0,
                    extra: 0.0,
                },
            });
        }
        let Some(pending) = &mut self.pending else {
            return false;
        };
        pending.in_range = if is_out { 0 } else { pending.in_range + 1 };
        if pending.in_range >= CALM_WINDOWS {
            self.pending = None;
            return false;
        }
        pending.windows = pending.windows.saturating_add(1);
        let rate = observation.count / observation.exposure;
        pending
            .level
            .learn(rate, observation, pending.windows, terms.alpha, 1.0);
        let lasts = terms.influence == Influence::Accepted
            || terms.start.0.saturating_sub(pending.since.0) >= terms.acceptance;
        if !(is_out && lasts) {
            return false;
        }
        self.level = pending.level;
        self.windows = pending.windows;
        self.pending = None;
        true
    }
}
