//! What to generate.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::scenario::Scenario;

/// Monday, 2026-01-05T00:00:00Z, in Unix milliseconds: where runs begin unless told otherwise.
pub const DEFAULT_START_MS: i64 = 1_767_571_200_000;

/// How long a run goes on after its event.
const AFTER: Duration = Duration::from_secs(20 * 60);
pub(crate) const MAX_DURATION: Duration = Duration::from_secs(366 * 24 * 3_600);
pub(crate) const MAX_DISORDER: Duration = Duration::from_secs(10 * 60);
/// The last millisecond of the year 9999.
const MAX_TIME_MS: i64 = 253_402_300_799_999;
pub(crate) const MAX_ACLS: u32 = 10_000;
pub(crate) const MAX_RATE: f64 = 1e6;
pub(crate) const MIN_RATE: f64 = 1e-6;
pub(crate) const MAX_INTENSITY: f64 = 1_000.0;

/// Everything that a run depends on.
///
/// In JSON, durations are whole milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// What happens.
    pub scenario: Scenario,
    /// Chooses among all the runs with these options.
    pub seed: u64,
    /// Begin of the run in Unix milliseconds.
    pub start_ms: i64,
    /// Length of the run; `None` for the scenario's own, which reaches 20 minutes beyond its event.
    #[serde(rename = "duration_ms", with = "optional_milliseconds")]
    pub duration: Option<Duration>,
    /// Normal life before the event.
    #[serde(rename = "lead_in_ms", with = "milliseconds")]
    pub lead_in: Duration,
    /// Length of the event.
    #[serde(rename = "event_ms", with = "milliseconds")]
    pub event: Duration,
    /// Requests per second of normal life for every ACL, on average.
    pub rate: f64,
    /// Factor on the size of the event; one is the published size, where one was published.
    pub intensity: f64,
    /// Number of Web ACLs. The event happens to the first one.
    pub acls: u32,
    /// A record stands at most this much behind its place in the order of time.
    #[serde(rename = "disorder_ms", with = "milliseconds")]
    pub disorder: Duration,
    /// Share of records that are written twice.
    pub duplicates: f64,
}

/// Options that cannot be met.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OptionsError {
    /// A number outside its range.
    #[error("{option} of {value} is out of range: choose {range}")]
    OutOfRange {
        /// The option.
        option: &'static str,
        /// What was asked for.
        value: String,
        /// What is possible.
        range: &'static str,
    },
    /// The event does not fit into the run.
    #[error(
        "the event ends {event_end_s} s into a run of {duration_s} s: \
         choose a longer duration or a shorter lead-in"
    )]
    EventBeyondEnd {
        /// Lead-in plus event, in seconds.
        event_end_s: u64,
        /// Length of the run, in seconds.
        duration_s: u64,
    },
}

impl Options {
    /// The defaults of `scenario`.
    #[must_use]
    pub fn new(scenario: Scenario) -> Self {
        let about = scenario.about();
        Self {
            scenario,
            seed: 7,
            start_ms: DEFAULT_START_MS,
            duration: None,
            lead_in: about.lead_in,
            event: about.event,
            rate: about.rate,
            intensity: 1.0,
            acls: 1,
            disorder: Duration::ZERO,
            duplicates: 0.0,
        }
    }

    /// Length of the run.
    #[must_use]
    pub fn duration(&self) -> Duration {
        let own = match self.scenario.about().duration {
            Some(duration) => duration,
            None => self
                .lead_in
                .saturating_add(self.event)
                .saturating_add(AFTER),
        };
        self.duration.unwrap_or(own)
    }

