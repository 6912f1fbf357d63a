//! Walks one payload: recognises what a piece of it is and opens it.

use wafwatch_windows::record::RecordBatch;

use super::accounts::Accounts;
use super::limits::Limits;
use super::reason::RejectReason;
use super::record::KnownRuns;
use super::{Origin, gzip, kpl};

/// Decodes one payload into a batch and its accounts.
pub(super) struct Decoder<'a> {
    pub(super) limits: &'a Limits,
    pub(super) batch: &'a mut RecordBatch,
    pub(super) accounts: &'a mut Accounts,
    pub(super) known: &'a mut KnownRuns,
    origin: &'a Origin<'a>,
    /// Envelopes around the current piece.
    nesting: u16,
    /// Bytes that the rest of the payload may still decompress to.
    budget: usize,
    /// Position in the payload of the outermost envelope around the current piece: positions in
    /// decompressed or decoded text mean nothing to somebody who looks into the origin.
    anchor: Option<usize>,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(
        origin: &'a Origin<'a>,
        limits: &'a Limits,
        known: &'a mut KnownRuns,
        batch: &'a mut RecordBatch,
        accounts: &'a mut Accounts,
    ) -> Self {
        known.prepare(limits.depth());
        Self {
            limits,
            batch,
            accounts,
            known,
            origin,
            nesting: 0,
            budget: limits.max_decompressed_bytes,
            anchor: None,
        }
    }

    /// Decodes the whole payload.
    pub(super) fn payload(&mut self, payload: &[u8]) {
        self.accounts.payloads += 1;
        self.accounts.payload_bytes += payload.len() as u64;
        if payload.len() > self.limits.max_payload_bytes {
            self.reject(RejectReason::TooLarge, 0, payload);
            return;
        }
        self.piece(payload);
    }

    /// Decodes one part of an envelope, which should hold at least one record. `position` is the
    /// envelope's in the text around it.
    pub(super) fn part(&mut self, part: &[u8], position: usize) {
        if part.trim_ascii().is_empty() {
            self.reject(RejectReason::Empty, position, part);
            return;
        }
        self.nested(position, part, |decoder| decoder.piece(part));
    }

    /// Counts `unit`, found at `position` of the current piece, as rejected.
    pub(super) fn reject(&mut self, reason: RejectReason, position: usize, unit: &[u8]) {
        let position = self.anchor.unwrap_or(position) as u64;
        let offset = self.origin.offset.saturating_add(position);
        self.accounts.reject(reason, self.origin, offset, unit);
    }

    fn piece(&mut self, piece: &[u8]) {
        if piece.starts_with(&gzip::MAGIC) {
            self.gzip(piece);
        } else if piece.starts_with(&kpl::MAGIC) {
            self.kpl(piece);
        } else {
            self.bytes(piece);
        }
    }

    fn gzip(&mut self, piece: &[u8]) {
        self.nested(0, piece, |decoder| {
            let inflated = gzip::inflate(piece, decoder.budget);
            decoder.budget -= inflated.bytes.len();
            decoder.piece(&inflated.bytes);
            if let Some(failure) = inflated.failure {
                decoder.reject(failure, 0, piece);
            }
        });
    }

    fn kpl(&mut self, piece: &[u8]) {
        let Some(message) = kpl::open(piece) else {
            // A chance match of the magic bytes is no way out: they are not UTF-8, so the piece
            // cannot be text either.
            self.reject(RejectReason::CorruptEnvelope, 0, piece);
            return;
        };
        for part in kpl::Parts::of(message) {
            match part {
                Ok(part) => self.part(part, 0),
                Err(kpl::Malformed) => self.reject(RejectReason::CorruptEnvelope, 0, piece),
            }
        }
    }

    /// Runs `open` one envelope deeper, or rejects `envelope` where that is too deep.
    fn nested(&mut self, position: usize, envelope: &[u8], open: impl FnOnce(&mut Self)) {
        if self.nesting >= self.limits.nesting() {
            self.reject(RejectReason::NestingLimit, position, envelope);
            return;
        }
        let outer = self.anchor;
        self.anchor = Some(outer.unwrap_or(position));
        self.nesting += 1;
        open(self);
        self.nesting -= 1;
        self.anchor = outer;
    }
}
