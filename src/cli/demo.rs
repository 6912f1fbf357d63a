//! `wafwatch demo`: the whole path on generated logs.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use wafwatch_loadgen::{Generator, Options, Scenario};
use wafwatch_windows::time::EventTime;

use super::arguments::DemoArguments;
use super::exit::{Outcome, UsageError};
use super::session::Session;
use super::summary::{self, Run, Summary};
use super::{note, replay, setup};
use crate::config::NotifyConfig;
use crate::notify::Notifier;
use crate::notify::terminal::{Detail, Terminal};
use crate::pipeline::{Piece, Pipeline};
use crate::report::Style;
use crate::store::sqlite::SqliteStore;

const DEFAULT_STORE: &str = "wafwatch-demo.db";
const BLOCK_BYTES: usize = 1 << 20;
/// Windows are never due because of the clock.
const NEVER: EventTime = EventTime(i64::MIN);
/// What is played when no scenario is named: one after the other, on one Web ACL.
const TOUR: [Scenario; 2] = [Scenario::Misconfiguration, Scenario::Attack];

pub(super) fn run(arguments: &DemoArguments) -> anyhow::Result<Outcome> {
    let (mut settings, _) = setup::settings(&arguments.common, None)?;
    let store = arguments.common.store.clone();
    settings.store.path = store.unwrap_or_else(|| PathBuf::from(DEFAULT_STORE));
    replay::delete_store(&settings.store.path)?;
    settings.notify = if arguments.common.json {
        Vec::new()
    } else {
        vec![NotifyConfig::terminal()]
    };
    let style = if setup::stdout_is_terminal() {
        Style::Coloured
    } else {
        Style::Plain
    };
    let terminal =
        || -> Box<dyn Notifier> { Box::new(Terminal::new(io::stdout(), style, Detail::Full)) };
    let channels = setup::channels(&settings, &terminal)?;
    let acts = acts(arguments)?;
    let names: Vec<&str> = acts.iter().map(|options| options.scenario.name()).collect();
    note(&format!(
        "demo: generated logs of one Web ACL, scenario {} (seed {})",
        names.join(" then "),
        arguments.seed
    ));

    let started = Instant::now();
    let mut session = Session::open(settings, channels)?;
    let mut bytes = 0;
    for (number, options) in acts.iter().enumerate() {
        bytes += play(&mut session.pipeline, number, options)?;
        session.pipeline.flush(NEVER)?;
        session.workers.wake();
    }
    let accounts = session.pipeline.accounts();
    let (store, settings) = session.end()?;
    let run = Run {
        accounts,
        took: started.elapsed(),
        bytes,
        ..Run::default()
    };
    let summary = Summary::of(&store, &settings, run)?;
    summary::print(&summary, arguments.common.json)?;
    Ok(Outcome::Done)
}

/// The runs to play, each beginning where the one before ended.
fn acts(arguments: &DemoArguments) -> anyhow::Result<Vec<Options>> {
    let scenarios = match &arguments.scenario {
        None => TOUR.to_vec(),
        Some(name) => vec![Scenario::from_name(name).ok_or_else(|| unknown(name))?],
    };
    let mut start_ms = None;
    let mut acts = Vec::new();
    for scenario in scenarios {
        let mut options = Options::new(scenario);
        options.seed = arguments.seed;
        options.start_ms = start_ms.unwrap_or(options.start_ms);
        let length = i64::try_from(options.duration().as_millis()).unwrap_or(i64::MAX);
        start_ms = Some(options.start_ms.saturating_add(length));
        acts.push(options);
    }
    Ok(acts)
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

/// Generates a run straight into the pipeline, and returns how many bytes it had.
fn play(
    pipeline: &mut Pipeline<SqliteStore>,
    number: usize,
    options: &Options,
) -> anyhow::Result<u64> {
    let shard = format!("demo {number}: {}", options.scenario.name());
    pipeline.register(&shard, &shard, Some(EventTime(options.start_ms)));
    let mut generator = Generator::new(options)?;
    let mut block = Vec::with_capacity(BLOCK_BYTES + 8_192);
    let mut start = 0;
    // Generated times may lie in the future.
    let now = EventTime(options.start_ms).plus(hours(24 * 366));
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
                now,
            )?;
            block.clear();
            start = end;
        }
        if is_over {
            pipeline.finish(&shard);
            return Ok(start);
        }
    }
}

fn hours(count: u64) -> i64 {
    i64::try_from(Duration::from_secs(count * 3_600).as_millis()).unwrap_or(i64::MAX)
}
