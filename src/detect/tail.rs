//! Tail probabilities of counts: how rare "at least this many" is.
//!
//! A count is described by its mean `m` and variance `v`. Where `v > m` it is taken as negative
//! binomial with `r = m² / (v - m)` (a Poisson count whose rate varies from window to window),
//! otherwise as Poisson. Upper and lower tails are
//!
//! ```text
//! negative binomial   P(X >= x) = I(m / (m + r); x, r)      P(X <= x) = I(r / (m + r); r, x + 1)
//! Poisson             P(X >= x) = P(x, m)                   P(X <= x) = Q(x + 1, m)
//! ```
//!
//! with `I` the regularised incomplete beta function, `P` and `Q` the lower and upper regularised
//! incomplete gamma functions (Abramowitz and Stegun, 26.5.26, 26.4.21). They are continuous in
//! `x`, so estimated counts need no rounding. From a mean of [`LARGE_MEAN`] on the discrete
//! forms no longer converge fast, and their limits stand in: the gamma distribution of shape `r`
//! for an over-dispersed count, the normal one where its skewness `2 / sqrt(r)` is negligible.
//!
//! The variance itself is an estimate with `f` degrees of freedom. [`once_in`] therefore reads the
//! normal deviate `t` of a tail as one of Student's distribution and takes the normal tail of
//! `(8 f + 1) / (8 f + 3) sqrt(f ln(1 + t² / f))` (Wallace, 1959).
//!
//! All of this is nominal. The moments come from a few windows, and real traffic follows no
//! distribution: a rarity of once in 1,000,000 windows says that the model calls it practically
//! impossible, not that someone has seen a million windows.

use statrs::function::beta::checked_beta_reg;
use statrs::function::erf::{erfc, erfc_inv};
use statrs::function::gamma::{checked_gamma_lr, checked_gamma_ur};

/// The rarest that is told apart: once in this many windows.
pub const RAREST: f64 = 1e12;

/// Mean from which the continuous limits replace the discrete distributions.
pub const LARGE_MEAN: f64 = 1e4;

/// Shape from which a gamma distribution is taken as normal, and a negative binomial as Poisson.
const LARGE_SHAPE: f64 = 1e4;

/// `P(X >= x)` for a count of mean `mean` and variance `variance`, in `[0, 1]`.
#[must_use]
pub fn at_least(x: f64, mean: f64, variance: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let mean = mean.max(f64::MIN_POSITIVE);
    let shape = shape(mean, variance);
    let tail = match Form::of(mean, shape) {
        Form::Poisson => checked_gamma_lr(x, mean).ok(),
        Form::NegativeBinomial => checked_beta_reg(x, shape, mean / (mean + shape)).ok(),
        Form::Gamma => checked_gamma_ur(shape, x * shape / mean).ok(),
        Form::Normal => None,
    };
    probability(tail).unwrap_or_else(|| normal_at_least((x - mean) / deviation(mean, variance)))
}

/// `P(X <= x)` for a count of mean `mean` and variance `variance`, in `[0, 1]`.
#[must_use]
pub fn at_most(x: f64, mean: f64, variance: f64) -> f64 {
    if x < 0.0 {
        return 0.0;
    }
    let mean = mean.max(f64::MIN_POSITIVE);
    let shape = shape(mean, variance);
    let tail = match Form::of(mean, shape) {
        Form::Poisson => checked_gamma_ur(x + 1.0, mean).ok(),
        Form::NegativeBinomial => checked_beta_reg(shape, x + 1.0, shape / (mean + shape)).ok(),
        Form::Gamma => checked_gamma_lr(shape, (x + 1.0) * shape / mean).ok(),
        Form::Normal => None,
    };
    probability(tail).unwrap_or_else(|| normal_at_least((mean - x) / deviation(mean, variance)))
}

/// `P(Z >= z)` for a standard normal `Z`.
#[must_use]
pub fn normal_at_least(z: f64) -> f64 {
    0.5 * erfc(z / std::f64::consts::SQRT_2)
}

/// A probability per window as "once in so many windows", from 1 to [`RAREST`], where the spread
/// behind it was estimated with `freedom` degrees of freedom (infinite: it is known).
#[must_use]
pub fn once_in(probability: f64, freedom: f64) -> f64 {
    if probability >= 0.5 {
        return (1.0 / probability).clamp(1.0, RAREST);
    }
    // The smallest probability whose deviate is finite; a NaN becomes it too.
    let deviate = std::f64::consts::SQRT_2 * erfc_inv(2.0 * probability.max(1e-300));
    let freedom = freedom.clamp(1.0, 1e9);
    let shrunk = (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0)
        * (freedom * (deviate * deviate / freedom).ln_1p()).sqrt();
    (1.0 / normal_at_least(shrunk).max(1.0 / RAREST)).clamp(1.0, RAREST)
}

