//! The command line: one subcommand per scenario, all with the same options.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Command, FromArgMatches, ValueEnum};
use wafwatch_loadgen::{Format, Options, Scenario};

use wafwatch_loadgen::duration;

const ABOUT: &str = "Writes seeded AWS WAF logs: normal life, attacks, and the truth about them.

Equal options give the same bytes on every machine. Without --out the lines go to standard output.";

const EXAMPLES: &str = "Examples:
  loadgen list
  loadgen attack --out attack.jsonl --truth attack.json
  loadgen normal --duration 7d --out week.jsonl.gz
  loadgen flood --disorder 5s --duplicates 0.01 | wafwatch replay -
  loadgen normal --rate 1000 --duration 1h | head -n 1000000 > million.jsonl

Exit codes: 0 written, 1 the output failed, 2 the options cannot be met.";

/// What the command line asks for.
#[derive(Debug)]
pub enum Request {
    /// Describe the scenarios.
    List,
    /// Write a run.
    Generate(Box<Job>),
}

/// A run to write.
#[derive(Debug)]
pub struct Job {
    /// Its options.
    pub options: Options,
    /// How to write it.
    pub format: Format,
    /// Where to.
    pub destination: Destination,
    /// Where to write the truth.
    pub truth: Option<PathBuf>,
}

/// Where the lines go.
#[derive(Debug, PartialEq, Eq)]
pub enum Destination {
    /// Standard output.
    Stdout,
    /// A file, created or overwritten.
    File(PathBuf),
}

