//! Which recordings are sent again, and as what.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use wafwatch_loadgen::replay::Uris;

use super::start;
use crate::command::recording::Location;
use crate::command::tempo::Tempo;

/// Recordings to send.
#[derive(Debug)]
pub struct Replay {
    /// Files, folders and prefixes.
    pub locations: Vec<Location>,
    /// What becomes of the time of the first record, in Unix milliseconds; `None` for the moment
    /// in which it is sent.
    pub start_ms: Option<i64>,
    /// What the gaps between timestamps are divided by.
    pub divisor: f64,
    /// The file with the key under which people get other names.
    pub key: Option<PathBuf>,
    /// Whether paths get other names too.
    pub uris: Uris,
}

#[derive(Debug, Args)]
pub(super) struct ReplayArguments {
    /// Files and folders of WAF logs, in any envelope, or s3://BUCKET/PREFIX
    #[arg(required = true, value_name = "PATH", value_parser = Location::parse)]
    locations: Vec<Location>,
    /// Time of the first record: an RFC 3339 time [default: now]
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// What timestamps say
    #[arg(long, value_enum, default_value = "gaps")]
    stamp: Stamp,
    /// Gives addresses and people other names under the key in this file (16 bytes or more): the
    /// same ones under the same key
    #[arg(long, value_name = "KEYFILE")]
    pseudonymise: Option<PathBuf>,
    /// Gives paths and query strings other names too
    #[arg(long, requires = "pseudonymise")]
    pseudonymise_uris: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stamp {
    /// Gaps between records stay: at more than 1x their time runs ahead of the clock
    Gaps,
    /// When the record is due to be sent: gaps shrink with the speed
    Sent,
}

impl ReplayArguments {
    pub(super) fn read(self, tempo: Tempo, now_ms: &impl Fn() -> i64) -> Result<Replay, String> {
        let divisor = match (self.stamp, tempo) {
            (Stamp::Gaps, _) => 1.0,
            (Stamp::Sent, Tempo::Times(factor)) => factor,
            (Stamp::Sent, Tempo::Max) => {
                return Err("--stamp sent needs a schedule: choose a --speed as 60x".to_owned());
            }
        };
        let start = self.start.map(|text| start(&text, now_ms));
        Ok(Replay {
            locations: self.locations,
            start_ms: start.transpose()?,
            divisor,
            key: self.pseudonymise,
            uris: match self.pseudonymise_uris {
                true => Uris::Hidden,
                false => Uris::Kept,
            },
        })
    }
}
