//! Where to look for what becomes of records.

use std::time::Duration;

use clap::Args;
use wafwatch_loadgen::duration;

use crate::command::probe::{Probes, Source};

#[derive(Debug, Clone, Args)]
pub(super) struct ProbeArguments {
    /// Measures the time until windows are closed, as they show in JSON: file:PATH that grows by lines,
    /// listen:127.0.0.1:PORT that is posted to, or run:COMMAND that prints
    #[arg(long, value_name = "SOURCE")]
    probe_windows: Option<Source>,
    /// The same for messages
    #[arg(long, value_name = "SOURCE")]
    probe_messages: Option<Source>,
    /// Time between two runs of a command
    #[arg(long, default_value = "1s", value_parser = duration::parse, value_name = "DURATION")]
    probe_every: Duration,
    /// How long to look on after the last record
    #[arg(long, default_value = "3m", value_parser = duration::parse, value_name = "DURATION")]
    probe_wait: Duration,
}

impl ProbeArguments {
    pub(super) fn read(self) -> Option<Probes> {
        let is_wanted = self.probe_windows.is_some() || self.probe_messages.is_some();
        is_wanted.then_some(Probes {
            windows: self.probe_windows,
            messages: self.probe_messages,
            every: self.probe_every,
            wait: self.probe_wait,
        })
    }
}
