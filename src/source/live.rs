//! Reads standard input as it arrives.

use std::io::{self, Read};
use std::path::Path;

use super::assembler::Assembler;
use super::cutter::Supply;
use super::error::SourceError;
use super::piece::{BlockLimits, Fault, Piece};
use super::progress::Progress;
use super::stream::{Stream, Supplied};

/// Reads a pipe, plain or gzip, and hands out complete lines as soon as they arrive.
///
/// [`Self::next`] waits for data; give the reader a thread of its own. Its blocks depend on timing,
/// so its positions are worth nothing after the process.
#[derive(Debug)]
pub struct LineReader {
    pipe: Pipe,
    assembler: Assembler,
    ended: Ended,
}

enum Pipe {
    /// Not yet known whether it is compressed: that takes two bytes, for which [`LineReader::next`]
    /// and not the constructor waits.
    Unopened(Option<Box<dyn Read + Send>>),
    Open(Stream),
}

#[derive(Debug)]
enum Ended {
    No,
    Yes(Option<Fault>),
}

impl std::fmt::Debug for Pipe {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pipe").finish_non_exhaustive()
    }
}

impl LineReader {
    /// A reader of standard input.
    #[must_use]
    pub fn stdin(limits: BlockLimits) -> Self {
        Self::new(Box::new(io::stdin()), limits)
    }

    /// A reader of any pipe.
    #[must_use]
    pub fn new(pipe: Box<dyn Read + Send>, limits: BlockLimits) -> Self {
        Self {
            pipe: Pipe::Unopened(Some(pipe)),
            assembler: Assembler::new(limits),
            ended: Ended::No,
        }
    }

    /// The next piece; waits for it. `None` when the other side has closed the pipe and everything
    /// has been handed out. A block takes the memory of `spare`.
    ///
    /// # Errors
    ///
    /// [`SourceError::Io`] when the operating system fails to read.
    pub fn next(&mut self, spare: &mut Vec<u8>) -> Result<Option<Piece>, SourceError> {
        loop {
            let supply = match &self.ended {
                Ended::No => Supply::Waiting,
                Ended::Yes(fault) => Supply::after(fault.as_ref()),
            };
            if let Some(piece) = self.assembler.next(supply, spare) {
                return Ok(Some(piece));
            }
            if let Ended::Yes(fault) = &mut self.ended {
                return Ok(self.assembler.last(fault, spare));
            }
            let read = self.read();
            match read.map_err(SourceError::io("read", Path::new("-")))? {
                Supplied::Bytes(_) => {}
                Supplied::End => self.ended = Ended::Yes(None),
                Supplied::Broken(fault) => self.ended = Ended::Yes(Some(fault)),
            }
        }
    }

    fn read(&mut self) -> io::Result<Supplied> {
        if let Pipe::Unopened(pipe) = &mut self.pipe {
            let pipe = pipe.take().unwrap_or_else(|| Box::new(io::empty()));
            self.pipe = Pipe::Open(Stream::of_pipe(pipe, &Progress::default())?);
        }
        match &mut self.pipe {
            Pipe::Open(stream) => stream.read_some(self.assembler.pending()),
            Pipe::Unopened(_) => Ok(Supplied::End),
        }
    }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
