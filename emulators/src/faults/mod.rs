//! Faults of AWS, injected below the SDK's retries: at each attempt of each call.
//!
//! [`Faults`] is an HTTP client for an [`SdkConfig`](aws_config::SdkConfig), made by
//! [`crate::sdk_config_over`]. What happens to a call is decided by a [`Schedule`]: from a seed, so
//! that a failing run can be repeated alone, or from a list. A function's death is
//! [`Fault::CrashBefore`] and [`Fault::CrashAfter`]: that call and all later ones never return, and
//! [`Faults::crashed`] tells, so that a test drops the function at exactly this point:
//!
//! ```no_run
//! # async fn handler() {}
//! # async fn test(faults: wafwatch_emulators::faults::Faults) {
//! tokio::select! {
//!     biased;
//!     () = faults.crashed() => faults.revive(), // what the service would do: call again
//!     () = handler() => {}
//! }
//! # }
//! ```

mod answers;
mod connector;
mod schedule;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::watch;

use crate::sdk::plain_http;
use connector::FaultyClient;

pub use schedule::{Rates, Schedule};

/// What happens to one attempt of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection fails before anything is sent.
    ErrorBefore,
    /// The service does what was asked, and its answer is lost.
    LostAnswer,
    /// The service answers that it fails (HTTP 500), and does nothing.
    ServiceError,
    /// The service refuses for its load, and does nothing.
    Throttled,
    /// The service refuses because of another call on the same items, and does nothing: a
    /// transaction is cancelled; other operations are throttled.
    Conflicting,
    /// The call waits before it is sent.
    Delay(Duration),
    /// The function dies before anything is sent.
    CrashBefore,
    /// The function dies when the service has done what was asked.
    CrashAfter,
}

/// One attempt of a call, as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The operation: `TransactWriteItems`, or method and path where the protocol does not say.
    pub operation: String,
    /// What was done to it.
    pub fault: Option<Fault>,
}

/// An HTTP client that fails on schedule. Clones share the schedule and what was seen.
#[derive(Debug, Clone)]
pub struct Faults {
    state: Arc<Mutex<State>>,
    crashed: Arc<watch::Sender<bool>>,
}

#[derive(Debug)]
struct State {
    schedule: Schedule,
    attempts: Vec<Attempt>,
}

impl Faults {
    /// Faults by `schedule`.
    #[must_use]
    pub fn new(schedule: Schedule) -> Self {
        let state = State {
            schedule,
            attempts: Vec::new(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            crashed: Arc::new(watch::Sender::new(false)),
        }
    }

    /// An HTTP client with these faults, for [`crate::sdk_config_over`].
    #[must_use]
    pub fn over_http(&self) -> SharedHttpClient {
        SharedHttpClient::new(FaultyClient::new(plain_http(), self.clone()))
    }

    /// Follows `schedule` from now on.
    pub fn reschedule(&self, schedule: Schedule) {
        self.state().schedule = schedule;
    }

    /// Ends all faults: what follows succeeds.
    pub fn stop(&self) {
        self.reschedule(Schedule::none());
    }

    /// Every attempt so far, oldest first.
    #[must_use]
    pub fn attempts(&self) -> Vec<Attempt> {
        self.state().attempts.clone()
    }

    /// How many attempts of `operation` there were.
    #[must_use]
    pub fn attempts_of(&self, operation: &str) -> usize {
        let state = self.state();
        let attempts = state.attempts.iter();
        attempts.filter(|seen| seen.operation == operation).count()
    }

    /// Returns when the function has died, at once where it has.
    pub async fn crashed(&self) {
        let mut crashed = self.crashed.subscribe();
        // The sender is this value's own, so it is there.
        let _ = crashed.wait_for(|crashed| *crashed).await;
    }

    /// Lets calls through again, for the next function.
    pub fn revive(&self) {
        self.crashed.send_replace(false);
    }

    /// Decides about an attempt and notes it.
    fn next(&self, operation: String) -> Option<Fault> {
        let mut state = self.state();
        let fault = state.schedule.next(&operation);
        state.attempts.push(Attempt { operation, fault });
        fault
    }

    fn is_crashed(&self) -> bool {
        *self.crashed.borrow()
    }

    fn crash(&self) {
        self.crashed.send_replace(true);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked elsewhere leaves whole values.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
