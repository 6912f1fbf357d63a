//! `wafwatch demo`: the whole path on generated logs.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use wafwatch_loadgen::{Generator, Options, Scenario};
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::time::EventTime;

use super::arguments::{CommonArguments, DemoArguments};
use super::exit::{Outcome, UsageError};
use super::session::Session;
use super::summary::{self, Run, Summary};
use super::{incidents, note, print, replay, setup};
use crate::config::NotifyConfig;
#[cfg(feature = "dashboard")]
use crate::dashboard::Mode;
use crate::notify::Notifier;
use crate::notify::terminal::{Detail, Terminal};
use crate::pipeline::{NEVER, Piece, Pipeline};
use crate::store::sqlite::SqliteStore;
use crate::store::{IncidentFilter, Store};

const DEFAULT_STORE: &str = "wafwatch-demo.db";
const SHARD_PREFIX: &str = "demo: ";
const BLOCK_BYTES: usize = 1 << 20;
/// When the attack of the default tour begins, after the start of the misconfiguration's run.
const ATTACK_AFTER: Duration = Duration::from_secs(75 * 60);
/// How long the default tour is.
const TOUR_LENGTH: Duration = Duration::from_secs(3 * 3_600);

pub(super) fn run(arguments: &DemoArguments) -> anyhow::Result<Outcome> {
    let (mut settings, _) = setup::settings(&CommonArguments::default(), None)?;
    settings.store.path = arguments
        .store
        .clone()
        .unwrap_or_else(|| PathBuf::from(DEFAULT_STORE));
    delete_former_demo(&settings.store.path)?;
    // The same demo shows the same figures.
    let seed = SketchSettings::default().distinct_seed;
    settings.windows.seed.get_or_insert(seed);
    settings.notify = if arguments.json {
        Vec::new()
    } else {
        vec![NotifyConfig::terminal()]
    };
    let style = setup::terminal_style();
    let terminal =
        || -> Box<dyn Notifier> { Box::new(Terminal::new(io::stdout(), style, Detail::Brief)) };
    let channels = setup::channels(&settings, &terminal)?;
    let acts = acts(arguments)?;
    let names: Vec<&str> = acts.iter().map(|options| options.scenario.name()).collect();
    note(&format!(
        "demo: generated logs of one Web ACL, scenario {} (seed {})",
        names.join(" and "),
        arguments.seed
    ));

    let started = Instant::now();
    let mut session = Session::open(settings.clone(), channels)?;
    #[cfg(feature = "dashboard")]
    let dashboard = super::dashboard::beside(&arguments.dashboard, &settings, Mode::Demo)?;
    let mut bytes = 0;
    for options in &acts {
        bytes += play(&mut session.pipeline, options)?;
    }
    for options in &acts {
        session.pipeline.finish(&shard_of(options));
    }
    session.pipeline.flush(NEVER)?;
    let accounts = session.pipeline.accounts();
    let (store, settings) = session.end()?;
    let run = Run {
        accounts,
        took: started.elapsed(),
        bytes,
        ..Run::default()
    };
    let newest = store.incidents(IncidentFilter::All, 1)?.pop();
    if let Some(incident) = newest.filter(|_| !arguments.json) {
        print(&format!(
            "{}\n",
            incidents::report(&store, &settings, &incident)?
        ))?;
    }
    let summary = Summary::of(&store, &settings, run)?;
    summary::print(&summary, arguments.json)?;
    #[cfg(feature = "dashboard")]
    if let Some(_dashboard) = dashboard {
        super::dashboard::wait(&*super::session::interrupt()?);
    }
    Ok(Outcome::Done)
}

/// Deletes the store of a former demo, and nothing else.
fn delete_former_demo(path: &Path) -> anyhow::Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let store = SqliteStore::open_existing(path)?;
    let is_demo = store
        .checkpoints()?
        .iter()
        .all(|(shard, _)| shard.starts_with(SHARD_PREFIX));
    if !is_demo {
        let path = path.display();
        return Err(UsageError(format!(
            "{path} is not the store of a demo: name another one with --store"
        ))
        .into());
    }
    drop(store);
    replay::delete_store(path)
}

/// The runs to play, all on one Web ACL: the one that was asked for, or a misconfiguration and an
/// attack in three hours of normal life.
fn acts(arguments: &DemoArguments) -> anyhow::Result<Vec<Options>> {
    let with_seed = |scenario| Options {
        seed: arguments.seed,
        ..Options::new(scenario)
    };
    if let Some(name) = &arguments.scenario {
        let scenario = Scenario::from_name(name).ok_or_else(|| unknown(name))?;
        return Ok(vec![with_seed(scenario)]);
    }
    let misconfiguration = Options {
        duration: Some(TOUR_LENGTH),
        ..with_seed(Scenario::Misconfiguration)
    };
    let mut attack = with_seed(Scenario::Attack);
    attack.start_ms += i64::try_from(ATTACK_AFTER.as_millis()).unwrap_or_default();
    Ok(vec![misconfiguration, attack])
}

fn unknown(name: &str) -> UsageError {
    let names: Vec<&str> = Scenario::ALL
        .iter()
        .map(|scenario| scenario.name())
        .collect();
    UsageError(format!(
        "there is no scenario {name:?}: choose one of {}",
        names.join(", ")
    ))
}

fn shard_of(options: &Options) -> String {
    format!("{SHARD_PREFIX}{}", options.scenario.name())
}

/// Generates a run straight into the pipeline, and returns how many bytes it had.
fn play(pipeline: &mut Pipeline<SqliteStore>, options: &Options) -> anyhow::Result<u64> {
    let shard = shard_of(options);
    pipeline.register(&shard, &shard, None);
    let mut generator = Generator::new(options)?;
    let mut block = Vec::with_capacity(BLOCK_BYTES + 8_192);
    let mut start = 0;
    // Generated times may lie in the future of the machine that plays them.
    let length = i64::try_from(options.duration().as_millis()).unwrap_or(i64::MAX);
    let end_of_run = EventTime(options.start_ms).plus(length);
    loop {
        let is_over = generator.write_next(&mut block).is_none();
        if block.len() >= BLOCK_BYTES || is_over {
            let end = start + block.len() as u64;
            pipeline.count(
                &shard,
                Piece {
                    bytes: &block,
                    start,
                    end,
                },
                end_of_run,
            )?;
            block.clear();
            start = end;
        }
        if is_over {
            return Ok(start);
        }
    }
}
