//! Means of the clipped deviate over several spans: what a single window cannot show.
//!
//! Each is an exponentially weighted mean, divided by its own scale: the 80% quantile of its size, learnt
//! while it runs, so that noise that lasts (a day above its level) widens it. What is not known
//! yet about an hour of the week is added to the scale.

use serde::{Deserialize, Serialize};

use super::math::exp;

/// How many spans.
pub(crate) const SPANS: usize = 3;
/// Their lengths in windows.
const WINDOWS: [f64; SPANS] = [5.0, 30.0, 180.0];
/// The shortest is at most a quarter of an hour (but three windows).
const SHORTEST_PER_DAY: f64 = 96.0;
/// Standard deviations that 80% of a normal distribution lie within.
const QUANTILE_80: f64 = 1.281_551_565_544_6;
const LEAST_SCALE: f64 = 0.02;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct SlowMeans {
    gains: [f64; SPANS],
    means: [f64; SPANS],
    scales: [f64; SPANS],
    /// Requests beyond the expectation, summed with the same weights.
    masses: [f64; SPANS],
}

impl SlowMeans {
    pub(crate) fn new(per_day: f64) -> Self {
        let shortest = (per_day / SHORTEST_PER_DAY).max(3.0);
        let gains = WINDOWS.map(|windows| 1.0 / windows);
        let gains = [gains[0].max(1.0 / shortest), gains[1], gains[2]];
        Self {
            gains,
            means: [0.0; SPANS],
            scales: gains.map(|gain| (gain / (2.0 - gain)).sqrt()),
            masses: [0.0; SPANS],
        }
    }

    fn next(&self, deviate: f64) -> [f64; SPANS] {
        std::array::from_fn(|span| {
            self.means[span] + self.gains[span] * (deviate - self.means[span])
        })
    }

    /// The means with this window, over their scales. `doubt` is a variance in deviates. A longer mean
    /// counts as far as the next shorter one agrees: it speaks of what goes on, not of what is over.
    pub(crate) fn statistics(&self, deviate: f64, doubt: f64) -> [f64; SPANS] {
        let next = self.next(deviate);
        std::array::from_fn(|span| {
            let mean = if span == 0 {
                next[0]
            } else {
                nearer_zero(next[span], next[span - 1])
            };
            mean / (self.scales[span] * self.scales[span] + doubt).sqrt()
        })
    }

    /// The requests beyond the expectation with this window's `excess`.
    pub(crate) fn masses(&self, excess: f64) -> [f64; SPANS] {
        std::array::from_fn(|span| self.masses[span] * (1.0 - self.gains[span]) + excess)
    }

    /// The length of a span in windows.
    pub(crate) fn windows(&self, span: usize) -> f64 {
        1.0 / self.gains[span]
    }

    pub(crate) fn learn(&mut self, deviate: f64, excess: f64, gain: f64) {
        self.means = self.next(deviate);
        self.masses = self.masses(excess);
        for (mean, scale) in self.means.iter().zip(&mut self.scales) {
            let is_outside = mean.abs() > QUANTILE_80 * *scale;
            let direction = if is_outside { 0.8 } else { -0.2 };
            *scale = (*scale * exp(3.0 * gain * direction)).max(LEAST_SCALE);
        }
    }

    /// Forgets what the last windows showed.
    pub(crate) fn forget(&mut self) {
        self.means = [0.0; SPANS];
        self.masses = [0.0; SPANS];
    }

    /// Forgets what happened before a gap of so many windows.
    pub(crate) fn fade(&mut self, windows: f64) {
        for span in 0..SPANS {
            let left = exp(-windows * self.gains[span]);
            self.means[span] *= left;
            self.masses[span] *= left;
        }
    }
}

/// The smaller of two values of one sign; zero for values of different signs.
fn nearer_zero(one: f64, other: f64) -> f64 {
    if one * other <= 0.0 {
        return 0.0;
    }
    if one.abs() < other.abs() { one } else { other }
}
