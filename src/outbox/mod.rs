//! Explains incident events and delivers them, after the window that caused them is committed.
//!
//! At least once: a delivery is recorded after the channel has it, so a crash in between delivers
//! again, under the same event id. Channels are independent: each has its own thread, its own
//! retries and its own place in the outbox, and a dead one delays nobody.

mod deliver;
mod explain;
mod workers;

pub use deliver::{Channel, Round, deliver_due};
pub use explain::explain_pending;
pub use workers::{Left, OutboxSettings, Workers};
