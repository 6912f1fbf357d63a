//! The decoded pieces of one input, in order; read and decoded ahead on a thread where wanted.
//!
//! Pieces come out the same either way, so the number of threads changes nothing but the time.
//! Standard input and pipes are always read on a thread: opening or reading them can take for
//! ever, and an interrupt must not wait for that.

use std::sync::atomic::AtomicBool;

use wafwatch_windows::time::EventTime;

use super::ahead::Ahead;
use crate::ingest::RejectReason;
use crate::pipeline::{self, DecodeLimits, Decoded};
use crate::source::{
    BlockLimits, BlockReader, Fault, Input, InputKind, Piece, Progress, SourceError,
};

/// Where decoding happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decoding {
    /// On the thread that counts.
    Inline,
    /// On a thread of its own, and on the one that counts where that would have to wait.
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
    Inline(Box<Inline>),
    Ahead(Box<Ahead>),
}

/// What comes next of an input.
pub(super) enum Next {
    Piece(Decoded),
    Ended,
    /// The interrupt was set before anything came.
    Interrupted,
}

impl Feed {
    /// Opens `input`, one of so many that are open at once, where it is counted up to.
    ///
    /// On a thread of its own, a failure to open is the first thing that comes.
    pub(super) fn open(
        input: &Input,
        position: u64,
        settings: &FeedSettings,
        open_at_once: usize,
        progress: &Progress,
    ) -> Result<Self, SourceError> {
        let may_block = input.kind() != InputKind::File;
        if may_block || settings.decoding == Decoding::Ahead {
            let ahead = Ahead::spawn(input, position, settings, open_at_once, progress);
            return Ok(Self::Ahead(Box::new(ahead)));
        }
        let reader = BlockReader::open_with(input, position, settings.block, progress)?;
        Ok(Self::Inline(Box::new(Inline {
            reader,
            decoder: Decoder::new(input, settings),
            spare: Decoded::default(),
        })))
    }

    /// The next piece; waits for it until `interrupt` is set.
    pub(super) fn next(&mut self, interrupt: &AtomicBool) -> Result<Next, SourceError> {
        match self {
            Self::Inline(inline) => inline.next(),
            Self::Ahead(ahead) => ahead.next(interrupt),
        }
    }

    /// Gives a piece back, so that its memory serves another one.
    pub(super) fn recycle(&mut self, decoded: Decoded) {
        match self {
            Self::Inline(inline) => inline.spare = decoded,
            Self::Ahead(ahead) => ahead.recycle(decoded),
        }
    }
}

/// Pieces that are read and decoded when they are asked for.
pub(super) struct Inline {
    reader: BlockReader,
    decoder: Decoder,
    spare: Decoded,
}

impl Inline {
    fn next(&mut self) -> Result<Next, SourceError> {
        let Some(piece) = self.reader.next(self.decoder.spare_block())? else {
            return Ok(Next::Ended);
        };
        let spare = std::mem::take(&mut self.spare);
        Ok(Next::Piece(self.decoder.decode(piece, spare)))
    }
}

/// Decodes pieces of one input.
#[derive(Clone)]
pub(super) struct Decoder {
    name: String,
    limits: crate::ingest::Limits,
    block: Vec<u8>,
}

impl Decoder {
    pub(super) fn new(input: &Input, settings: &FeedSettings) -> Self {
        Self {
            name: input.path().display().to_string(),
            limits: settings.limits.accepting_until(settings.now),
            block: Vec::new(),
        }
    }

    /// Memory for the next block: that of the last one.
    pub(super) fn spare_block(&mut self) -> &mut Vec<u8> {
        &mut self.block
    }

    /// Decodes `piece` in the memory of `decoded`.
    pub(super) fn decode(&mut self, piece: Piece, mut decoded: Decoded) -> Decoded {
        match piece {
            Piece::Block(block) => {
                let piece = pipeline::Piece {
                    bytes: &block.bytes,
                    start: block.start,
                    end: block.end,
                };
                decoded.fill(&self.name, piece, &self.limits);
                self.block = block.bytes;
            }
            Piece::Rejected(rejected) => {
                let piece = pipeline::Piece {
                    bytes: &rejected.sample,
                    start: rejected.start,
                    end: rejected.end,
                };
                decoded.fill_rejected(&self.name, piece, reason(&rejected.fault));
            }
        }
        decoded
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
