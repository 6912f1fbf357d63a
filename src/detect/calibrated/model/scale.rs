//! The scale on which a series is modelled: one on which its noise has about the same size everywhere.
//!
//! ```text
//! counts    y = 2 / sqrt(f) asinh(sqrt(f (x + 3/8)))     variance 1 for a negative binomial count of
//!                                                        dispersion f: a square root for small
//!                                                        counts, a logarithm for large ones
//! shares    y = 2 asin(sqrt((k + 3/8) / (n + 3/4)))      variance 1 / (n + 1/2) for binomial noise
//! plain     y = x
//! ```
//!
//! (Anscombe, 1948). The distance of a count or share from its expectation is the signed root of the
//! deviance, corrected for continuity: for skewed counts it is far closer to a normal deviate
//! than the residual over the standard deviation (Pierce and Schafer, 1986).

use serde::{Deserialize, Serialize};

use super::math::{asin, asinh, ln, ln_1p, sin, sinh};

/// Dispersion for which the scale of counts is exact: a coefficient of variation of 14%.
pub(crate) const DISPERSION: f64 = 0.02;

/// What kind of number a series holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Scale {
    /// How many of something, 0 and more.
    Count,
    /// How many of a number of trials.
    Share,
    /// Any number.
    Plain,
}

impl Scale {
    /// `value` on the model's scale; `trials` matters for shares only.
    pub(crate) fn stabilise(self, value: f64, trials: f64) -> f64 {
        match self {
            Self::Count => {
                let root = (DISPERSION * (value.max(0.0) + 0.375)).sqrt();
                2.0 / DISPERSION.sqrt() * asinh(root)
            }
            Self::Share => {
                let share = (value.max(0.0) + 0.375) / (trials + 0.75);
                2.0 * asin(share.min(1.0).sqrt())
            }
            Self::Plain => value,
        }
    }

    /// The count, number of `trials` or value that stands at `y`.
    pub(crate) fn restore(self, y: f64, trials: f64) -> f64 {
        match self {
            Self::Count => {
                let root = sinh((y.max(0.0) * DISPERSION.sqrt() / 2.0).min(40.0));
                (root * root / DISPERSION - 0.375).max(0.0)
            }
            Self::Share => {
                let root = sin((y / 2.0).clamp(0.0, std::f64::consts::FRAC_PI_2));
                (root * root * (trials + 0.75) - 0.375).clamp(0.0, trials)
            }
            Self::Plain => y,
        }
    }

    /// The part of the variance of `y` that is counting noise, where `mean` is expected.
    pub(crate) fn counting_noise(self, mean: f64, trials: f64) -> f64 {
        match self {
            Self::Count => 1.0 / (1.0 + DISPERSION * mean),
            Self::Share => 1.0 / (trials + 0.5),
            Self::Plain => 0.0,
        }
    }

    /// How far the variance of `y` grows with its dispersion: var = noise + dispersion * this.
    pub(crate) fn dispersion_weight(self, counting_noise: f64) -> f64 {
        match self {
            Self::Count => 1.0 - counting_noise,
            Self::Share | Self::Plain => 1.0,
        }
    }
}

/// Signed root deviance of a negative binomial count with variance `mean + dispersion mean²`.
pub(crate) fn count_deviate(count: f64, mean: f64, dispersion: f64) -> f64 {
    let mean = mean.max(1e-3);
    let (nearer, sign) = if count > mean {
        ((count - 0.5).max(mean), 1.0)
    } else {
        ((count + 0.5).min(mean), -1.0)
    };
    let gain = if nearer > 0.0 {
        nearer * ln(nearer / mean)
    } else {
        0.0
    };
    let deviance = if dispersion * mean > 1e-6 {
        let ratio = (1.0 + dispersion * nearer) / (1.0 + dispersion * mean);
        gain - (nearer + 1.0 / dispersion) * ln(ratio)
    } else {
        gain - (nearer - mean)
    };
    sign * (2.0 * deviance).max(0.0).sqrt()
}

/// Signed root deviance of `count` among `trials`, of which `mean` are expected, over the root of how
/// many times `variance` (on the scale of shares) is larger than binomial noise.
pub(crate) fn share_deviate(count: f64, trials: f64, mean: f64, variance: f64) -> f64 {
    let mean = mean.clamp(1e-3, (trials - 1e-3).max(1e-3));
    let count = count.clamp(0.0, trials);
    let (nearer, sign) = if count > mean {
        ((count - 0.5).max(mean), 1.0)
    } else {
        ((count + 0.5).min(mean), -1.0)
    };
    let part = |seen: f64, expected: f64| {
        if seen > 0.0 && expected > 0.0 {
            seen * ln(seen / expected)
        } else {
            0.0
        }
    };
    let deviance = part(nearer, mean) + part(trials - nearer, trials - mean);
    let inflation = (variance * (trials + 0.5)).max(1.0);
    sign * (2.0 * deviance / inflation).max(0.0).sqrt()
}

/// `-log10` of the probability of an empty window under a negative binomial count.
pub(crate) fn rarity_of_zero(mean: f64, dispersion: f64) -> f64 {
    let nats = if dispersion * mean > 1e-6 {
        ln_1p(dispersion * mean) / dispersion
    } else {
        mean
    };
    nats * super::math::LOG10_E
}
