//! Tells how far a long run has come, where somebody is watching.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use wafwatch_loadgen::{Options, Truth};

use wafwatch_loadgen::duration;

const INTERVAL: Duration = Duration::from_millis(200);

/// Where the records of a run go, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// To the terminal, where progress would be in their way.
    OnScreen,
    /// Out of sight.
    Elsewhere,
}

/// A line on standard error that is drawn again and again; nothing where that is no terminal.
#[derive(Debug)]
pub struct Progress {
    is_shown: bool,
    start_ms: i64,
    length_ms: i64,
    begun: Instant,
    drawn: Instant,
    is_dirty: bool,
}

impl Progress {
    /// Progress of a run with `options` that begins now.
    pub fn new(options: &Options, records: Records) -> Self {
        let begun = Instant::now();
        Self {
            is_shown: records == Records::Elsewhere && io::stderr().is_terminal(),
            start_ms: options.start_ms,
            length_ms: options.duration().as_millis() as i64,
            begun,
            drawn: begun,
            is_dirty: false,
        }
    }

    /// The run has come to `at_ms`.
    pub fn show(&mut self, at_ms: i64) {
        if !self.is_shown || self.drawn.elapsed() < INTERVAL {
            return;
        }
        self.drawn = Instant::now();
        self.is_dirty = true;
        let elapsed = self.begun.elapsed().as_secs_f64();
        let done = (at_ms - self.start_ms) as f64 / self.length_ms as f64;
        let left_s = elapsed / done.max(1e-6) - elapsed;
        draw(&format!("{:3.0}%, {left_s:.0} s left", done * 100.0));
    }

    /// The run is over.
    pub fn finish(&self, truth: &Truth) {
        if !self.is_shown {
            return;
        }
        if self.is_dirty {
            draw("");
        }
        let elapsed = self.begun.elapsed();
        let rate = truth.counts.total as f64 / elapsed.as_secs_f64();
        let took = duration::show(Duration::from_millis(elapsed.as_millis() as u64));
        let mut text = format!(
            "{} records, {:.1} MB, {took}, {rate:.0} records/s\n",
            truth.counts.total,
            truth.bytes as f64 / 1e6,
        );
        for event in &truth.events {
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
