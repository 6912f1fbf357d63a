//! The threads that empty the outbox: one that explains, and one per channel.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wafwatch_windows::time::{EventTime, WindowSize};

use super::deliver::{Attempt, Channel, deliver_due};
use super::explain::{Explainer, explain_pending};
use super::problems::{Problems, chain};
use crate::analyst::Analyst;
use crate::investigate::surroundings::AccountView;
use crate::store::sqlite::SqliteStore;
use crate::store::{OutboxPlace, StoreError};

/// How often a worker looks for what has become due.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Longest pause before a store that fails is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The explainer's name where problems are told.
const EXPLAINER: &str = "explanations";

/// What the workers need beside the store.
#[derive(Clone)]
pub struct OutboxSettings {
    /// Size of the store's windows.
    pub window_size: WindowSize,
    /// The wall clock.
    pub clock: fn() -> EventTime,
    /// The account that can be asked about Web ACLs, if there is one.
    pub account: Option<Arc<dyn AccountView>>,
}

/// A channel that did not get everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The channel.
    pub channel: String,
    /// Why: the last failure.
    pub reason: String,
    /// What becomes of what it did not get.
    pub fate: Fate,
}

/// What becomes of messages that a channel did not get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The next run tries them again.
    Waiting,
    /// They were tried as often as is wanted, and are not tried again.
    GivenUp,
}

/// What became of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finished {
    /// Channels that did not get everything.
    pub left: Vec<Left>,
    /// What went wrong last with the outbox itself.
    pub problem: Option<String>,
}

enum Signal {
    Wake,
    Finish { deadline: Instant },
}

/// Threads that explain and deliver until they are finished.
pub struct Workers {
    explain: Sender<Signal>,
    explainer: JoinHandle<()>,
    channels: Vec<Worker>,
    problems: Problems,
}

struct Worker {
    name: String,
    signal: Sender<Signal>,
    thread: JoinHandle<Option<(String, Fate)>>,
}

impl Workers {
    /// Starts the threads, each with a connection of its own to `store`'s file.
    ///
    /// # Errors
    ///
    /// When the store cannot be opened again.
    pub fn start(
        store: &SqliteStore,
        analyst: Box<dyn Analyst + Send>,
        channels: Vec<Channel>,
        settings: &OutboxSettings,
    ) -> Result<Self, StoreError> {
        let problems = Problems::default();
        let mut workers = Vec::new();
        for channel_of_worker in channels {
            let (signal, signals) = channel();
            let name = channel_of_worker.terms.name.clone();
            let store = store.reopen()?;
            let clock = settings.clock;
            let problems = problems.clone();
            let thread = thread::spawn(move || {
                serve_channel(&store, &channel_of_worker, clock, &signals, &problems)
            });
            workers.push(Worker {
                name,
                signal,
                thread,
            });
        }
        let (explain, signals) = channel();
        let wakes: Vec<Sender<Signal>> =
            workers.iter().map(|worker| worker.signal.clone()).collect();
        let store = store.reopen()?;
        let settings = settings.clone();
        let told = problems.clone();
        let explainer = thread::spawn(move || {
            let mut explain = || {
                let explainer = Explainer {
                    analyst: analyst.as_ref(),
                    account: settings.account.as_deref(),
                    window_size: settings.window_size,
                    clock: settings.clock,
                };
                let round = explain_pending(&store, &explainer)?;
                if let Some(damaged) = round.damaged {
                    told.damaged(damaged);
                }
                if round.explained > 0 {
                    for wake in &wakes {
                        let _ = wake.send(Signal::Wake);
                    }
                }
                Ok(Step::Done)
            };
            // What failed is among the problems.
            let _ = serve(&signals, &told, EXPLAINER, &mut explain);
        });
        let started = Self {
            explain,
            explainer,
            channels: workers,
            problems,
        };
        // What an earlier run left is waiting already.
        started.wake();
        Ok(started)
    }

    /// Says that new events may be there.
    pub fn wake(&self) {
        // A thread that has failed tells why when it is joined.
        let _ = self.explain.send(Signal::Wake);
    }

