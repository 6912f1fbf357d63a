//! `wafwatch watch`.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::arguments::WatchArguments;
use super::exit::Outcome;
use super::live::{LastProblem, Live, Refusing, WindowLines};
use super::session::{self, Session};
use super::summary::{Run, Summary};
use super::{arrivals, note, setup, summary};
#[cfg(feature = "dashboard")]
use crate::dashboard::Mode;
use crate::host::watch::{WatchSettings, watch};

/// Longest time between two commits: what a killed watch reads again.
const COMMIT_EVERY: Duration = Duration::from_secs(5);

pub(super) fn run(arguments: &WatchArguments) -> anyhow::Result<Outcome> {
    let (settings, warnings) = setup::settings(&arguments.common, arguments.detector)?;
    session::tell(&warnings);
    let as_json = arguments.common.json;
    let channels = setup::channels(&settings, &|| setup::terminal(&arguments.common))?;
    let interrupt = session::interrupt()?;
    let watch_settings = WatchSettings {
        commit_every: COMMIT_EVERY,
        memory_bytes: settings.windows.memory_mib as usize * (1 << 20),
        longest_wait: Duration::from_secs(u64::from(settings.windows.longest_wait_seconds)),
        idle_delay_ms: i64::from(settings.windows.idle_delay_seconds) * 1_000,
    };
    let names = arrivals::names(arguments);
    let store = settings.store.path.display().to_string();
    let mut session = Session::open(settings.clone(), channels)?;
    let arrivals = arrivals::arrivals(arguments, &settings, &mut session, &interrupt)?;
    #[cfg(feature = "dashboard")]
    let _dashboard = super::dashboard::beside(&arguments.dashboard, &settings, Mode::Watch)?;
    note(&format!("watching {names}; store {store}; ctrl-c ends"));

    let started = Instant::now();
    let mut live = Live {
        lines: if arguments.quiet {
            WindowLines::Silent
        } else {
            WindowLines::Told
        },
        workers: &session.workers,
        pruning: session.pipeline.store().reopen()?,
        settings: &settings,
        last_prune: started,
        problem: LastProblem::default(),
        refusing: Refusing::default(),
    };
    let pipeline = &mut session.pipeline;
    let watched = watch(
        pipeline,
        &arrivals,
        &watch_settings,
        &setup::now,
        &interrupt,
        &mut live,
    )?;
    interrupt.store(true, Ordering::Relaxed);
    let accounts = session.pipeline.accounts();
    let (mut store, settings) = session.end()?;
    session::prune(&mut store, &settings)?;
    session::forget(&mut store, &settings)?;
    let run = Run {
        accounts,
        took: started.elapsed(),
        failures: watched.failures.iter().map(ToString::to_string).collect(),
        interrupted: watched.interrupted,
        ..Run::default()
    };
    let summary = Summary::of(&store, &settings, run)?;
    if as_json {
        let accounts = &summary.run.accounts;
        note(&format!(
            "{} read = {} accepted + {} rejected",
            accounts.read,
            accounts.accepted,
            accounts.rejected_total()
        ));
    } else {
        summary::print(&summary, false)?;
    }
    Ok(summary.run.outcome())
}
