//! What is made: options of the built-in scenarios, and of files.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use wafwatch_loadgen::{Options, Scenario, duration};

use super::start;

/// A built-in scenario to make.
#[derive(Debug)]
pub struct Made {
    /// Its options.
    pub options: Options,
    /// Where to write the truth.
    pub truth: Option<PathBuf>,
}

/// A scenario file to make.
#[derive(Debug)]
pub struct Composed {
    /// The file.
    pub path: PathBuf,
    /// In place of the file's own.
    pub seed: Option<u64>,
    /// In place of the file's own, in Unix milliseconds.
    pub start_ms: Option<i64>,
    /// Where to write the truth.
    pub truth: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct MadeArguments {
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
    /// File for the truth: what happened when, and how much of it, as JSON
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

impl MadeArguments {
    pub(super) fn read(
        self,
        scenario: Scenario,
        now_ms: &impl Fn() -> i64,
    ) -> Result<Made, String> {
        let defaults = Options::new(scenario);
        Ok(Made {
            options: Options {
                seed: self.seed,
                start_ms: start(&self.start, now_ms)?,
                duration: self.duration.or(defaults.duration),
                lead_in: self.lead_in.unwrap_or(defaults.lead_in),
                event: self.event.unwrap_or(defaults.event),
                rate: self.rate.unwrap_or(defaults.rate),
                intensity: self.intensity,
                acls: self.acls,
                disorder: self.disorder,
                duplicates: self.duplicates,
                ..defaults
            },
            truth: self.truth,
        })
    }
}

#[derive(Debug, Args)]
pub(super) struct ComposedArguments {
    /// The scenario file; docs/loadgen.md describes it
    #[arg(value_name = "SCENARIO.TOML")]
    path: PathBuf,
    /// In place of the file's own seed
    #[arg(long)]
    seed: Option<u64>,
    /// In place of the file's own begin: an RFC 3339 time, or `now` for the begin of this minute
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// File for the truth: what happened when, and how much of it, as JSON
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

impl ComposedArguments {
    pub(super) fn read(self, now_ms: &impl Fn() -> i64) -> Result<Composed, String> {
        let start = self.start.map(|text| start(&text, now_ms));
        Ok(Composed {
            path: self.path,
            seed: self.seed,
            start_ms: start.transpose()?,
            truth: self.truth,
        })
    }
}
