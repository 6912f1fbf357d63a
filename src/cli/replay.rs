//! `wafwatch replay`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::ReplayArguments;
use super::exit::Outcome;
use super::session::{self, Session};
use super::summary::{Run, Summary};
use super::text::progress::ProgressWriter;
use super::{inputs, note, setup, summary};
use crate::config::{NotifyConfig, Settings};
use crate::host::replay::{ReplaySettings, replay};
use crate::host::{Decoding, FeedSettings};
use crate::ingest::TimeRanges;
use crate::notify::Notifier;
use crate::notify::terminal::{Detail, Terminal};
use crate::source::Progress;

const REDRAW: Duration = Duration::from_millis(200);

pub(super) fn run(arguments: &ReplayArguments) -> anyhow::Result<Outcome> {
    let (mut settings, warnings) = setup::settings(&arguments.common, arguments.detector)?;
    session::tell(&warnings);
    let wanted = inputs::wanted(arguments)?;
    let inputs = inputs::inputs(arguments)?;
    if arguments.fresh {
        delete_store(&settings.store.path)?;
    }
    if !arguments.notify {
        settings.notify = vec![NotifyConfig::terminal()];
    }
    if arguments.common.json {
        settings
            .notify
            .retain(|config| config.name != NotifyConfig::terminal().name);
    }

    let progress = Progress::of(&inputs);
    let bar = progress_bar(&progress);
    let writer = ProgressWriter::new(bar.clone());
    let style = setup::terminal_style();
    let terminal =
        || -> Box<dyn Notifier> { Box::new(Terminal::new(writer.clone(), style, Detail::Brief)) };
    let channels = setup::channels(&settings, &terminal)?;
    let interrupt = session::interrupt()?;
    let replay_settings = replay_settings(arguments, &settings, wanted);
    let mut session = Session::open(settings, channels)?;

    let started = Instant::now();
    let drawing = draw(&bar, &progress);
    let workers = &session.workers;
    let mut flushed = |flushed: &crate::pipeline::Flushed| {
        if flushed.events > 0 {
            workers.wake();
        }
    };
    let pipeline = &mut session.pipeline;
    let replayed = replay(
        pipeline,
        &inputs,
        &replay_settings,
        &progress,
        &interrupt,
        &mut flushed,
    )?;
    let took = started.elapsed();
    let accounts = session.pipeline.accounts();
    let (store, settings) = session.end()?;
    drawing.end();

    let run = Run {
        accounts,
        took,
        bytes: progress.read(),
        already_counted: replayed.already_counted,
        failures: replayed.failures.iter().map(ToString::to_string).collect(),
        interrupted: replayed.interrupted,
    };
    let summary = Summary::of(&store, &settings, run)?;
    summary::print(&summary, arguments.common.json)?;
    Ok(summary.run.outcome())
}

fn replay_settings(
    arguments: &ReplayArguments,
    settings: &Settings,
    wanted: TimeRanges,
) -> ReplaySettings {
    let mut limits = setup::limits(settings);
    limits.limits.wanted = wanted;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = arguments.threads.map_or(cores, usize::from);
    ReplaySettings {
        commit_bytes: u64::from(settings.store.commit_mib) << 20,
        memory_bytes: settings.windows.memory_mib as usize * (1 << 20),
        feed: FeedSettings {
            decoding: if threads > 1 {
                Decoding::Ahead
            } else {
                Decoding::Inline
            },
            block: setup::block_limits(settings),
            limits,
            now: setup::now(),
        },
        run: session::run_name(setup::now()),
    }
}

/// Deletes a store with its write-ahead log, if it is one.
pub(super) fn delete_store(path: &Path) -> anyhow::Result<()> {
    if !path.exists() {
        return Ok(());
    }
    // Whatever else has this name is not ours to delete.
    drop(crate::store::sqlite::SqliteStore::open_existing(path)?);
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                let name = Path::new(&name).display().to_string();
                return Err(error).with_context(|| format!("cannot delete {name}"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn progress_bar(progress: &Progress) -> ProgressBar {
    // Draws nothing where standard error is no terminal.
    let Some(total) = progress.total() else {
        return ProgressBar::new_spinner();
    };
    let template = "{percent:>3}% {bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
    let style = ProgressStyle::with_template(template).expect("the template is valid");
    ProgressBar::new(total).with_style(style)
}

/// A thread that keeps the bar true until it is ended.
struct Drawing {
    bar: ProgressBar,
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

fn draw(bar: &ProgressBar, progress: &Progress) -> Drawing {
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, bar_of_thread, progress) = (Arc::clone(&stop), bar.clone(), progress.clone());
    let thread = thread::spawn(move || {
        while !stopped.load(Ordering::Relaxed) {
            bar_of_thread.set_position(progress.read());
            thread::park_timeout(REDRAW);
        }
    });
    Drawing {
        bar: bar.clone(),
        stop,
        thread,
    }
}

impl Drawing {
    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        if self.thread.join().is_err() {
            note("the progress bar failed");
        }
        self.bar.finish_and_clear();
    }
}
