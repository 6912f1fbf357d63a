//! The rhythms of a series: hour of the day, hour of the week, five-minute slot, minute of the hour.
//!
//! Hours are interpolated between their centres. Hours of the week hold what is left after the hours of
//! the day, slots and minutes what is left after both. A part counts as far as it has earned:
//!
//! - hours of the day and of the week are shrunk by how often they were seen, and multiplied with the
//!   regression coefficient that their predictions have had ([`Trust`]): on a series without a rhythm it
//!   goes to zero;
//! - slots and minutes are shrunk one by one, by their own evidence (James and Stein, 1961): few
//!   of them differ (a job at 02:00, a cron job at the full hour), and those differ much.

use serde::{Deserialize, Serialize};

use super::season::{Profile, Trust};
use super::timing::{HOURS, MINUTES, SLOTS, Timing, WEEK_HOURS};

/// Hours that the prior of an hour of the day is worth.
const DAILY_PRIOR: f64 = 0.5;
/// Hours that the prior of an hour of the week is worth.
const WEEKLY_PRIOR: f64 = 0.3;
/// How many noise variances a slot's square has to exceed.
const JAMES_STEIN: f64 = 4.0;
/// Share of a day's memory that an hour, a slot or a minute gives up for what it sees now.
const DAILY_GAIN: f64 = 0.15;
const SLOT_GAIN: f64 = 0.1;
/// A minute of the hour forgets over three days.
const MINUTE_GAIN: f64 = 1.0 / 72.0;
/// Share of the daily profile's power that an hour of the week may differ by before it was seen.
const WEEKLY_DOUBT: f64 = 0.5;

/// How many times a job of five minutes may weigh more on a weekday that was not seen.
const JOB_DOUBT: f64 = 3.0;

/// Which rhythms a series is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rhythms {
    /// All of them.
    Full,
    /// Hours of the day, minutes.
    Daily,
    /// Hours of the day: for the many series of single keys.
    Hourly,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rhythm {
    daily: Profile,
    weekly: Option<Profile>,
    slots: Option<Profile>,
    minutes: Option<Profile>,
    trust_daily: Trust,
    trust_weekly: Trust,
    /// Mean square of the daily profile.
    power: f64,
}

/// What the rhythms say of one window.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Beat {
    daily: f64,
    weekly: f64,
    slot: f64,
    minute: f64,
    /// Deviation from the level that all of them together expect.
    pub total: f64,
    /// Variance of what is not known yet about this hour of the week.
    pub doubt: f64,
    /// Variance of what is not known of it in a window of a job: on other days it may weigh more.
    pub slot_doubt: f64,
}

/// What a window teaches the rhythms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lesson {
    /// Residual, bounded as an ordinary window's.
    pub bounded: f64,
    /// Residual, bounded less: a slot may differ much.
    pub loose: f64,
    /// 0 to 1.
    pub influence: f64,
    pub per_day: f64,
    /// Weight of the newest window in slow means.
    pub gain: f64,
    /// Weight by which an hour moves, relative to the usual.
    pub pace: f64,
}

impl Rhythm {
    pub(crate) fn new(rhythms: Rhythms, per_day: f64) -> Self {
        let has_slots = rhythms == Rhythms::Full && per_day >= SLOTS as f64;
        Self {
            daily: Profile::new(HOURS),
            weekly: (rhythms == Rhythms::Full).then(|| Profile::new(WEEK_HOURS)),
            slots: has_slots.then(|| Profile::new(SLOTS)),
            minutes: (rhythms != Rhythms::Hourly && per_day >= 96.0).then(|| Profile::new(MINUTES)),
            trust_daily: Trust::new(0.5, 1e-6),
            trust_weekly: Trust::new(0.3, 1e-6),
            power: 0.0,
        }
    }

