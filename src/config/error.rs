//! What can be wrong with settings, said so that it can be mended.

use std::fmt;
use std::path::PathBuf;

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A line of the file, counted from one.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        variable: &'static str,
    },
    /// A flag of the command.
    Flag {
        /// As the user writes it, like `--store`.
        flag: &'static str,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(formatter, "default"),
            Self::File { path, line } => write!(formatter, "{}, line {line}", path.display()),
            Self::Environment { variable } => write!(formatter, "environment variable {variable}"),
            Self::Flag { flag } => write!(formatter, "flag {flag}"),
        }
    }
}

/// Settings that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is no TOML.
    #[error("{origin}: cannot read the settings: {reason}")]
    Syntax {
        /// Where.
        origin: Origin,
        /// What the parser says.
        reason: String,
    },
    /// The file has a key that does not exist.
    #[error("{origin}: unknown key `{key}` {place}; the nearest known key is `{nearest}`")]
    UnknownKey {
        /// Where.
        origin: Origin,
        /// The key as it is written.
        key: String,
        /// The table, as `in [windows]`.
        place: String,
        /// What was probably meant.
        nearest: String,
    },
    /// A value is not accepted.
    #[error("{origin}: `{key}` cannot be {value}: it takes {accepted}")]
    BadValue {
        /// Where.
        origin: Origin,
        /// The key, as `windows.size_seconds`.
        key: String,
        /// The value as it is written; `…` where it may be a secret.
        value: String,
        /// What is accepted.
        accepted: String,
    },
    /// A table does not hold together.
    #[error("{origin}: `{key}`: {reason}")]
    BadTable {
        /// Where.
        origin: Origin,
        /// The table, as `notify[0]`.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

/// Something that works, but not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// A number out of range was held at the end of the range.
    #[error("{variable}={given} is out of range: {used} is used (it takes {accepted})")]
    Clamped {
        /// The environment variable.
        variable: &'static str,
        /// Its value.
        given: String,
        /// The value in force.
        used: String,
        /// The range.
        accepted: String,
    },
    /// Both ways to say the same were used in one place.
    #[error("{ignored} is ignored, because {used} is given too")]
    Ignored {
        /// What has no effect.
        ignored: &'static str,
        /// What has.
        used: &'static str,
    },
}
