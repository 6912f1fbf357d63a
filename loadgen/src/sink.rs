//! Writing a run out.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::generator::Generator;
use crate::options::{Options, OptionsError};
use crate::truth::Truth;

/// Lines are handed on in pieces of about this size.
const CHUNK_BYTES: usize = 256 * 1024;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One record per line.
    JsonLines,
    /// The same, as one gzip member that holds neither a name nor a time.
    Gzip,
}

/// Why a run could not be written.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// There is no such run.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The output failed.
    #[error("cannot write records")]
    Write(#[from] io::Error),
}

/// Writes the run of `options` to `output` as JSON lines.
///
/// # Errors
///
/// [`GenerateError`] for options that cannot be met and for an output that fails.
pub fn generate(options: &Options, output: &mut dyn Write) -> Result<Truth, GenerateError> {
    generate_as(Format::JsonLines, options, output, &mut |_| {})
}

/// Writes the run of `options` to `output` in `format`.
///
/// `watch` is told after every few hundred lines how far the run has come: a Unix time in
/// milliseconds between its begin and its end.
///
/// # Errors
///
/// [`GenerateError`] for options that cannot be met and for an output that fails.
pub fn generate_as(
    format: Format,
    options: &Options,
    output: &mut dyn Write,
    watch: &mut dyn FnMut(i64),
) -> Result<Truth, GenerateError> {
    let mut generator = Generator::new(options)?;
    match format {
        Format::JsonLines => copy(&mut generator, output, watch)?,
        Format::Gzip => {
            let mut encoder = GzEncoder::new(output, Compression::fast());
            copy(&mut generator, &mut encoder, watch)?;
            encoder.finish()?.flush()?;
        }
    }
    Ok(generator.truth())
}

fn copy(
    generator: &mut Generator,
    output: &mut dyn Write,
    watch: &mut dyn FnMut(i64),
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(CHUNK_BYTES + 8 * 1024);
    while let Some(event) = generator.write_next(&mut buffer) {
        if buffer.len() >= CHUNK_BYTES {
            output.write_all(&buffer)?;
            buffer.clear();
            watch(event.timestamp_ms);
        }
    }
    output.write_all(&buffer)?;
    output.flush()
}
