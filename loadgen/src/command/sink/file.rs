//! One output, plain or compressed.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use wafwatch_loadgen::Format;

/// Lines in a format.
pub enum LogFile<W: Write> {
    Plain(W),
    Gzip(Box<GzEncoder<W>>),
}

impl<W: Write> LogFile<W> {
    pub fn new(output: W, format: Format) -> Self {
        match format {
            Format::JsonLines => Self::Plain(output),
            Format::Gzip => Self::Gzip(Box::new(GzEncoder::new(output, Compression::fast()))),
        }
    }

    /// Writes what is left.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut output) => output.flush(),
            Self::Gzip(encoder) => encoder.finish()?.flush(),
        }
    }
}

impl<W: Write> Write for LogFile<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(output) => output.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
        }
    }

    /// A compressed output keeps its last block until more comes: flushing it would cost its size.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(output) => output.flush(),
            Self::Gzip(_) => Ok(()),
        }
    }
}
