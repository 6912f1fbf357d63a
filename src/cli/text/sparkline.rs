//! A series on one line.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Squeezes `values` into at most `columns` columns, each showing the largest of its share.
#[must_use]
pub fn squeeze(values: &[u64], columns: usize) -> Vec<u64> {
    let columns = columns.clamp(1, values.len().max(1));
    let share = |column: usize| column * values.len() / columns;
    (0..columns)
        .map(|column| {
            values[share(column)..share(column + 1)]
                .iter()
                .copied()
                .max()
                .unwrap_or(0)
        })
        .collect()
}

/// The values as bars, the highest at full height; zero is a blank.
#[must_use]
pub fn bars(values: &[u64]) -> String {
    let highest = values.iter().copied().max().unwrap_or(0);
    let bar = |value: &u64| {
        if *value == 0 {
            return ' ';
        }
        let steps = (BARS.len() - 1) as f64;
        let height = (*value as f64 / highest as f64 * steps).round();
        BARS[height as usize]
    };
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_is_full_and_zero_is_blank() {
        assert_eq!(bars(&[0, 1, 50, 100]), " ▁▅█");
        assert_eq!(bars(&[]), "");
        assert_eq!(bars(&[0, 0]), "  ");
    }

    #[test]
    fn squeezing_keeps_peaks() {
        assert_eq!(squeeze(&[1, 9, 2, 3], 2), [9, 3]);
        assert_eq!(squeeze(&[1, 2], 60), [1, 2]);
        assert_eq!(
            squeeze(&[], 60),
            Vec::<u64>::new().into_iter().chain([0]).collect::<Vec<_>>()
        );
    }
}
