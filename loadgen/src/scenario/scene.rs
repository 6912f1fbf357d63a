//! The time and size of a run, as its story needs them.

use std::time::Duration;

use crate::options::Options;
use crate::pace::{Pace, Span};
use crate::request::Address;
use crate::shape::Shape;
use crate::truth::{Counts, EventTruth, rfc3339};

/// Ten million requests per second are more than any part may make.
const MIN_GAP_NS: u64 = 100;

/// Which part an ACL has in the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The event happens to it.
    Target,
    /// It goes on as ever.
    Bystander,
}

/// Where and how large everything is.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    options: &'a Options,
    /// The whole run.
    pub(crate) run: Span,
    /// The event.
    pub(crate) event: Span,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(options: &'a Options) -> Self {
        let event_start_ns = nanoseconds(options.lead_in);
        let event_end_ns = event_start_ns.saturating_add(nanoseconds(options.event));
        Self {
            options,
            run: Span::new(0, nanoseconds(options.duration())),
            event: Span::new(event_start_ns, event_end_ns),
        }
    }

    /// From the begin of the run to the event.
    pub(crate) fn before(&self) -> Span {
        Span::new(self.run.start_ns, self.event.start_ns)
    }

    /// From the event to the end of the run.
    pub(crate) fn after(&self) -> Span {
        Span::new(self.event.end_ns, self.run.end_ns)
    }

    /// One request per period, at the background's rate.
    pub(crate) fn scheduled(&self) -> Pace {
        Pace::Scheduled {
            period_ns: gap_ns(self.options.rate),
        }
    }

    /// Random requests at `factor` times the background's rate.
    pub(crate) fn people(&self, factor: f64, shape: Shape) -> Pace {
        Pace::Poisson {
            mean_gap_ns: gap_ns(self.options.rate * factor),
            shape,
        }
    }

    /// Random requests of the event at `factor` times the background's rate.
    pub(crate) fn surge(&self, factor: f64, shape: Shape) -> Pace {
        self.people(factor * self.options.intensity, shape)
    }

    /// The event's requests: `count` of them at intensity one.
    pub(crate) fn count(&self, count: u64) -> u64 {
        (count as f64 * self.options.intensity).round().max(1.0) as u64
    }

    /// How many times the scenario's own rate the background's rate is.
    pub(crate) fn scale(&self) -> f64 {
        self.options.rate / self.options.scenario.about().rate
    }

    fn unix_ms(&self, at_ns: u64) -> i64 {
        self.options.start_ms + (at_ns / 1_000_000) as i64
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn gap_ns(per_second: f64) -> u64 {
    ((1e9 / per_second) as u64).max(MIN_GAP_NS)
}

/// What can be said about an event before it happens.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventPlan {
    pub(crate) summary: String,
    pub(crate) benign: bool,
    pub(crate) addresses: Vec<Address>,
    pub(crate) rule: Option<String>,
    pub(crate) inner_rule: Option<String>,
    pub(crate) uris: Vec<&'static str>,
}

impl EventPlan {
    /// The truth with nothing counted yet, about the ACL named `acl`.
    pub(crate) fn truth(self, scene: &Scene<'_>, acl: String) -> EventTruth {
        let start_ms = scene.unix_ms(scene.event.start_ns);
        let end_ms = scene.unix_ms(scene.event.end_ns);
        EventTruth {
            kind: scene.options.scenario.name().to_owned(),
            summary: self.summary,
            benign: self.benign,
            acl,
            start: rfc3339(start_ms),
            end: rfc3339(end_ms),
            start_ms,
            end_ms,
            addresses: self.addresses.iter().map(Address::to_string).collect(),
            rule: self.rule,
            inner_rule: self.inner_rule,
            uris: self.uris.into_iter().map(str::to_owned).collect(),
            counts: Counts::default(),
            during: Counts::default(),
            missing: 0,
        }
    }
}
