//! Output beside a progress bar.

use std::io::{self, Write};

use indicatif::ProgressBar;

/// Standard output, with the bar taken away while something is written.
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
        self.bar.suspend(|| io::stdout().lock().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().lock().flush()
    }
}
