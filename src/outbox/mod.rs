//! Explains incident events and delivers them, after the window that caused them is committed.
//!
//! At least once: a delivery is recorded after the channel has it, so a crash in between delivers
//! again, under the same event id. Channels are independent: each has its own thread, its own
//! retries and its own place in the outbox, and a dead one delays nobody. A store that fails is
//! tried again for as long as the run lasts; an event that cannot be decoded is given up on every
//! channel, with the reason, and delays nobody either.

mod deliver;
mod explain;
mod problems;
mod terms;
mod workers;

pub use deliver::{Attempt, Channel, Round, deliver_due};
pub use explain::{Explained, Explainer, explain_pending};
#[cfg(feature = "aws")]
pub(crate) use problems::chain;
pub use terms::Terms;
pub use workers::{Fate, Finished, Left, OutboxSettings, Workers};
