//! Where records go, how fast, and what is said about it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use wafwatch_loadgen::Format;

use super::probe::ProbeArguments;
use super::stream::{StreamArguments, StreamTarget};
use crate::command::probe::Probes;
use crate::command::sink::Rotation;
use crate::command::tempo::Tempo;

/// Where records go, and what is said about it.
#[derive(Debug)]
pub struct Output {
    /// Where to.
    pub destination: Destination,
    /// How fast.
    pub tempo: Tempo,
    /// File for the report as JSON.
    pub report: Option<PathBuf>,
    /// File for the distribution of latency.
    pub hgrm: Option<PathBuf>,
    /// Where to look for what becomes of the records.
    pub probes: Option<Probes>,
}

/// Where records go.
#[derive(Debug, PartialEq, Eq)]
pub enum Destination {
    /// Standard output.
    Stdout(Format),
    /// A file, created or overwritten.
    File(PathBuf, Format),
    /// Files that follow each other.
    Files(PathBuf, Format, Rotation),
    /// An endpoint.
    Http(Endpoint),
    /// A stream.
    Stream(StreamTarget),
}

/// An endpoint for real requests.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// As given.
    pub url: String,
    /// Hosts that it may name.
    pub allowed_hosts: Vec<String>,
    /// Environment variable with the API key.
    pub api_key_variable: Option<String>,
    /// Requests at a time.
    pub connections: u32,
}

/// Whose output it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Defaults {
    /// As fast as possible.
    Made,
    /// As it was recorded.
    Recorded,
}

#[derive(Debug, Args)]
pub(super) struct OutputArguments {
    /// How fast the time of the records goes by: `max`, or a factor as 1x or 60x [default: max; 1x
    /// for replay]
    #[arg(long, value_name = "SPEED")]
    speed: Option<Tempo>,
    /// How to write [default: gzip where the file's name ends in .gz, else jsonl]
    #[arg(long, value_enum)]
    format: Option<FormatName>,
    /// File to write, `-` for standard output
    #[arg(long, short, default_value = "-", value_name = "FILE")]
    out: PathBuf,
    /// Begins another file at this size of lines or after this time, as 64MiB or 5m; files are
    /// numbered
    #[arg(long, value_name = "SIZE|TIME")]
    rotate: Option<Rotation>,
    /// Sends every record as a real request to this endpoint, its path in front
    #[arg(long, value_name = "URL", conflicts_with_all = ["out", "format", "rotate"])]
    url: Option<String>,
    /// A host that --url may name; all others are refused
    #[arg(long = "allow-host", value_name = "HOST", requires = "url")]
    allowed_hosts: Vec<String>,
    /// Environment variable with the key that is sent as x-api-key
    #[arg(long, value_name = "VARIABLE", requires = "url")]
    api_key_env: Option<String>,
    #[command(flatten)]
    stream: StreamArguments,
    /// Requests to an endpoint, or calls of a stream, at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 16,
          value_parser = clap::value_parser!(u32).range(1..=4_096))]
    connections: u32,
    /// File for the report on sending as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// File for the distribution of latency, as HdrHistogram's plotters read it
    #[arg(long, value_name = "FILE")]
    hgrm: Option<PathBuf>,
    #[command(flatten)]
    probe: ProbeArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatName {
    /// One record per line
    Jsonl,
    /// The same, compressed
    Gzip,
}

impl OutputArguments {
    pub(super) fn read(self, defaults: Defaults) -> Result<Output, String> {
        let tempo = self.speed.unwrap_or(match defaults {
            Defaults::Made => Tempo::Max,
            Defaults::Recorded => Tempo::Times(1.0),
        });
        Ok(Output {
            tempo,
            report: self.report.clone(),
            hgrm: self.hgrm.clone(),
            probes: self.probe.clone().read(),
            destination: self.destination()?,
        })
    }

    fn destination(self) -> Result<Destination, String> {
        if let Some(url) = self.url {
            return Ok(Destination::Http(Endpoint {
                url,
                allowed_hosts: self.allowed_hosts,
                api_key_variable: self.api_key_env,
                connections: self.connections,
            }));
        }
        if let Some(target) = self.stream.read(self.connections) {
            return Ok(Destination::Stream(target));
        }
        let is_gzip_name = self.out.extension().is_some_and(|end| end == "gz");
        let format = match self.format {
            Some(FormatName::Jsonl) => Format::JsonLines,
            Some(FormatName::Gzip) => Format::Gzip,
            None if is_gzip_name => Format::Gzip,
            None => Format::JsonLines,
        };
        match (self.out.to_str(), self.rotate) {
            (Some("-"), None) => Ok(Destination::Stdout(format)),
            (Some("-"), Some(_)) => Err("--rotate needs files: name them with --out".to_owned()),
            (_, None) => Ok(Destination::File(self.out, format)),
            (_, Some(rotation)) => Ok(Destination::Files(self.out, format, rotation)),
        }
    }
}
