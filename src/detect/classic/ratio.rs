//! Rules on the blocked ratio.
//!
//! Ratios of quiet windows are 0 or 1 by chance, so windows are pooled by their requests, not
//! averaged. Of past windows with `b` blocked among `t` requests each, sums `B` and `T`:
//!
//! ```text
//! p  = (B + 1/2) / (T + 1)
//! τ² = max(0, (Σ t (b/t - p)² - (k - 1) p (1 - p)) / (T - Σt² / T))     spread between windows
//! ```
//!
//! (the method of moments for a proportion that varies, after DerSimonian and Laird, 1986). A
//! window of `n` requests is then expected to hold `n p` blocked ones with variance
//! `w² (n p + n² (τ² + p (1 - p) / T))`: at least the binomial counting noise (Poisson's, which is
//! never smaller), so that a spread of zero makes nothing infinite. A rule fires from its threshold on:
//!
//! | rule | threshold on the blocked requests: the largest of |
//! | --- | --- |
//! | standard deviations | `n p + 2 sd`, the count that is exceeded once in 741 windows, the practical minimum |
//! | percentile | `n p95 + 2 sqrt(n p95)`, `n p95 + n (p95 - median)`, the practical minimum; needs 200 windows |
//!
//! The practical minimum is an excess of 10 blocked requests and of five points of the ratio, in
//! a window of at least 10 requests. Two standard deviations alone are exceeded once in 44
//! windows, 33 times a day: hence the rarity beside them.

use super::super::describe::number;
use super::super::expectation::{
    Expectation, Practical, Seen, THREE_SIGMA_TAIL, freedom, widening,
};
use super::super::history::{History, Sample};
use super::super::{Finding, Signal};

/// Requests that a baseline, and a window, must hold for its ratio to mean anything.
const ENOUGH_REQUESTS: f64 = 10.0;
/// Windows that make a 95th percentile: ten lie beyond it.
const ENOUGH_FOR_PERCENTILE: usize = 200;
/// A learnt window weighs at most this many times the mean window.
const MOST_WEIGHT: f64 = 4.0;
/// Windows of up to so many requests are never weighed down.
const FREE_WEIGHT: f64 = 100.0;

pub(super) struct RatioBaseline {
    windows: usize,
    requests: f64,
    mean: f64,
    predicted: f64,
    between: f64,
    percentiles: Option<Percentiles>,
}

#[derive(Debug, Clone, Copy)]
struct Percentiles {
    median: f64,
    /// The 95th.
    high: f64,
}

impl RatioBaseline {
    pub(super) fn of(history: &History) -> Self {
        let shares: Vec<(f64, f64)> = history
            .samples()
            .filter(|sample| sample.requests > 0)
            .map(|sample| (sample.count as f64, sample.requests as f64))
            .collect();
        let blocked: f64 = shares.iter().map(|(blocked, _)| blocked).sum();
        let requests: f64 = shares.iter().map(|(_, requests)| requests).sum();
        let predicted = (blocked + 0.5) / (requests + 1.0);
        let deviations: f64 = shares
            .iter()
            .map(|(blocked, requests)| requests * (blocked / requests - predicted).powi(2))
            .sum();
        let squares: f64 = shares.iter().map(|(_, requests)| requests * requests).sum();
        let freedom = (shares.len() as f64 - 1.0).max(0.0);
        let effective = requests - squares / requests.max(1.0);
        let excess = deviations - freedom * predicted * (1.0 - predicted);
        let between = if effective > 0.0 {
            (excess / effective).clamp(0.0, 1.0)
        } else {
            0.0
        };
        Self {
            windows: shares.len(),
            requests,
            mean: blocked / requests.max(1.0),
            predicted,
            between,
            percentiles: percentiles(&shares),
        }
    }

