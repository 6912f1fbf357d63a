//! The upper tail of one statistic, learnt while it runs: how rare is what was seen?
//!
//! A stochastic approximation follows the quantile `q` at 98% (Robbins and Monro, 1951). Above it the excess is taken as generalised Pareto,
//! whose shape comes from the first two moments of the excesses, so that
//!
//! ```text
//! P(U > u) = 0.02 (1 + x (u - q) / s)^(-1 / x)     u > q, s = m (1 - x)
//! x = (1 - m² / v) / 2, held within 0 and a largest shape
//! ```
//!
//! (Pickands, 1975; Hosking and Wallis, 1987). Below `q` the rarity falls linearly to none.

use serde::{Deserialize, Serialize};

use super::math::{LOG10_E, ln_1p};

/// Share of windows below the quantile.
pub(crate) const COVERAGE: f64 = 0.98;
/// `-log10` of what lies above it.
pub(crate) const RARITY_AT_QUANTILE: f64 = 1.698_970_004_336_018_7;
const LEAST_QUANTILE: f64 = 0.3;
/// An excess teaches at most as much as one of so many mean excesses.
const LARGEST_EXCESS: f64 = 6.0;

/// What is one excess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Counted {
    /// Every window above the quantile.
    Windows,
    /// The peak of windows above the quantile in a row, once they are over: what goes on does not
    /// widen the tail that it is judged by.
    Excursions,
}

/// How fast a tail learns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Step of the quantile.
    pub quantile: f64,
    /// Least weight of a new excess.
    pub excess: f64,
    /// Excesses that the prior is worth.
    pub prior: f64,
    /// Least mean excess.
    pub least: f64,
    pub counted: Counted,
    /// 0 to 1: how much this window may teach.
    pub influence: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tail {
    quantile: f64,
    mean: f64,
    square: f64,
    excesses: f64,
    /// Largest excess of an excursion that goes on, and the least influence of its windows.
    pending: f64,
    pending_influence: f64,
}

impl Tail {
    pub(crate) fn new(quantile: f64, mean: f64) -> Self {
        Self {
            quantile,
            mean,
            square: 2.0 * mean * mean,
            excesses: 0.0,
            pending: 0.0,
            pending_influence: 1.0,
        }
    }

    /// `-log10 P(U > u)`, 0 and more.
    pub(crate) fn rarity(&self, u: f64, largest_shape: f64) -> f64 {
        if u <= self.quantile {
            return RARITY_AT_QUANTILE * u.max(0.0) / self.quantile;
        }
        let shape = self.shape(largest_shape);
        let scaled = (u - self.quantile) / (self.mean * (1.0 - shape));
        let decades = if shape > 1e-3 {
            ln_1p(shape * scaled) / shape
        } else {
            scaled
        };
        RARITY_AT_QUANTILE + decades * LOG10_E
    }

    /// The statistic that is as rare as `rarity`: the inverse of [`Self::rarity`].
    pub(crate) fn statistic(&self, rarity: f64, largest_shape: f64) -> f64 {
        if rarity <= RARITY_AT_QUANTILE {
            return self.quantile * rarity / RARITY_AT_QUANTILE;
        }
        let shape = self.shape(largest_shape);
        let decades = (rarity - RARITY_AT_QUANTILE) / LOG10_E;
        let scaled = if shape > 1e-3 {
            (super::math::exp((shape * decades).min(60.0)) - 1.0) / shape
        } else {
            decades
        };
        self.quantile + scaled * self.mean * (1.0 - shape)
    }

    fn shape(&self, largest: f64) -> f64 {
        let variance = (self.square - self.mean * self.mean).max(1e-9);
        (0.5 * (1.0 - self.mean * self.mean / variance)).clamp(0.0, largest)
    }

    pub(crate) fn learn(&mut self, u: f64, pace: Pace) {
        let step = 3.0 * pace.quantile * pace.influence;
        let direction = if u > self.quantile {
            COVERAGE
        } else {
            COVERAGE - 1.0
        };
        self.quantile = (self.quantile + step * direction).max(LEAST_QUANTILE);
        let excess = u - self.quantile;
        if excess > 0.0 {
            self.pending = self.pending.max(excess);
            self.pending_influence = self.pending_influence.min(pace.influence);
        }
        if excess <= 0.0 || pace.counted == Counted::Windows {
            self.learn_excess(pace);
        }
    }

    fn learn_excess(&mut self, pace: Pace) {
        let (excess, influence) = (self.pending, self.pending_influence);
        self.pending = 0.0;
        self.pending_influence = 1.0;
        if excess <= 0.0 {
            return;
        }
        self.excesses += 1.0;
        let weight = influence * pace.excess.max(1.0 / (pace.prior + self.excesses));
        let bounded = excess.min(LARGEST_EXCESS * self.mean);
        self.mean = (self.mean + weight * (bounded - self.mean)).max(pace.least);
        self.square += weight * (bounded * bounded - self.square);
    }
}
