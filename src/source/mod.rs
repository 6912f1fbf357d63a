//! Where bytes come from: files, folders, globs, standard input, followed files; streams and buckets.
//! The last two need the feature `aws`.
//!
//! Everything here turns an input into an ordered sequence of [`Piece`]s: blocks of whole lines (or
//! whole JSON objects), each with its position `[start, end)` in the *decoded* stream, the bytes
//! after decompression. A pipeline that commits the end of the last piece it has counted can be
//! killed at any moment and go on from there.
//!
//! What holds for every reader:
//!
//! * Pieces are contiguous: the first starts where reading began, each next one where the one
//!   before ended. What cannot be delivered is a [`Rejected`] piece with its span and reason, to be
//!   counted as one rejected record; nothing is left out silently.
//! * A piece ends where a record can begin, and the rule that says so (at the top of `cutter.rs`) looks only at the
//!   content from the piece's start. Reading again from the end of any piece therefore gives
//!   exactly the pieces that followed it.
//! * Memory is bounded by [`BlockLimits`], whatever the input holds.
//!
//! Time is not read here: a [`Follower`] is polled, and the caller decides when.

mod assembler;
#[cfg(feature = "aws")]
pub mod cloudwatch;
mod cutter;
mod error;
mod expand;
mod follow;
mod followed;
mod grown;
mod identity;
mod input;
#[cfg(feature = "aws")]
pub mod kinesis;
mod layout;
mod live;
mod piece;
mod progress;
mod reader;
mod rotated;
#[cfg(feature = "aws")]
pub mod s3;
mod stream;
mod streamed;
mod structure;

pub use error::SourceError;
pub use expand::expand;
pub use follow::{Follower, Poll, Rotation};
pub use grown::has_grown;
pub use identity::Identity;
pub use input::{Input, InputKind, Object};
pub use live::LineReader;
pub use piece::{Block, BlockLimits, Fault, Piece, Rejected};
pub use progress::Progress;
pub use reader::{BlockReader, peek};
pub use streamed::{Happened, Reach, ShardEvent, StreamRecord};
