//! The threads that empty the outbox: one that explains, and one per channel.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wafwatch_windows::time::{EventTime, WindowSize};

use super::deliver::{Channel, deliver_due};
use super::explain::explain_pending;
use crate::analyst::Analyst;
use crate::store::StoreError;
use crate::store::sqlite::SqliteStore;

/// How often a channel looks for retries that have become due.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What the workers need beside the store.
#[derive(Clone)]
pub struct OutboxSettings {
    /// Size of the store's windows.
    pub window_size: WindowSize,
    /// The wall clock.
    pub clock: fn() -> EventTime,
}

/// A channel that did not get everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The channel.
    pub channel: String,
    /// Why: the last failure.
    pub reason: String,
}

enum Signal {
    Wake,
    Finish { deadline: Instant },
}

/// Threads that explain and deliver until they are finished.
pub struct Workers {
    explain: Sender<Signal>,
    explainer: JoinHandle<Result<(), StoreError>>,
    channels: Vec<Worker>,
}

struct Worker {
    name: String,
    signal: Sender<Signal>,
    thread: JoinHandle<Result<Option<String>, StoreError>>,
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
        let mut workers = Vec::new();
        for channel_of_worker in channels {
            let (signal, signals) = channel();
            let name = channel_of_worker.name.clone();
            let store = store.reopen()?;
            let clock = settings.clock;
            let thread =
                thread::spawn(move || serve_channel(&store, &channel_of_worker, clock, &signals));
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
        let window_size = settings.window_size;
        let explainer = thread::spawn(move || {
            serve_explanations(&store, analyst.as_ref(), window_size, &signals, &wakes)
        });
        let started = Self {
            explain,
            explainer,
            channels: workers,
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

    /// Empties the outbox, waits for retries at most until `deadline`, and ends the threads.
    ///
    /// # Errors
    ///
    /// When the store failed.
    pub fn finish(self, deadline: Instant) -> Result<Vec<Left>, StoreError> {
        let _ = self.explain.send(Signal::Finish { deadline });
        join(self.explainer)?;
        for worker in &self.channels {
            let _ = worker.signal.send(Signal::Finish { deadline });
        }
        let mut left = Vec::new();
        for worker in self.channels {
            if let Some(reason) = join(worker.thread)? {
                left.push(Left {
                    channel: worker.name,
                    reason,
                });
            }
        }
        Ok(left)
    }
}

fn join<T>(thread: JoinHandle<Result<T, StoreError>>) -> Result<T, StoreError> {
    match thread.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn serve_explanations(
    store: &SqliteStore,
    analyst: &dyn Analyst,
    window_size: WindowSize,
    signals: &Receiver<Signal>,
    wakes: &[Sender<Signal>],
) -> Result<(), StoreError> {
    loop {
        let signal = signals.recv();
        explain_pending(store, analyst, window_size)?;
        for wake in wakes {
            let _ = wake.send(Signal::Wake);
        }
        match signal {
            Ok(Signal::Wake) => {}
            Ok(Signal::Finish { .. }) | Err(_) => return Ok(()),
        }
    }
}

/// Delivers until it is told to finish; returns why the channel did not get everything, if so.
fn serve_channel(
    store: &SqliteStore,
    channel: &Channel,
    clock: fn() -> EventTime,
    signals: &Receiver<Signal>,
) -> Result<Option<String>, StoreError> {
    let mut deadline = None;
    let mut given_up = None;
    let mut retrying = None;
    loop {
        match signals.recv_timeout(LOOK_EVERY) {
            Ok(Signal::Wake) | Err(RecvTimeoutError::Timeout) => {}
            Ok(Signal::Finish { deadline: given }) => deadline = Some(given),
            Err(RecvTimeoutError::Disconnected) => thread::sleep(LOOK_EVERY),
        }
        loop {
            let round = deliver_due(store, channel, clock())?;
            given_up = round.given_up.or(given_up);
            retrying = round.retrying.or(retrying);
            if round.settled == 0 {
                break;
            }
        }
        let Some(deadline) = deadline else {
            continue;
        };
        if !store.is_behind(&channel.name)? {
            return Ok(given_up);
        }
        if Instant::now() >= deadline {
            return Ok(retrying.or(given_up));
        }
    }
}
