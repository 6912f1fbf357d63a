//! One series: its level, rhythms, memory of the last windows, noise and tails.
//!
//! ```text
//! y     the value on the model's scale                                    (scale)
//! base  = level + rhythms + elasticity x volume                           (rhythm; shares only: volume)
//! next  = base + persistence x drift     drift: fast mean of y - base; persistence: its regression
//! var   = counting noise + dispersion                                     (spread)
//! fast  = deviate of the value from `next`; slow = means of the clipped deviate from `base`  (slow)
//! ```
//!
//! Every one of fast and slow, up and down, has a tail that is learnt while it runs (`tail`), so
//! that what comes out is a rarity in decades, `-log10 P`, whatever the noise is like.

use serde::{Deserialize, Serialize};

use super::budget::Budget;
use super::math::{ln, normal_rarity};
use super::rhythm::{Beat, Rhythm, Rhythms};
use super::scale::{self, Scale};
use super::season::Trust;
use super::slow::{SPANS, SlowMeans};
use super::spread::Spread;
use super::tail::{Counted, Tail};
use super::timing::Timing;
use super::zero_run::SilentRuns;

/// Tails: fast up and down, and up and down of each slow mean.
pub(crate) const TAILS: usize = 2 + 2 * SPANS;
/// Windows before anything is said.
pub(crate) const SILENT_WINDOWS: f64 = 5.0;
/// Windows until which the range is wide.
pub(crate) const WIDE_WINDOWS: f64 = 30.0;
/// Days after which slow means count.
pub(crate) const SLOW_DAYS: f64 = 3.0;
/// Deviates beyond this teach no more than this.
pub(super) const CLIP: f64 = 5.0;
/// Requests that a fast or slow excess has to hold to count in full.
const PRACTICAL_REQUESTS: f64 = 20.0;
/// Requests that a silence has to lack.
const PRACTICAL_MISSING: f64 = 15.0;
const PRACTICAL_WINDOW: f64 = 10.0;
/// A plain series' noise is at least this share of its overall deviation.
const PLAIN_FLOOR: f64 = 0.05;
/// Mean excess of a normal distribution over its 98% quantile.
pub(super) const SLOW_EXCESS: f64 = 0.38;
const FAST_SHAPE: f64 = 0.5;
/// A share follows the volume within so many of the volume's standard deviations.
const VOLUME_REACH: f64 = 1.5;
const ELASTICITY_PRIOR: f64 = 1.0;

/// One value, and what is known beside it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observation {
    pub value: f64,
    /// Of how many the value is a part; for shares.
    pub trials: f64,
    /// Logarithm of how many times its level the volume is; for shares.
    pub volume: f64,
    pub timing: Timing,
}

/// What the model makes of a value. All of it is finite.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Assessment {
    pub y: f64,
    pub base: f64,
    pub next: f64,
    /// Expected values for the next window, and without the memory of the last windows.
    pub expected: f64,
    pub expected_base: f64,
    pub deviation: f64,
    pub base_deviation: f64,
    /// `deviation` with what is not known of the weekday.
    pub doubtful: f64,
    pub deviate: f64,
    pub base_deviate: f64,
    pub statistics: [f64; TAILS],
    /// Decades, by tail: see [`TAILS`].
    pub rarity: [f64; TAILS],
    /// Decades of a run of near-silent windows; zero where this one is not.
    pub silence: f64,
    pub(super) silent_step: Option<f64>,
    pub(super) beat: Beat,
    pub(super) noise: f64,
    pub(super) base_noise: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(super) scale: Scale,
    pub(super) per_day: f64,
    /// Windows learnt.
    pub(super) seen: f64,
    pub(super) settled_at: f64,
    pub(super) slow_since: Option<f64>,
    pub(super) level: f64,
    pub(super) rhythm: Rhythm,
    pub(super) elasticity: Trust,
    /// Mean square of the volume.
    pub(super) usual_volume: f64,
    pub(super) drift: f64,
    /// How much of a weekday's own level the drift does not know yet: 1 at its begin, soon 0.
    pub(super) freshness: f64,
    pub(super) weekday: Option<usize>,
    pub(super) persistence: Trust,
    pub(super) spread: Spread,
    pub(super) base_spread: Spread,
    pub(super) slow: SlowMeans,
    pub(super) tails: [Tail; TAILS],
    pub(super) silences: SilentRuns,
    pub(super) budget: Budget,
    /// What is one excess of a long mean.
    pub(super) counted: Counted,
    pub(super) mean_value: f64,
    pub(super) value_variance: f64,
}

