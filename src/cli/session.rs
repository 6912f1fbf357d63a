//! What `replay`, `watch` and `demo` have in common: a pipeline over a store, and its outbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use jiff::Timestamp;
use wafwatch_windows::time::EventTime;

use super::{note, setup};
use crate::config::{Settings, Warning};
use crate::host::is_of_one_run;
use crate::outbox::{Channel, Fate, Left, OutboxSettings, Workers};
use crate::pipeline::Pipeline;
use crate::store::sqlite::SqliteStore;

/// How long the end of a run waits for channels that failed before.
const PATIENCE: Duration = Duration::from_secs(15);

/// A store being written.
pub(super) struct Session {
    pub(super) pipeline: Pipeline<SqliteStore>,
    pub(super) workers: Workers,
    settings: Settings,
}

impl Session {
    /// Opens the store and starts its outbox.
    pub(super) fn open(settings: Settings, channels: Vec<Channel>) -> anyhow::Result<Self> {
        let mut store = SqliteStore::open(&settings.store.path, settings.windows.size)?;
        let mut pipeline = setup::pipeline(&settings)?;
        pipeline.close.sketch.distinct_seed =
            store.distinct_seed(settings.windows.seed, setup::random_seed())?;
        let outbox = OutboxSettings {
            window_size: settings.windows.size,
            clock: setup::now,
            account: setup::account(&settings)?,
        };
        let workers = Workers::start(&store, setup::analyst(&settings)?, channels, &outbox)?;
        let pipeline = Pipeline::open(store, pipeline)?;
        Ok(Self {
            pipeline,
            workers,
            settings,
        })
    }

    /// Empties the outbox and gives the store back.
    pub(super) fn end(self) -> anyhow::Result<(SqliteStore, Settings)> {
        let finished = self.workers.finish(Instant::now() + PATIENCE);
        if let Some(problem) = finished.problem {
            note(&format!("not every message could be made: {problem}"));
        }
        for left in &finished.left {
            note(&told(left));
        }
        Ok((self.pipeline.into_store(), self.settings))
    }
}

fn told(left: &Left) -> String {
    let Left {
        channel,
        reason,
        fate,
    } = left;
    match fate {
        Fate::Waiting => format!(
            "channel {channel} did not get every message: {reason}; run the command again to try again"
        ),
        Fate::GivenUp => format!("messages to channel {channel} were given up: {reason}"),
    }
}

/// Deletes what is older than the retention. For stores that are written live: recorded logs of
/// last year are what their user wants to see.
pub(super) fn prune(store: &mut SqliteStore, settings: &Settings) -> anyhow::Result<()> {
    let deleted = store.prune(retained_since(settings))?;
    if deleted > 0 {
        let days = settings.store.retention_days;
        note(&format!("deleted {deleted} windows older than {days} days"));
    }
    Ok(())
}

/// Forgets inputs and Web ACLs that are gone for as long as the retention. For stores that were written
/// live, once no pipeline is open on them.
pub(super) fn forget(store: &mut SqliteStore, settings: &Settings) -> anyhow::Result<()> {
    store.forget(retained_since(settings), &is_of_one_run)?;
    Ok(())
}

fn retained_since(settings: &Settings) -> EventTime {
    let retention_ms = i64::from(settings.store.retention_days) * 86_400_000;
    setup::now().minus(retention_ms)
}

/// Set when the user wants the run to end.
pub(super) fn interrupt() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        // A second request means at once; the store is never left half written.
        if raised.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .context("cannot handle interrupts")?;
    Ok(flag)
}

/// Tells what the configuration made of values that it did not take as they were.
pub(super) fn tell(warnings: &[Warning]) {
    for warning in warnings {
        note(&format!("warning: {warning}"));
    }
}

/// Names this run's standard input, which has no identity of its own.
pub(super) fn run_name(now: EventTime) -> String {
    Timestamp::from_millisecond(now.0).map_or_else(|_| now.0.to_string(), |time| time.to_string())
}
