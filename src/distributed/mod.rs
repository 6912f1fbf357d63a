//! The one-way path from a stream's shards to closed windows, for many functions at once: the twin of
//! [`crate::pipeline`] over a table that all of them share.
//!
//! Nobody owns a shard, a window or an ACL here. Every write is conditional on what it was made from,
//! so that of two who do the same work one is refused, reads again and finds it done.

pub mod count;
pub mod pack;
