//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use wafwatch_windows::time::EventTime;

use super::text::figures::parse_time;

/// Watches AWS WAF logs: counts them in windows, finds what is wrong and says why.
#[derive(Debug, Parser)]
#[command(name = "wafwatch", version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes:
  0    done
  1    failed
  2    wrong usage or configuration
  3    done, but some input could not be read (named in the output)
  130  interrupted; what was counted is kept, and the same command goes on from there";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Reads recorded logs as fast as it can; event time decides what belongs to which window.
    Replay(ReplayArguments),
    /// Follows files or standard input as they grow and reports as windows close.
    Watch(WatchArguments),
    /// Shows the whole path on generated logs: an attack and a misconfiguration.
    Demo(DemoArguments),
    /// Lists and shows incidents.
    Incidents {
        /// What to do with them.
        #[command(subcommand)]
        command: IncidentsCommand,
    },
    /// Lists what was said of incidents, and takes it back.
    Feedback {
        /// What to do with it.
        #[command(subcommand)]
        command: FeedbackCommand,
    },
    /// Lists closed windows and their top values.
    Windows {
        /// What to do with them.
        #[command(subcommand)]
        command: WindowsCommand,
    },
    /// Shows what detectors would have alerted on in recorded series or stored windows.
    Backtest(BacktestArguments),
    /// Learns a Web ACL's history from CloudWatch, so that a new deployment need not wait for days.
    Learn(LearnArguments),
    /// Explains an incident again, with another analyst, or shows what a model would be asked.
    Explain(ExplainArguments),
    /// Works on the channels by which people are told.
    Notify {
        /// What to do with them.
        #[command(subcommand)]
        command: NotifyCommand,
    },
    /// Shows how the store, the outbox and each channel stand.
    Status {
        #[command(flatten)]
        #[allow(missing_docs)]
        common: CommonArguments,
    },
    /// Works on the configuration.
    Config {
        /// What to do with it.
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

/// Where settings and state are.
#[derive(Debug, Clone, Default, Args)]
pub struct CommonArguments {
    /// Configuration file (TOML); without it `wafwatch.toml` is read where it exists.
    #[arg(long, value_name = "FILE", env = "WAFWATCH_CONFIG", global = true)]
    pub config: Option<PathBuf>,
    /// Store file [default: wafwatch.db, or what the configuration says].
    #[arg(long, value_name = "FILE", env = "WAFWATCH_STORE", global = true)]
    pub store: Option<PathBuf>,
    /// Prints JSON instead of text.
    #[arg(long, global = true)]
    pub json: bool,
}

/// Which detector scores windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DetectorName {
    /// z-scores and percentiles over a sliding baseline.
    Classic,
    /// Exponentially weighted mean and variance.
    Ewma,
    /// A model of each signal, calibrated to a number of false incidents.
    Calibrated,
}

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
    /// Detector [default: classic, or what the configuration says].
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
    /// Detector [default: classic, or what the configuration says].
    #[arg(long, value_enum)]
    pub detector: Option<DetectorName>,
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
}

/// `wafwatch backtest`.
#[derive(Debug, Args)]
pub struct BacktestArguments {
    /// CSV file, or folder of them, instead of the store's windows.
    ///
    /// Columns `timestamp,value` (one series), or `t,total,allowed,blocked,counted,distinct_ip,top_ip,login`
    /// (windows of a Web ACL, t in Unix seconds).
    #[arg(long, value_name = "PATH")]
    pub series: Option<PathBuf>,
    /// Detectors to compare; may be given several times [default: calibrated].
    #[arg(long, value_enum)]
    pub detector: Vec<DetectorName>,
    /// False incidents per week that the calibrated detector accepts.
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    pub accepted: f64,
    /// What really happened: JSON of `{series: [{type, start, end, benign}]}` in rows, or of
    /// `{series: [[from, to]]}` in times.
    #[arg(long, value_name = "FILE", requires = "series")]
    pub truth: Option<PathBuf>,
    /// Writes timestamp, value and anomaly_score of each series into this folder.
    #[arg(long, value_name = "DIR")]
    pub scores: Option<PathBuf>,
    /// Writes the start of every window of an incident into this folder.
    #[arg(long, value_name = "DIR")]
    pub alarms: Option<PathBuf>,
    /// Draws the series, its expected range and the incidents; of several series, the first.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub selection: WindowSelection,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: CommonArguments,
}

/// `wafwatch incidents`.
#[derive(Debug, Subcommand)]
pub enum IncidentsCommand {
    /// Lists incidents, newest first.
    List {
        /// Only those that go on.
        #[arg(long)]
        open: bool,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        #[allow(missing_docs)]
        common: CommonArguments,
    },
    /// Says what one was: what is like it is treated so from the next window on.
    ///
    /// Like it is what comes from the same Web ACL, has the same signal on the same side, comes within an
    /// hour of the same time of day, and is not much stronger. `wafwatch feedback` lists and undoes.
    Mark {
        /// Its id, or the beginning of it.
        id: String,
        /// What it was.
        #[arg(value_enum)]
        judgement: JudgementName,
        /// DynamoDB table of a deployment, instead of the store file; needs a build with
        /// `--features aws`.
        #[arg(long, value_name = "NAME", env = "WAFWATCH_TABLE")]
        table: Option<String>,
        #[command(flatten)]
        #[allow(missing_docs)]
        common: CommonArguments,
    },
    /// Shows one incident with its newest report and deliveries.
    Show {
        /// Its id, or the beginning of it.
        id: String,
        #[command(flatten)]
        #[allow(missing_docs)]
        common: CommonArguments,
    },
}

