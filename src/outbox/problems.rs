//! What is wrong with the outbox, told from the threads to whoever runs them.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared by the workers.
#[derive(Debug, Clone, Default)]
pub(super) struct Problems(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// What each worker meets at the moment.
    standing: BTreeMap<String, String>,
    /// Channels that did not take the last message that they were given, with why.
    refusing: BTreeMap<String, String>,
    /// The last event that was given up because it cannot be decoded: that does not pass.
    damaged: Option<String>,
}

impl Problems {
    pub(super) fn stand(&self, worker: &str, problem: String) {
        self.known().standing.insert(worker.to_owned(), problem);
    }

    pub(super) fn pass(&self, worker: &str) {
        self.known().standing.remove(worker);
    }

    pub(super) fn damaged(&self, problem: String) {
        self.known().damaged = Some(problem);
    }

    pub(super) fn refuses(&self, channel: &str, problem: String) {
        self.known().refusing.insert(channel.to_owned(), problem);
    }

    pub(super) fn takes(&self, channel: &str) {
        self.known().refusing.remove(channel);
    }

    /// The channels that refuse messages now, with why.
    pub(super) fn refusing(&self) -> BTreeMap<String, String> {
        self.known().refusing.clone()
    }

    /// What is wrong now, or else what was given up last.
    pub(super) fn last(&self) -> Option<String> {
        let known = self.known();
        let standing = known.standing.iter().next();
        standing
            .map(|(worker, problem)| format!("{worker}: {problem}"))
            .or_else(|| known.damaged.clone())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Each change is one assignment: nothing is half done after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error with what caused it.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
