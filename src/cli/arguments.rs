//! The command line.

#[cfg(feature = "dashboard")]
mod dashboard;
mod incidents;
mod reading;
mod windows;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[cfg(feature = "dashboard")]
pub use dashboard::{DashboardArguments, ServeArguments, TokenArguments, with_joined_address};
pub use incidents::{
    AnalystName, ExplainArguments, FeedbackCommand, IncidentsCommand, JudgementName, NotifyCommand,
};
pub use reading::{DemoArguments, ReplayArguments, StreamStart, WatchArguments};
pub use windows::{BacktestArguments, LearnArguments, WindowSelection, WindowsCommand};

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
    /// Shows a store in the live dashboard, until ctrl-c.
    #[cfg(feature = "dashboard")]
    Serve(ServeArguments),
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
