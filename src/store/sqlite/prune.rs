//! Deletes what is older than the retention.

use rusqlite::{TransactionBehavior, params};
use wafwatch_windows::time::EventTime;

use super::{SqliteStore, names};
use crate::incident::State;
use crate::store::{DeliveryState, StoreError};

/// Events that people need no longer: `?1` is the state of a resolved incident, `?2` the time, `?3`
/// the state of a delivery that is tried again.
const OLD_EVENTS: &str =
    "incident IN (SELECT id FROM incidents WHERE state = ?1 AND resolved <= ?2)
     AND explanation IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM deliveries
                     WHERE deliveries.event = events.id AND deliveries.state = ?3)";

impl SqliteStore {
    /// Deletes windows that ended by `before`, and the resolved incidents that are as old with
    /// their events. Returns how many windows went.
    ///
    /// An event without an explanation, or with a delivery that is tried again, stays with its
    /// incident. Which channels there are is not known here, and there may be none: an explained
    /// event that no delivery was tried of counts as delivered once its incident is that old.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn prune(&mut self, before: EventTime) -> Result<u64, StoreError> {
        self.delete_before(before)
            .map_err(|error| error.of(&self.path))
    }

    fn delete_before(&mut self, before: EventTime) -> Result<u64, StoreError> {
        // Windows are found by their start, which has an index; all are of the same size.
        let last_start = before.minus(self.window_size()?.milliseconds());
        let write = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let windows = write.execute("DELETE FROM windows WHERE start <= ?1", [last_start.0])?;
        let resolved = names::name(State::Resolved);
        let retrying = names::name(DeliveryState::Retrying);
        write.execute(
            &format!(
                "DELETE FROM deliveries WHERE event IN (SELECT id FROM events WHERE {OLD_EVENTS})"
            ),
            params![resolved, before.0, retrying],
        )?;
        write.execute(
            &format!("DELETE FROM events WHERE {OLD_EVENTS}"),
            params![resolved, before.0, retrying],
        )?;
        write.execute(
            "DELETE FROM incidents WHERE state = ?1 AND resolved <= ?2
             AND NOT EXISTS (SELECT 1 FROM events WHERE events.incident = incidents.id)",
            params![resolved, before.0],
        )?;
        write.commit()?;
        Ok(windows as u64)
    }
}
