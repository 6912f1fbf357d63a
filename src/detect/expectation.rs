//! What a count is expected to be in the next window, and from where on it is out of range.

use super::tail;
use super::{Direction, Finding, Signal};

/// Tail probability of three standard deviations of a normal distribution: once in 741 windows.
pub(super) const THREE_SIGMA_TAIL: f64 = 0.001_349_898_031_630_095;

/// Windows below which a spread is too uncertain to be used as it is.
const SETTLED_WINDOWS: f64 = 30.0;

/// The prediction of a count: mean and variance, the uncertainty of both included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expectation {
    pub mean: f64,
    pub variance: f64,
    /// Degrees of freedom of the variance: see [`freedom`].
    pub freedom: f64,
}

/// Degrees of freedom of a variance of which only `estimated` came out of `windows` windows, while
/// the rest is counting noise, which is known: `(windows - 1) (variance / estimated)²`
/// (Satterthwaite, 1946). Infinite where nothing was estimated.
pub(super) fn freedom(windows: f64, variance: f64, estimated: f64) -> f64 {
    if estimated <= 0.0 {
        return f64::INFINITY;
    }
    (windows - 1.0).max(1.0) * (variance / estimated).powi(2)
}

/// The smallest excess that matters in practice, however improbable a smaller one may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Practical {
    /// Requests above the expectation.
    pub requests: f64,
    /// Excess as a share of the expectation.
    pub relative: f64,
    /// Excess as a share of all requests of the window.
    pub share: f64,
}

impl Practical {
    /// For counts: 20 requests, and half of what is expected.
    pub(super) const COUNT: Self = Self {
        requests: 20.0,
        relative: 0.5,
        share: 0.0,
    };
    /// For the blocked ratio: 10 blocked requests, and five points of the ratio.
    pub(super) const BLOCKED_RATIO: Self = Self {
        requests: 10.0,
        relative: 0.0,
        share: 0.05,
    };
    /// For the busiest address: 20 requests, and twenty points of its share.
    pub(super) const TOP_SHARE: Self = Self {
        requests: 20.0,
        relative: 0.0,
        share: 0.2,
    };

    /// The smallest excess over `mean` in a window of `requests` requests.
    pub(super) fn excess(&self, mean: f64, requests: f64) -> f64 {
        self.requests
            .max(self.relative * mean)
            .max(self.share * requests)
    }
}

/// How much wider than normal the range is when the spread was estimated from `windows` windows:
/// the quotient of the t and normal quantiles at three standard deviations, by the first two terms
/// of Cornish and Fisher's expansion (Abramowitz and Stegun, 26.7.5); 1 from 30 windows on.
pub(super) fn widening(windows: f64) -> f64 {
    if windows >= SETTLED_WINDOWS {
        return 1.0;
    }
    let freedom = (windows - 1.0).max(1.0);
    let z = 3.0_f64;
    let first = (z.powi(3) + z) / (4.0 * freedom);
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * freedom * freedom);
    (z + first + second) / z
}

impl Expectation {
    pub(super) fn deviation(&self) -> f64 {
        // The floor keeps the distance of an impossible observation finite.
        self.variance.max(1e-9).sqrt()
    }

    pub(super) fn at_least(&self, x: f64) -> f64 {
        tail::at_least(x, self.mean, self.variance)
    }

    /// How rare `x` or more is: once in so many windows.
    pub(super) fn once_in(&self, x: f64) -> f64 {
        tail::once_in(self.at_least(x), self.freedom)
    }

    pub(super) fn at_most(&self, x: f64) -> f64 {
        tail::at_most(x, self.mean, self.variance)
    }

    /// The smallest whole count `x` with `P(X >= x) <= probability`.
    pub(super) fn quantile(&self, probability: f64) -> f64 {
        let mut low = self.mean.floor().max(0.0);
        let mut step = self.deviation().max(1.0).ceil();
        let mut high = low + step;
        // Doubling reaches any quantile of a finite mean and variance within some tens of steps.
        for _ in 0..100 {
            if self.at_least(high) <= probability {
                break;
            }
            low = high;
            step *= 2.0;
            high += step;
        }
        while high - low > 1.0 {
            let middle = ((low + high) / 2.0).floor();
            if middle <= low || middle >= high {
                break;
            }
            if self.at_least(middle) <= probability {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    /// The range outside of which less than three standard deviations' probability lies.
    pub(super) fn range(&self, sigma: f64, tail_probability: f64) -> (f64, f64) {
        let reach = sigma * self.deviation();
        let lower = (self.mean - reach).max(0.0).floor();
        let upper = (self.mean + reach).max(self.quantile(tail_probability) - 1.0);
        (lower, upper.ceil())
    }

    /// A finding above this expectation. `scale` turns counts into the signal's unit.
    pub(super) fn above(&self, signal: Signal, seen: Seen, reason: String) -> Finding {
        let score = (seen.observed - self.mean) / self.deviation();
        Finding {
            signal,
            direction: Direction::Above,
            observed: seen.observed * seen.scale,
            expected: seen.expected * seen.scale,
            lower: seen.lower * seen.scale,
            upper: seen.upper * seen.scale,
            score: score.clamp(0.0, f64::MAX),
            once_in_windows: seen.once_in_windows,
            reason,
            muted: None,
            pattern: None,
        }
    }
}

/// The figures of a finding in requests, and what they are multiplied by to report them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub observed: f64,
    pub expected: f64,
    pub lower: f64,
    pub upper: f64,
    pub once_in_windows: f64,
    pub scale: f64,
}

/// Strongest first: rarest, then furthest, then in the order of the signals.
pub(super) fn sort_strongest_first(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        b.once_in_windows
            .total_cmp(&a.once_in_windows)
            .then(b.score.total_cmp(&a.score))
            .then_with(|| a.signal.cmp(&b.signal))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn widening_follows_the_t_quantiles() {
        // t quantiles at 0.99865 with 9 and 19 degrees of freedom are 4.09 and 3.45.
        assert!((widening(10.0) - 4.09 / 3.0).abs() < 0.03);
        assert!((widening(20.0) - 3.45 / 3.0).abs() < 0.01);
        assert!((widening(30.0) - 1.0).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn a_quantile_is_the_first_count_that_is_rare_enough(
            mean in 0.0..5_000.0_f64, spread in 0.0..2.0_f64,
        ) {
            let variance = mean + spread * spread * mean * mean;
            let expectation = Expectation { mean, variance, freedom: f64::INFINITY };
            let quantile = expectation.quantile(THREE_SIGMA_TAIL);
            prop_assert!(expectation.at_least(quantile) <= THREE_SIGMA_TAIL);
            if quantile - 1.0 > mean {
                prop_assert!(expectation.at_least(quantile - 1.0) > THREE_SIGMA_TAIL);
            }
        }
    }
}
