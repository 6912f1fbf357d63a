//! Random choices that are the same on every host.
//!
//! ChaCha8 is portable by specification; everything on top is integer arithmetic, because the
//! logarithm and its kin differ in the last bit between platforms.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// One part's own stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream numbered `stream` of `seed`; different streams are independent.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut key = *b"........wafwatch loadgen, key 1.";
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut random = ChaCha8Rng::from_seed(key);
        random.set_stream(stream);
        Self(random)
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `0..bound`; zero for a bound of zero.
    ///
    /// The multiply-shift reduction favours some values by at most `bound / 2^64`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.bits()) * u128::from(bound);
        (product >> 64) as u64
    }

    /// Uniform in `0..bound`, for a small bound.
    pub(crate) fn index(&mut self, bound: usize) -> usize {
        self.below(bound as u64) as usize
    }

    /// True `permille` times in a thousand.
    pub(crate) fn chance(&mut self, permille: u64) -> bool {
        self.below(1_000) < permille
    }

    /// Small values often, large ones rarely: in `0..bound` with density `-ln(x / bound)`.
    pub(crate) fn skewed(&mut self, bound: u64) -> u64 {
        let upper = self.below(bound) + 1;
        self.below(upper)
    }

    /// An exponential variate of mean one, as a fixed-point number with 32 fractional bits.
    ///
    /// Von Neumann's method needs comparisons only: a falling run of uniforms that begins with
    /// `x` has odd length with probability `exp(-x)`; each rejected run adds one to the result.
    /// J. von Neumann, "Various techniques used in connection with random digits", 1951.
    pub(crate) fn exponential(&mut self) -> u64 {
        let mut whole = 0_u64;
        loop {
            let first = self.0.next_u32();
            let mut previous = first;
            let mut run_is_odd = true;
            loop {
                let next = self.0.next_u32();
                if next >= previous {
                    break;
                }
                previous = next;
                run_is_odd = !run_is_odd;
            }
            if run_is_odd {
                return (whole << 32) | u64::from(first);
            }
            whole += 1;
        }
    }
}

/// Mixes `value` into 64 bits that look random: the finalizer of `SplitMix64` (Steele, Lea and
/// Flood, 2014). For what must follow from an identity rather than from the place in the stream.
pub(crate) fn mix(value: u64) -> u64 {
    let mut bits = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: u32 = 100_000;

    #[test]
    fn exponential_has_mean_and_variance_one_and_the_right_median() {
        let mut dice = Dice::new(1, 0);
        let draws: Vec<f64> = (0..DRAWS)
            .map(|_| dice.exponential() as f64 / (1_u64 << 32) as f64)
            .collect();
        let mean = draws.iter().sum::<f64>() / f64::from(DRAWS);
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(DRAWS);
        let below_median = draws
            .iter()
            .filter(|x| **x < std::f64::consts::LN_2)
            .count();
        assert!((mean - 1.0).abs() < 0.02, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.05, "variance {variance}");
        assert!((below_median as f64 / f64::from(DRAWS) - 0.5).abs() < 0.01);
    }

    #[test]
    fn streams_and_seeds_differ_and_repeat() {
        let draw = |seed, stream| Dice::new(seed, stream).bits();
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }

    #[test]
    fn bounds_hold() {
        let mut dice = Dice::new(3, 0);
        assert_eq!(dice.below(0), 0);
        for bound in 1..200 {
            assert!(dice.below(bound) < bound);
            assert!(dice.skewed(bound) < bound);
        }
    }
}
