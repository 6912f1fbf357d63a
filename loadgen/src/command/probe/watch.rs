//! Looks at one source on a thread of its own, and measures what it sees.

use std::collections::HashSet;
use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use hdrhistogram::Histogram;

use super::ledger::Ledger;
use super::sighting::{Sighting, in_text};
use super::source::{Followed, Source, run};
use super::{POLL, listen};
use crate::command::measure::histogram;

/// Sightings that are remembered, so that none counts twice.
const MAX_KNOWN: usize = 1_000_000;

/// What was seen at one source.
#[derive(Debug)]
pub struct Seen {
    /// From the moment in which the last record of a window's time was sent until the window was first
    /// seen.
    pub latency: Histogram<u64>,
    /// Windows of which nothing was sent here.
    pub others: u64,
    /// Looks that failed, and texts that were no JSON.
    pub failures: u64,
    known: HashSet<Sighting>,
}

impl Seen {
    fn new() -> Self {
        Self {
            latency: histogram(),
            others: 0,
            failures: 0,
            known: HashSet::new(),
        }
    }

    /// `text` was there at `at`.
    fn look(&mut self, text: &[u8], at: Instant, ledger: &Ledger) {
        let Ok(sightings) = in_text(text) else {
            self.failures += 1;
            return;
        };
        for sighting in sightings {
            if self.known.len() >= MAX_KNOWN || self.known.contains(&sighting) {
                continue;
            }
            match ledger.last_of(sighting.start_ms, sighting.end_ms) {
                Some(sent) => {
                    let latency = at.saturating_duration_since(sent).as_micros();
                    let latency = u64::try_from(latency).unwrap_or(u64::MAX).max(1);
                    self.latency.saturating_record(latency);
                }
                None => self.others += 1,
            }
            self.known.insert(sighting);
        }
    }

    /// What is there before anything is sent is known, and tells nothing.
    fn forget(&mut self) {
        self.others = 0;
        self.failures = 0;
    }
}

/// A thread that looks.
pub struct Watch {
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Watch {
    pub fn begin(source: &Source, every: Duration, ledger: Ledger) -> anyhow::Result<Self> {
        let mut looking = Looking::open(source, every)?;
        let mut first = Seen::new();
        if let Looking::Run { command, .. } = &looking {
            let text = run(command).with_context(|| format!("cannot run {command}"))?;
            first.look(&text, Instant::now(), &ledger);
            first.forget();
        }
        let seen = Arc::new(Mutex::new(first));
        let stop = Arc::new(AtomicBool::new(false));
        let (shared, stopped) = (Arc::clone(&seen), Arc::clone(&stop));
        let work = move || {
            while !stopped.load(Ordering::Relaxed) {
                let found = looking.next();
                let at = Instant::now();
                match found {
                    Ok(text) if text.is_empty() => std::thread::sleep(POLL),
                    Ok(text) => lock(&shared).look(&text, at, &ledger),
                    Err(_) => {
                        lock(&shared).failures += 1;
                        std::thread::sleep(POLL);
                    }
                }
            }
        };
        let builder = std::thread::Builder::new().name("probe".to_owned());
        let thread = builder
            .spawn(work)
            .context("cannot start a thread to probe")?;
        Ok(Self { seen, stop, thread })
    }

    /// Whether a window with `at_ms` in it was seen.
    pub fn has_seen(&self, at_ms: i64) -> bool {
        let seen = lock(&self.seen);
        seen.known
            .iter()
            .any(|window| (window.start_ms..window.end_ms).contains(&at_ms))
    }

    pub fn end(self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        // A thread that panicked has nothing more to say.
        let _ = self.thread.join();
        std::mem::replace(&mut lock(&self.seen), Seen::new())
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A source that is open.
enum Looking {
    File(Followed),
    Listen(TcpListener),
    Run {
        command: String,
        every: Duration,
        due: Instant,
    },
}

impl Looking {
    fn open(source: &Source, every: Duration) -> anyhow::Result<Self> {
        match source {
            Source::File(path) => Ok(Self::File(Followed::new(path))),
            Source::Listen(address) => {
                let listener = TcpListener::bind(address)
                    .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
                    .with_context(|| format!("cannot listen at {address}"))?;
                Ok(Self::Listen(listener))
            }
            Source::Run(command) => Ok(Self::Run {
                command: command.clone(),
                every,
                due: Instant::now(),
            }),
        }
    }

    /// What is new; nothing after a moment without any.
    fn next(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::File(file) => file.added(),
            Self::Listen(listener) => listen::next(listener).map(Option::unwrap_or_default),
            Self::Run { due, .. } if *due > Instant::now() => Ok(Vec::new()),
            Self::Run {
                command,
                every,
                due,
            } => {
                *due = Instant::now() + *every;
                run(command)
            }
        }
    }
}
