//! Has an analyst explain the events that nobody has explained yet.

use std::time::Instant;

use wafwatch_windows::time::WindowSize;

use super::problems::chain;
use crate::analyst::Analyst;
use crate::investigate;
use crate::store::sqlite::SqliteStore;
use crate::store::{Explanation, StoreError};

/// Events that one round explains.
const ROUND: usize = 64;

/// What a round of explanations did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explained {
    /// Events that were explained.
    pub explained: usize,
    /// Why the last of those that never can be cannot.
    pub damaged: Option<String>,
}

/// Explains pending events.
///
/// # Errors
///
/// When the store fails. Evidence that cannot be had is stated in the evidence instead.
pub fn explain_pending(
    store: &SqliteStore,
    analyst: &dyn Analyst,
    window_size: WindowSize,
) -> Result<Explained, StoreError> {
    let mut round = Explained::default();
    loop {
        let events = store.events_without_explanation(ROUND)?;
        if events.is_empty() {
            return Ok(round);
        }
        for row in &events {
            let event = match &row.content {
                Ok(event) => event,
                // Each channel records it as given up, with the reason.
                Err(error) => {
                    store.set_unexplainable(&row.event)?;
                    round.damaged = Some(format!("event {}: {}", row.event, chain(error)));
                    continue;
                }
            };
            let started = Instant::now();
            let evidence = investigate::gather(event, store, window_size.milliseconds());
            let assessment = analyst.assess(&evidence);
            let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            let explanation = Explanation {
                evidence,
                assessment,
                analysis_milliseconds: took,
            };
            store.set_explanation(&event.id, &explanation)?;
            round.explained += 1;
        }
    }
}
