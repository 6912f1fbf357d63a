//! A scenario's description and defaults.

use std::time::Duration;

/// Long enough for a detector that learns from an hour of windows of a minute.
const LEAD_IN: Duration = Duration::from_secs(75 * 60);

/// What a scenario is and what its options are unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct About {
    /// Name on the command line and in JSON.
    pub name: &'static str,
    /// What happens, in a line.
    pub summary: &'static str,
    /// Requests per second of normal life.
    pub rate: f64,
    /// Normal life before the event; zero where there is no event.
    pub lead_in: Duration,
    /// Length of the event; zero where there is no event.
    pub event: Duration,
    /// Length of the run; `None` where it follows from the event.
    pub duration: Option<Duration>,
}

impl About {
    pub(crate) const fn uneventful(
        name: &'static str,
        summary: &'static str,
        rate: f64,
        duration: Duration,
    ) -> Self {
        Self {
            name,
            summary,
            rate,
            lead_in: Duration::ZERO,
            event: Duration::ZERO,
            duration: Some(duration),
        }
    }

    pub(crate) const fn eventful(
        name: &'static str,
        summary: &'static str,
        rate: f64,
        event: Duration,
    ) -> Self {
        Self {
            name,
            summary,
            rate,
            lead_in: LEAD_IN,
            event,
            duration: None,
        }
    }
}