    pub(super) fn score(&self, blocked: u64, requests: u64) -> Option<Finding> {
        let thresholds = self.thresholds(blocked, requests)?;
        let (observed, size) = (blocked as f64, requests as f64);
        let expectation = self.expectation(size);
        let by_spread = observed >= thresholds.deviations;
        if !by_spread && observed < thresholds.lowest() {
            return None;
        }
        let (lower, upper) = expectation.range(2.0, THREE_SIGMA_TAIL);
        let mean = number(self.mean * 100.0);
        let windows = number(self.windows as f64);
        let reason = if by_spread {
            format!(
                "{} standard deviations above the mean of {mean}% of {windows} windows with requests",
                number((observed - expectation.mean) / expectation.deviation())
            )
        } else {
            format!("above the 95th percentile of {windows} windows, whose mean is {mean}%")
        };
        let seen = Seen {
            observed,
            expected: self.mean * size,
            lower,
            upper: upper.min(thresholds.lowest() - 1.0),
            once_in_windows: expectation.once_in(observed),
            scale: 1.0 / size,
        };
        Some(expectation.above(Signal::BlockedRatio, seen, reason))
    }

    /// The window with the most blocked requests in range, where it has more.
    pub(super) fn winsorised(&self, blocked: u64, requests: u64) -> Option<Sample> {
        let thresholds = self.thresholds(blocked, requests)?;
        let largest = (thresholds.lowest().ceil() - 1.0).max(0.0) as u64;
        (blocked > largest).then(|| {
            self.weighed(Sample {
                count: largest,
                requests,
            })
        })
    }

    /// `sample`, scaled down so that one huge window cannot outweigh all others.
    pub(super) fn weighed(&self, sample: Sample) -> Sample {
        let mean_requests = self.requests / (self.windows as f64).max(1.0);
        let most = (MOST_WEIGHT * mean_requests).max(FREE_WEIGHT);
        let requests = sample.requests as f64;
        if requests <= most {
            return sample;
        }
        let scale = most / requests;
        Sample {
            count: (sample.count as f64 * scale).round() as u64,
            requests: most.round() as u64,
        }
    }

    fn expectation(&self, size: f64) -> Expectation {
        let doubt = self.predicted * (1.0 - self.predicted) / self.requests.max(1.0);
        let mean = size * self.predicted;
        let between = size * size * self.between;
        let variance = mean + size * size * doubt + between;
        let windows = self.windows as f64;
        Expectation {
            mean,
            variance: widening(windows).powi(2) * variance,
            freedom: freedom(windows, variance, between),
        }
    }

    /// `None` where the practical minimum is not reached, or too little is known.
    fn thresholds(&self, blocked: u64, requests: u64) -> Option<Thresholds> {
        let (observed, size) = (blocked as f64, requests as f64);
        if size < ENOUGH_REQUESTS || self.requests < ENOUGH_REQUESTS {
            return None;
        }
        let expectation = self.expectation(size);
        let practical = expectation.mean + Practical::BLOCKED_RATIO.excess(expectation.mean, size);
        if observed < practical {
            return None;
        }
        let deviations = (expectation.mean + 2.0 * expectation.deviation())
            .max(expectation.quantile(THREE_SIGMA_TAIL))
            .max(practical);
        let percentile = self.percentiles.map(|percentiles| {
            let count = percentiles.high * size;
            let beyond = (percentiles.high - percentiles.median) * size;
            (count + beyond.max(2.0 * count.sqrt())).max(practical)
        });
        Some(Thresholds {
            deviations,
            percentile,
        })
    }
}

struct Thresholds {
    deviations: f64,
    percentile: Option<f64>,
}

impl Thresholds {
    fn lowest(&self) -> f64 {
        self.percentile.map_or(self.deviations, |percentile| {
            percentile.min(self.deviations)
        })
    }
}

/// Of the ratios of windows that hold enough requests, where there are enough of these.
fn percentiles(shares: &[(f64, f64)]) -> Option<Percentiles> {
    let mut ratios: Vec<f64> = shares
        .iter()
        .filter(|(_, requests)| *requests >= ENOUGH_REQUESTS)
        .map(|(blocked, requests)| blocked / requests)
        .collect();
    if ratios.len() < ENOUGH_FOR_PERCENTILE {
        return None;
    }
    ratios.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (ratios.len() - 1) as f64;
        let (below, above) = (place.floor() as usize, place.ceil() as usize);
        ratios[below] + (ratios[above] - ratios[below]) * place.fract()
    };
    Some(Percentiles {
        median: at(0.5),
        high: at(0.95),
    })
}