    /// `noise` is the variance of a window about its level and rhythm, `seen` the windows learnt.
    pub(crate) fn beat(&self, timing: &Timing, per_day: f64, noise: f64, seen: f64) -> Beat {
        let per_hour = per_day / HOURS as f64;
        let shrunk = |profile: &Profile, hour: usize, prior: f64| {
            let weight = profile.weight(hour);
            profile.value(hour) * weight / (weight + prior * per_hour)
        };
        let between = |profile: &Profile, hours: [usize; 2], prior: f64| {
            (1.0 - timing.toward_second) * shrunk(profile, hours[0], prior)
                + timing.toward_second * shrunk(profile, hours[1], prior)
        };
        let mut beat = Beat {
            daily: between(&self.daily, timing.hours, DAILY_PRIOR),
            ..Beat::default()
        };
        let mut unseen = 0.0;
        if let Some(weekly) = &self.weekly {
            beat.weekly = between(weekly, timing.week_hours, WEEKLY_PRIOR);
            let [first, second] = timing.week_hours;
            let seen = weekly.weight(first).min(weekly.weight(second)) / per_hour;
            unseen = 1.0 - seen.min(1.0);
            beat.doubt = WEEKLY_DOUBT * self.power * unseen;
        }
        if let Some(slots) = &self.slots
            && seen > 2.0 * per_day
            && slots.weight(timing.slot) >= 3.0
        {
            beat.slot = james_stein(slots, timing.slot, noise);
        }
        if let Some(minutes) = &self.minutes
            && minutes.weight(timing.minute) >= 10.0
        {
            beat.minute = james_stein(minutes, timing.minute, noise);
        }
        // Of a slot that is seen for the first time nothing is known but what goes on right now.
        let fewest_of_a_slot = (per_day / SLOTS as f64).floor().max(1.0);
        if let Some(slots) = &self.slots
            && seen >= per_day
            && slots.weight(timing.slot) >= fewest_of_a_slot
        {
            let certain = james_stein(slots, timing.slot, noise) * slots.value(timing.slot);
            beat.slot_doubt = unseen * JOB_DOUBT * JOB_DOUBT * certain;
        }
        beat.total = self.hourly(&beat) + beat.slot + beat.minute;
        beat
    }

    /// Whether every profile has the slots that it is read at.
    pub(crate) fn is_sound(&self) -> bool {
        let has = |profile: &Option<Profile>, slots| profile.as_ref().is_none_or(|p| p.has(slots));
        self.daily.has(HOURS)
            && has(&self.weekly, WEEK_HOURS)
            && has(&self.slots, SLOTS)
            && has(&self.minutes, MINUTES)
    }

    fn hourly(&self, beat: &Beat) -> f64 {
        self.trust_daily.within_one() * beat.daily + self.trust_weekly.within_one() * beat.weekly
    }

    pub(crate) fn learn(&mut self, timing: &Timing, beat: &Beat, lesson: &Lesson, memory: f64) {
        let per_hour = lesson.per_day / HOURS as f64;
        let hourly = self.hourly(beat);
        let without = hourly + lesson.bounded;
        let after_daily = without - self.trust_daily.within_one() * beat.daily;
        self.trust_daily.learn(beat.daily, without, memory);
        self.trust_weekly.learn(beat.weekly, after_daily, memory);
        self.power += lesson.gain * (beat.daily * beat.daily - self.power);

        let influence = lesson.influence;
        if let Some(slots) = &mut self.slots {
            let per_slot = (lesson.per_day / SLOTS as f64).max(1.0);
            let target = lesson.loose + beat.slot;
            slots.learn(timing.slot, target, [1.0, SLOT_GAIN / per_slot, influence]);
        }
        if let Some(minutes) = &mut self.minutes {
            let target = lesson.bounded + beat.minute;
            minutes.learn(timing.minute, target, [1.0, MINUTE_GAIN, influence]);
        }
        let least = lesson.pace * DAILY_GAIN / per_hour;
        let shares = [1.0 - timing.toward_second, timing.toward_second];
        let left = timing.hours.map(|hour| without - self.daily.value(hour));
        for (hour, share) in timing.hours.into_iter().zip(shares) {
            self.daily.learn(hour, without, [share, least, influence]);
        }
        if let Some(weekly) = &mut self.weekly {
            for place in 0..2 {
                let pace = [shares[place], 2.0 * least, influence];
                weekly.learn(timing.week_hours[place], left[place], pace);
            }
        }
    }
}

fn james_stein(profile: &Profile, slot: usize, noise: f64) -> f64 {
    let value = profile.value(slot);
    let evidence = profile.weight(slot) * value * value;
    if evidence <= 0.0 {
        return 0.0;
    }
    value * (1.0 - JAMES_STEIN * noise / evidence).max(0.0)
}
