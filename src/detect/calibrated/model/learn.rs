//! How a series learns a window that was assessed.
//!
//! Bounded influence: a residual teaches no more than one of five standard deviations. An influence
//! below one, while something is going on, holds back what an attack could widen (tails, scales,
//! dispersion, rhythms); the level goes on moving by bounded steps, so that a lasting change is
//! accepted within about a day.

use super::math::exp;
use super::rhythm::Lesson;
use super::scale::Scale;
use super::series::{Assessment, CLIP, Observation, Series, TAILS, WIDE_WINDOWS};
use super::tail::{Counted, Pace};

/// Influence from which on a window counts as an ordinary one.
const ORDINARY: f64 = 0.5;
/// Days over which tails, scales and dispersion forget.
const MEMORY_DAYS: f64 = 6.0;
/// Days over which the level forgets; a share's level has no growth to follow.
const LEVEL_DAYS: f64 = 1.0;
const SHARE_LEVEL_DAYS: f64 = 3.0;
/// Days over which it is judged how far a rhythm can be trusted.
const TRUST_DAYS: f64 = 3.0;
/// Weight of the newest window in the drift.
const DRIFT_GAIN: f64 = 0.2;
/// Slow means are calibrated from this day on: before, the rhythms are still being learnt.
const SLOW_CALIBRATION_DAYS: f64 = 2.0;

/// Excursions that the prior of a slow tail is worth, and that it remembers.
const PRIOR_EXCESSES: f64 = 3.0;
const LASTING_EXCESSES: f64 = 60.0;

impl Series {
    /// Takes the level of a window that was assessed for the new one, at once.
    pub(crate) fn accept(&mut self, result: &Assessment) {
        self.level += result.y - result.base;
        self.drift = 0.0;
        self.slow.forget();
    }

    /// Learns the largest rarity of those of a window that matter.
    pub(crate) fn learn_rarity(&mut self, rarity: f64, influence: f64) {
        self.budget.learn(rarity, influence, self.per_day);
    }

    pub(crate) fn learn(&mut self, seen: &Observation, result: &Assessment, influence: f64) {
        let is_early = self.seen < WIDE_WINDOWS;
        let memory = 1.0 / (MEMORY_DAYS * self.per_day).max(500.0);
        if self.seen == 0.0 {
            self.level = result.y;
        }
        if !is_early {
            self.learn_tails(result, influence, memory);
            self.learn_slow(seen, result, influence, memory);
            let forget = 0.3 * memory;
            self.silences.learn(result.silent_step, influence, forget);
        }
        if self.weekday.replace(seen.timing.weekday) != Some(seen.timing.weekday) {
            self.freshness = 1.0;
        }
        self.learn_level(seen, result, influence, memory, is_early);
        self.learn_spread(result, influence, memory, is_early);
        self.learn_value(seen.value, memory, is_early);
        self.seen += 1.0;
        let day = self.per_day.floor();
        if self.seen == day || self.seen == 2.0 * day {
            self.settled_at = self.seen;
        }
    }

    fn learn_tails(&mut self, result: &Assessment, influence: f64, memory: f64) {
        let fast = Pace {
            quantile: (1.0 / (self.seen - WIDE_WINDOWS + 20.0)).max(memory),
            excess: 0.005,
            prior: 5.0,
            least: 0.12,
            counted: Counted::Windows,
            influence,
        };
        for tail in 0..2 {
            self.tails[tail].learn(result.statistics[tail], fast);
        }
        if self.seen < SLOW_CALIBRATION_DAYS * self.per_day {
            return;
        }
        let since = self.seen - *self.slow_since.get_or_insert(self.seen);
        let quantile = (1.0 / (since + 200.0)).max(0.5 * memory);
        for tail in 2..TAILS {
            let pace = if tail < 4 {
                Pace {
                    quantile,
                    excess: 0.003,
                    prior: 40.0,
                    ..fast
                }
            } else if self.counted == Counted::Windows {
                Pace {
                    quantile,
                    excess: 0.0003,
                    prior: 300.0,
                    ..fast
                }
            } else {
                Pace {
                    quantile,
                    excess: 1.0 / LASTING_EXCESSES,
                    prior: PRIOR_EXCESSES,
                    least: super::series::SLOW_EXCESS,
                    counted: Counted::Excursions,
                    influence,
                }
            };
            self.tails[tail].learn(result.statistics[tail], pace);
        }
    }

