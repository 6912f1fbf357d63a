//! How far the mix of a dimension moved: the total-variation distance, less what chance explains.
//!
//! With `p` and `q` the shares of every listed value during the incident and before it, and one
//! more share for everything that is not listed, the distance is `sum |p - q| / 2`: the share of
//! requests that would have to be different to turn one mix into the other. Lumping the unlisted
//! values together can only make it smaller, so a distance that is found is real.
//!
//! Two samples of the same mix differ too. Under it, `|p - q|` has a mean of about
//! `sqrt(2/pi) * sqrt(m (1 - m) (1/n1 + 1/n2))` (the mean absolute deviation of a normal
//! approximation), with `m` the pooled share and `n1`, `n2` the requests on both sides. The sum
//! of these is taken off.

use wafwatch_windows::summary::Dimension;

use super::figures::{Figures, Known};

/// Mean of `|x|` for a standard normal `x`: `sqrt(2/pi)`.
const MEAN_ABSOLUTE_NORMAL: f64 = 0.797_884_560_802_865_4;

/// The distance between the mixes of `dimension`, 0 to 1, less the part that chance explains.
/// `None` where either side is too small or the dimension is unknown.
pub(super) fn shift(figures: &Figures<'_>, dimension: Dimension) -> Option<f64> {
    if figures.before.known != Known::Mix {
        return None;
    }
    let mut weights = figures.evidence.dimensions.iter();
    let weight = weights.find(|weight| weight.dimension == dimension)?;
    let requests_during = weight.during as f64;
    let requests_before = weight.before_per_window * f64::from(figures.evidence.baseline.windows);
    if requests_during <= 0.0 || requests_before <= 0.0 {
        return None;
    }
    let spread = 1.0 / requests_during + 1.0 / requests_before;
    let chance = |during: f64, before: f64| {
        let pooled = (during * requests_during + before * requests_before)
            / (requests_during + requests_before);
        let pooled = pooled.clamp(0.0, 1.0);
        MEAN_ABSOLUTE_NORMAL * (pooled * (1.0 - pooled) * spread).sqrt()
    };
    let (mut listed_during, mut listed_before) = (0.0, 0.0);
    let (mut distance, mut by_chance) = (0.0, 0.0);
    for value in figures.values(dimension) {
        let during = value.during as f64 / requests_during;
        let before = value.before_per_window / weight.before_per_window;
        listed_during += during;
        listed_before += before;
        distance += (during - before).abs();
        by_chance += chance(during, before);
    }
    let rest_during = f64::max(1.0 - listed_during, 0.0);
    let rest_before = f64::max(1.0 - listed_before, 0.0);
    distance += (rest_during - rest_before).abs();
    by_chance += chance(rest_during, rest_before);
    Some(((distance - by_chance) / 2.0).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::investigate::sample::Sample;

    fn shift_of(values: &[(&str, u64, f64)]) -> Option<f64> {
        let sample = Sample::usually(100, 0, 10.0).values(Dimension::Uri, values);
        let evidence = sample.build();
        shift(&Figures::of(&evidence), Dimension::Uri)
    }

    #[test]
    fn the_same_mix_at_ten_times_the_volume_has_not_moved() {
        let moved = shift_of(&[("/a", 600, 60.0), ("/b", 400, 40.0)]);
        assert_eq!(moved, Some(0.0));
    }

    #[test]
    fn a_new_value_moves_the_mix_by_its_share() {
        let moved = shift_of(&[("/a", 5_000, 100.0), ("/new", 5_000, 0.0)]).expect("known");
        assert!((moved - 0.5).abs() < 0.02, "{moved}");
    }

    #[test]
    fn chance_is_taken_off() {
        let moved = shift_of(&[("/a", 11, 50.0), ("/b", 9, 50.0)]).expect("known");
        assert!(moved < 0.01, "{moved}");
    }

    #[test]
    fn unlisted_values_count_as_one() {
        let sample = Sample::usually(100, 0, 10.0)
            .values(Dimension::Uri, &[("/a", 1_000, 50.0)])
            .unlisted(Dimension::Uri, 3_000, 50.0);
        let evidence = sample.build();
        let moved = shift(&Figures::of(&evidence), Dimension::Uri).expect("known");
        assert!((moved - 0.25).abs() < 0.03, "{moved}");
    }

    #[test]
    fn without_enough_before_nothing_is_said() {
        let sample = Sample::quiet().values(Dimension::Uri, &[("/a", 100, 0.2)]);
        let evidence = sample.build();
        assert_eq!(shift(&Figures::of(&evidence), Dimension::Uri), None);
        assert_eq!(shift_of(&[]), None);
    }
}
