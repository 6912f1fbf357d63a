//! Tells how far a long run has come, where somebody is watching.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use wafwatch_loadgen::Truth;

const INTERVAL: Duration = Duration::from_millis(200);

/// Where the records of a run go, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// To the terminal, where progress would be in their way.
    OnScreen,
    /// Out of sight.
    Elsewhere,
}

/// The time of the records that a run goes through.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// Unix milliseconds.
    pub start_ms: i64,
    /// Unknown for recordings.
    pub length_ms: Option<i64>,
}

/// A line on standard error that is drawn again and again; nothing where that is no terminal.
#[derive(Debug)]
pub struct Progress {
    is_shown: bool,
    stretch: Stretch,
    begun: Instant,
    drawn: Instant,
    records: u64,
    is_dirty: bool,
}

impl Progress {
    /// Progress of a run through `stretch` that begins now.
    pub fn new(stretch: Stretch, records: Records) -> Self {
        let begun = Instant::now();
        Self {
            is_shown: records == Records::Elsewhere && io::stderr().is_terminal(),
            stretch,
            begun,
            drawn: begun,
            records: 0,
            is_dirty: false,
        }
    }

    /// Whether somebody is watching.
    pub fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// The run has come to `at_ms` with `records` in all.
    pub fn show(&mut self, at_ms: i64, records: u64) {
        let since = self.drawn.elapsed();
        if !self.is_shown || since < INTERVAL {
            return;
        }
        let rate = (records - self.records) as f64 / since.as_secs_f64();
        self.records = records;
        self.drawn = Instant::now();
        self.is_dirty = true;
        let mut text = format!("{records} records, {rate:.0}/s");
        if let Some(length_ms) = self.stretch.length_ms {
            let elapsed = self.begun.elapsed().as_secs_f64();
            let done = (at_ms - self.stretch.start_ms) as f64 / length_ms as f64;
            let left_s = elapsed / done.max(1e-6) - elapsed;
            text = format!("{:3.0}%, {left_s:.0} s left, {text}", done * 100.0);
        }
        draw(&text);
    }

    /// The run is over, with `truth` about what was made.
    pub fn finish(&self, truth: Option<&Truth>) {
        if !self.is_shown {
            return;
        }
        if self.is_dirty {
            draw("");
        }
        let mut text = String::new();
        for event in truth.iter().flat_map(|truth| &truth.events) {
            text.push_str(&format!(
                "{}: {} to {}, {} requests, {} blocked\n",
                event.kind, event.start, event.end, event.counts.total, event.counts.blocked
            ));
        }
        // What cannot be shown is not worth failing for.
        let _ = io::stderr().write_all(text.as_bytes());
    }
}

fn draw(text: &str) {
    // The escape sequence erases what the last drawing left behind.
    let _ = write!(io::stderr(), "\r{text}\u{1b}[K");
}