#[derive(Debug, Args)]
struct Arguments {
    /// Requests per second of normal life, for every ACL, on average
    #[arg(long, value_name = "PER_SECOND")]
    rate: Option<f64>,
    /// Length of the run [default: until 20 minutes after the event]
    #[arg(long, value_parser = duration::parse, value_name = "DURATION")]
    duration: Option<Duration>,
    /// Normal life before the event
    #[arg(long, value_parser = duration::parse, value_name = "DURATION")]
    lead_in: Option<Duration>,
    /// Length of the event
    #[arg(long, value_parser = duration::parse, value_name = "DURATION")]
    event: Option<Duration>,
    /// Factor on the size of the event
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    intensity: f64,
    /// Chooses among the runs with the same options
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Number of Web ACLs; the event happens to the first one
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    acls: u32,
    /// A record stands at most this much behind its place in the order of time
    #[arg(long, default_value = "0s", value_parser = duration::parse, value_name = "DURATION")]
    disorder: Duration,
    /// Share of records that are written twice
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    duplicates: f64,
    /// Begin of the run: an RFC 3339 time, or `now` for the begin of this minute
    #[arg(long, default_value = "2026-01-05T00:00:00Z", value_name = "TIME")]
    start: String,
    /// How to write [default: gzip where the file's name ends in .gz, else jsonl]
    #[arg(long, value_enum)]
    format: Option<FormatName>,
    /// File to write, `-` for standard output
    #[arg(long, short, default_value = "-", value_name = "FILE")]
    out: PathBuf,
    /// File for the truth: what happened when, and how much of it, as JSON
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatName {
    /// One record per line
    Jsonl,
    /// The same, compressed
    Gzip,
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
    let Some(scenario) = Scenario::from_name(name) else {
        return Ok(Request::List);
    };
    let arguments = Arguments::from_arg_matches(matches)?;
    let start_ms = match arguments.start.as_str() {
        "now" => now_ms().div_euclid(60_000) * 60_000,
        text => parse_time(text)
            .map_err(|message| command.error(clap::error::ErrorKind::ValueValidation, message))?,
    };
    Ok(Request::Generate(Box::new(job(
        scenario, arguments, start_ms,
    ))))
}

fn command() -> Command {
    let list = Command::new("list").about("Describe the scenarios");
    let scenarios = Scenario::ALL.into_iter().map(|scenario| {
        let command = Command::new(scenario.name())
            .about(scenario.about().summary)
            .long_about(describe(scenario))
            .after_help(EXAMPLES);
        Arguments::augment_args(command)
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
        .subcommand(list)
}

/// The scenario with its defaults, in two lines.
pub fn describe(scenario: Scenario) -> String {
    let about = scenario.about();
    let options = Options::new(scenario);
    let rate = match about.rate {
        rate if rate < 0.1 => format!("1 request per {}", duration::show(period(rate))),
        1.0 => "1 request/s".to_owned(),
        rate => format!("{rate} requests/s"),
    };
    let length = duration::show(options.duration());
    let times = match about.event.is_zero() {
        true => format!("{length} without an event"),
        false => format!(
            "event of {} after {}, {length} in all",
            duration::show(about.event),
            duration::show(about.lead_in),
        ),
    };
    format!(
        "{:<17} {}\n{:<17} {rate}; {times}",
        about.name, about.summary, ""
    )
}

fn period(rate: f64) -> Duration {
    Duration::from_secs((1.0 / rate).round() as u64)
}

fn parse_time(text: &str) -> Result<i64, String> {
    let time: Result<jiff::Timestamp, _> = text.parse();
    time.map(jiff::Timestamp::as_millisecond).map_err(|_| {
        format!("invalid --start {text:?}: write a time as 2026-01-05T00:00:00Z, or now")
    })
}

fn job(scenario: Scenario, arguments: Arguments, start_ms: i64) -> Job {
    let defaults = Options::new(scenario);
    let is_gzip_name = arguments.out.extension().is_some_and(|end| end == "gz");
    let format = match arguments.format {
        Some(FormatName::Jsonl) => Format::JsonLines,
        Some(FormatName::Gzip) => Format::Gzip,
        None if is_gzip_name => Format::Gzip,
        None => Format::JsonLines,
    };
    let destination = match arguments.out.to_str() {
        Some("-") => Destination::Stdout,
        _ => Destination::File(arguments.out),
    };
    Job {
        options: Options {
            seed: arguments.seed,
            start_ms,
            duration: arguments.duration.or(defaults.duration),
            lead_in: arguments.lead_in.unwrap_or(defaults.lead_in),
            event: arguments.event.unwrap_or(defaults.event),
            rate: arguments.rate.unwrap_or(defaults.rate),
            intensity: arguments.intensity,
            acls: arguments.acls,
            disorder: arguments.disorder,
            duplicates: arguments.duplicates,
            ..defaults
        },
        format,
        destination,
        truth: arguments.truth,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wafwatch_loadgen::DEFAULT_START_MS;

    fn read(line: &str) -> Result<Request, clap::Error> {
        parse(line.split(' '), || 1_800_000_012_345)
    }

    fn job_of(line: &str) -> Job {
        match read(line) {
            Ok(Request::Generate(job)) => *job,
            other => panic!("{line} gave {other:?}"),
        }
    }

    #[test]
    fn the_command_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn without_options_a_scenario_has_its_defaults() {
        for scenario in Scenario::ALL {
            let job = job_of(&format!("loadgen {scenario}"));
            assert_eq!(job.options, Options::new(scenario));
            assert_eq!(job.destination, Destination::Stdout);
            assert_eq!(job.format, Format::JsonLines);
        }
    }

    #[test]
    fn options_arrive() {
        let job = job_of(
            "loadgen flood --rate 50 --duration 2h --seed 9 --acls 3 --disorder 5s \
             --duplicates 0.01 --lead-in 1h --event 90s --intensity 2 --out a.jsonl.gz \
             --truth t.json --start now",
        );
        let expected = Options {
            rate: 50.0,
            duration: Some(Duration::from_secs(2 * 3_600)),
            seed: 9,
            acls: 3,
            disorder: Duration::from_secs(5),
            duplicates: 0.01,
            lead_in: Duration::from_secs(3_600),
            event: Duration::from_secs(90),
            intensity: 2.0,
            start_ms: 1_800_000_000_000,
            ..Options::new(Scenario::Flood)
        };
        assert_eq!(job.options, expected);
        assert_eq!(job.format, Format::Gzip);
        assert_eq!(job.truth, Some(PathBuf::from("t.json")));
    }

    #[test]
    fn the_default_start_is_the_library_default() {
        assert_eq!(parse_time("2026-01-05T00:00:00Z"), Ok(DEFAULT_START_MS));
    }

    #[test]
    fn what_makes_no_sense_is_a_usage_error() {
        for line in [
            "loadgen",
            "loadgen unheard-of",
            "loadgen flood --rate much",
            "loadgen flood --duration 5",
            "loadgen flood --start yesterday",
            "loadgen flood --unheard-of",
        ] {
            assert_eq!(read(line).expect_err(line).exit_code(), 2, "{line}");
        }
    }
}
