//! What the accepted number of false incidents means for the rarest of all signals.
//!
//! The rarities of many signals and tails hang together, and each is an extrapolation. So their largest
//! one of a window is calibrated once more, by itself: of each block of [`BLOCK`] windows (alarms
//! closer than that are one incident) the peak `s` is taken, its 90% quantile `q` is followed and
//! the mean excess `m` over it, and
//!
//! ```text
//! P(peak of a block > s) = 0.1 exp(-(s - q) / m)      s > q
//! ```
//!
//! An excess far above what chance makes (an attack) teaches little, alarms teach little anyway, and `m` is held
//! within bounds.
//!
//! An alarm is what is exceeded in fewer blocks than the accepted number a week. That is an extrapolation of
//! several mean excesses, and the peaks of noise thin out faster than an exponential: means over many windows
//! are close to normal, whose hazard grows with the distance. So for `t = (s - q) / m`
//!
//! ```text
//! P(peak of a block of noise > s) = 0.1 exp(-t (0.79 + 0.06 t))
//! ```

use serde::{Deserialize, Serialize};

use super::math::{LOG10_E, ln};

/// Windows of a block.
pub(crate) const BLOCK: u32 = 30;
const COVERAGE: f64 = 0.9;
const PRIOR_QUANTILE: f64 = 3.3;
const PRIOR_EXCESS: f64 = 0.5;
const LEAST_EXCESS: f64 = 0.25;
const LARGEST_EXCESS: f64 = 0.9;
/// 90% quantile of the peak that a block has where every window's two tails are what they say.
const HONEST_QUANTILE: f64 = 2.9;
const LARGEST_EXCESS_OF_SERIES: f64 = 1.5;
const MEMORY_DAYS: f64 = 7.0;
/// Part of the accepted incidents that chance is given: jobs, scanners and launches take the rest.
const SPENT: f64 = 0.6;
/// Hazard of the peaks of noise at the quantile, per mean excess, and half of what it grows by with
/// each more: fitted to the incidents that noise made at 0.3, 1 and 3 a week.
const HAZARD: f64 = 0.79;
const HAZARD_GROWTH: f64 = 0.06;
/// An excess teaches at most as much as one of so many mean excesses.
const CLIP: f64 = 4.0;
const LEAST_INFLUENCE: f64 = 0.1;

/// What blocks above the quantile in a row are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum InARow {
    /// One event, as they are one incident: an attack of hours does not raise what an alarm takes.
    OneEvent,
    /// As many as there are: a series that strays for hours is to be heard less.
    Each,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Budget {
    quantile: f64,
    excess: f64,
    blocks: f64,
    excesses: f64,
    peak: f64,
    filled: u32,
    /// Whether the last block was above the quantile.
    is_over: bool,
    blocks_in_a_row: InARow,
    least_quantile: f64,
    excess_within: [f64; 2],
}

impl Budget {
    /// Of the rarest of all series.
    pub(crate) fn new() -> Self {
        Self {
            quantile: PRIOR_QUANTILE,
            excess: PRIOR_EXCESS,
            blocks: 0.0,
            excesses: 0.0,
            peak: 0.0,
            filled: 0,
            is_over: false,
            blocks_in_a_row: InARow::OneEvent,
            least_quantile: 0.5,
            excess_within: [LEAST_EXCESS, LARGEST_EXCESS],
        }
    }

    /// Of one series: at least what honest rarities are like.
    pub(crate) fn of_series() -> Self {
        Self {
            quantile: HONEST_QUANTILE,
            excess: LOG10_E,
            blocks_in_a_row: InARow::Each,
            least_quantile: HONEST_QUANTILE,
            excess_within: [LOG10_E, LARGEST_EXCESS_OF_SERIES],
            ..Self::new()
        }
    }

    /// `rarity` of a series that says more than is true, as an honest one would say it.
    pub(crate) fn honest(&self, rarity: f64) -> f64 {
        if rarity <= self.quantile {
            return rarity * HONEST_QUANTILE / self.quantile;
        }
        HONEST_QUANTILE + (rarity - self.quantile) * LOG10_E / self.excess
    }

    /// What a series has to state to be taken at `honest`: the inverse.
    pub(crate) fn stated(&self, honest: f64) -> f64 {
        if honest <= HONEST_QUANTILE {
            return honest * self.quantile / HONEST_QUANTILE;
        }
        self.quantile + (honest - HONEST_QUANTILE) * self.excess / LOG10_E
    }

    /// `-log10` of the share of blocks whose peak reaches `rarity`, told by the plain exponential, which is
    /// the cautious side: the tail that alarms are placed by is thinner.
    pub(crate) fn calibrated(&self, rarity: f64) -> f64 {
        if rarity <= self.quantile {
            return rarity / self.quantile;
        }
        1.0 + (rarity - self.quantile) / self.excess * LOG10_E
    }

    /// The rarity that stands at a calibrated one: the inverse.
    pub(crate) fn rarity(&self, calibrated: f64) -> f64 {
        if calibrated <= 1.0 {
            return calibrated * self.quantile;
        }
        self.quantile + (calibrated - 1.0) / LOG10_E * self.excess
    }

    pub(crate) fn learn(&mut self, rarity: f64, influence: f64, per_day: f64) {
        self.peak = self.peak.max(rarity);
        self.filled += 1;
        if self.filled < BLOCK {
            return;
        }
        let peak = self.peak;
        self.peak = 0.0;
        self.filled = 0;
        let goes_on = std::mem::replace(&mut self.is_over, peak > self.quantile);
        if self.blocks_in_a_row == InARow::OneEvent && goes_on && self.is_over {
            return;
        }
        self.blocks += 1.0;
        let memory = (f64::from(BLOCK) / (MEMORY_DAYS * per_day)).min(0.02);
        let influence = influence.max(LEAST_INFLUENCE);
        let step = 2.0 * influence * memory.max(1.0 / (50.0 + self.blocks));
        let direction = if self.is_over {
            COVERAGE
        } else {
            COVERAGE - 1.0
        };
        self.quantile = (self.quantile + step * direction).max(self.least_quantile);
        if peak <= self.quantile {
            return;
        }
        self.excesses += 1.0;
        let gain = influence * (10.0 * memory).max(1.0 / (40.0 + self.excesses));
        let excess = (peak - self.quantile).min(CLIP * self.excess);
        let moved = self.excess + gain * (excess - self.excess);
        self.excess = moved.clamp(self.excess_within[0], self.excess_within[1]);
    }
}

/// The calibrated rarity of an alarm at so many accepted incidents a week: see [the module](self).
pub(crate) fn alarm_at(per_day: f64, accepted_per_week: f64) -> f64 {
    let blocks = 7.0 * per_day / f64::from(BLOCK);
    let needed = ln((1.0 - COVERAGE) * blocks / (SPENT * accepted_per_week).max(1e-6)).max(0.0);
    let root = (HAZARD * HAZARD + 4.0 * HAZARD_GROWTH * needed).sqrt();
    let mean_excesses = (root - HAZARD) / (2.0 * HAZARD_GROWTH);
    // Long windows make few blocks: an alarm is never what every tenth block has.
    (1.0 + mean_excesses * LOG10_E).max(1.2)
}
