//! Emulators of AWS for tests: installed, started, probed and stopped by themselves, on loopback.
//!
//! None is complete, so each serves for what it does right:
//!
//! | emulator | serves for | does wrong |
//! | --- | --- | --- |
//! | [`Kinesis`] (ferrokinesis, in this process) | streams, resharding, typed errors | throttles nothing |
//! | [`Firehose`] (ours, in this process) | batches, their limits, entries that fail | delivers nothing |
//! | [`converse::Converse`] (ours, in this process) | Bedrock's Converse: tool use, structured output, usage, typed errors | knows no model: tests say what it answers |
//! | [`Ministack`] (Python) | DynamoDB, S3, SNS, SQS, Lambda, SAM, CloudTrail | its Kinesis event source mapping ignores batch item failures and destinations; a split loses the parent's records |
//! | [`Moto`] (Python) | WAFv2 lock tokens, Security Hub | validates nothing |
//!
//! [`Function`] runs a Lambda function's binary against a Runtime API of its own.
//!
//! The Python ones are installed once, at pinned versions, into `target/emulators`; that needs
//! `python3` with `venv` and a package index. A watchdog ends them with the test process, however it
//! ends. What no emulator does by itself, failing, is in [`faults`].

pub mod converse;
pub mod faults;
mod firehose;
mod install;
mod kinesis;
mod lambda;
mod process;
mod python;
mod runtime_api;
mod sdk;
mod server;

use std::io;
use std::path::PathBuf;

pub use ferrokinesis::store::StoreOptions as KinesisOptions;
pub use firehose::Firehose;
pub use kinesis::Kinesis;
pub use process::Process;
pub use python::{Ministack, Moto};
pub use runtime_api::{Function, FunctionError};
pub use sdk::{REGION, sdk_config, sdk_config_over};

/// An emulator that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// There is no Python.
    #[error(
        "emulators need python3 (3.10 or newer, with venv and pip) on the PATH: install it; \
         running it failed: {0}"
    )]
    NoPython(io::Error),
    /// A step of the installation failed.
    #[error("{step} failed ({status}) while installing the emulator {emulator}: {output}")]
    Install {
        /// What failed.
        step: &'static str,
        /// The emulator.
        emulator: &'static str,
        /// Its exit status.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// A file or folder cannot be used.
    #[error("cannot use {path} for emulators: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It did not start to answer.
    #[error("the emulator {emulator} {problem}; the end of its log {log}:\n{tail}")]
    NotHealthy {
        /// The emulator.
        emulator: &'static str,
        /// What was seen.
        problem: String,
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// It does not do what it was asked.
    #[error("the emulator {emulator} refused {call}: {problem}")]
    Refused {
        /// The emulator.
        emulator: &'static str,
        /// What it was asked.
        call: String,
        /// What it said.
        problem: String,
    },
    /// No port of loopback, or no thread, is to be had.
    #[error("cannot start the emulator {emulator}: {source}")]
    Start {
        /// The emulator.
        emulator: &'static str,
        /// Why.
        source: io::Error,
    },
}

impl EmulatorError {
    fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    fn start(emulator: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Start { emulator, source }
    }
}