/// `wafwatch learn`.
#[derive(Debug, Args)]
pub struct LearnArguments {
    /// The ARN of the Web ACL, which must be new to the store or table. Needs a build with
    /// `--features aws` and the permission cloudwatch:GetMetricData.
    pub acl: String,
    /// Days to learn from; CloudWatch keeps counts of a minute for 15.
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=455))]
    pub days: u32,
    /// The ACL's name in metrics, where that is not its own name.
    #[arg(long, value_name = "NAME")]
    pub metric_name: Option<String>,
    /// DynamoDB table of a deployment, instead of the store file.
    #[arg(long, value_name = "NAME", env = "WAFWATCH_TABLE")]
    pub table: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: CommonArguments,
}

/// What people think of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum JudgementName {
    /// Worth a message: the next one like it opens one level earlier.
    Relevant,
    /// Not worth one: the next one like it is muted.
    Irrelevant,
    /// To be expected, and the new normal: learnt at once, and the next one like it is muted.
    Expected,
}

/// `wafwatch feedback`.
#[derive(Debug, Subcommand)]
pub enum FeedbackCommand {
    /// Lists what was said of incidents, newest first, and what it led to.
    List {
        /// DynamoDB table of a deployment, instead of the store file; needs a build with
        /// `--features aws`.
        #[arg(long, value_name = "NAME", env = "WAFWATCH_TABLE")]
        table: Option<String>,
        #[command(flatten)]
        #[allow(missing_docs)]
        common: CommonArguments,
    },
    /// Takes back what was said of an incident.
    Undo {
        /// The incident's id, or the beginning of it.
        id: String,
        /// DynamoDB table of a deployment, instead of the store file; needs a build with
        /// `--features aws`.
        #[arg(long, value_name = "NAME", env = "WAFWATCH_TABLE")]
        table: Option<String>,
        #[command(flatten)]
        #[allow(missing_docs)]
        common: CommonArguments,
    },
}

/// Who explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnalystName {
    /// Rules.
    #[value(name = "builtin", alias = "built-in")]
    BuiltIn,
    /// A model on Amazon Bedrock; needs a build with `--features aws`.
    Bedrock,
}

/// `wafwatch explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The incident's id, or the beginning of it. Its newest event is explained, from the evidence that
    /// was kept with it; nobody is told, and the store stays as it is.
    pub incident: String,
    /// Analyst [default: built-in, or what the configuration says].
    #[arg(long, value_enum)]
    pub analyst: Option<AnalystName>,
    /// Shows what the model would be sent, and about how many tokens that is, and sends nothing.
    ///
    /// Nothing in it is masked by the configuration: it is what the model gets. With --json to the byte.
    #[arg(long, conflicts_with = "analyst")]
    pub show_prompt: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: CommonArguments,
}

/// `wafwatch notify`.
#[derive(Debug, Subcommand)]
pub enum NotifyCommand {
    /// Sends a message through a channel that says that it is a test.
    ///
    /// It is sent once, whatever level the channel wants, and the command fails where the channel does
    /// not take it, with what to do.
    Test {
        /// The channel's name in the configuration.
        channel: String,
        #[command(flatten)]
        #[allow(missing_docs)]
        common: CommonArguments,
    },
}

/// Which windows.
#[derive(Debug, Clone, Args)]
pub struct WindowSelection {
    /// Only Web ACLs whose ARN contains this.
    #[arg(long)]
    pub acl: Option<String>,
    /// Only windows that start at or after this time, as 2026-01-05T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Only windows that start before this time.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

/// `wafwatch windows`.
#[derive(Debug, Subcommand)]
pub enum WindowsCommand {
    /// Lists closed windows, oldest first, the newest where there are too many.
    List {
        #[command(flatten)]
        #[allow(missing_docs)]
        selection: WindowSelection,
        /// At most so many.
        #[arg(long, default_value_t = 60)]
        limit: usize,
        #[command(flatten)]
        #[allow(missing_docs)]
        common: CommonArguments,
    },
    /// Shows the top values of one window, by default the newest with requests.
    Top {
        #[command(flatten)]
        #[allow(missing_docs)]
        selection: WindowSelection,
        /// Only this dimension, as `uri` or `client_address`.
        #[arg(long)]
        dimension: Option<String>,
        /// Values per dimension.
        #[arg(long, default_value_t = 10)]
        limit: usize,
        #[command(flatten)]
        #[allow(missing_docs)]
        common: CommonArguments,
    },
}

/// `wafwatch config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Checks the configuration and prints what is in effect.
    Check {
        #[command(flatten)]
        #[allow(missing_docs)]
        common: CommonArguments,
    },
}
