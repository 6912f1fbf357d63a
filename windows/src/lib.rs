//! Event-time tumbling windows over AWS WAF records: the counting core of wafwatch.
//!
//! A [`Record`](record::Record) falls into one [`Window`](time::Window) of its Web ACL. Every shard
//! counts into [`Partial`](partial::Partial)s of its own through an
//! [`Accumulator`](accumulator::Accumulator); partials are encoded, stored and merged; a window that
//! is [`due`](close::ClosePolicy::due) becomes a [`Summary`](summary::Summary). Nothing here does
//! I/O or knows a clock.
//!
//! # Algebra
//!
//! Partials with [`merge`](partial::Partial::merge) and the empty partial form a commutative
//! monoid, and observing a record is merging the partial of that record alone:
//!
//! ```text
//! merge(a, empty) = a        merge(a, b) = merge(b, a)        merge(merge(a, b), c) = merge(a, merge(b, c))
//! ```
//!
//! so a stream may be cut into shards and batches in any way and merged in any order. What `=`
//! means depends on the part:
//!
//! - **counters**: equal;
//! - **distinct counts**: equal, estimate and bounds, although they are estimates themselves
//!   (HyperLogLog, 4,096 registers, standard error 1.6 %, bounds at two of them);
//! - **address samples**: equal, the smallest hashes of all;
//! - **top lists, pairs and profiles**: equal as long as no more different keys were seen than a
//!   sketch has room for (768 per dimension and 1,536 per pair by default). Beyond that each side
//!   keeps its promise, which is about the truth and not about the other side:
//!
//! ```text
//! lower <= truth <= upper         upper - lower <= error <= 2 * weight / room
//! ```
//!
//! The weight, the sum of all counts, is always equal. An encoding that is
//! [trimmed](partial::Partial::encode) to its budget raises the error beyond `2 * weight / room`,
//! and says so; the first inequality always holds.
//!
//! No answer depends on a hash seed, except distinct counts and address samples on theirs.
//!
//! # Limits
//!
//! Keys are chosen by whoever sends requests. They are cut to
//! [a stated length](text::text_limit), sketches never grow beyond their room, and encodings never
//! beyond their budget: what is kept follows from [`SketchSettings`](settings::SketchSettings)
//! alone.

pub mod accumulator;
pub mod close;
pub mod counters;
mod distinct;
pub mod encoding;
mod key;
pub mod late;
pub mod partial;
pub mod range;
pub mod record;
pub mod sample;
pub mod settings;
mod sketch;
mod summarize;
pub mod summary;
pub mod text;
pub mod text_list;
pub mod time;
pub mod watermark;
