//! Exit codes, as `wafwatch --help` documents them.

/// How a command ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was done.
    Done,
    /// Some input could not be read.
    InputUnreadable,
    /// The user interrupted it.
    Interrupted,
}

impl Outcome {
    /// The code for the operating system.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::InputUnreadable => 3,
            Self::Interrupted => 130,
        }
    }
}

/// Marks an error as one of usage or configuration, which exits with 2 instead of 1.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);
