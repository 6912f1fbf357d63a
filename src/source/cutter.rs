//! Decides where a block ends: the rule that makes blocks the same after every restart.
//!
//! With `B = block_bytes` and `L = line_bytes`, counted from the start of the block, which is a place
//! where a record can begin, the block ends at the first of these that applies:
//!
//! 1. at the end of the input, if that is at most `B` away;
//! 2. at the last boundary up to `B`;
//! 3. at the first boundary between `B` and `L`;
//! 4. at the end of the input, if that is at most `L` away;
//! 5. otherwise what lies up to the next boundary, or the end, is rejected as too large.
//!
//! What a boundary is depends on the [`Layout`]. In **lines** it is the place behind a newline, and
//! only where there is no newline up to `B` (Firehose may write a whole object as one line of
//! concatenated records) also the place before the `{` of an object that follows another one. In
//! **documents** it is the place behind the `}` of an outermost object or behind a newline between
//! such objects, and only where there is none up to `B` also the place before a `{` that begins a
//! line, so that a document that was never finished swallows no more than one block. An **opaque**
//! input has no boundary.
//!
//! The scanner starts afresh at every block, and every boundary is outside of all strings and objects,
//! or is taken to be: so the rule needs nothing from before the block.
//!
//! Where a damaged stream breaks off, rules 1 and 4 do not hold: what stands behind the last boundary
//! is torn, unless it is an object that is closed, and is rejected together with the break.
//!
//! A live source applies rule 2 to what has arrived so far. Its blocks depend on timing, but they end
//! at boundaries all the same.

use memchr::memrchr;

use super::layout::Layout;
use super::piece::{BlockLimits, Fault};
use super::structure::{Mark, Structure};

/// Whether more bytes follow those at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Supply {
    /// More can be read right away.
    Flowing,
    /// Nothing more at the moment: hand out what is complete.
    Waiting,
    /// These are the last.
    Ended,
    /// These are the last that can be had: the stream is broken behind them.
    Broken,
}

impl Supply {
    /// The supply of a stream that has ended, broken by `fault` or by nothing.
    pub(super) fn after(fault: Option<&Fault>) -> Self {
        fault.map_or(Self::Ended, |_| Self::Broken)
    }
}

/// What to do with the bytes at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// A block ends at this index, which is above zero.
    At(usize),
    /// More bytes are needed; at the end of the input: none are left.
    More,
    /// The record that begins here is too large. Its end is found with [`Cutter::skip`].
    TooLarge,
}

/// Finds the end of one block after the other.
#[derive(Debug)]
pub(super) struct Cutter {
    layout: Layout,
    limits: BlockLimits,
    /// Bytes of the block that hold no newline, in lines.
    without_newline: usize,
    /// Bytes of the block that the structure has seen.
    scanned: usize,
    structure: Structure,
    /// Last boundary up to `block_bytes`.
    last: Option<usize>,
    /// Last place up to `block_bytes` where a document may have begun within an unfinished one.
    doubtful: Option<usize>,
}

impl Cutter {
    pub(super) fn new(layout: Layout, limits: BlockLimits) -> Self {
        Self {
            layout,
            limits,
            without_newline: 0,
            scanned: 0,
            structure: Structure::default(),
            last: None,
            doubtful: None,
        }
    }

    /// Forgets the block at hand: the next one begins.
    fn begin_block(&mut self) {
        *self = Self::new(self.layout, self.limits);
    }

    /// Where the block that begins with `bytes` ends. Until it is found, every call must repeat the
    /// bytes of the one before, and may add more.
    pub(super) fn cut(&mut self, bytes: &[u8], supply: Supply) -> Cut {
        let cut = self.find(bytes, supply);
        if let Cut::At(_) = cut {
            self.begin_block();
        }
        cut
    }

    fn find(&mut self, bytes: &[u8], supply: Supply) -> Cut {
        let BlockLimits {
            block_bytes,
            line_bytes,
        } = self.limits;
        let is_last_block = supply == Supply::Ended && bytes.len() <= block_bytes;
        if bytes.is_empty() || is_last_block {
            return match bytes.len() {
                0 => Cut::More,
                length => Cut::At(length),
            };
        }
        // One byte more: only it shows that the input does not end here.
        let is_full = bytes.len() > block_bytes;
        if supply == Supply::Flowing && !is_full {
            return Cut::More;
        }
        let block = &bytes[..bytes.len().min(block_bytes)];
        if let Some(end) = self.last_boundary(block) {
            return Cut::At(end);
        }
        if !is_full {
            return Cut::More;
        }
        if let Some(end) = self.doubtful {
            return Cut::At(end);
        }
        let line = &bytes[..bytes.len().min(line_bytes)];
        if let Some(end) = self.first_boundary(line) {
            return Cut::At(end);
        }
        match supply {
            _ if bytes.len() > line_bytes => Cut::TooLarge,
            Supply::Ended => Cut::At(bytes.len()),
            Supply::Flowing | Supply::Waiting | Supply::Broken => Cut::More,
        }
    }

    /// The last boundary in `block`, which is no longer than `block_bytes`.
    fn last_boundary(&mut self, block: &[u8]) -> Option<usize> {
        if self.layout == Layout::Lines {
            let newline = memrchr(b'\n', &block[self.without_newline..]);
            if let Some(newline) = newline {
                return Some(self.without_newline + newline + 1);
            }
            self.without_newline = block.len();
        }
        if self.layout == Layout::Opaque {
            return None;
        }
        while let Some(mark) = self.structure.next_mark(block, &mut self.scanned) {
            match mark {
                Mark::UnindentedObject(start) if start > 0 => self.doubtful = Some(start),
                _ => self.last = boundary(self.layout, mark).or(self.last),
            }
        }
        self.last
    }

    /// The first boundary of `line` behind what has been scanned.
    fn first_boundary(&mut self, line: &[u8]) -> Option<usize> {
        if self.layout == Layout::Opaque {
            return None;
        }
        while let Some(mark) = self.structure.next_mark(line, &mut self.scanned) {
            if let Some(end) = boundary_or_doubtful(self.layout, mark) {
                return Some(end);
            }
        }
        None
    }

    /// Goes on through a record that is too large: the index in `bytes`, which follow those seen
    /// before, where it ends. After [`Cut::TooLarge`], the first call repeats the bytes of
    /// [`Self::cut`]; a later one brings only new bytes.
    pub(super) fn skip(&mut self, bytes: &[u8]) -> Option<usize> {
        let end = self.first_boundary(bytes);
        match end {
            Some(_) => self.begin_block(),
            None => self.scanned = 0,
        }
        end
    }
}

fn boundary(layout: Layout, mark: Mark) -> Option<usize> {
    match (layout, mark) {
        (Layout::Lines, Mark::Line(end) | Mark::InnerLine(end) | Mark::NextObject(end))
        | (Layout::Documents { .. }, Mark::Line(end) | Mark::ObjectEnd(end)) => Some(end),
        _ => None,
    }
}

fn boundary_or_doubtful(layout: Layout, mark: Mark) -> Option<usize> {
    match (layout, mark) {
        (Layout::Documents { .. }, Mark::UnindentedObject(start)) => Some(start),
        _ => boundary(layout, mark),
    }
}
