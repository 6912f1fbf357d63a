//! One machine: inputs on threads, a clock, interrupts.

mod ahead;
mod asked;
mod blocks;
mod event_clock;
mod feed;
pub mod followed;
mod live;
pub mod replay;
#[cfg(feature = "aws")]
pub mod streamed;
pub mod watch;

pub use feed::{Decoding, FeedSettings};

/// How the shards of standard input and pipes begin: with the run behind it each is one of its own.
const STDIN: &str = "stdin ";
const PIPE: &str = "pipe ";

/// Whether `shard` was an input of one run alone, of which nothing can come again after that run.
#[must_use]
pub fn is_of_one_run(shard: &str) -> bool {
    shard.starts_with(STDIN) || shard.starts_with(PIPE)
}