impl Series {
    /// `per_day` is the number of windows of a day.
    pub(crate) fn new(scale: Scale, rhythms: Rhythms, per_day: f64) -> Self {
        Self {
            scale,
            per_day,
            seen: 0.0,
            settled_at: 0.0,
            slow_since: None,
            level: 0.0,
            rhythm: Rhythm::new(rhythms, per_day),
            elasticity: Trust::new(0.0, ELASTICITY_PRIOR),
            usual_volume: 0.0,
            drift: 0.0,
            freshness: 0.0,
            weekday: None,
            persistence: Trust::new(0.0, 1e-9),
            spread: Spread::new(),
            base_spread: Spread::new(),
            slow: SlowMeans::new(per_day),
            tails: std::array::from_fn(|tail| {
                if tail < 2 {
                    Tail::new(2.5, 0.8)
                } else {
                    Tail::new(2.2, SLOW_EXCESS)
                }
            }),
            silences: SilentRuns::new(),
            budget: Budget::of_series(),
            counted: Counted::Excursions,
            mean_value: 0.0,
            value_variance: 0.0,
        }
    }

    /// A series of counts that was zero for `windows` windows: of a key that was never seen.
    pub(crate) fn of_zeros(rhythms: Rhythms, per_day: f64, windows: f64) -> Self {
        let mut series = Self::new(Scale::Count, rhythms, per_day);
        series.seen = windows;
        series.level = Scale::Count.stabilise(0.0, 0.0);
        series
    }

    /// Lets every window of an excursion widen the tails of long means: one event is told once, and
    /// what lasts fades.
    pub(crate) fn counting_windows(self) -> Self {
        Self {
            counted: Counted::Windows,
            ..self
        }
    }

    pub(crate) fn seen(&self) -> f64 {
        self.seen
    }

    /// Logarithm of how many times the level a count is.
    pub(crate) fn volume(&self, value: f64) -> f64 {
        if self.seen == 0.0 {
            return 0.0;
        }
        let level = self.scale.restore(self.level, 0.0);
        ln((value + 1.0) / (level + 1.0))
    }

    /// A rarity as the series' own history has it.
    pub(crate) fn honest(&self, rarity: f64) -> f64 {
        self.budget.honest(rarity)
    }

    /// The part of a deviation that would do for `honest`, of one that `result` says of `tail`; 0 to 1.
    pub(crate) fn enough(&self, result: &Assessment, tail: usize, honest: f64) -> f64 {
        let needed = self.budget.stated(honest);
        let part = if self.seen < WIDE_WINDOWS {
            // Rarity under a normal distribution grows with the square of the distance.
            (needed / result.rarity[tail].max(1e-9)).max(0.0).sqrt()
        } else {
            self.tails[tail].statistic(needed, largest_shape(tail))
                / result.statistics[tail].max(1e-9)
        };
        part.clamp(0.0, 1.0)
    }

    pub(crate) fn silent_run(&self) -> u32 {
        self.silences.run()
    }

    pub(crate) fn scale(&self) -> Scale {
        self.scale
    }

    pub(crate) fn per_day(&self) -> f64 {
        self.per_day
    }

    /// Whether a stored series has the shape that this version reads.
    pub(crate) fn is_sound(&self) -> bool {
        self.rhythm.is_sound() && self.per_day > 0.0 && self.level.is_finite()
    }

    /// The length of a slow mean in windows, and its mean excess over the expectation per window.
    pub(crate) fn sustained(
        &self,
        span: usize,
        seen: &Observation,
        result: &Assessment,
    ) -> (f64, f64) {
        let windows = self.slow.windows(span);
        let mass = self.slow.masses(seen.value - result.expected_base)[span];
        (windows, mass / windows)
    }

