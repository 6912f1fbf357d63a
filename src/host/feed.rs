//! The decoded pieces of one input, in order; read and decoded ahead on a thread where wanted.
//!
//! Pieces come out the same either way, so the number of threads changes nothing but the time.
//! Standard input and pipes are always read on a thread: opening or reading them can take for
//! ever, and an interrupt must not wait for that.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

use wafwatch_windows::time::EventTime;

use crate::ingest::RejectReason;
use crate::pipeline::{self, DecodeLimits, Decoded};
use crate::source::{
    BlockLimits, BlockReader, Fault, Input, InputKind, Piece, Progress, SourceError,
};

/// Pieces that a thread decodes ahead of the one that counts.
const PIECES_AHEAD: usize = 2;
/// How often an interrupt is looked for while nothing comes.
const INTERRUPT_PAUSE: Duration = Duration::from_millis(100);

/// Where decoding happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoding {
    /// On the thread that counts.
    Inline,
    /// On a thread of its own.
    Ahead,
}

/// How inputs are read and decoded.
#[derive(Debug, Clone)]
pub struct FeedSettings {
    /// Where decoding happens.
    pub decoding: Decoding,
    /// Bounds of pieces.
    pub block: BlockLimits,
    /// Bounds of records.
    pub limits: DecodeLimits,
    /// What the clock showed when the run began.
    pub now: EventTime,
}

/// The pieces of one input.
pub(super) enum Feed {
    Inline {
        decoder: Box<Decoder>,
        spare: Vec<Decoded>,
    },
    Ahead {
        input: PathBuf,
        pieces: Receiver<Ahead>,
        spare: Sender<Decoded>,
    },
}

/// A piece that was decoded ahead, or nothing at the end of the input. A thread that ends without
/// saying so has panicked.
type Ahead = Result<Option<Decoded>, SourceError>;

/// What comes next of an input.
pub(super) enum Next {
    Piece(Decoded),
    Ended,
    /// The interrupt was set before anything came.
    Interrupted,
}

impl Feed {
    /// Opens `input` where it is counted up to.
    ///
    /// On a thread of its own, a failure to open is the first thing that comes.
    pub(super) fn open(
        input: &Input,
        position: u64,
        settings: &FeedSettings,
        progress: &Progress,
    ) -> Result<Self, SourceError> {
        let may_block = input.kind() != InputKind::File;
        if may_block || settings.decoding == Decoding::Ahead {
            return Ok(Self::spawn(
                input.clone(),
                position,
                settings.clone(),
                progress.clone(),
            ));
        }
        let decoder = Decoder::open(input, position, settings, progress)?;
        Ok(Self::Inline {
            decoder: Box::new(decoder),
            spare: Vec::new(),
        })
    }

    fn spawn(input: Input, position: u64, settings: FeedSettings, progress: Progress) -> Self {
        let (send, pieces) = sync_channel(PIECES_AHEAD);
        let (spare, spares) = channel();
        let path = input.path().to_owned();
        thread::spawn(
            move || match Decoder::open(&input, position, &settings, &progress) {
                Ok(decoder) => decode_ahead(decoder, &send, &spares),
                // Nobody listens any more where the replay was interrupted.
                Err(error) => drop(send.send(Err(error))),
            },
        );
        Self::Ahead {
            input: path,
            pieces,
            spare,
        }
    }

    /// The next piece; waits for it until `interrupt` is set.
    pub(super) fn next(&mut self, interrupt: &AtomicBool) -> Result<Next, SourceError> {
        match self {
            Self::Inline { decoder, spare } => {
                let decoded = decoder.next(spare.pop().unwrap_or_default())?;
                Ok(decoded.map_or(Next::Ended, Next::Piece))
            }
            Self::Ahead { input, pieces, .. } => wait_for(input, pieces, interrupt),
        }
    }

    /// Gives a piece back, so that its memory serves the next one.
    pub(super) fn recycle(&mut self, decoded: Decoded) {
        match self {
            Self::Inline { spare, .. } => spare.push(decoded),
            // The thread may have ended; then nobody needs the memory.
            Self::Ahead { spare, .. } => drop(spare.send(decoded)),
        }
    }
}

fn wait_for(
    input: &Path,
    pieces: &Receiver<Ahead>,
    interrupt: &AtomicBool,
) -> Result<Next, SourceError> {
    loop {
        match pieces.recv_timeout(INTERRUPT_PAUSE) {
            Ok(piece) => return Ok(piece?.map_or(Next::Ended, Next::Piece)),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(SourceError::ReaderPanicked {
                    path: input.to_owned(),
                });
            }
            Err(RecvTimeoutError::Timeout) if interrupt.load(Ordering::Relaxed) => {
                return Ok(Next::Interrupted);
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn decode_ahead(mut decoder: Decoder, send: &SyncSender<Ahead>, spares: &Receiver<Decoded>) {
    loop {
        let spare = spares.try_recv().unwrap_or_default();
        let piece = decoder.next(spare);
        let was_last = !matches!(piece, Ok(Some(_)));
        // Nobody listens any more where the replay was interrupted or closed this reader.
        let is_unwanted = send.send(piece).is_err();
        if was_last || is_unwanted {
            return;
        }
    }
}

pub(super) struct Decoder {
    reader: BlockReader,
    name: String,
    limits: crate::ingest::Limits,
    block: Vec<u8>,
}

impl Decoder {
    fn open(
        input: &Input,
        position: u64,
        settings: &FeedSettings,
        progress: &Progress,
    ) -> Result<Self, SourceError> {
        let reader = BlockReader::open_with(input, position, settings.block, progress)?;
        Ok(Self {
            reader,
            name: input.path().display().to_string(),
            limits: settings.limits.accepting_until(settings.now),
            block: Vec::new(),
        })
    }

    fn next(&mut self, mut decoded: Decoded) -> Result<Option<Decoded>, SourceError> {
        match self.reader.next(&mut self.block)? {
            None => return Ok(None),
            Some(Piece::Block(block)) => {
                let piece = pipeline::Piece {
                    bytes: &block.bytes,
                    start: block.start,
                    end: block.end,
                };
                decoded.fill(&self.name, piece, &self.limits);
                self.block = block.bytes;
            }
            Some(Piece::Rejected(rejected)) => {
                let piece = pipeline::Piece {
                    bytes: &rejected.sample,
                    start: rejected.start,
                    end: rejected.end,
                };
                decoded.fill_rejected(&self.name, piece, reason(&rejected.fault));
            }
        }
        Ok(Some(decoded))
    }
}

/// The reason under which a source's fault is counted.
pub(super) fn reason(fault: &Fault) -> RejectReason {
    match fault {
        Fault::TooLarge { .. } => RejectReason::TooLarge,
        Fault::Truncated => RejectReason::Truncated,
        Fault::Corrupt { .. } => RejectReason::CorruptGzip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_panics_is_no_end_of_the_input() {
        let interrupt = AtomicBool::new(false);
        let path = Path::new("waf.log");
        let (send, pieces) = sync_channel::<Ahead>(2);
        send.send(Ok(Some(Decoded::default()))).expect("room");
        send.send(Ok(None)).expect("room");
        drop(send);
        let next = || wait_for(path, &pieces, &interrupt);
        assert!(matches!(next(), Ok(Next::Piece(_))));
        assert!(matches!(next(), Ok(Next::Ended)));
        let Err(error) = next() else {
            panic!("the channel is closed");
        };
        assert!(error.to_string().contains("`waf.log`"), "{error}");
    }
}
