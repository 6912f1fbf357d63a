//! Rules on counts: requests, and blocked requests.
//!
//! Of `n` past windows with sum `S`, mean `m = S / n` and sample variance `s²`, the next count is
//! predicted with mean `m' = (S + 1/2) / n` and variance `w² (max(s², m') + max(s², m') / n)`: the
//! counting noise of the mean is the floor of the spread, the uncertainty of the mean is added,
//! and `w` widens it while fewer than 30 windows are known (`expectation::widening`). A rule
//! fires from its threshold on:
//!
//! | rule | threshold: the largest of |
//! | --- | --- |
//! | standard deviations | `m + 3 sd`, the count that is exceeded once in 741 windows, the practical minimum |
//! | volume | `3 m`, `m + 200`, 1.5 times the largest learnt window, the count exceeded once in 44 windows, the practical minimum |
//! | percentile | `p99 + 2 sqrt(p99)`, `p99 + (p99 - median) / 2`, the practical minimum; needs 1,000 windows |
//!
//! The practical minimum is an excess of 20 requests and of half the mean.

use super::super::describe::number;
use super::super::expectation::{
    Expectation, Practical, Seen, THREE_SIGMA_TAIL, freedom, widening,
};
use super::super::history::History;
use super::super::silence;
use super::super::{Finding, Forecast, Signal};

/// Windows with requests from which the empty ones are left out.
const ENOUGH_NONZERO: usize = 10;
/// Windows that make a 99th percentile differ from a maximum: ten lie beyond it.
const ENOUGH_FOR_PERCENTILE: usize = 1_000;
/// Tail probability of two standard deviations of a normal distribution.
const TWO_SIGMA_TAIL: f64 = 0.022_750_131_948_179_2;

/// The counts of past windows.
pub(super) struct CountBaseline {
    /// Ascending.
    counts: Vec<u64>,
    mean: f64,
    expectation: Expectation,
}

#[derive(Debug, Clone, Copy)]
enum RuleKind {
    StandardDeviations,
    Volume,
    Percentile,
}

struct Rule {
    kind: RuleKind,
    threshold: f64,
}

impl CountBaseline {
    pub(super) fn of(history: &History, use_nonzero: bool) -> Self {
        let nonzero = history
            .samples()
            .filter(|sample| sample.requests > 0)
            .count();
        let leave_out_empty = use_nonzero && nonzero >= ENOUGH_NONZERO;
        let mut counts: Vec<u64> = history
            .samples()
            .filter(|sample| !leave_out_empty || sample.requests > 0)
            .map(|sample| sample.count)
            .collect();
        counts.sort_unstable();
        Self::of_counts(counts)
    }

    fn of_counts(counts: Vec<u64>) -> Self {
        let windows = (counts.len() as f64).max(1.0);
        let sum: f64 = counts.iter().map(|count| *count as f64).sum();
        let mean = sum / windows;
        let squares: f64 = counts
            .iter()
            .map(|count| (*count as f64 - mean).powi(2))
            .sum();
        let predicted = (sum + 0.5) / windows;
        let spread = (squares / (windows - 1.0).max(1.0)).max(predicted);
        let variance = widening(windows).powi(2) * (spread + spread / windows);
        let freedom = freedom(windows, spread, spread - predicted);
        Self {
            counts,
            mean,
            expectation: Expectation {
                mean: predicted,
                variance,
                freedom,
            },
        }
    }

    pub(super) fn expectation(&self) -> Expectation {
        self.expectation
    }

    /// The share of near-silent windows, with half a window's doubt.
    pub(super) fn near_silent_share(&self) -> f64 {
        let mean = self.expectation.mean;
        let silent = self
            .counts
            .iter()
            .take_while(|count| silence::is_near_silent(**count as f64, mean))
            .count();
        (silent as f64 + 0.5) / (self.counts.len() as f64 + 1.0)
    }