    fn learn_slow(&mut self, seen: &Observation, result: &Assessment, influence: f64, memory: f64) {
        let settling = self.seen - self.settled_at + 100.0;
        let gain = 0.5 * (1.0 / settling).max(memory) * influence;
        let deviate = result.base_deviate.clamp(-CLIP, CLIP);
        self.slow
            .learn(deviate, seen.value - result.expected_base, gain);
    }

    fn learn_level(
        &mut self,
        seen: &Observation,
        result: &Assessment,
        influence: f64,
        memory: f64,
        is_early: bool,
    ) {
        let residual = result.y - result.base;
        let bound = |width: f64| {
            if is_early {
                return residual;
            }
            residual.clamp(
                -width * result.base_deviation,
                width * result.base_deviation,
            )
        };
        let bounded = bound(CLIP);
        let days = match self.scale {
            Scale::Share => SHARE_LEVEL_DAYS,
            Scale::Count | Scale::Plain => LEVEL_DAYS,
        };
        // A young level follows fast, but not what an alarm shows.
        let steady = 1.0 / (days * self.per_day).max(100.0);
        let gain = steady.max(influence / (self.seen + 1.0));
        self.level += gain * bounded;
        let lesson = Lesson {
            bounded,
            loose: bound(3.0 * CLIP),
            influence: if influence > ORDINARY {
                1.0
            } else {
                influence.max(0.1)
            },
            per_day: self.per_day,
            gain: (1.0 / self.per_day).max(1.0 / (self.seen + 1.0)).min(1.0),
            pace: match self.scale {
                Scale::Share => 1.0 / 3.0,
                Scale::Count | Scale::Plain => 1.0,
            },
        };
        let trust_memory = 1.0 - 1.0 / (TRUST_DAYS * self.per_day).max(200.0);
        self.rhythm
            .learn(&seen.timing, &result.beat, &lesson, trust_memory);
        if self.scale == Scale::Share {
            let explained = self.by_volume(seen.volume);
            let (predictor, truth) = (seen.volume, bounded + explained);
            self.elasticity.learn(
                predictor / result.base_deviation,
                truth / result.base_deviation,
                1.0 - memory,
            );
            self.usual_volume += lesson.gain * (seen.volume * seen.volume - self.usual_volume);
        }
        // What an alarm shows is no memory: the window after it is judged by what was before.
        if influence >= ORDINARY {
            self.persistence.learn(self.drift, bounded, 0.999);
        }
        self.drift += influence * DRIFT_GAIN * (bounded - self.drift);
        self.freshness *= (1.0 - DRIFT_GAIN) * (1.0 - DRIFT_GAIN);
    }

    fn learn_spread(&mut self, result: &Assessment, influence: f64, memory: f64, is_early: bool) {
        let bound = |residual: f64, deviation: f64| {
            if is_early {
                return residual;
            }
            residual.clamp(-CLIP * deviation, CLIP * deviation)
        };
        let fast = bound(result.y - result.next, result.deviation);
        let base = bound(result.y - result.base, result.base_deviation);
        let settling = self.seen - self.settled_at;
        let prior = if self.settled_at == 0.0 { 1.0 } else { 100.0 };
        let gain = influence * memory.max(1.0 / (settling + prior));
        let weight = self.scale.dispersion_weight(result.noise);
        self.spread.learn(gain, fast * fast - result.noise, weight);
        let weight = self.scale.dispersion_weight(result.base_noise);
        self.base_spread
            .learn(gain, base * base - result.base_noise, weight);
    }

    fn learn_value(&mut self, value: f64, memory: f64, is_early: bool) {
        let gain = memory.max(1.0 / (self.seen + 1.0));
        let distance = value - self.mean_value;
        self.mean_value += gain * distance;
        let square = if is_early {
            distance * distance
        } else {
            (distance * distance).min(16.0 * self.value_variance)
        };
        self.value_variance = (1.0 - gain) * (self.value_variance + gain * square);
    }

    /// Forgets the last windows after a gap of so many windows, and nothing else.
    pub(crate) fn pass_gap(&mut self, windows: f64) {
        self.slow.fade(windows);
        self.drift *= exp(-windows * DRIFT_GAIN);
        self.silences.end();
    }
}
