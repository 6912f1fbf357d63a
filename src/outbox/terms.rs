//! What becomes of an event on one channel: a message or none, and after a failure a retry or none.
//!
//! The decisions alone, for whoever keeps the outbox and sends: threads over an SQLite file, or
//! functions over a table.

use std::time::Duration;

use wafwatch_windows::time::EventTime;

use crate::backoff;
use crate::incident::{IncidentEvent, Level};
use crate::notify::{Message, NotifyError, Retry};
use crate::report::{Redaction, Report};
use crate::store::{Delivery, Explanation};

/// Longest wait before a message is tried for the second time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait before any further try.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// Which messages a channel gets, and how often each is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The channel's name in the settings, under which deliveries are recorded.
    pub name: String,
    /// Messages below this level are skipped.
    pub minimum_level: Level,
    /// What is masked.
    pub redaction: Redaction,
    /// How often a delivery is tried before it is given up.
    pub attempts: u32,
}

impl Terms {
    /// The message for the channel; `None` where it does not want any of this event.
    #[must_use]
    pub fn message(&self, event: &IncidentEvent, explanation: &Explanation) -> Option<Message> {
        let assessment = &explanation.assessment;
        if assessment.telling_level() < self.minimum_level || assessment.is_held_back() {
            return None;
        }
        let report = Report::new(
            event,
            &explanation.evidence,
            assessment,
            Duration::from_millis(explanation.analysis_milliseconds),
            self.redaction,
        );
        Some(Message::of(&report))
    }

    /// How an attempt at `now` ended that followed `earlier_attempts`.
    #[must_use]
    pub fn delivery(
        &self,
        attempt: Result<(), NotifyError>,
        event: &str,
        earlier_attempts: u32,
        now: EventTime,
    ) -> Delivery {
        let Err(failure) = attempt else {
            return Delivery::Delivered;
        };
        let attempt = earlier_attempts.saturating_add(1);
        let error = failure.to_string();
        // The event decides the jitter, so that many events that failed together spread out.
        let seed = event.bytes().fold(0_u64, |seed, byte| {
            seed.wrapping_mul(31).wrapping_add(u64::from(byte))
        });
        let wait = match failure.retry {
            Retry::Never => return Delivery::Dead { error },
            _ if attempt >= self.attempts => return Delivery::Dead { error },
            Retry::After(wait) => wait,
            Retry::Later => backoff::delay(FIRST_WAIT, LONGEST_WAIT, attempt, seed),
        };
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        Delivery::RetryAt {
            at: now.plus(wait),
            error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms {
            name: "mail".to_owned(),
            minimum_level: Level::Low,
            redaction: Redaction::default(),
            attempts: 3,
        }
    }

    fn failure(retry: Retry) -> Result<(), NotifyError> {
        Err(NotifyError {
            channel: "mail".to_owned(),
            event_id: "shop-1/1".to_owned(),
            problem: "it is down".to_owned(),
            retry,
        })
    }

    fn retried_at(delivery: &Delivery) -> Option<i64> {
        match delivery {
            Delivery::RetryAt { at, .. } => Some(at.0),
            _ => None,
        }
    }

    #[test]
    fn a_failure_is_tried_again_until_the_attempts_are_used_up() {
        let now = EventTime(1_000);
        let after = |earlier, retry| terms().delivery(failure(retry), "shop-1/1", earlier, now);
        let first = retried_at(&after(0, Retry::Later)).expect("is tried again");
        let second = retried_at(&after(1, Retry::Later)).expect("is tried again");
        assert!((1_500..=3_000).contains(&first), "{first}");
        assert!((3_000..=5_000).contains(&second), "{second}");
        let asked = after(0, Retry::After(Duration::from_secs(7)));
        assert_eq!(retried_at(&asked), Some(8_000));
        for (earlier, retry) in [
            (2, Retry::Later),
            (u32::MAX, Retry::Later),
            (2, Retry::After(Duration::ZERO)),
            (0, Retry::Never),
        ] {
            let delivery = after(earlier, retry);
            assert!(matches!(delivery, Delivery::Dead { .. }), "{delivery:?}");
        }
    }

    #[test]
    fn what_the_channel_takes_is_delivered() {
        let delivery = terms().delivery(Ok(()), "shop-1/1", 2, EventTime(0));
        assert_eq!(delivery, Delivery::Delivered);
    }
}