    fn least_dispersion(&self) -> f64 {
        match self.scale {
            Scale::Count => 1e-4,
            Scale::Share | Scale::Plain => 1e-18,
        }
    }

    /// Whether slow means are judged too.
    pub(crate) fn judges_all_tails(&self) -> bool {
        self.seen >= SLOW_DAYS * self.per_day
    }

    /// Nothing where there is no share: no trials.
    pub(crate) fn assess(&self, seen: &Observation) -> Option<Assessment> {
        if self.scale == Scale::Share && seen.trials < 1.0 {
            return None;
        }
        let mut result = self.expect(seen);
        if self.seen < SILENT_WINDOWS {
            return Some(result);
        }
        if self.seen < WIDE_WINDOWS {
            self.judge_wide(seen, &mut result);
            return Some(result);
        }
        result.statistics[0] = result.deviate.max(0.0);
        result.statistics[1] = (-result.deviate).max(0.0);
        let clipped = result.base_deviate.clamp(-CLIP, CLIP);
        let doubt = result.beat.doubt / result.base_deviation.powi(2).max(1e-18);
        for (span, statistic) in self.slow.statistics(clipped, doubt).into_iter().enumerate() {
            result.statistics[2 + 2 * span] = statistic.max(0.0);
            result.statistics[3 + 2 * span] = (-statistic).max(0.0);
        }
        let judged = if self.judges_all_tails() { TAILS } else { 2 };
        for tail in 0..judged {
            result.rarity[tail] =
                self.tails[tail].rarity(result.statistics[tail], largest_shape(tail));
        }
        result.silent_step = self.silent_step(seen, &result);
        if let Some(step) = result.silent_step {
            result.silence = self.silences.rarity(step);
        }
        self.weigh(seen, &mut result);
        Some(result)
    }

    /// The expectation, and the distance from it.
    fn expect(&self, seen: &Observation) -> Assessment {
        let y = self.scale.stabilise(seen.value, seen.trials);
        let level = if self.seen == 0.0 { y } else { self.level };
        let dispersion = self.spread.dispersion(self.least_dispersion());
        let base_dispersion = self.base_spread.dispersion(self.least_dispersion());
        let noise_of_slots = base_dispersion
            + match self.scale {
                Scale::Count => scale::DISPERSION,
                Scale::Share | Scale::Plain => 0.0,
            };
        let beat = self
            .rhythm
            .beat(&seen.timing, self.per_day, noise_of_slots, self.seen);
        let by_volume = match self.scale {
            Scale::Share => self.by_volume(seen.volume),
            Scale::Count | Scale::Plain => 0.0,
        };
        let base = level + beat.total + by_volume;
        let next = base + self.persistence.within_one() * self.drift;
        let expected = self.scale.restore(next, seen.trials);
        let expected_base = self.scale.restore(base, seen.trials);
        let noise = self.scale.counting_noise(expected, seen.trials);
        let base_noise = self.scale.counting_noise(expected_base, seen.trials);
        let floor = match self.scale {
            Scale::Plain => PLAIN_FLOOR * PLAIN_FLOOR * self.value_variance,
            Scale::Count | Scale::Share => 0.0,
        };
        let deviation_of = |noise: f64, dispersion: f64| {
            let weight = self.scale.dispersion_weight(noise);
            (noise + dispersion * weight + floor).max(1e-18).sqrt()
        };
        let deviation = deviation_of(noise, dispersion);
        let base_deviation = deviation_of(base_noise, base_dispersion);
        let deviate_of = |mean: f64, centre: f64, deviation: f64, dispersion: f64| match self.scale
        {
            Scale::Count => scale::count_deviate(seen.value, mean, dispersion * scale::DISPERSION),
            Scale::Share => {
                scale::share_deviate(seen.value, seen.trials, mean, deviation * deviation)
            }
            Scale::Plain => (y - centre) / deviation,
        };
        // The memory of the last windows soon knows what a weekday that was never seen is like.
        let doubt = beat.doubt * self.freshness + beat.slot_doubt;
        let doubtful = (deviation * deviation + doubt).sqrt();
        Assessment {
            y,
            base,
            next,
            expected,
            expected_base,
            deviation,
            base_deviation,
            doubtful,
            deviate: deviate_of(expected, next, deviation, dispersion) * deviation / doubtful,
            base_deviate: deviate_of(expected_base, base, base_deviation, base_dispersion),
            beat,
            noise,
            base_noise,
            ..Assessment::default()
        }
    }

