//! Turns a stream that arrives in any portions into contiguous pieces.

use super::cutter::{Cut, Cutter, Supply};
use super::layout::{IsWhole, Layout};
use super::piece::{Block, BlockLimits, Fault, Piece, Rejected};
use super::structure::{blank_array_separators, ends_with_object};

/// Holds the bytes that were read and not yet handed out.
#[derive(Debug)]
pub(super) struct Assembler {
    limits: BlockLimits,
    cutter: Option<Cutter>,
    array: Option<u64>,
    pending: Vec<u8>,
    /// Where `pending` begins in the decoded stream.
    position: u64,
    skipping: Option<Skipping>,
}

/// A record that is too large, while its end is being looked for.
#[derive(Debug)]
struct Skipping {
    start: u64,
    sample: Vec<u8>,
}

impl Assembler {
    /// An assembler for a stream from its beginning.
    pub(super) fn new(limits: BlockLimits) -> Self {
        Self {
            limits: limits.ordered(),
            cutter: None,
            array: None,
            pending: Vec::new(),
            position: 0,
            skipping: None,
        }
    }

    /// An assembler that goes on at `position`, the end of a piece, of a stream that begins with
    /// `head`.
    pub(super) fn resume(position: u64, head: &[u8], limits: BlockLimits) -> Self {
        let mut assembler = Self {
            position,
            ..Self::new(limits)
        };
        if position > 0 {
            let layout = Layout::detect(head, IsWhole::Yes).unwrap_or(Layout::Lines);
            assembler.set_layout(layout);
        }
        assembler
    }

    /// Where new bytes are to be appended.
    pub(super) fn pending(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    /// How many bytes make `pending` a full block, with the one that shows what comes behind it.
    pub(super) fn wanted(&self) -> usize {
        let full = self.limits.block_bytes.saturating_add(1);
        full.saturating_sub(self.pending.len())
    }

    /// Position behind the last byte appended.
    pub(super) fn end(&self) -> u64 {
        self.position + self.pending.len() as u64
    }

    /// The next piece; `None` when it takes more bytes to tell, or, once the supply has ended, when
    /// nothing is left. A block takes the memory of `spare`.
    pub(super) fn next(&mut self, supply: Supply, spare: &mut Vec<u8>) -> Option<Piece> {
        if self.cutter.is_none() {
            let is_whole = match supply {
                Supply::Ended | Supply::Broken => IsWhole::Yes,
                Supply::Flowing | Supply::Waiting => IsWhole::No,
            };
            self.set_layout(Layout::detect(&self.pending, is_whole)?);
        }
        if self.skipping.is_some() {
            return self.skip(supply);
        }
        let cutter = self.cutter.as_mut()?;
        match cutter.cut(&self.pending, supply) {
            Cut::More => None,
            Cut::At(length) => Some(Piece::Block(self.take(length, spare))),
            Cut::TooLarge => {
                self.skipping = Some(self.skipping());
                self.skip(supply)
            }
        }
    }

    /// The next piece of a stream that has ended, once [`Self::next`] has none: what is left before the
    /// break, and the break itself, which is taken out of `fault`. A record that is torn by the break is
    /// one with it, so that it counts once.
    pub(super) fn last(&mut self, fault: &mut Option<Fault>, spare: &mut Vec<u8>) -> Option<Piece> {
        if fault.is_some() && self.skipping.is_none() && ends_with_object(&self.pending) {
            return Some(Piece::Block(self.take(self.pending.len(), spare)));
        }
        let fault = fault.take()?;
        let torn = self.skipping.take().unwrap_or_else(|| self.skipping());
        let end = self.end() + 1;
        self.pending.clear();
        self.position = end;
        Some(Piece::Rejected(Rejected {
            fault,
            sample: torn.sample,
            start: torn.start,
            end,
        }))
    }

    /// The record that begins here, to be skipped.
    fn skipping(&self) -> Skipping {
        // More than a line may have been read, how much depends on where reading began.
        let most = self.limits.line_bytes.min(Rejected::SAMPLE_BYTES);
        let sample = self.pending.len().min(most);
        Skipping {
            start: self.position,
            sample: self.pending[..sample].to_vec(),
        }
    }

    fn set_layout(&mut self, layout: Layout) {
        if let Layout::Documents { array } = layout {
            self.array = array;
        }
        self.cutter = Some(Cutter::new(layout, self.limits));
    }

    fn take(&mut self, length: usize, spare: &mut Vec<u8>) -> Block {
        let mut rest = std::mem::take(spare);
        rest.clear();
        // One huge line must not leave every buffer of the pipeline as large as itself.
        if rest.capacity() > 4 * self.limits.block_bytes {
            rest = Vec::new();
        }
        rest.extend_from_slice(&self.pending[length..]);
        let mut bytes = std::mem::replace(&mut self.pending, rest);
        bytes.truncate(length);
        let start = self.position;
        self.position += length as u64;
        if let Some(array) = self.array {
            let opening = array.checked_sub(start);
            blank_array_separators(&mut bytes, opening.and_then(|at| usize::try_from(at).ok()));
        }
        Block {
            bytes,
            start,
            end: self.position,
        }
    }

    fn skip(&mut self, supply: Supply) -> Option<Piece> {
        let found = self.cutter.as_mut()?.skip(&self.pending);
        let length = found.unwrap_or(self.pending.len());
        self.pending.drain(..length);
        self.position += length as u64;
        if found.is_none() && supply != Supply::Ended {
            return None;
        }
        let Skipping { start, sample } = self.skipping.take()?;
        self.pending.shrink_to(2 * self.limits.block_bytes);
        Some(Piece::Rejected(Rejected {
            fault: Fault::TooLarge {
                bytes: self.position - start,
                limit: self.limits.line_bytes as u64,
            },
            sample,
            start,
            end: self.position,
        }))
    }
}