    /// What goes wrong with the outbox now, or else what was given up last because it cannot be
    /// decoded.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.problems.last()
    }

    /// The channels that did not take the last message that they were given, each with why.
    #[must_use]
    pub fn refusing(&self) -> BTreeMap<String, String> {
        self.problems.refusing()
    }

    /// Empties the outbox, waits for retries at most until `deadline`, and ends the threads.
    #[must_use]
    pub fn finish(self, deadline: Instant) -> Finished {
        let _ = self.explain.send(Signal::Finish { deadline });
        join(self.explainer);
        for worker in &self.channels {
            let _ = worker.signal.send(Signal::Finish { deadline });
        }
        let mut left = Vec::new();
        for worker in self.channels {
            if let Some((reason, fate)) = join(worker.thread) {
                left.push(Left {
                    channel: worker.name,
                    reason,
                    fate,
                });
            }
        }
        let problem = self.problems.last();
        Finished { left, problem }
    }
}

fn join<T>(thread: JoinHandle<T>) -> T {
    match thread.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Whether a worker has anything left that it could wait for.
enum Step {
    Done,
    Behind,
}

/// Works on every signal, and from time to time without, until there is nothing left to do after
/// the signal to finish, or its deadline has passed. A failure of the store is told and tried again
/// after a pause that grows.
fn serve(
    signals: &Receiver<Signal>,
    problems: &Problems,
    name: &str,
    work: &mut dyn FnMut() -> Result<Step, StoreError>,
) -> Result<(), StoreError> {
    let mut deadline: Option<Instant> = None;
    let mut failures = 0_u32;
    loop {
        let pause = deadline.map_or_else(
            || pause_after(failures),
            |deadline| LOOK_EVERY.min(deadline.saturating_duration_since(Instant::now())),
        );
        match signals.recv_timeout(pause) {
            Ok(Signal::Wake) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Signal::Finish { deadline: given }) => deadline = Some(given),
            // Nobody is left to finish the worker: one more round, and it ends.
            Err(RecvTimeoutError::Disconnected) => deadline = Some(Instant::now()),
        }
        let worked = work();
        match &worked {
            Ok(_) => {
                failures = 0;
                problems.pass(name);
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                problems.stand(name, chain(error));
            }
        }
        let Some(deadline) = deadline else {
            continue;
        };
        if matches!(worked, Ok(Step::Done)) || Instant::now() >= deadline {
            return worked.map(|_| ());
        }
    }
}

fn pause_after(failures: u32) -> Duration {
    let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
    LOOK_EVERY.saturating_mul(factor).min(LONGEST_PAUSE)
}

/// Delivers until it is told to finish; returns why the channel did not get everything, if so, and
/// whether it still may.
fn serve_channel(
    store: &SqliteStore,
    channel: &Channel,
    clock: fn() -> EventTime,
    signals: &Receiver<Signal>,
    problems: &Problems,
) -> Option<(String, Fate)> {
    let mut place = OutboxPlace::default();
    let mut given_up = None;
    let mut retrying = None;
    let mut deliver = || {
        loop {
            let round = deliver_due(store, channel, &mut place, clock())?;
            given_up = round.given_up.or(given_up.take());
            retrying = round.retrying.or(retrying.take());
            match round.last_attempt {
                Some(Attempt::Taken) => problems.takes(&channel.terms.name),
                Some(Attempt::Refused(reason)) => problems.refuses(&channel.terms.name, reason),
                None => {}
            }
            if round.settled == 0 {
                break;
            }
        }
        Ok(if place.is_behind {
            Step::Behind
        } else {
            Step::Done
        })
    };
    let worker = format!("channel {}", channel.terms.name);
    let served = serve(signals, problems, &worker, &mut deliver);
    if let Err(error) = served {
        return Some((chain(&error), Fate::Waiting));
    }
    if place.is_behind {
        return retrying.or(given_up).map(|reason| (reason, Fate::Waiting));
    }
    given_up.map(|reason| (reason, Fate::GivenUp))
}

#[cfg(test)]
#[path = "workers_tests.rs"]
mod tests;
