//! Turns bytes into records: pure, total and bounded.
//!
//! [`decode`] takes one payload (the data of a Kinesis or Firehose record, or a block of whole lines
//! of a file) and recognises by content what it carries, nested as found:
//!
//! | first bytes | envelope |
//! | --- | --- |
//! | `1f 8b` | gzip, one or several members |
//! | `f3 89 9a c2` | KPL aggregate |
//! | `{` with `logEvents` | CloudWatch Logs subscription record |
//! | `{` with `awslogs` | CloudWatch Logs event of a Lambda function |
//! | `{` with `records` | Firehose transformation event |
//! | `{` with `Records` | Kinesis event of a Lambda function |
//! | `{` otherwise | one WAF log record |
//! | `[` | array of any of the JSON kinds |
//! | base64 of any of these | that |
//!
//! JSON values may follow each other on lines of their own, on one line without anything in between,
//! or spread over lines.
//!
//! # Invariants
//!
//! - **Accounts.** Every unit that should be one record is read once, and is then either accepted
//!   or rejected under one reason: `read = accepted + Σ rejected`. An envelope that cannot be opened
//!   is one such unit, since nobody can know how many records it held. Records outside the range of
//!   time that was asked for are counted apart, and not as read.
//! - **No panic, no unbounded growth.** Work is linear in the payload plus what it decompresses to,
//!   which [`Limits`] caps for the whole payload, nested envelopes included. A batch grows by a
//!   small multiple of that at most: texts and lists of a record are cut at fixed lengths.
//! - **Secrets stay here.** Cookies, authorization headers, and query strings have no field in a
//!   record, and a rejected unit's excerpt shows its structure, never its values.
//!
//! # Counted requests
//!
//! `counted` is true for a record with at least one non-terminating match whose action is COUNT.
//! It overlaps the final action, so `allowed + blocked + counted` is not the number of requests. The
//! three CloudWatch metrics behave alike, but `CountedRequests` with `Rule=ALL` counts matches, so a
//! request that two COUNT rules matched is two there and one here.

mod accounts;
mod decoder;
mod encoded;
mod envelope;
mod excerpt;
mod gzip;
mod kpl;
mod limits;
mod ranges;
mod reason;
mod record;
mod resume;
mod text;

#[cfg(test)]
mod tests;

use wafwatch_windows::record::RecordBatch;

pub use accounts::{Accounts, SAMPLES_PER_REASON, Sample};
pub use limits::Limits;
pub use ranges::{NotTimeRanges, TimeRanges};
pub use reason::RejectReason;
pub use record::KnownRuns;

/// Where a payload comes from, for the samples of rejected records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// A name that people can follow, such as a path or a shard's id.
    pub name: &'a str,
    /// Position of the payload's first byte in that origin.
    pub offset: u64,
}

/// Decodes `payload`, appends its records to `batch` and accounts for every unit read.
///
/// Nothing here fails: what cannot be decoded is counted in `accounts` under its reason. What `known`
/// remembers of earlier payloads makes decoding faster, and changes nothing of what comes of it.
///
/// A value must lie in one payload as a whole. A file may be handed over in blocks of whole lines
/// where its values stand on lines of their own, be they elements of one large array or not; one that
/// is pretty-printed, compressed or an envelope goes in one piece. A batch takes 4 GiB of text; what
/// does not fit is rejected, so callers empty it between payloads.
pub fn decode(
    payload: &[u8],
    origin: &Origin<'_>,
    limits: &Limits,
    known: &mut KnownRuns,
    batch: &mut RecordBatch,
    accounts: &mut Accounts,
) {
    decoder::Decoder::new(origin, limits, known, batch, accounts).payload(payload);
}
