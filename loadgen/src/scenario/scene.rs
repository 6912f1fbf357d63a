//! The time and size of a run, as its story needs them.

use std::time::Duration;

use crate::options::Options;
use crate::pace::{Pace, Span};
use crate::shape::Shape;

/// Ten million requests per second are more than any part may make.
const MIN_GAP_NS: u64 = 100;

/// Where and how large everything is.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    /// The whole run.
    pub(crate) run: Span,
    /// The event.
    pub(crate) event: Span,
    /// Number of the ACL that the event happens to.
    pub(crate) target: u32,
    /// Requests per second of normal life.
    pub(crate) rate: f64,
    /// Factor on the size of the event.
    pub(crate) intensity: f64,
}

impl Scene {
    pub(crate) fn new(options: &Options) -> Self {
        let event_start_ns = nanoseconds(options.lead_in);
        let event_end_ns = event_start_ns.saturating_add(nanoseconds(options.event));
        Self {
            run: Span::new(0, nanoseconds(options.duration())),
            event: Span::new(event_start_ns, event_end_ns),
            target: 0,
            rate: options.rate,
            intensity: options.intensity,
        }
    }

    /// The same with an event that takes the share from `from` to `to` of this one, in thousandths.
    pub(crate) fn excerpt(&self, from: u64, to: u64) -> Self {
        let at = |permille: u64| {
            let offset = u128::from(self.event.length_ns()) * u128::from(permille) / 1_000;
            self.event.start_ns + offset as u64
        };
        Self {
            event: Span::new(at(from), at(to)),
            ..self.clone()
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
            period_ns: gap_ns(self.rate),
        }
    }

    /// Random requests at `factor` times the background's rate.
    pub(crate) fn people(&self, factor: f64, shape: Shape) -> Pace {
        random(self.rate * factor, shape)
    }

    /// Random requests of the event at `factor` times the background's rate.
    pub(crate) fn surge(&self, factor: f64, shape: Shape) -> Pace {
        self.people(factor * self.intensity, shape)
    }

    /// The event's requests: `count` of them at intensity one.
    pub(crate) fn count(&self, count: u64) -> Pace {
        Pace::Even {
            count: (count as f64 * self.intensity).round().max(1.0) as u64,
        }
    }
}

/// Random requests, `per_second` of them where `shape` is one.
pub(crate) fn random(per_second: f64, shape: Shape) -> Pace {
    Pace::Poisson {
        mean_gap_ns: gap_ns(per_second),
        shape,
    }
}

pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn gap_ns(per_second: f64) -> u64 {
    ((1e9 / per_second) as u64).max(MIN_GAP_NS)
}
