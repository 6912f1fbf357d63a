//! Arguments of the commands about windows and what detectors make of them.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{CommonArguments, DetectorName};

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
