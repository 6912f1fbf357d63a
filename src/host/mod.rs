//! One machine: inputs on threads, a clock, interrupts.

mod asked;
mod event_clock;
mod feed;
pub mod followed;
mod live;
pub mod replay;
#[cfg(feature = "aws")]
pub mod streamed;
pub mod watch;

pub use feed::{Decoding, FeedSettings};
