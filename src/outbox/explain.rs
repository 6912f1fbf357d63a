//! Has an analyst explain the events that nobody has explained yet.

use std::time::Instant;

use wafwatch_windows::time::WindowSize;

use crate::analyst::Analyst;
use crate::investigate;
use crate::store::sqlite::SqliteStore;
use crate::store::{Explanation, StoreError};

/// Events that one round explains.
const ROUND: usize = 64;

/// Explains pending events and returns how many.
///
/// # Errors
///
/// When the store fails. Evidence that cannot be had is stated in the evidence instead.
pub fn explain_pending(
    store: &SqliteStore,
    analyst: &dyn Analyst,
    window_size: WindowSize,
) -> Result<usize, StoreError> {
    let mut explained = 0;
    loop {
        let events = store.events_without_explanation(ROUND)?;
        if events.is_empty() {
            return Ok(explained);
        }
        for event in &events {
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
            explained += 1;
        }
    }
}
