//! How traffic swells and ebbs: factors on a rate, in thousandths.

/// Hours of the day (UTC) against their mean; a site whose people sleep around 03:00.
const HOURS: [u64; 24] = [
    540, 450, 400, 370, 380, 440, 580, 780, 1000, 1170, 1280, 1340, 1360, 1350, 1340, 1330, 1320,
    1340, 1400, 1470, 1450, 1260, 960, 690,
];

/// Monday to Sunday against their mean.
const WEEKDAYS: [u64; 7] = [1060, 1070, 1060, 1050, 1040, 880, 840];

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A factor that changes with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Always one.
    Flat,
    /// Daily and weekly rhythm with a mean of one over a week.
    Calendar,
    /// Daily rhythm alone, with a mean of one over a day.
    Daily,
    /// Rises from zero to one over the whole of a span.
    Climb,
    /// Rises from zero over the first `ramp_ns` of a span and falls back over its last.
    Plateau {
        /// Length of each slope.
        ramp_ns: u64,
    },
}

impl Shape {
    /// No factor of this shape is larger, in thousandths.
    pub(crate) fn peak(self) -> u64 {
        match self {
            Self::Flat | Self::Climb | Self::Plateau { .. } => 1_000,
            Self::Calendar | Self::Daily => 1_600,
        }
    }

    /// The factor in thousandths at `unix_ms`, which is `since_ns` after the begin of a span that
    /// lasts `length_ns`.
    pub(crate) fn factor(self, unix_ms: i64, since_ns: u64, length_ns: u64) -> u64 {
        match self {
            Self::Flat => 1_000,
            Self::Calendar => calendar(unix_ms),
            Self::Daily => hourly(unix_ms),
            Self::Climb => (u128::from(since_ns) * 1_000 / u128::from(length_ns.max(1))) as u64,
            Self::Plateau { ramp_ns } => {
                let from_edge = since_ns.min(length_ns.saturating_sub(since_ns));
                if from_edge >= ramp_ns {
                    return 1_000;
                }
                (u128::from(from_edge) * 1_000 / u128::from(ramp_ns)) as u64
            }
        }
    }
}

/// The product is rounded down.
fn calendar(unix_ms: i64) -> u64 {
    // The epoch was a Thursday.
    let weekday = (unix_ms.div_euclid(DAY_MS) + 3).rem_euclid(7) as usize;
    hourly(unix_ms) * WEEKDAYS[weekday] / 1_000
}

/// Hours are joined by straight lines.
fn hourly(unix_ms: i64) -> u64 {
    let in_day = unix_ms.rem_euclid(DAY_MS);
    let hour = (in_day / HOUR_MS) as usize;
    let in_hour = (in_day % HOUR_MS) as u64;
    let hour_ms = HOUR_MS as u64;
    (HOURS[hour] * (hour_ms - in_hour) + HOURS[(hour + 1) % 24] * in_hour) / hour_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_has_a_mean_of_one_and_stays_below_its_peak() {
        assert_eq!(HOURS.iter().sum::<u64>(), 24_000);
        assert_eq!(WEEKDAYS.iter().sum::<u64>(), 7_000);
        let minutes = 7 * 24 * 60;
        let factors = (0..minutes).map(|minute| calendar(minute * 60_000));
        let mean = factors.clone().sum::<u64>() as f64 / minutes as f64;
        assert!((mean - 1_000.0).abs() < 2.0, "{mean}");
        assert!(
            factors
                .max()
                .is_some_and(|peak| peak <= Shape::Calendar.peak())
        );
    }

    #[test]
    fn a_plateau_rises_stays_and_falls() {
        let shape = Shape::Plateau { ramp_ns: 10 };
        let factors = [0, 5, 10, 50, 95, 100].map(|at| shape.factor(0, at, 100));
        assert_eq!(factors, [0, 500, 1_000, 1_000, 500, 0]);
    }

    #[test]
    fn a_climb_rises_to_its_end() {
        let factors = [0, 25, 100].map(|at| Shape::Climb.factor(0, at, 100));
        assert_eq!(factors, [0, 250, 1_000]);
        assert_eq!(Shape::Climb.factor(0, 0, 0), 0);
    }

    #[test]
    fn a_day_has_no_weekend() {
        let peak = (0..1_440).map(|minute| hourly(minute * 60_000)).max();
        assert!(peak.is_some_and(|peak| peak <= Shape::Daily.peak()));
        assert_eq!(hourly(5 * HOUR_MS), hourly(5 * HOUR_MS + 3 * DAY_MS));
    }

    #[test]
    fn monday_noon_is_busier_than_sunday_night() {
        // 2026-01-05 was a Monday.
        let monday = 1_767_571_200_000;
        assert!(calendar(monday + 12 * HOUR_MS) > 2 * calendar(monday - 21 * HOUR_MS));
    }
}
