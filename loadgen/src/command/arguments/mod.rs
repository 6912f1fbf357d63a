//! The command line: one subcommand per scenario, one for files of them, one for recordings.

mod describe;
mod made;
mod output;
mod probe;
mod replay;
mod stream;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Args, Command, FromArgMatches};
use wafwatch_loadgen::Scenario;

pub use describe::describe;
pub use made::{Composed, Made};
pub use output::{Destination, Output};
pub use replay::Replay;
#[cfg(feature = "aws")]
pub use stream::StreamService;
pub use stream::StreamTarget;

const ABOUT: &str = "Writes seeded AWS WAF logs: normal life, attacks, and the truth about them.

Equal options give the same bytes on every machine. Without --out the lines go to standard output.
Records go out as fast as they can be written, or on a schedule (--speed), as lines or as real
requests (--url), or into a stream (--kinesis, --firehose; in builds with --features aws).";

const EXAMPLES: &str = "Examples:
  loadgen list
  loadgen attack --out attack.jsonl --truth attack.json
  loadgen normal --duration 7d --out week.jsonl.gz
  loadgen run scenario.toml --out logs.jsonl.gz --rotate 64MiB --truth truth.json
  loadgen replay logs/ --speed 60x --pseudonymise key.bin | wafwatch watch -
  loadgen flood --speed 1x --url https://id.execute-api.eu-west-1.amazonaws.com/prod \\
      --allow-host id.execute-api.eu-west-1.amazonaws.com --api-key-env KEY
  loadgen flood --start now --speed 1x --kinesis waf-logs --encoding packed
  loadgen normal --rate 1000 --duration 1h | head -n 1000000 > million.jsonl

Exit codes: 0 written, 1 input or output failed, 2 the options cannot be met.";

/// What the command line asks for.
#[derive(Debug)]
pub enum Request {
    /// Describe the scenarios.
    List,
    /// Send records.
    Send(Box<Job>),
}

/// Records, and what to do with them.
#[derive(Debug)]
pub struct Job {
    /// What to send.
    pub input: Input,
    /// Where to, and how fast.
    pub output: Output,
}

/// Where records come from.
#[derive(Debug)]
pub enum Input {
    /// A built-in scenario.
    Made(Made),
    /// A scenario file.
    Composed(Composed),
    /// Recorded logs.
    Recorded(Replay),
}

/// Reads the command line `words`; `now_ms` is asked only for `--start now`.
///
/// # Errors
///
/// Clap's, which know how to show themselves and which exit code they mean; help is one of them.
pub fn parse(
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    now_ms: impl Fn() -> i64,
) -> Result<Request, clap::Error> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(words)?;
    let Some((name, matches)) = matches.subcommand() else {
        return Ok(Request::List);
    };
    let refuse = |message: String| command.clone().error(ErrorKind::ValueValidation, message);
    let arguments = || output::OutputArguments::from_arg_matches(matches);
    let job = match (name, Scenario::from_name(name)) {
        ("run", _) => {
            let composed = made::ComposedArguments::from_arg_matches(matches)?;
            Job {
                input: Input::Composed(composed.read(&now_ms).map_err(refuse)?),
                output: arguments()?.read(output::Defaults::Made).map_err(refuse)?,
            }
        }
        ("replay", _) => {
            let replay = replay::ReplayArguments::from_arg_matches(matches)?;
            let output = arguments()?
                .read(output::Defaults::Recorded)
                .map_err(refuse)?;
            Job {
                input: Input::Recorded(replay.read(output.tempo, &now_ms).map_err(refuse)?),
                output,
            }
        }
        (_, Some(scenario)) => {
            let made = made::MadeArguments::from_arg_matches(matches)?;
            Job {
                input: Input::Made(made.read(scenario, &now_ms).map_err(refuse)?),
                output: arguments()?.read(output::Defaults::Made).map_err(refuse)?,
            }
        }
        (_, None) => return Ok(Request::List),
    };
    Ok(Request::Send(Box::new(job)))
}

fn command() -> Command {
    let list = Command::new("list").about("Describe the scenarios");
    let run = Command::new("run")
        .about("Make the scenario that a file describes")
        .after_help(EXAMPLES);
    let replay = Command::new("replay")
        .about("Send recorded logs again")
        .after_help(EXAMPLES);
    let scenarios = Scenario::ALL.into_iter().map(|scenario| {
        let command = Command::new(scenario.name())
            .about(scenario.about().summary)
            .long_about(describe(scenario))
            .after_help(EXAMPLES);
        output::OutputArguments::augment_args(made::MadeArguments::augment_args(command))
    });
    Command::new("loadgen")
        .about(ABOUT)
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(EXAMPLES)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("SCENARIO")
        .subcommand_help_heading("Scenarios")
        .subcommands(scenarios)
        .subcommand(output::OutputArguments::augment_args(
            made::ComposedArguments::augment_args(run),
        ))
        .subcommand(output::OutputArguments::augment_args(
            replay::ReplayArguments::augment_args(replay),
        ))
        .subcommand(list)
}

/// The time that `text` names, `now` being the begin of this minute.
fn start(text: &str, now_ms: &impl Fn() -> i64) -> Result<i64, String> {
    if text == "now" {
        return Ok(now_ms().div_euclid(60_000) * 60_000);
    }
    let time: Result<jiff::Timestamp, _> = text.parse();
    time.map(jiff::Timestamp::as_millisecond).map_err(|_| {
        format!("invalid --start {text:?}: write a time as 2026-01-05T00:00:00Z, or now")
    })
}

#[cfg(test)]
mod tests;
