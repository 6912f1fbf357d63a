//! The decoded bytes of a file or pipe: as they are, or decompressed.
//!
//! Compressed input is decoded in portions of [`PORTION`] bytes whose borders do not depend on where
//! a reader starts. Of damaged data a portion is lost at most, and always the same one.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

use flate2::bufread::MultiGzDecoder;

use super::layout::is_gzip;
use super::piece::Fault;
use super::progress::Progress;

const PORTION: usize = 64 * 1024;

type Raw = Box<dyn Read + Send>;

/// What came of reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Supplied {
    /// This many bytes, more than zero.
    Bytes(usize),
    /// The stream ends here.
    End,
    /// The stream breaks off here. Every later call says so too.
    Broken(Fault),
}

/// A decoded stream.
pub(super) struct Stream {
    source: Source,
    broken: Option<Fault>,
}

enum Source {
    Plain(Counted),
    Gzip(Box<MultiGzDecoder<BufReader<Counted>>>),
}

impl Stream {
    /// The stream of a file, from its beginning.
    pub(super) fn of_file(mut file: File, progress: &Progress) -> io::Result<Self> {
        let magic = first_two(&mut file)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self::new(&magic, Box::new(file), progress))
    }

    /// The stream of what can be read only once. Waits for its first two bytes.
    pub(super) fn of_pipe(mut pipe: Raw, progress: &Progress) -> io::Result<Self> {
        let magic = first_two(&mut pipe)?;
        let raw = Cursor::new(magic.clone()).chain(pipe);
        Ok(Self::new(&magic, Box::new(raw), progress))
    }

    /// The bytes as they are.
    pub(super) fn plain(raw: Raw, progress: &Progress) -> Self {
        Self::new(&[], raw, progress)
    }

    pub(super) fn is_compressed(&self) -> bool {
        matches!(self.source, Source::Gzip(_))
    }

    fn new(magic: &[u8], raw: Raw, progress: &Progress) -> Self {
        let counted = Counted {
            raw,
            progress: progress.clone(),
        };
        let source = if is_gzip(magic) {
            let buffered = BufReader::with_capacity(PORTION, counted);
            Source::Gzip(Box::new(MultiGzDecoder::new(buffered)))
        } else {
            Source::Plain(counted)
        };
        Self {
            source,
            broken: None,
        }
    }

    /// Appends `wanted` bytes to `buffer`, fewer only before the end, or a few more.
    pub(super) fn fill(&mut self, buffer: &mut Vec<u8>, wanted: usize) -> io::Result<Supplied> {
        let before = buffer.len();
        // Room for the whole of it at once: growing step by step would double it.
        buffer.reserve_exact(wanted + PORTION);
        if let Source::Plain(counted) = &mut self.source {
            let read = counted
                .raw
                .by_ref()
                .take(wanted as u64)
                .read_to_end(buffer)?;
            counted.progress.add(read as u64);
            return Ok(supplied(read));
        }
        while buffer.len() - before < wanted {
            let outcome = self.read_some(buffer)?;
            if matches!(outcome, Supplied::Bytes(_)) {
                continue;
            }
            if buffer.len() == before {
                return Ok(outcome);
            }
            break;
        }
        Ok(supplied(buffer.len() - before))
    }

    /// Appends what is available to `buffer`; waits only while that is nothing.
    pub(super) fn read_some(&mut self, buffer: &mut Vec<u8>) -> io::Result<Supplied> {
        if let Some(fault) = &self.broken {
            return Ok(Supplied::Broken(fault.clone()));
        }
        let before = buffer.len();
        buffer.resize(before + PORTION, 0);
        let outcome = self.read_uninterrupted(&mut buffer[before..]);
        buffer.truncate(before + *outcome.as_ref().unwrap_or(&0));
        match outcome {
            Ok(read) => Ok(supplied(read)),
            Err(error) if matches!(self.source, Source::Plain(_)) => Err(error),
            Err(error) => {
                let fault = fault_of(error)?;
                self.broken = Some(fault.clone());
                Ok(Supplied::Broken(fault))
            }
        }
    }

    fn read_uninterrupted(&mut self, portion: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match &mut self.source {
                Source::Plain(counted) => counted.read(portion),
                Source::Gzip(decoder) => decoder.read(portion),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Stream").finish_non_exhaustive()
    }
}

fn supplied(read: usize) -> Supplied {
    match read {
        0 => Supplied::End,
        read => Supplied::Bytes(read),
    }
}

/// Tells what the decoder found wrong with the data from what the system found wrong with the file.
fn fault_of(error: io::Error) -> io::Result<Fault> {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Ok(Fault::Truncated),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Ok(Fault::Corrupt {
            reason: error.to_string(),
        }),
        _ => Err(error),
    }
}

pub(super) fn first_two(raw: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut magic = Vec::with_capacity(2);
    raw.take(2).read_to_end(&mut magic)?;
    Ok(magic)
}

/// Counts the bytes as they lie on disk.
struct Counted {
    raw: Raw,
    progress: Progress,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(buffer)?;
        self.progress.add(read as u64);
        Ok(read)
    }
}
