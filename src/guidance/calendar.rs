//! Events that are known beforehand: a campaign, a release, a maintenance window.
//!
//! ```toml
//! [[event]]
//! name = "spring sale"
//! from = "2026-03-20T08:00:00Z"
//! until = "2026-03-22T22:00:00Z"
//! acl = "shop"                # part of the ARN; every Web ACL without it
//! effect = "expect"           # or "ignore", or "silence"
//! factor = 4.0                # up to so many times the usual
//!
//! [[event]]
//! name = "load test"
//! from = "2026-03-02T01:00:00Z"
//! until = "2026-03-02T02:00:00Z"
//! every = "week"              # or "day"
//! effect = "ignore"
//! ```

mod parse;

use wafwatch_windows::time::{EventTime, Window};

use crate::detect::{Direction, Finding};

pub use parse::CalendarError;

/// What an event changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// Its windows are counted, and neither scored nor learnt.
    Ignore,
    /// More of everything is fine, up to `factor` times the upper end of what is expected; shares are
    /// judged as ever. Its windows teach hardly anything.
    Expect {
        /// How many times.
        factor: f64,
    },
    /// Incidents are found and kept as ever, and nobody is told before it is over.
    Silence,
}

/// After what time an event comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
}

impl Repeat {
    fn milliseconds(self) -> i64 {
        const DAY_MS: i64 = 86_400_000;
        match self {
            Self::Day => DAY_MS,
            Self::Week => 7 * DAY_MS,
        }
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedEvent {
    /// What it is called, for people.
    pub name: String,
    /// When it begins first.
    pub from: EventTime,
    /// When it ends first, exclusive.
    pub until: EventTime,
    /// When it comes again, if it does.
    pub every: Option<Repeat>,
    /// Part of the ARNs that it concerns; every Web ACL without it.
    pub acl: Option<String>,
    /// What it changes.
    pub effect: Effect,
}

impl PlannedEvent {
    fn concerns(&self, acl: &str, window: Window) -> bool {
        let is_its_acl = self.acl.as_deref().is_none_or(|part| acl.contains(part));
        is_its_acl && self.overlaps(window)
    }

    fn overlaps(&self, window: Window) -> bool {
        let (mut from, mut until) = (self.from, self.until);
        if let Some(every) = self.every {
            let period = every.milliseconds();
            // The occurrence that began last before the window's end.
            let passed = window.end.0.saturating_sub(1).saturating_sub(from.0);
            let periods = passed.div_euclid(period).max(0);
            from = from.plus(periods.saturating_mul(period));
            until = until.plus(periods.saturating_mul(period));
        }
        from < window.end && window.start < until
    }

    /// Whether it explains `finding`: more of a number, within its factor.
    pub(super) fn covers(&self, finding: &Finding) -> bool {
        let Effect::Expect { factor } = self.effect else {
            return false;
        };
        // What happens to shares is no matter of how much comes.
        let is_more = finding.direction == Direction::Above && !finding.signal.is_share();
        is_more && finding.observed <= factor * finding.upper
    }
}

/// All events.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Calendar {
    events: Vec<PlannedEvent>,
}

impl Calendar {
    /// The events that concern `window` of `acl`.
    pub fn of<'a>(
        &'a self,
        acl: &'a str,
        window: Window,
    ) -> impl Iterator<Item = &'a PlannedEvent> + 'a {
        let events = self.events.iter();
        events.filter(move |event| event.concerns(acl, window))
    }

    /// All events, in the order of the file.
    #[must_use]
    pub fn events(&self) -> &[PlannedEvent] {
        &self.events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wafwatch_windows::time::WindowSize;

    const HOUR: i64 = 3_600_000;

    fn window_at(milliseconds: i64) -> Window {
        WindowSize::DEFAULT.window_of(EventTime(milliseconds))
    }

    fn event(every: Option<Repeat>) -> PlannedEvent {
        PlannedEvent {
            name: "sale".to_owned(),
            from: EventTime(10 * HOUR),
            until: EventTime(12 * HOUR),
            every,
            acl: Some("shop".to_owned()),
            effect: Effect::Silence,
        }
    }

    #[test]
    fn an_event_is_there_from_its_first_to_its_last_window() {
        let once = event(None);
        for (time, is_there) in [
            (10 * HOUR - 1, false),
            (10 * HOUR, true),
            (12 * HOUR - 1, true),
            (12 * HOUR, false),
            (34 * HOUR, false),
        ] {
            assert_eq!(once.concerns("arn/shop/1", window_at(time)), is_there);
            assert!(!once.concerns("arn/other/1", window_at(time)));
        }
    }

    #[test]
    fn a_window_that_begins_before_an_event_and_ends_in_it_is_concerned() {
        let mut late = event(None);
        late.from = EventTime(10 * HOUR + 30_000);
        assert!(late.concerns("shop", window_at(10 * HOUR)));
        assert!(!late.concerns("shop", window_at(10 * HOUR - 1)));
    }

    #[test]
    fn events_come_again_and_not_before_their_first_time() {
        let daily = event(Some(Repeat::Day));
        let weekly = event(Some(Repeat::Week));
        for (time, of_day, of_week) in [
            (-13 * HOUR, false, false),
            (11 * HOUR, true, true),
            (13 * HOUR, false, false),
            (35 * HOUR, true, false),
            ((7 * 24 + 11) * HOUR, true, true),
            ((700 * 24 + 11) * HOUR, true, true),
            ((700 * 24 + 9) * HOUR, false, false),
        ] {
            assert_eq!(daily.overlaps(window_at(time)), of_day, "{time}");
            assert_eq!(weekly.overlaps(window_at(time)), of_week, "{time}");
        }
    }

    #[test]
    fn times_at_the_ends_of_the_calendar_do_no_harm() {
        let mut far = event(Some(Repeat::Week));
        far.from = EventTime(i64::MIN);
        far.until = EventTime(i64::MAX);
        assert!(far.overlaps(window_at(0)));
        far.from = EventTime(i64::MAX);
        assert!(!far.overlaps(window_at(0)));
    }
}
