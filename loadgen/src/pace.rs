//! When the requests of a part arrive.
//!
//! Times are nanoseconds since the begin of the run. Every arrival process is generated forwards
//! and without memory of its end, so that a longer run begins with the shorter one.

use crate::dice::Dice;
use crate::shape::Shape;

/// A half-open stretch of the run, in nanoseconds since its begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
}

impl Span {
    pub(crate) fn new(start_ns: u64, end_ns: u64) -> Self {
        Self { start_ns, end_ns }
    }

    pub(crate) fn length_ns(self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }

    pub(crate) fn contains(self, at_ns: u64) -> bool {
        (self.start_ns..self.end_ns).contains(&at_ns)
    }
}

/// How arrivals are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// A task started by a timer: one in the middle of every period, a little late at times.
    Scheduled {
        /// From one to the next.
        period_ns: u64,
    },
    /// Exactly this many over the span: one at a random moment of each of as many equal parts.
    Even {
        /// How many.
        count: u64,
    },
    /// Independent people: a Poisson process whose rate follows a shape.
    Poisson {
        /// Mean time between arrivals where the shape is one.
        mean_gap_ns: u64,
        /// Factor on the rate.
        shape: Shape,
    },
}

/// A timer's task is late by at most this, and by at most a quarter of its period.
const MAX_JITTER_NS: u64 = 2_000_000_000;

/// The arrivals of one part.
#[derive(Debug, Clone)]
pub(crate) struct Arrivals {
    pace: Pace,
    span: Span,
    /// Begin of the run in Unix milliseconds, for shapes that follow the calendar.
    start_ms: i64,
    made: u64,
    clock_ns: u64,
}

impl Arrivals {
    pub(crate) fn new(pace: Pace, span: Span, start_ms: i64) -> Self {
        Self {
            pace,
            span,
            start_ms,
            made: 0,
            clock_ns: span.start_ns,
        }
    }

    /// The next arrival, never before the last one.
    pub(crate) fn next(&mut self, dice: &mut Dice) -> Option<u64> {
        let at_ns = match self.pace {
            Pace::Scheduled { period_ns } => self.next_scheduled(period_ns, dice),
            Pace::Even { count } => self.next_even(count, dice)?,
            Pace::Poisson { mean_gap_ns, shape } => self.next_random(mean_gap_ns, shape, dice)?,
        };
        self.made += 1;
        self.span.contains(at_ns).then_some(at_ns)
    }

    fn next_scheduled(&self, period_ns: u64, dice: &mut Dice) -> u64 {
        let jitter_ns = dice.below(MAX_JITTER_NS.min(period_ns / 4));
        let period_start_ns = self
            .span
            .start_ns
            .saturating_add(self.made.saturating_mul(period_ns));
        period_start_ns.saturating_add(period_ns / 2 + jitter_ns)
    }

    fn next_even(&self, count: u64, dice: &mut Dice) -> Option<u64> {
        if self.made >= count {
            return None;
        }
        let bound = |part: u64| {
            let offset = u128::from(self.span.length_ns()) * u128::from(part) / u128::from(count);
            self.span.start_ns + offset as u64
        };
        let from_ns = bound(self.made);
        Some(from_ns + dice.below(bound(self.made + 1) - from_ns))
    }

    /// Thinning (Lewis and Shedler, 1979): arrivals at the peak rate, kept in proportion.
    fn next_random(&mut self, mean_gap_ns: u64, shape: Shape, dice: &mut Dice) -> Option<u64> {
        loop {
            let gap = u128::from(mean_gap_ns) * u128::from(dice.exponential()) * 1_000;
            let gap_ns = (gap / u128::from(shape.peak())) >> 32;
            let gap_ns = u64::try_from(gap_ns).unwrap_or(u64::MAX);
            self.clock_ns = self.clock_ns.saturating_add(gap_ns);
            if self.clock_ns >= self.span.end_ns {
                return None;
            }
            let unix_ms = self.start_ms + (self.clock_ns / 1_000_000) as i64;
            let since_ns = self.clock_ns - self.span.start_ns;
            let factor = shape.factor(unix_ms, since_ns, self.span.length_ns());
            if factor >= shape.peak() || dice.below(shape.peak()) < factor {
                return Some(self.clock_ns);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn all(pace: Pace, span: Span) -> Vec<u64> {
        let mut dice = Dice::new(5, 0);
        let mut arrivals = Arrivals::new(pace, span, 0);
        std::iter::from_fn(|| arrivals.next(&mut dice)).collect()
    }

    #[test]
    fn a_scheduled_task_comes_once_per_period_at_one_place_in_it() {
        let period_ns = 300 * SECOND;
        let times = all(Pace::Scheduled { period_ns }, Span::new(0, 10 * period_ns));
        assert_eq!(times.len(), 10);
        for (turn, time) in times.iter().enumerate() {
            let in_period = time - turn as u64 * period_ns;
            assert!((150 * SECOND..152 * SECOND).contains(&in_period));
        }
    }

    #[test]
    fn even_gives_exactly_the_count_in_order_and_inside() {
        for count in [0, 1, 127, 1_000] {
            let span = Span::new(7 * SECOND, 60 * SECOND);
            let times = all(Pace::Even { count }, span);
            assert_eq!(times.len() as u64, count);
            assert!(times.is_sorted());
            assert!(times.iter().all(|time| span.contains(*time)));
        }
    }

    #[test]
    fn poisson_counts_have_the_mean_and_variance_of_their_rate() {
        let pace = Pace::Poisson {
            mean_gap_ns: SECOND / 10,
            shape: Shape::Flat,
        };
        let times = all(pace, Span::new(0, 2_000 * SECOND));
        let mut counts = vec![0_f64; 2_000];
        for time in &times {
            counts[(time / SECOND) as usize] += 1.0;
        }
        let mean = counts.iter().sum::<f64>() / 2_000.0;
        let variance = counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / 2_000.0;
        assert!((mean - 10.0).abs() < 0.3, "{mean}");
        assert!((variance - 10.0).abs() < 1.0, "{variance}");
        assert!(times.is_sorted());
    }

    #[test]
    fn a_longer_run_begins_with_the_shorter_one() {
        for pace in [
            Pace::Scheduled { period_ns: SECOND },
            Pace::Poisson {
                mean_gap_ns: SECOND,
                shape: Shape::Calendar,
            },
        ] {
            let short = all(pace, Span::new(0, 100 * SECOND));
            let long = all(pace, Span::new(0, 200 * SECOND));
            assert_eq!(short, long[..short.len()]);
            assert!(long.len() > short.len());
        }
    }
}