    /// Whether a generator can be made of these options.
    ///
    /// # Errors
    ///
    /// [`OptionsError`] with the first option that is out of range.
    pub fn validate(&self) -> Result<(), OptionsError> {
        let duration = self.duration();
        check(
            "rate",
            self.rate,
            MIN_RATE..=MAX_RATE,
            "0.000001 to 1000000 per second",
        )?;
        check(
            "intensity",
            self.intensity,
            1e-3..=MAX_INTENSITY,
            "0.001 to 1000",
        )?;
        check("share of duplicates", self.duplicates, 0.0..=1.0, "0 to 1")?;
        check("number of ACLs", self.acls, 1..=MAX_ACLS, "1 to 10000")?;
        check_duration(
            "disorder",
            self.disorder,
            Duration::ZERO..=MAX_DISORDER,
            "0 to 10 minutes",
        )?;
        let lengths = Duration::from_millis(1)..=MAX_DURATION;
        check_duration("duration", duration, lengths, "1 ms to 366 days")?;
        check_start(self.start_ms, duration.as_millis() as i64)?;

        let event_end = self.lead_in.saturating_add(self.event);
        if !self.scenario.about().event.is_zero() && event_end > duration {
            return Err(OptionsError::EventBeyondEnd {
                event_end_s: event_end.as_secs(),
                duration_s: duration.as_secs(),
            });
        }
        Ok(())
    }

    pub(crate) fn duration_ms(&self) -> i64 {
        self.duration().as_millis() as i64
    }

    pub(crate) fn disorder_ms(&self) -> u64 {
        self.disorder.as_millis() as u64
    }
}

/// Whether a run of `duration_ms` may begin at `start_ms`.
pub(crate) fn check_start(start_ms: i64, duration_ms: i64) -> Result<(), OptionsError> {
    let latest_ms = MAX_TIME_MS - duration_ms;
    check("start", start_ms, 0..=latest_ms, "the years 1970 to 9999")
}

fn check<T: PartialOrd + ToString>(
    option: &'static str,
    value: T,
    allowed: std::ops::RangeInclusive<T>,
    range: &'static str,
) -> Result<(), OptionsError> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(OptionsError::OutOfRange {
        option,
        value: value.to_string(),
        range,
    })
}

fn check_duration(
    option: &'static str,
    value: Duration,
    allowed: std::ops::RangeInclusive<Duration>,
    range: &'static str,
) -> Result<(), OptionsError> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(OptionsError::OutOfRange {
        option,
        value: format!("{} s", value.as_secs_f64()),
        range,
    })
}

mod milliseconds {
    use super::Duration;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(value.as_millis() as u64)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

mod optional_milliseconds {
    use super::Duration;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(|value| value.as_millis() as u64).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        let value = Option::<u64>::deserialize(from)?;
        Ok(value.map(Duration::from_millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_survive_json() {
        for scenario in Scenario::ALL {
            let options = Options::new(scenario);
            assert_eq!(options.validate(), Ok(()));
            let json = serde_json::to_string(&options).expect("serializable");
            let back: Options = serde_json::from_str(&json).expect("deserializable");
            assert_eq!(back, options);
        }
    }

    #[test]
    fn what_cannot_be_met_is_refused() {
        type Spoil = fn(&mut Options);
        let spoils: [Spoil; 11] = [
            |options| options.rate = 0.0,
            |options| options.rate = f64::NAN,
            |options| options.rate = f64::INFINITY,
            |options| options.intensity = -1.0,
            |options| options.duplicates = 1.5,
            |options| options.acls = 0,
            |options| options.disorder = Duration::from_secs(3_600),
            |options| options.duration = Some(Duration::ZERO),
            |options| options.start_ms = -1,
            |options| options.lead_in = Duration::MAX,
            |options| options.duration = Some(Duration::from_secs(75 * 60)),
        ];
        for (number, spoil) in spoils.into_iter().enumerate() {
            let mut options = Options::new(Scenario::Attack);
            spoil(&mut options);
            assert!(options.validate().is_err(), "spoil {number} passed");
        }
    }

    #[test]
    fn scenarios_without_an_event_may_be_as_short_as_one_likes() {
        let mut options = Options::new(Scenario::Normal);
        options.duration = Some(Duration::from_millis(1));
        assert_eq!(options.validate(), Ok(()));
    }
}
