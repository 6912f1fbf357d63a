//! Arguments of the commands that read logs.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use wafwatch_windows::time::EventTime;

use super::super::text::figures::parse_time;
#[cfg(feature = "dashboard")]
use super::DashboardArguments;
use super::{CommonArguments, DetectorName};

/// `wafwatch replay`.
#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// Files, folders, globs, `-` for standard input, or s3://BUCKET/PREFIX; gzip or plain, any envelope.
    ///
    /// A bucket needs a build with `--features aws`; region and credentials are found as the AWS
    /// tools find them. Of a bucket only the keys are listed and read that can hold the time between
    /// --from and --to, in the layouts of WAF (.../2026/01/05/12/55/), Firehose (2026/01/05/12/) and
    /// Hive (year=2026/month=01/day=05/hour=12/), with 15 minutes on both sides for what was delivered
    /// late; keys that tell no time are read whole.
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<String>,
    /// Counts only records from this time on, as 2026-01-05T12:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub from: Option<EventTime>,
    /// Counts only records before this time.
    ///
    /// Each range of an input is counted once: ranges of several runs may touch and overlap.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub to: Option<EventTime>,
    /// Detector [default: calibrated, or what the configuration says].
    #[arg(long, value_enum)]
    pub detector: Option<DetectorName>,
    /// Deletes the store first, so that everything is counted again.
    #[arg(long)]
    pub fresh: bool,
    /// Sends messages to the configured channels too, not to the terminal alone.
    #[arg(long)]
    pub notify: bool,
    /// Threads that decode [default: one per core, at most 8].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub threads: Option<u16>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: CommonArguments,
}

/// Where reading of a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamStart {
    /// With the oldest record.
    TrimHorizon,
    /// With what comes from now on.
    Latest,
    /// With what arrived at this time or later.
    At(EventTime),
}

impl FromStr for StreamStart {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("TRIM_HORIZON") {
            return Ok(Self::TrimHorizon);
        }
        if text.eq_ignore_ascii_case("LATEST") {
            return Ok(Self::Latest);
        }
        let or_else = |reason| format!("{reason}; or TRIM_HORIZON, or LATEST");
        parse_time(text).map(Self::At).map_err(or_else)
    }
}

/// `wafwatch watch`.
#[derive(Debug, Args)]
pub struct WatchArguments {
    /// Files to follow across rotation, or `-` for standard input.
    #[arg(default_value = "-", value_name = "INPUT", conflicts_with = "source")]
    pub inputs: Vec<String>,
    /// Kinesis data stream to read instead of files, as `kinesis://NAME`, or `kinesis://ARN` for a
    /// stream of another account; needs a build with `--features aws`.
    ///
    /// All shards are read, through resharding, by region and credentials as the AWS tools find them
    /// (AWS_REGION, AWS_PROFILE, ...). Records may carry any envelope, KPL aggregates too. The store
    /// keeps how far each shard is counted; a later run goes on from there.
    #[arg(long, value_name = "STREAM")]
    pub source: Option<String>,
    /// Where to begin in a stream that the store does not know yet: TRIM_HORIZON (the oldest record
    /// that the stream still has), LATEST (what comes from now on), or the time of arrival in the
    /// stream, as 2026-01-05T12:00:00Z.
    #[arg(
        long,
        value_name = "WHERE",
        requires = "source",
        default_value = "TRIM_HORIZON"
    )]
    pub from: StreamStart,
    /// Prints no line for each window that closes.
    #[arg(long, short)]
    pub quiet: bool,
    /// Detector [default: calibrated, or what the configuration says].
    #[arg(long, value_enum)]
    pub detector: Option<DetectorName>,
    #[cfg(feature = "dashboard")]
    #[command(flatten)]
    #[allow(missing_docs)]
    pub dashboard: DashboardArguments,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: CommonArguments,
}

/// `wafwatch demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Scenario to play instead of the default tour; `loadgen list` describes them.
    #[arg(value_name = "SCENARIO")]
    pub scenario: Option<String>,
    /// Seed of the generated traffic.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Store of the demo; one of a former demo is replaced [default: wafwatch-demo.db].
    #[arg(long, value_name = "FILE")]
    pub store: Option<PathBuf>,
    /// Prints JSON instead of text.
    #[arg(long)]
    pub json: bool,
    #[cfg(feature = "dashboard")]
    #[command(flatten)]
    #[allow(missing_docs)]
    pub dashboard: DashboardArguments,
}