    pub(super) fn score(&self, signal: Signal, observed: u64) -> Option<Finding> {
        let rules = self.rules(&signal, observed)?;
        let value = observed as f64;
        let fired = rules.iter().find(|rule| value >= rule.threshold)?;
        let (lower, upper) = self.expectation.range(3.0, THREE_SIGMA_TAIL);
        let seen = Seen {
            observed: value,
            expected: self.mean,
            lower,
            upper: upper.min(fired.threshold - 1.0),
            once_in_windows: self.once_in(observed),
            scale: 1.0,
        };
        let reason = self.reason(fired, value);
        Some(self.expectation.above(signal, seen, reason))
    }

    /// What is expected of the requests of the next window.
    pub(super) fn forecast(&self) -> Forecast {
        let (lower, upper) = self.expectation.range(3.0, THREE_SIGMA_TAIL);
        let largest = self.winsorised(Signal::Total, u64::MAX);
        Forecast {
            expected: self.mean,
            lower,
            upper: largest.map_or(upper, |largest| largest as f64),
        }
    }

    /// The largest count in range, where `observed` is above it.
    pub(super) fn winsorised(&self, signal: Signal, observed: u64) -> Option<u64> {
        let rules = self.rules(&signal, observed)?;
        let threshold = rules
            .iter()
            .map(|rule| rule.threshold)
            .fold(f64::INFINITY, f64::min);
        let largest = (threshold.ceil() - 1.0).max(0.0) as u64;
        (observed > largest).then_some(largest)
    }

    /// The rules, strongest claim first; `None` where the practical minimum is not reached.
    fn rules(&self, signal: &Signal, observed: u64) -> Option<Vec<Rule>> {
        let practical = self.mean + Practical::COUNT.excess(self.mean, 0.0);
        if (observed as f64) < practical {
            return None;
        }
        let sigma = (self.mean + 3.0 * self.expectation.deviation())
            .max(self.expectation.quantile(THREE_SIGMA_TAIL))
            .max(practical);
        let mut rules = vec![Rule {
            kind: RuleKind::StandardDeviations,
            threshold: sigma,
        }];
        if *signal == Signal::Total {
            let largest = self.counts.last().map_or(0.0, |count| *count as f64);
            let volume = (3.0 * self.mean)
                .max(self.mean + 200.0)
                .max(1.5 * largest)
                .max(self.expectation.quantile(TWO_SIGMA_TAIL))
                .max(practical);
            rules.push(Rule {
                kind: RuleKind::Volume,
                threshold: volume,
            });
        }
        if self.counts.len() >= ENOUGH_FOR_PERCENTILE {
            let high = percentile(&self.counts, 0.99);
            let beyond = (2.0 * high.sqrt()).max((high - percentile(&self.counts, 0.5)) / 2.0);
            rules.push(Rule {
                kind: RuleKind::Percentile,
                threshold: (high + beyond).max(practical),
            });
        }
        Some(rules)
    }

    /// The model's rarity or, where many windows are known, the one they have shown.
    fn once_in(&self, observed: u64) -> f64 {
        let model = self.expectation.once_in(observed as f64);
        if self.counts.len() < ENOUGH_FOR_PERCENTILE {
            return model;
        }
        let reached = self.counts.len() - self.counts.partition_point(|count| *count < observed);
        let shown = (self.counts.len() as f64 + 1.0) / (reached as f64 + 1.0);
        model.max(shown)
    }

    fn reason(&self, rule: &Rule, observed: f64) -> String {
        let mean = number(self.mean);
        let windows = number(self.counts.len() as f64);
        match rule.kind {
            RuleKind::Volume => {
                format!("at least 3 times and 200 above the mean of {mean} of {windows} windows")
            }
            RuleKind::Percentile => format!(
                "above the 99th percentile of {} of {windows} windows",
                number(percentile(&self.counts, 0.99))
            ),
            RuleKind::StandardDeviations => format!(
                "{} standard deviations of {} above the mean of {mean} of {windows} windows",
                number((observed - self.mean) / self.expectation.deviation()),
                number(self.expectation.deviation()),
            ),
        }
    }
}

/// The percentile of ascending `counts` by linear interpolation; zero of none.
fn percentile(counts: &[u64], share: f64) -> f64 {
    let Some(last) = counts.len().checked_sub(1) else {
        return 0.0;
    };
    let place = share * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    let (low, high) = (counts[below] as f64, counts[above] as f64);
    low + (high - low) * place.fract()
}
