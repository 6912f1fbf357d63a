//! Where a window lies in the day and the week (UTC).

const DAY_SECONDS: i64 = 86_400;
/// Hours of a day, the slots of the daily profile.
pub(crate) const HOURS: usize = 24;
/// Hours of a week.
pub(crate) const WEEK_HOURS: usize = 7 * HOURS;
/// Five-minute slots of a day.
pub(crate) const SLOTS: usize = 288;
/// Minutes of an hour.
pub(crate) const MINUTES: usize = 60;

/// A window's place in the rhythms that a model follows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Timing {
    /// The two hours of the day whose centres enclose the window's start.
    pub hours: [usize; 2],
    /// Day of the week, from Sunday.
    pub weekday: usize,
    /// The same hours of the week.
    pub week_hours: [usize; 2],
    /// Weight of the second hour, 0 to 1.
    pub toward_second: f64,
    /// Five-minute slot of the day.
    pub slot: usize,
    /// Minute of the hour.
    pub minute: usize,
}

impl Timing {
    /// Of a window that starts at `seconds` since the epoch.
    pub(crate) fn of(seconds: i64) -> Self {
        let second_of_day = seconds.rem_euclid(DAY_SECONDS);
        // 1970-01-01 was a Thursday: 4 counts from Sunday.
        let day = (seconds.div_euclid(DAY_SECONDS) + 4).rem_euclid(7) as usize;
        let from_centre = second_of_day as f64 / 3_600.0 - 0.5;
        let first = from_centre.floor();
        let hours = [0, 1].map(|next| (first as i64 + next).rem_euclid(HOURS as i64) as usize);
        Self {
            hours,
            weekday: day,
            week_hours: hours.map(|hour| day * HOURS + hour),
            toward_second: from_centre - first,
            slot: (second_of_day / 300) as usize,
            minute: (second_of_day / 60 % 60) as usize,
        }
    }
}
