//! Picking from a list by weight, and the weights of popular things.

use crate::dice::Dice;

/// Integer weights, summed up so that a pick is one draw and one binary search.
#[derive(Debug, Clone)]
pub(crate) struct Weighted {
    cumulative: Vec<u64>,
}

impl Weighted {
    /// Weights as given. The list must not be empty, nor all zero.
    pub(crate) fn new(weights: impl IntoIterator<Item = u64>) -> Self {
        let cumulative = weights
            .into_iter()
            .scan(0_u64, |sum, weight| {
                *sum += weight;
                Some(*sum)
            })
            .collect();
        Self { cumulative }
    }

    /// Zipf-Mandelbrot weights `1 / (rank + flatness)` for ranks from 0: the larger `flatness`,
    /// the smaller the share of the most popular.
    pub(crate) fn zipf(count: u32, flatness: u32) -> Self {
        const SCALE: u64 = 1 << 40;
        Self::new((0..u64::from(count)).map(|rank| SCALE / (rank + u64::from(flatness))))
    }

    /// An index, drawn by weight.
    pub(crate) fn pick(&self, dice: &mut Dice) -> usize {
        let drawn = dice.below(self.total());
        self.cumulative.partition_point(|sum| *sum <= drawn)
    }

    /// The index that `bits` always lead to, by weight over all bits.
    pub(crate) fn pick_by(&self, bits: u64) -> usize {
        let drawn = ((u128::from(bits) * u128::from(self.total())) >> 64) as u64;
        self.cumulative.partition_point(|sum| *sum <= drawn)
    }

    fn total(&self) -> u64 {
        self.cumulative.last().copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_follow_the_weights_and_skip_zeros() {
        let weighted = Weighted::new([1, 0, 3]);
        let mut dice = Dice::new(1, 0);
        let mut counts = [0_u32; 3];
        for _ in 0..40_000 {
            counts[weighted.pick(&mut dice)] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!(counts[0].abs_diff(10_000) < 300, "{counts:?}");
        assert_eq!(weighted.pick_by(0), 0);
        assert_eq!(weighted.pick_by(u64::MAX), 2);
    }

    #[test]
    fn zipf_falls_with_rank() {
        let weighted = Weighted::zipf(100, 1);
        let mut dice = Dice::new(1, 0);
        let mut counts = [0_u32; 100];
        for _ in 0..100_000 {
            counts[weighted.pick(&mut dice)] += 1;
        }
        let ratio = f64::from(counts[0]) / f64::from(counts[9]);
        assert!((8.0..12.0).contains(&ratio), "{ratio}");
    }
}
