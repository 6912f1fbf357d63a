//! What readers hand out.

/// Whole records with their place in the decoded stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The bytes, as long as `end - start`. Only the separators of a top-level JSON array differ
    /// from the input: they are blanked, so that what remains is a sequence of objects.
    pub bytes: Vec<u8>,
    /// Position of the first byte.
    pub start: u64,
    /// Position after the last byte: where reading goes on.
    pub end: u64,
}

/// A part of the input that cannot be delivered. It counts as one rejected record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Why.
    pub fault: Fault,
    /// The beginning of what was rejected, at most [`Rejected::SAMPLE_BYTES`]; where the fault lies in
    /// the compression, of the record that it tore.
    pub sample: Vec<u8>,
    /// Position of the first byte.
    pub start: u64,
    /// Where reading goes on. A fault of the compression takes up one position behind the last
    /// byte that could be read, so that a checkpoint can lie behind it.
    pub end: u64,
}

impl Rejected {
    /// Longest sample.
    pub const SAMPLE_BYTES: usize = 4 * 1024;
}

/// Why a part of the input cannot be delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A line, or a JSON object that spans lines, beyond [`BlockLimits::line_bytes`].
    #[error("a line of {bytes} bytes exceeds the limit of {limit}")]
    TooLarge {
        /// How long it was.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The compressed input ends in the middle.
    #[error("the gzip data ends before it is complete")]
    Truncated,
    /// The compressed input is damaged, or something else follows it.
    #[error("the gzip data is damaged: {reason}")]
    Corrupt {
        /// What the decompressor found.
        reason: String,
    },
}

impl Fault {
    /// The name under which counters and summaries list it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Truncated => "gzip_truncated",
            Self::Corrupt { .. } => "gzip_corrupt",
        }
    }
}

/// The next part of an input, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Records to decode.
    Block(Block),
    /// Something to count as rejected.
    Rejected(Rejected),
}

impl Piece {
    /// Position of the first byte.
    #[must_use]
    pub fn start(&self) -> u64 {
        match self {
            Self::Block(block) => block.start,
            Self::Rejected(rejected) => rejected.start,
        }
    }

    /// Where reading goes on: the checkpoint once the piece is counted.
    #[must_use]
    pub fn end(&self) -> u64 {
        match self {
            Self::Block(block) => block.end,
            Self::Rejected(rejected) => rejected.end,
        }
    }
}

/// Sizes that bound what readers hold in memory.
///
/// A checkpoint stays valid when these change; only the sizes of the pieces after it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockLimits {
    /// Blocks are filled up to this many bytes. Only one longer record makes a longer block.
    pub block_bytes: usize,
    /// Longest line, or JSON object that spans lines, that is delivered; at least `block_bytes`.
    pub line_bytes: usize,
}

impl Default for BlockLimits {
    /// Blocks of 256 KiB, so that a block and its records stay in a core's cache from the read to the
    /// count; lines of 8 MiB.
    fn default() -> Self {
        Self {
            block_bytes: 256 << 10,
            line_bytes: 8 << 20,
        }
    }
}

impl BlockLimits {
    /// The limits with both sizes at least one byte and the line no shorter than the block.
    pub(super) fn ordered(self) -> Self {
        let block_bytes = self.block_bytes.max(1);
        Self {
            block_bytes,
            line_bytes: self.line_bytes.max(block_bytes),
        }
    }
}