    /// What the volume says of a share. Volumes far beyond the usual ones say no more than those.
    pub(super) fn by_volume(&self, volume: f64) -> f64 {
        let usual = VOLUME_REACH * self.usual_volume.sqrt();
        self.elasticity.coefficient() * volume.clamp(-usual, usual)
    }

    /// A young series is compared with its mean alone, under a count that varies wildly.
    fn judge_wide(&self, seen: &Observation, result: &mut Assessment) {
        if self.scale != Scale::Count {
            return;
        }
        let dispersion = 0.5 + 0.5 / self.seen;
        let deviate = scale::count_deviate(seen.value, self.mean_value, dispersion);
        let tail = usize::from(deviate < 0.0);
        result.expected = self.mean_value;
        result.expected_base = self.mean_value;
        result.deviate = deviate;
        result.statistics[tail] = deviate.abs();
        result.rarity[tail] = normal_rarity(deviate.abs());
        self.weigh(seen, result);
    }

    /// Takes rarity from an excess of a handful of requests, however improbable.
    fn weigh(&self, seen: &Observation, result: &mut Assessment) {
        if self.scale == Scale::Plain {
            return;
        }
        let in_window = (seen.value - result.expected) / PRACTICAL_WINDOW;
        result.rarity[0] *= in_window.clamp(0.0, 1.0);
        result.rarity[1] *= (-in_window).clamp(0.0, 1.0);
        let masses = self.slow.masses(seen.value - result.expected_base);
        for (span, mass) in masses.into_iter().enumerate() {
            let practical = mass / PRACTICAL_REQUESTS;
            result.rarity[2 + 2 * span] *= practical.clamp(0.0, 1.0);
            result.rarity[3 + 2 * span] *= (-practical).clamp(0.0, 1.0);
        }
        result.silence *= (-masses[1] / PRACTICAL_MISSING).clamp(0.0, 1.0);
    }

    /// The rarity of this window's near-silence under the count model; none where it is not silent.
    fn silent_step(&self, seen: &Observation, result: &Assessment) -> Option<f64> {
        // A weekday that was never seen may be a quiet one.
        let mean = self
            .scale
            .restore(result.base - result.beat.doubt.sqrt(), seen.trials);
        let is_silent = self.scale == Scale::Count && mean > 0.5 && seen.value <= 0.1 * mean;
        if !is_silent {
            return None;
        }
        let dispersion = self.base_spread.dispersion(self.least_dispersion()) * scale::DISPERSION;
        Some(if seen.value == 0.0 {
            scale::rarity_of_zero(mean, dispersion)
        } else {
            normal_rarity(-scale::count_deviate(seen.value, mean, dispersion))
        })
    }

    /// The values between which a window is less rare than `rarity`, by the fast tails.
    pub(crate) fn band(&self, seen: &Observation, result: &Assessment, rarity: f64) -> (f64, f64) {
        let stated = self.budget.stated(rarity);
        let reach = |tail: usize| {
            let statistic = self.tails[tail].statistic(stated, largest_shape(tail));
            statistic.min(1e3) * result.doubtful
        };
        let lower = self.scale.restore(result.next - reach(1), seen.trials);
        let upper = self.scale.restore(result.next + reach(0), seen.trials);
        if self.scale == Scale::Plain {
            return (lower, upper);
        }
        // Below this much more a window counts less, however rare it is.
        (lower, upper.max(result.expected + PRACTICAL_WINDOW))
    }
}

/// Means of many bounded deviates are close to normal; the shortest are not long enough for that.
pub(super) fn largest_shape(tail: usize) -> f64 {
    if tail < 2 { FAST_SHAPE } else { 0.0 }
}
