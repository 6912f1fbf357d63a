//! Recorded WAF logs as they are sent again: at another time, and without the people in them.
//!
//! Pure: lines in, lines out. A record keeps the order of its fields and every byte of those that
//! are not rewritten. [`Cutter`] finds the pieces of a text, and [`unwrap()`] the records in a piece: in one
//! of many lines, in an array, or in the envelope that carried it. What is no record is refused with a
//! reason.

mod cutter;
mod pseudonyms;
mod record;
mod refusal;
mod unwrap;

pub use cutter::{Cut, Cutter, MAX_PIECE};
pub use pseudonyms::{InvalidKey, MIN_KEY_BYTES, Pseudonyms, Uris};
pub use record::Record;
pub use refusal::{Envelope, Refusal, recognize};
pub use unwrap::{KPL, Unwrapped, unwrap};

/// Maps the time of recorded records to the time of those that are sent.
///
/// Linear: the first recorded time becomes `start_ms`, and gaps are divided by `divisor`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// Time of the first recorded record in Unix milliseconds.
    pub first_ms: i64,
    /// What becomes of it.
    pub start_ms: i64,
    /// One keeps the gaps between timestamps.
    pub divisor: f64,
}

impl Shift {
    /// What becomes of `recorded_ms`; never before 1970.
    #[must_use]
    pub fn apply(&self, recorded_ms: i64) -> i64 {
        let since_ms = recorded_ms.saturating_sub(self.first_ms);
        // Exact for whole gaps; a float holds milliseconds of 285,000 years.
        let since_ms = match self.divisor {
            1.0 => since_ms,
            divisor => (since_ms as f64 / divisor).floor() as i64,
        };
        self.start_ms.saturating_add(since_ms).max(0)
    }
}

#[cfg(test)]
mod tests;
