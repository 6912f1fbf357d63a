//! The command `loadgen`.
//!
//! Exit codes: 0 for a run that was sent, also where the reader of a pipe went away early; 1 for
//! an input or an output that failed; 2 for options that cannot be met.

mod arguments;
mod feed;
mod http;
mod measure;
mod probe;
mod progress;
mod recording;
mod report;
mod send;
mod sink;
#[cfg_attr(not(feature = "aws"), path = "stream/absent.rs")]
mod stream;
mod tempo;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use wafwatch_loadgen::replay::Pseudonyms;
use wafwatch_loadgen::{
    Composition, CompositionError, Format, GenerateError, Generator, Scenario, Truth,
};

use arguments::{Composed, Destination, Input, Job, Replay, Request};
use feed::Feed;
use measure::Measures;
use probe::{Ledger, Probing};
use progress::{Progress, Records, Stretch};
use recording::Recording;
use report::Report;
use sink::Sink;
use tempo::{Schedule, Tempo};

const FAILURE: u8 = 1;
const USAGE: u8 = 2;

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    let request = match arguments::parse(std::env::args_os(), now_ms) {
        Ok(request) => request,
        Err(error) => error.exit(),
    };
    let result = match request {
        Request::List => list(&mut io::stdout()).map_err(anyhow::Error::from),
        Request::Send(job) => send_all(&job),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to hear that standard error cannot be written.
            let _ = writeln!(io::stderr(), "loadgen: {error:#}");
            ExitCode::from(if is_usage(&error) { USAGE } else { FAILURE })
        }
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn is_usage(error: &anyhow::Error) -> bool {
    let is_option = matches!(error.downcast_ref(), Some(GenerateError::Options(_)));
    let is_file = error.downcast_ref::<CompositionError>().is_some();
    let is_target = error.downcast_ref::<http::TargetError>().is_some();
    is_option || is_file || is_target
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// Describes every scenario with its defaults.
fn list(output: &mut dyn Write) -> io::Result<()> {
    for scenario in Scenario::ALL {
        writeln!(output, "{}", arguments::describe(scenario))?;
    }
    writeln!(output, "\nloadgen <scenario> --help tells its options.")
}

/// Records, the time that they go through, and where the truth about them goes.
struct Source<'a> {
    feed: Feed,
    stretch: Stretch,
    truth: Option<&'a PathBuf>,
}

fn send_all(job: &Job) -> anyhow::Result<()> {
    let mut source = open(&job.input)?;
    let output = &job.output;
    let is_screen =
        matches!(output.destination, Destination::Stdout(_)) && io::stdout().is_terminal();
    let records = match is_screen {
        true => Records::OnScreen,
        false => Records::Elsewhere,
    };
    let mut progress = Progress::new(source.stretch, records);
    let ledger = output.probes.as_ref().map(|_| Ledger::default());
    let probing = output.probes.as_ref().zip(ledger.as_ref());
    let probing = probing.map(|(probes, ledger)| Probing::begin(probes, ledger));
    let probing = probing.transpose()?;
    let begun = Instant::now();
    let schedule = Schedule::new(output.tempo, begun, source.stretch.start_ms);
    let (sink, measures) = deliver(
        &mut source.feed,
        &output.destination,
        schedule,
        &mut progress,
        ledger.as_ref(),
    )?;
    let took = begun.elapsed();
    let sights = probing.zip(ledger.as_ref());
    let sights = sights.map(|(probing, ledger)| probing.finish(ledger));
    let sights = sights.unwrap_or_default();
    let skipped = source.feed.skipped();
    let truth = source.feed.truth();
    progress.finish(truth.as_ref());
    let is_worth_telling = progress.is_shown()
        || output.tempo != Tempo::Max
        || output.probes.is_some()
        || matches!(
            output.destination,
            Destination::Http(_) | Destination::Stream(_)
        )
        || !skipped.is_empty();
    let report = Report::new(sink, output.tempo, &measures, took, skipped, &sights);
    if is_worth_telling {
        let _ = write!(io::stderr(), "{report}");
    }
    if let (Some(path), Some(truth)) = (source.truth, &truth) {
        write_truth(path, truth)?;
    }
    if let Some(path) = &output.report {
        write_text(path, &(serde_json::to_string_pretty(&report)? + "\n"))?;
    }
    if let Some(path) = &output.hgrm {
        write_text(path, &measure::hgrm(&measures.latency))?;
        for (name, seen) in [("windows", &sights.windows), ("messages", &sights.messages)] {
            if let Some(seen) = seen {
                let path = path.with_extension(format!("{name}.hgrm"));
                write_text(&path, &measure::hgrm(&seen.latency))?;
            }
        }
    }
    let lost: u64 = measures.failures.values().sum();
    if lost > 0 && matches!(output.destination, Destination::Stream(_)) {
        bail!("{lost} records were not taken by {}", report.sink);
    }
    Ok(())
}

