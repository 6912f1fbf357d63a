//! The command: arguments in, text or JSON out, an exit code at the end.

mod arguments;
mod arrivals;
mod backtest;
mod config;
#[cfg(feature = "dashboard")]
mod dashboard;
mod demo;
mod exit;
mod explain;
mod feedback;
mod incidents;
mod inputs;
mod learn;
mod live;
mod notify;
mod replay;
mod session;
mod setup;
mod status;
mod summary;
pub mod text;
mod watch;
mod windows;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::report::hostile;
use arguments::{Arguments, Command, ConfigCommand, NotifyCommand};
use exit::{Outcome, UsageError};

const MAX_NOTE_CHARS: usize = 1_000;

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    #[cfg(feature = "dashboard")]
    let arguments = Arguments::parse_from(arguments::with_joined_address(std::env::args_os()));
    #[cfg(not(feature = "dashboard"))]
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(outcome) => ExitCode::from(outcome.code()),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            note(&format!("error: {}", explained(&error)));
            let is_usage = error.downcast_ref::<UsageError>().is_some();
            ExitCode::from(if is_usage { 2 } else { 1 })
        }
    }
}

fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Watch(arguments) => watch::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        #[cfg(feature = "dashboard")]
        Command::Serve(arguments) => dashboard::serve(&arguments),
        Command::Incidents { command } => incidents::run(command),
        Command::Feedback { command } => feedback::run(command),
        Command::Windows { command } => windows::run(command),
        Command::Backtest(arguments) => backtest::run_command(&arguments),
        Command::Learn(arguments) => learn::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Notify {
            command: NotifyCommand::Test { channel, common },
        } => notify::test(&channel, &common),
        Command::Status { common } => status::run(&common),
        Command::Config {
            command: ConfigCommand::Check { common },
        } => config::check(&common),
    }
}

/// An error with its causes. Most errors name their cause themselves; then it is not said twice.
fn explained(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // What stands before it is where it happened, or a number.
        let reason = cause.rsplit(": ").next().unwrap_or_default();
        if !text.contains(reason) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Whoever read the output has seen enough, as `head` does.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io_error = error.downcast_ref::<io::Error>();
    io_error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Prints what was asked for.
fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Prints a JSON document.
fn print_json(value: &serde_json::Value) -> io::Result<()> {
    print(&format!(
        "{}\n",
        hostile::escaped_json(&format!("{value:#}"))
    ))
}

/// Tells something beside what was asked for.
fn note(text: &str) {
    // Where standard error is closed, nobody wants to know.
    let text = hostile::one_line(text, MAX_NOTE_CHARS);
    let _ = writeln!(io::stderr().lock(), "wafwatch: {text}");
}
