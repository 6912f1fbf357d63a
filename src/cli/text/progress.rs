//! Output beside a progress bar.

use std::io::{self, Write};

use indicatif::ProgressBar;

/// Standard output, with the bar taken away while something is written.
///
/// What is written after the other side has closed the pipe is gone without an error: whoever read
/// the output has seen enough, and the command ends on its own at its next print.
#[derive(Debug, Clone)]
pub struct ProgressWriter {
    bar: ProgressBar,
}

impl ProgressWriter {
    /// A writer beside `bar`.
    #[must_use]
    pub fn new(bar: ProgressBar) -> Self {
        Self { bar }
    }
}

impl Write for ProgressWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.bar.suspend(|| io::stdout().lock().write(bytes));
        unless_closed(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        unless_closed(io::stdout().lock().flush(), ())
    }
}

fn unless_closed<T>(result: io::Result<T>, seen_enough: T) -> io::Result<T> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(seen_enough),
        other => other,
    }
}
