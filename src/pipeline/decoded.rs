//! A piece of a shard on its way from bytes to counts.
//!
//! Decoding needs nothing of the pipeline, so a host may do it on other threads and add the results
//! in order.

use wafwatch_windows::record::RecordBatch;
use wafwatch_windows::time::EventTime;

use crate::ingest::{self, Accounts, KnownRuns, Limits, Origin, RejectReason};

/// A piece of one shard's bytes.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// The bytes: whole records.
    pub bytes: &'a [u8],
    /// Their offset in the shard.
    pub start: u64,
    /// Offset behind them.
    pub end: u64,
}

/// Bounds of what is decoded, and how far the clock may be wrong.
#[derive(Debug, Clone)]
pub struct DecodeLimits {
    /// The bounds; the newest time accepted moves on with the clock.
    pub limits: Limits,
    /// How far a record's timestamp may lie ahead of the clock, in milliseconds.
    pub accept_future_ms: i64,
}

impl Default for DecodeLimits {
    /// The default bounds, and a clock that may be wrong by ten minutes.
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            accept_future_ms: 600_000,
        }
    }
}

impl DecodeLimits {
    /// The bounds when the clock shows `now`.
    #[must_use]
    pub fn accepting_until(&self, now: EventTime) -> Limits {
        Limits {
            latest: now.plus(self.accept_future_ms),
            ..self.limits.clone()
        }
    }
}

/// The records of a piece, and what became of the ones that are none.
#[derive(Debug, Clone, Default)]
pub struct Decoded {
    known: Box<KnownRuns>,
    pub(super) batch: RecordBatch,
    pub(super) accounts: Accounts,
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Decoded {
    /// Decodes `piece` of `input` in place of what was here before.
    pub fn fill(&mut self, input: &str, piece: Piece<'_>, limits: &Limits) {
        self.clear(piece.start, piece.end);
        let origin = Origin {
            name: input,
            offset: piece.start,
        };
        ingest::decode(
            piece.bytes,
            &origin,
            limits,
            &mut self.known,
            &mut self.batch,
            &mut self.accounts,
        );
    }

    /// One record that the source could not deliver, in place of what was here before.
    pub fn fill_rejected(&mut self, input: &str, piece: Piece<'_>, reason: RejectReason) {
        self.clear(piece.start, piece.end);
        let origin = Origin {
            name: input,
            offset: piece.start,
        };
        self.accounts
            .reject(reason, &origin, piece.start, piece.bytes);
    }

    /// The records.
    #[must_use]
    pub fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// What became of everything that was read.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Where the piece begins in the shard.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Bytes of the piece in the shard.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.end - self.start
    }

    /// Whether the piece had no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn clear(&mut self, start: u64, end: u64) {
        self.batch.clear();
        self.accounts = Accounts::default();
        self.start = start;
        self.end = end;
    }
}
