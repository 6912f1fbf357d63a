//! Arguments of the commands about incidents and those who are told of them.

use clap::{Args, Subcommand, ValueEnum};

use super::CommonArguments;

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