fn open(input: &Input) -> anyhow::Result<Source<'_>> {
    match input {
        Input::Made(made) => {
            let generator = Generator::new(&made.options).map_err(GenerateError::from)?;
            Ok(Source {
                feed: Feed::Made(Box::new(generator)),
                stretch: Stretch {
                    start_ms: made.options.start_ms,
                    length_ms: Some(made.options.duration().as_millis() as i64),
                },
                truth: made.truth.as_ref(),
            })
        }
        Input::Composed(composed) => {
            let composition = compose(composed)?;
            Ok(Source {
                feed: Feed::Made(Box::new(Generator::compose(&composition))),
                stretch: Stretch {
                    start_ms: composition.start_ms(),
                    length_ms: Some(composition.duration_ms()),
                },
                truth: composed.truth.as_ref(),
            })
        }
        Input::Recorded(replay) => {
            let recording = record(replay)?;
            Ok(Source {
                stretch: Stretch {
                    start_ms: recording.first_ms(),
                    length_ms: None,
                },
                feed: Feed::Recorded(Box::new(recording)),
                truth: None,
            })
        }
    }
}

fn compose(composed: &Composed) -> anyhow::Result<Composition> {
    let path = composed.path.display();
    let text =
        std::fs::read_to_string(&composed.path).with_context(|| format!("cannot read {path}"))?;
    let mut composition = Composition::parse(&text).with_context(|| format!("in {path}"))?;
    if let Some(seed) = composed.seed {
        composition = composition.with_seed(seed);
    }
    if let Some(start_ms) = composed.start_ms {
        let moved = composition.starting_at(start_ms);
        composition = moved.map_err(GenerateError::from)?;
    }
    Ok(composition)
}

fn record(replay: &Replay) -> anyhow::Result<Recording> {
    let pseudonyms = match &replay.key {
        None => None,
        Some(path) => {
            let key = std::fs::read(path)
                .with_context(|| format!("cannot read the key in {}", path.display()))?;
            let pseudonyms = Pseudonyms::new(&key, replay.uris);
            Some(pseudonyms.with_context(|| format!("in {}", path.display()))?)
        }
    };
    let mut recording = Recording::open(&replay.locations, pseudonyms)?;
    recording.shift(replay.start_ms.unwrap_or_else(now_ms), replay.divisor);
    Ok(recording)
}

/// Sends everything, and returns where it went and what was measured.
fn deliver(
    feed: &mut Feed,
    destination: &Destination,
    schedule: Schedule,
    progress: &mut Progress,
    ledger: Option<&Ledger>,
) -> anyhow::Result<(String, Measures)> {
    let (name, mut sink) = match destination {
        Destination::Stdout(Format::Gzip) if io::stdout().is_terminal() => {
            bail!("cannot show gzip on a terminal: name a file with --out, or leave --format");
        }
        Destination::Stdout(format) => ("standard output".to_owned(), Sink::stdout(*format)),
        Destination::File(path, format) => (path.display().to_string(), Sink::file(path, *format)?),
        Destination::Files(path, format, rotation) => (
            path.display().to_string(),
            Sink::rotating(path.clone(), *format, *rotation)?,
        ),
        Destination::Http(endpoint) => {
            let key = endpoint.api_key_variable.as_ref();
            let key = key.map(|name| {
                std::env::var(name).with_context(|| format!("no API key in the variable {name}"))
            });
            let target =
                http::Target::new(&endpoint.url, &endpoint.allowed_hosts, key.transpose()?)?;
            let connections = endpoint.connections;
            let measures = http::all(feed, &target, connections, schedule, progress, ledger)?;
            return Ok((target.describe(), measures));
        }
        Destination::Stream(target) => {
            let measures = stream::all(feed, target, schedule, progress, ledger)?;
            return Ok((target.name.clone(), measures));
        }
    };
    let measures = send::all(feed, &mut sink, schedule, progress, ledger)?;
    sink.finish()?;
    Ok((name, measures))
}

fn write_truth(path: &Path, truth: &Truth) -> anyhow::Result<()> {
    write_text(path, &(serde_json::to_string_pretty(truth)? + "\n"))
}

fn write_text(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
