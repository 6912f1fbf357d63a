//! Errors of inputs, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// An input that cannot be read at all.
///
/// Damage inside an input is no error but a [`Rejected`](super::Rejected) piece.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Nothing has the given name or matches the given pattern.
    #[error(
        "nothing matches `{input}`: check the spelling and the folder, name a file, a folder or a \
         glob such as `logs/**/*.gz`, or `-` for standard input"
    )]
    NoMatch {
        /// The input as it was given.
        input: String,
    },
    /// A folder holds no file.
    #[error(
        "the folder `{path}` holds no file to read: name one that does (files and folders whose \
         name begins with a dot are skipped)"
    )]
    EmptyFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The pattern cannot be read.
    #[error(
        "`{input}` is neither a file nor a valid pattern: {reason}; write a literal bracket as `[[]`"
    )]
    BadPattern {
        /// The input as it was given.
        input: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system refused.
    #[error("cannot {action} `{path}`: {source}")]
    Io {
        /// What was tried, as `open`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Standard input and pipes cannot be read twice.
    #[error(
        "`{input}` cannot go on from position {resume_at}: what went through a pipe is gone; read \
         the files it came from"
    )]
    CannotResume {
        /// The input.
        input: String,
        /// The position asked for.
        resume_at: u64,
    },
    /// The input is shorter than the position reached before.
    #[error(
        "`{path}` ends at {length}, before the position {resume_at} that was reached earlier: it \
         was replaced or cut; read it under another name, or with a new store, to count it afresh"
    )]
    ShorterThanCheckpoint {
        /// The input.
        path: PathBuf,
        /// The position asked for.
        resume_at: u64,
        /// Length of the decoded stream.
        length: u64,
    },
    /// The thread that read the input has panicked.
    #[error(
        "reading `{path}` broke off by an error of wafwatch itself, told above: please report it; what \
         was counted before is kept, and the same command goes on from there"
    )]
    ReaderPanicked {
        /// The input.
        path: PathBuf,
    },
    /// Two names of one input: its records would count twice.
    #[error("`{input}` is the same input as `{first}`: name it once")]
    GivenTwice {
        /// The second name.
        input: String,
        /// The first name.
        first: String,
    },
    /// Only plain files can be followed.
    #[error("cannot follow `{path}`: {reason}; use `replay` for it")]
    CannotFollow {
        /// The input.
        path: PathBuf,
        /// Why not.
        reason: &'static str,
    },
    /// AWS refused, or could not be reached.
    #[error("cannot {action} `{input}`: {reason}{advice}")]
    Remote {
        /// What was tried, as `read`.
        action: &'static str,
        /// On what, as `kinesis://waf`.
        input: String,
        /// Why not.
        reason: String,
        /// What to do, behind a `; `; empty where nobody can tell.
        advice: &'static str,
    },
    /// A name that no stream has.
    #[error(
        "`{input}` names no stream: write `kinesis://NAME`, or `kinesis://ARN` for a stream of another \
         account"
    )]
    NotAStream {
        /// The name as it was given.
        input: String,
    },
    /// A name that no bucket has.
    #[error("`{input}` names no bucket: write `s3://BUCKET/PREFIX`")]
    NotABucket {
        /// The name as it was given.
        input: String,
    },
    /// Nothing in a bucket can hold what is asked for.
    #[error(
        "no object at `{input}` can hold records of the time asked for: check the prefix, and --from and \
         --to; keys are taken to be in UTC"
    )]
    NoObject {
        /// The input as it was given.
        input: String,
    },
    /// This program cannot speak to AWS.
    #[error(
        "`{input}` cannot be read: this build has no AWS support; build with \
         `cargo build --release --features aws`"
    )]
    WithoutAws {
        /// The input as it was given.
        input: String,
    },
    /// A stream or a bucket where the command expects the other one.
    #[error("`{input}` cannot be read this way: {advice}")]
    WrongCommand {
        /// The input as it was given.
        input: String,
        /// What to do.
        advice: &'static str,
    },
}

impl SourceError {
    /// What a failed call of AWS on `input` means.
    #[cfg(feature = "aws")]
    pub(super) fn remote(
        action: &'static str,
        input: &str,
        failure: &crate::account::Failure,
    ) -> Self {
        let advice = match failure.code.as_str() {
            "ResourceNotFoundException" | "NoSuchBucket" => {
                "; check the name, the account and AWS_REGION"
            }
            "AccessDeniedException" | "AccessDenied" => {
                "; README.md lists the permissions that it takes"
            }
            "" => {
                "; check AWS_REGION, the credentials (`aws sts get-caller-identity`) and the network"
            }
            _ => "",
        };
        Self::Remote {
            action,
            input: input.to_owned(),
            reason: failure.to_string(),
            advice,
        }
    }

    /// For `map_err`: what was tried on `path`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path: path.clone(),
            source,
        }
    }
}
