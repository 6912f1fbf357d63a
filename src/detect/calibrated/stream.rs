//! The same model on one plain series of numbers: for back tests and benchmarks.

use super::super::Direction;
use super::model::budget::{BLOCK, Budget, alarm_at};
use super::model::gate::Gate;
use super::model::math::{exp10, ln_1p};
use super::model::rhythm::Rhythms;
use super::model::scale::Scale;
use super::model::series::{Observation, Series, TAILS, WIDE_WINDOWS};
use super::model::timing::Timing;

/// Values that decide whether a series is one of counts: whole and not negative, all of the first.
const DECIDING_VALUES: usize = 200;
/// Rarity from which on a value beyond all earlier ones gains by that.
const NOVEL_FROM: f64 = 1.0;
const NOVELTY_WEIGHT: f64 = 2.0;
const NOVELTY_SLOPE: f64 = 50.0;
/// An event's score is given once in so many days, unless it grows by [`GROWTH`].
const REFRACTORY_DAYS: f64 = 0.7;
const GROWTH: f64 = 1.25;
/// Rarity from which on something is an event.
const EVENT: f64 = 3.9;
/// What the rest of an event scores at most.
const SHADOW: f64 = 2.0;
/// Rarity from which on a value teaches little.
const GATE: f64 = 4.9;

/// What was made of one value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// How anomalous: decades of rarity, one spike for one event; 0 and more, finite.
    pub score: f64,
    /// Expected value.
    pub expected: f64,
    /// Lower end of the range outside of which an alarm is.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Whether the value is part of an alarm at the accepted rate.
    pub is_alarm: bool,
    /// Once in so many windows a value is as rare as this.
    pub once_in_windows: f64,
    /// On which side it left the expectation.
    pub direction: Direction,
}

/// A detector of one series.
#[derive(Debug, Clone)]
pub struct Stream {
    series: Series,
    gate: Gate,
    budget: Budget,
    per_day: f64,
    alarm_at: f64,
    smallest: f64,
    largest: f64,
    since_event: f64,
    event: f64,
}

impl Stream {
    /// `head` is the beginning of the series, which decides whether it is one of counts.
    #[must_use]
    pub fn new(head: &[f64], window_seconds: f64, false_incidents_per_week: f64) -> Self {
        let deciding = head.iter().take(DECIDING_VALUES);
        let is_count = deciding
            .clone()
            .all(|value| *value >= 0.0 && value.fract() == 0.0);
        let scale = if is_count { Scale::Count } else { Scale::Plain };
        let per_day = 86_400.0 / window_seconds.max(1e-3);
        Self {
            series: Series::new(scale, Rhythms::Full, per_day).counting_windows(),
            gate: Gate::new(),
            budget: Budget::new(),
            per_day,
            alarm_at: alarm_at(per_day, false_incidents_per_week),
            smallest: f64::INFINITY,
            largest: f64::NEG_INFINITY,
            since_event: f64::INFINITY,
            event: 0.0,
        }
    }

    /// Scores the value of the window that starts at `seconds`, then learns it. What is no number is
    /// taken as zero.
    pub fn next(&mut self, seconds: i64, value: f64) -> Scored {
        let value = if value.is_finite() {
            value.clamp(-1e15, 1e15)
        } else {
            0.0
        };
        let seen = Observation {
            value,
            trials: 0.0,
            volume: 0.0,
            timing: Timing::of(seconds),
        };
        let result = self.series.assess(&seen).unwrap_or_default();
        let strongest = (0..TAILS).fold((result.silence, TAILS), |best, tail| {
            if result.rarity[tail] > best.0 {
                (result.rarity[tail], tail)
            } else {
                best
            }
        });
        let rarity = strongest.0;
        let is_settled = self.series.seen() >= WIDE_WINDOWS;
        let threshold = self.budget.rarity(self.alarm_at);
        let (lower, upper) = self.series.band(&seen, &result, threshold);
        let scored = Scored {
            score: self.one_spike(rarity + self.novelty(value, rarity, is_settled)),
            expected: result.expected,
            lower,
            upper,
            is_alarm: rarity >= threshold,
            once_in_windows: f64::from(BLOCK) * exp10(self.budget.calibrated(rarity).min(10.0)),
            direction: if strongest.1 % 2 == 1 || strongest.1 == TAILS {
                Direction::Below
            } else {
                Direction::Above
            },
        };
        let mut influence = 1.0;
        if is_settled {
            influence = self.gate.pass(rarity >= GATE, self.per_day);
            self.budget.learn(rarity, influence, self.per_day);
        }
        self.series.learn(&seen, &result, influence);
        self.smallest = self.smallest.min(value);
        self.largest = self.largest.max(value);
        scored
    }

    /// A value beyond everything that was ever seen is more than a large residual.
    fn novelty(&self, value: f64, rarity: f64, is_settled: bool) -> f64 {
        let range = self.largest - self.smallest;
        if !is_settled || rarity <= NOVEL_FROM || range <= 0.0 {
            return 0.0;
        }
        let beyond = (value - self.largest).max(self.smallest - value) / range;
        NOVELTY_WEIGHT * ln_1p(NOVELTY_SLOPE * beyond.max(0.0))
    }

    fn one_spike(&mut self, score: f64) -> f64 {
        self.since_event += 1.0;
        let is_shadowed = self.since_event < REFRACTORY_DAYS * self.per_day;
        let shown = if is_shadowed && score <= GROWTH * self.event {
            score.min(SHADOW)
        } else {
            score
        };
        if score >= EVENT && (!is_shadowed || score > self.event) {
            self.event = score;
            self.since_event = 0.0;
        }
        shown
    }
}
