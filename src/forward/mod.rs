//! Brings the records of a Firehose batch into a Kinesis stream as few, compressed records.
//!
//! AWS WAF cannot log to a Kinesis stream, but Firehose shows a function every batch on its way to
//! the archive. [`pack`] joins the batch's records to JSON lines and compresses them: one Kinesis
//! record carries hundreds of WAF records at about a tenth of their size, and Kinesis is paid by
//! size. [`put`](put()) sends the packs.
//!
//! # Invariants
//!
//! - **Nothing changes.** Decoding the packs gives the records, and the rejects, that decoding the
//!   payloads one by one gives. What our own reader does not take without a reject must not stand
//!   between other lines, where it could take a neighbour along: it travels alone, as it came.
//! - **The same payloads give the same bytes**, and so the same partition key: a batch that
//!   Firehose hands over again, or a call whose answer was lost, is known again by the consumer
//!   ([`pack_id`]).
//! - **Bounded.** A pack is at most [`MAX_PACK_BYTES`] long, however badly the payloads compress.
//!
//! # Sizes
//!
//! A Kinesis record may be 1 MiB with its partition key, and a shard takes 1 MiB a second. Packs aim
//! at 256 KiB: four fit into a shard's second, so that one pack spends no whole second's allowance
//! and a throttled one costs little to send again; in base64 they are 342 KiB, of which 17 fit into
//! the 6 MB of a Lambda call. Unpacked they are held at 4 MiB, far below what the consumer
//! decompresses (64 MiB by default) and about what Firehose hands over at once (3 MiB).

mod framing;
mod pack;
#[cfg(feature = "aws")]
mod put;

pub use pack::{MAX_PACK_BYTES, Pack, PackLimits, Packed, pack, pack_id, partition_key};
#[cfg(feature = "aws")]
pub use put::{PutOutcome, put};
