//! A calendar as TOML.

use jiff::Timestamp;
use serde::Deserialize;
use toml::value::Datetime;
use wafwatch_windows::time::EventTime;

use super::{Calendar, Effect, PlannedEvent, Repeat};

/// Events in a calendar: each is looked at for every window.
const MAX_EVENTS: usize = 1_000;
const MAX_NAME_CHARS: usize = 100;
/// More than this many times the usual is no expectation.
const MAX_FACTOR: f64 = 1e6;

/// A calendar that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// It is no TOML, or has other keys.
    #[error("the calendar {origin} cannot be read: {reason}")]
    Syntax {
        /// Where it comes from.
        origin: String,
        /// What the parser says, with the place.
        reason: String,
    },
    /// An event cannot be.
    #[error("event {number} ({name:?}) of the calendar {origin}: {reason}")]
    Event {
        /// Where the calendar comes from.
        origin: String,
        /// Which event, from 1.
        number: usize,
        /// Its name.
        name: String,
        /// What is wrong and what to do.
        reason: &'static str,
    },
    /// There are too many.
    #[error("the calendar {origin} has more than {MAX_EVENTS} events: take out what is over")]
    TooMany {
        /// Where it comes from.
        origin: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    event: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    from: Time,
    until: Time,
    effect: EffectName,
    factor: Option<f64>,
    every: Option<RepeatName>,
    acl: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Time {
    Text(String),
    Toml(Datetime),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EffectName {
    Ignore,
    Expect,
    Silence,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RepeatName {
    Day,
    Week,
}

impl Calendar {
    /// Reads a calendar; `origin` says in errors where it comes from.
    ///
    /// # Errors
    ///
    /// With what is wrong, and where.
    pub fn parse(origin: &str, text: &str) -> Result<Self, CalendarError> {
        let file: File = toml::from_str(text).map_err(|error| CalendarError::Syntax {
            origin: origin.to_owned(),
            reason: error.to_string().trim_end().replace('\n', "; "),
        })?;
        if file.event.len() > MAX_EVENTS {
            return Err(CalendarError::TooMany {
                origin: origin.to_owned(),
            });
        }
        let events = file.event.into_iter().enumerate().map(|(index, entry)| {
            let name = entry.name.clone();
            event(entry).map_err(|reason| CalendarError::Event {
                origin: origin.to_owned(),
                number: index + 1,
                name: name.chars().take(MAX_NAME_CHARS).collect(),
                reason,
            })
        });
        let events = events.collect::<Result<Vec<PlannedEvent>, _>>()?;
        Ok(Self { events })
    }
}

fn event(entry: Entry) -> Result<PlannedEvent, &'static str> {
    let characters = entry.name.chars().count();
    if !(1..=MAX_NAME_CHARS).contains(&characters) || entry.name.chars().any(char::is_control) {
        return Err("give it a name of 1 to 100 characters");
    }
    let (from, until) = (time(&entry.from)?, time(&entry.until)?);
    if from >= until {
        return Err("`until` must be after `from`");
    }
    let every = entry.every.map(|every| match every {
        RepeatName::Day => Repeat::Day,
        RepeatName::Week => Repeat::Week,
    });
    let length = until.0.saturating_sub(from.0);
    if every.is_some_and(|every| length > every.milliseconds()) {
        return Err("it is longer than the time after which it comes again");
    }
    let effect = match (entry.effect, entry.factor) {
        (EffectName::Expect, Some(factor)) if (1.0..=MAX_FACTOR).contains(&factor) => {
            Effect::Expect { factor }
        }
        (EffectName::Expect, _) => {
            return Err(
                "`expect` needs a `factor`: up to how many times the usual is fine, from 1",
            );
        }
        (_, Some(_)) => return Err("only `expect` has a `factor`"),
        (EffectName::Ignore, None) => Effect::Ignore,
        (EffectName::Silence, None) => Effect::Silence,
    };
    if entry.acl.as_deref() == Some("") {
        return Err("`acl` is empty: leave it out for every Web ACL");
    }
    Ok(PlannedEvent {
        name: entry.name,
        from,
        until,
        every,
        acl: entry.acl,
        effect,
    })
}

fn time(time: &Time) -> Result<EventTime, &'static str> {
    let parsed = match time {
        Time::Text(text) => text.parse::<Timestamp>(),
        Time::Toml(time) => time.to_string().parse(),
    };
    match parsed {
        Ok(time) => Ok(EventTime(time.as_millisecond())),
        Err(_) => Err("a time is written as 2026-03-20T08:00:00Z, with its offset"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<PlannedEvent>, String> {
        let calendar = Calendar::parse("sales.toml", text);
        calendar
            .map(|calendar| calendar.events)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn events_are_read() {
        let events = parsed(
            r#"
            [[event]]
            name = "spring sale"
            from = "2026-03-20T08:00:00Z"
            until = 2026-03-22T22:00:00+01:00
            acl = "shop"
            effect = "expect"
            factor = 4.0

            [[event]]
            name = "load test"
            from = "2026-03-02T01:00:00Z"
            until = "2026-03-02T02:00:00Z"
            every = "week"
            effect = "ignore"
            "#,
        )
        .expect("is right");
        assert_eq!(events.len(), 2);
        assert_eq!(events[0].effect, Effect::Expect { factor: 4.0 });
        assert_eq!(events[0].until, EventTime(1_774_213_200_000));
        assert_eq!(events[1].every, Some(Repeat::Week));
        assert_eq!(parsed("").expect("nothing is planned"), []);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let event = |more: &str| {
            format!(
                "[[event]]\nname = \"sale\"\nfrom = \"2026-03-20T08:00:00Z\"\n\
                 until = \"2026-03-21T08:00:00Z\"\n{more}"
            )
        };
        for (text, told) in [
            (event("effect = \"expect\""), "`factor`"),
            (event("effect = \"expect\"\nfactor = 0.5"), "`factor`"),
            (event("effect = \"expect\"\nfactor = nan"), "`factor`"),
            (event("effect = \"silence\"\nfactor = 2.0"), "only `expect`"),
            (event("effect = \"mute\""), "line 5"),
            (event("effect = \"ignore\"\ncolour = 1"), "colour"),
            (event("effect = \"ignore\"\nacl = \"\""), "leave it out"),
            (
                event("effect = \"ignore\"\nevery = \"day\"").replace("03-21", "03-22"),
                "longer",
            ),
            (
                event("effect = \"ignore\"").replace("03-21", "03-19"),
                "after",
            ),
            (
                event("effect = \"ignore\"").replace("T08:00:00Z", ""),
                "offset",
            ),
            (event("effect = \"ignore\"").replace("sale", ""), "a name"),
        ] {
            let error = parsed(&text).expect_err("is wrong");
            assert!(error.contains(told), "{error}");
            assert!(error.contains("sales.toml"), "{error}");
        }
    }

    #[test]
    fn there_is_a_limit() {
        let one = "[[event]]\nname = \"x\"\nfrom = \"2026-03-20T08:00:00Z\"\n\
                   until = \"2026-03-21T08:00:00Z\"\neffect = \"ignore\"\n";
        assert!(parsed(&one.repeat(MAX_EVENTS)).is_ok());
        let error = parsed(&one.repeat(MAX_EVENTS + 1)).expect_err("is too long");
        assert!(error.contains("1000 events"), "{error}");
    }
}
