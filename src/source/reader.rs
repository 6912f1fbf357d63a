//! Reads one input to its end.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use super::assembler::Assembler;
use super::cutter::Supply;
use super::error::SourceError;
use super::input::{Input, InputKind};
use super::layout::{HEAD_BYTES, is_gzip};
use super::piece::{BlockLimits, Fault, Piece};
use super::progress::Progress;
use super::stream::{Stream, Supplied, first_two};

/// Reads one input to its end, plain or gzip, in pieces that are the same after every restart.
///
/// Positions count decoded bytes. Resuming a plain file seeks; resuming a compressed one decodes
/// and discards what comes before.
#[derive(Debug)]
pub struct BlockReader {
    path: PathBuf,
    stream: Stream,
    assembler: Assembler,
    state: State,
}

#[derive(Debug)]
enum State {
    Flowing,
    /// All bytes are in the assembler; then comes the fault, if any.
    Ended(Option<Fault>),
}

impl BlockReader {
    /// Opens `input` with the default limits at `resume_at`: zero, or the end of a piece.
    ///
    /// # Errors
    ///
    /// [`SourceError`] when it cannot be opened, is shorter than `resume_at`, or is a pipe and
    /// `resume_at` is not zero.
    pub fn open(input: &Input, resume_at: u64) -> Result<Self, SourceError> {
        Self::open_with(
            input,
            resume_at,
            BlockLimits::default(),
            &Progress::default(),
        )
    }

    /// [`Self::open`] with limits, counting the bytes read in `progress`.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn open_with(
        input: &Input,
        resume_at: u64,
        limits: BlockLimits,
        progress: &Progress,
    ) -> Result<Self, SourceError> {
        let path = input.path();
        let failed = SourceError::io("read", path);
        let can_resume = matches!(input.kind(), InputKind::File | InputKind::Object);
        if resume_at > 0 && !can_resume {
            return Err(SourceError::CannotResume {
                input: path.display().to_string(),
                resume_at,
            });
        }
        let mut reader = Self {
            path: path.to_owned(),
            stream: open_stream(input, progress)?,
            assembler: Assembler::new(limits),
            state: State::Flowing,
        };
        if resume_at == 0 {
            return Ok(reader);
        }
        let head = peek(input, HEAD_BYTES)?;
        reader.assembler = Assembler::resume(resume_at, &head, limits);
        if let Some(object) = input.object() {
            if reader.stream.is_compressed() {
                reader.discard(resume_at)?;
                return Ok(reader);
            }
            if resume_at > object.bytes() {
                return Err(reader.shorter(resume_at, object.bytes()));
            }
            let rest = object.read_from(resume_at).map_err(&failed)?;
            progress.add(resume_at);
            reader.stream = Stream::plain(rest, progress);
            return Ok(reader);
        }
        let mut file = File::open(path).map_err(SourceError::io("open", path))?;
        if is_gzip(&first_two(&mut file).map_err(&failed)?) {
            reader.discard(resume_at)?;
            return Ok(reader);
        }
        let length = file.metadata().map_err(&failed)?.len();
        if resume_at > length {
            return Err(reader.shorter(resume_at, length));
        }
        file.seek(SeekFrom::Start(resume_at)).map_err(&failed)?;
        progress.add(resume_at);
        reader.stream = Stream::plain(Box::new(file), progress);
        Ok(reader)
    }

    /// The next piece, or `None` after the last one. A block takes the memory of `spare`.
    ///
    /// # Errors
    ///
    /// [`SourceError::Io`] when the operating system fails to read.
    pub fn next(&mut self, spare: &mut Vec<u8>) -> Result<Option<Piece>, SourceError> {
        loop {
            let supply = match &self.state {
                State::Flowing => Supply::Flowing,
                State::Ended(fault) => Supply::after(fault.as_ref()),
            };
            if let Some(piece) = self.assembler.next(supply, spare) {
                return Ok(Some(piece));
            }
            if let State::Ended(fault) = &mut self.state {
                return Ok(self.assembler.last(fault, spare));
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<(), SourceError> {
        let wanted = match self.assembler.wanted() {
            0 => LONG_LINE_STEP,
            // Not more: what lies behind a block is copied to the front of the next one.
            wanted => wanted,
        };
        let outcome = self.stream.fill(self.assembler.pending(), wanted);
        match outcome.map_err(SourceError::io("read", &self.path))? {
            Supplied::Bytes(_) => {}
            Supplied::End => self.state = State::Ended(None),
            Supplied::Broken(fault) => self.state = State::Ended(Some(fault)),
        }
        Ok(())
    }

    /// Decodes up to `resume_at`.
    fn discard(&mut self, resume_at: u64) -> Result<(), SourceError> {
        let mut position = 0;
        let mut portion = Vec::new();
        while position < resume_at {
            portion.clear();
            let outcome = self.stream.read_some(&mut portion);
            match outcome.map_err(SourceError::io("read", &self.path))? {
                Supplied::Bytes(read) => position += read as u64,
                // The fault itself was counted: it takes up the position behind the last byte.
                Supplied::Broken(_) if position + 1 == resume_at => {
                    self.state = State::Ended(None);
                    return Ok(());
                }
                Supplied::End | Supplied::Broken(_) => {
                    return Err(self.shorter(resume_at, position));
                }
            }
        }
        let surplus = usize::try_from(position - resume_at).unwrap_or(portion.len());
        let kept = portion.len().saturating_sub(surplus);
        self.assembler.pending().extend_from_slice(&portion[kept..]);
        Ok(())
    }

    fn shorter(&self, resume_at: u64, length: u64) -> SourceError {
        SourceError::ShorterThanCheckpoint {
            path: self.path.clone(),
            resume_at,
            length,
        }
    }
}

/// A line that exceeds the block is read in steps of this size.
const LONG_LINE_STEP: usize = 256 * 1024;

pub(super) fn open_stream(input: &Input, progress: &Progress) -> Result<Stream, SourceError> {
    let path = input.path();
    let stream = match input.kind() {
        InputKind::Stdin => Stream::of_pipe(Box::new(io::stdin()), progress),
        InputKind::Pipe => Stream::of_pipe(Box::new(open(input)?), progress),
        InputKind::File => Stream::of_file(open(input)?, progress),
        InputKind::Object => open_object(input).and_then(|raw| Stream::of_pipe(raw, progress)),
    };
    stream.map_err(SourceError::io("read", path))
}

fn open_object(input: &Input) -> io::Result<Box<dyn Read + Send>> {
    match input.object() {
        Some(object) => object.read_from(0),
        None => Ok(Box::new(io::empty())),
    }
}

pub(super) fn open(input: &Input) -> Result<File, SourceError> {
    File::open(input.path()).map_err(SourceError::io("open", input.path()))
}

/// The first decoded bytes of a file or object, at most `max_bytes`, as far as they can be decoded.
/// Nothing of standard input or a pipe, from which a peek would take them away.
///
/// # Errors
///
/// [`SourceError::Io`] when the file cannot be opened or read.
pub fn peek(input: &Input, max_bytes: usize) -> Result<Vec<u8>, SourceError> {
    let mut head = Vec::new();
    if matches!(input.kind(), InputKind::Stdin | InputKind::Pipe) {
        return Ok(head);
    }
    let mut stream = open_stream(input, &Progress::default())?;
    stream
        .fill(&mut head, max_bytes)
        .map_err(SourceError::io("read", input.path()))?;
    head.truncate(max_bytes);
    Ok(head)
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
