//! The dispersion of a series: what its noise has beyond counting noise.
//!
//! On the model's scale a residual has the variance `n + k w`, with `n` the counting noise and `w` the
//! weight of the dispersion at the expected mean. `k` is the ratio of the means of `r² - n` and `w`,
//! both exponentially weighted.

use serde::{Deserialize, Serialize};

/// Keeps a quotient finite before anything is known.
const LEAST_WEIGHT: f64 = 1e-9;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    excess: f64,
    weight: f64,
}

impl Spread {
    pub(crate) fn new() -> Self {
        Self {
            excess: 0.0,
            weight: LEAST_WEIGHT,
        }
    }

    /// The dispersion, never below `least`.
    pub(crate) fn dispersion(&self, least: f64) -> f64 {
        (self.excess / self.weight.max(LEAST_WEIGHT)).max(least)
    }

    /// Learns that a squared residual exceeded its counting noise by `excess`.
    pub(crate) fn learn(&mut self, gain: f64, excess: f64, weight: f64) {
        self.excess += gain * (excess - self.excess);
        self.weight += gain * (weight - self.weight);
    }
}
