//! From a shard's bytes to counts in memory, each record once.

use wafwatch_windows::time::EventTime;

use super::{Decoded, Piece, Pipeline, PipelineError};
use crate::ingest::RejectReason;
use crate::store::{SequenceNumber, Store};

/// What became of a record that was to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It is counted now.
    Now,
    /// It had been counted before.
    Before,
}

impl<S: Store> Pipeline<S> {
    /// Decodes and counts a piece of `shard`, without what is counted already.
    ///
    /// # Errors
    ///
    /// [`PipelineError::Gap`] where bytes before the piece are missing.
    pub fn count(
        &mut self,
        shard: &str,
        piece: Piece<'_>,
        now: EventTime,
    ) -> Result<(), PipelineError> {
        let checkpoint = self.progress(shard).checkpoint();
        let position = checkpoint.position;
        if piece.end <= position {
            return Ok(());
        }
        let already_counted = usize::try_from(position.saturating_sub(piece.start));
        let fresh = piece
            .bytes
            .get(already_counted.unwrap_or(usize::MAX)..)
            .unwrap_or_default();
        let start = piece.start.max(position);
        let fresh = Piece {
            bytes: fresh,
            start,
            end: piece.end,
        };
        let input = checkpoint.input.clone();
        let mut decoded = std::mem::take(&mut self.decoded);
        decoded.fill(&input, fresh, &self.settings.limits.accepting_until(now));
        let added = self.add(shard, &decoded);
        self.decoded = decoded;
        added
    }

    /// Decodes and counts one record of a stream's shard, unless it is counted already.
    ///
    /// Records come in the order of their sequence numbers; an earlier one was delivered again.
    ///
    /// # Errors
    ///
    /// As [`Self::add`], which cannot happen here.
    pub fn count_record(
        &mut self,
        shard: &str,
        sequence: &SequenceNumber,
        bytes: &[u8],
        now: EventTime,
    ) -> Result<Counted, PipelineError> {
        let checkpoint = self.progress(shard).checkpoint();
        if checkpoint.sequence.as_ref() >= Some(sequence) {
            return Ok(Counted::Before);
        }
        let piece = Piece {
            bytes,
            start: checkpoint.position,
            end: checkpoint.position + 1,
        };
        let input = format!("{} {sequence}", checkpoint.input);
        let mut decoded = std::mem::take(&mut self.decoded);
        decoded.fill(&input, piece, &self.settings.limits.accepting_until(now));
        let added = self.add(shard, &decoded);
        self.decoded = decoded;
        added?;
        self.change(shard).sequence = Some(sequence.clone());
        Ok(Counted::Now)
    }

    /// Counts a piece of `shard` that was decoded elsewhere, unless it is counted already.
    ///
    /// # Errors
    ///
    /// [`PipelineError::Gap`] where the piece does not begin where the shard is counted up to.
    pub fn add(&mut self, shard: &str, decoded: &Decoded) -> Result<(), PipelineError> {
        let checkpoint = self.progress(shard).checkpoint();
        let position = checkpoint.position;
        if decoded.end <= position {
            return Ok(());
        }
        if decoded.start != position {
            return Err(PipelineError::Gap {
                input: checkpoint.input.clone(),
                start: decoded.start,
                position,
            });
        }
        let progress = self
            .shards
            .get_mut(shard)
            .expect("hosts register a shard first");
        progress.change().accounts.merge(&decoded.accounts);
        let mut reached = self.watermarks.of(shard);
        for record in decoded.batch.iter() {
            if self.accumulator.observe(&record).is_err() {
                let accounts = &mut progress.change().accounts;
                accounts.retract(RejectReason::TooManyAcls, 1);
                continue;
            }
            reached = progress.observe(reached, record.timestamp);
        }
        progress.change().position = decoded.end;
        if let Some(watermark) = progress.checkpoint().watermark {
            self.watermarks.advance(shard, watermark);
        }
        Ok(())
    }
}