enum Form {
    Poisson,
    NegativeBinomial,
    Gamma,
    Normal,
}

impl Form {
    fn of(mean: f64, shape: f64) -> Self {
        match (mean >= LARGE_MEAN, shape >= LARGE_SHAPE) {
            (false, true) => Self::Poisson,
            (false, false) => Self::NegativeBinomial,
            (true, false) => Self::Gamma,
            (true, true) => Self::Normal,
        }
    }
}

/// `r`; infinite for a count that is not over-dispersed.
fn shape(mean: f64, variance: f64) -> f64 {
    let excess = variance - mean;
    if excess <= 0.0 {
        return f64::INFINITY;
    }
    (mean * mean / excess).max(f64::MIN_POSITIVE)
}

fn deviation(mean: f64, variance: f64) -> f64 {
    variance.max(mean).sqrt()
}

fn probability(value: Option<f64>) -> Option<f64> {
    value
        .filter(|value| !value.is_nan())
        .map(|value| value.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(actual: f64, expected: f64) {
        let relative = (actual / expected - 1.0).abs();
        assert!(relative < 1e-6, "{actual} is not {expected}");
    }

    /// Sums `P(X = k)` by the recurrence of the probabilities, an independent way to the tails.
    fn summed(x: u32, mean: f64, variance: f64) -> (f64, f64) {
        let shape = shape(mean, variance);
        let (mut mass, mut below) = if shape.is_infinite() {
            ((-mean).exp(), 0.0)
        } else {
            ((shape / (shape + mean)).powf(shape), 0.0)
        };
        for k in 0..x {
            below += mass;
            let k = f64::from(k);
            mass *= if shape.is_infinite() {
                mean / (k + 1.0)
            } else {
                (k + shape) / (k + 1.0) * mean / (mean + shape)
            };
        }
        (below, below + mass)
    }

    #[test]
    fn tails_equal_the_sums_of_the_probabilities() {
        for (x, mean, variance) in [
            (3, 0.2, 0.2),
            (12, 5.0, 5.0),
            (12, 5.0, 25.0),
            (40, 10.0, 300.0),
            (90, 60.0, 384.0),
        ] {
            let (below, up_to) = summed(x, mean, variance);
            close(at_least(f64::from(x), mean, variance), 1.0 - below);
            close(at_most(f64::from(x), mean, variance), up_to);
        }
        close(at_most(0.0, 60.0, 60.0), (-60.0_f64).exp());
        close(normal_at_least(3.0), 0.001_349_898_031_630_095);
    }

    #[test]
    fn an_estimated_spread_makes_the_same_tail_less_rare() {
        // P(T >= 5) with 59 degrees of freedom is 2.74e-6, with infinitely many 2.87e-7.
        let tail = normal_at_least(5.0);
        let settled = once_in(tail, 1e9);
        assert!((settled * tail - 1.0).abs() < 1e-3);
        let estimated = once_in(tail, 59.0);
        assert!((estimated * 2.74e-6 - 1.0).abs() < 0.05, "{estimated}");
        assert!((once_in(0.0, 59.0) - RAREST).abs() < 1.0);
        assert!((once_in(f64::NAN, 59.0) - RAREST).abs() < 1.0);
        assert!((once_in(1.0, 59.0) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_forms_agree_where_they_meet() {
        for variance in [1e4, 2e4, 1e6] {
            let below = at_least(10_400.0, LARGE_MEAN - 1.0, variance);
            let above = at_least(10_400.0, LARGE_MEAN + 1.0, variance);
            let ratio = below / above;
            assert!(
                (0.5..1.5).contains(&ratio),
                "{below} and {above} at {variance}"
            );
        }
    }

    proptest! {
        #[test]
        fn tails_are_probabilities_and_fall_with_distance(
            x in 0.0..1e12_f64, step in 0.0..1e6_f64, mean in 0.0..1e12_f64, spread in 0.0..10.0_f64,
        ) {
            let variance = mean + spread * spread * mean * mean;
            let near = at_least(x, mean, variance);
            let far = at_least(x + step, mean, variance);
            prop_assert!((0.0..=1.0).contains(&near) && (0.0..=1.0).contains(&far));
            prop_assert!(far <= near + 1e-9);
            prop_assert!((0.0..=1.0).contains(&at_most(x, mean, variance)));
            prop_assert!((1.0..=RAREST).contains(&once_in(near, 59.0)));
            prop_assert!(once_in(near, 59.0) <= once_in(far.min(near), 59.0) + 1e-6);
        }
    }
}
