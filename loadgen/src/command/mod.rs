//! The command `loadgen`.
//!
//! Exit codes: 0 for a run that was written, also where the reader of a pipe went away early; 1
//! for an output that failed; 2 for options that cannot be met.

mod arguments;
mod progress;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use wafwatch_loadgen::{Format, GenerateError, Scenario, Truth, generate_as};

use arguments::{Destination, Job, Request};
use progress::{Progress, Records};

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
        Request::Generate(job) => produce(&job),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to hear that standard error cannot be written.
            let _ = writeln!(io::stderr(), "loadgen: {error:#}");
            let is_usage = matches!(error.downcast_ref(), Some(GenerateError::Options(_)));
            ExitCode::from(if is_usage { USAGE } else { FAILURE })
        }
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
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

fn produce(job: &Job) -> anyhow::Result<()> {
    job.options.validate().map_err(GenerateError::from)?;
    let records = match &job.destination {
        Destination::Stdout if io::stdout().is_terminal() => Records::OnScreen,
        Destination::Stdout | Destination::File(_) => Records::Elsewhere,
    };
    let mut progress = Progress::new(&job.options, records);
    let truth = match &job.destination {
        Destination::Stdout => {
            let stdout = io::stdout();
            if job.format == Format::Gzip && records == Records::OnScreen {
                bail!("cannot show gzip on a terminal: name a file with --out, or leave --format");
            }
            // Lines would go out one by one through the line buffer of a bare standard output.
            let mut output = BufWriter::with_capacity(1 << 16, stdout.lock());
            generate_as(job.format, &job.options, &mut output, &mut |at| {
                progress.show(at);
            })?
        }
        Destination::File(path) => {
            let mut file = create(path)?;
            generate_as(job.format, &job.options, &mut file, &mut |at| {
                progress.show(at);
            })
            .with_context(|| format!("while writing {}", path.display()))?
        }
    };
    progress.finish(&truth);
    if let Some(path) = &job.truth {
        write_truth(path, &truth)?;
    }
    Ok(())
}

fn create(path: &Path) -> anyhow::Result<File> {
    File::create(path).with_context(|| format!("cannot create {}", path.display()))
}

fn write_truth(path: &Path, truth: &Truth) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(truth)?;
    text.push('\n');
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
