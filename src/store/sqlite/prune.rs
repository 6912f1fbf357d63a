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

    /// Forgets inputs of which `is_gone` says that nothing can come of them again, and Web ACLs that
    /// sleep without an open incident, where both have delivered nothing since `before`. Returns how
    /// many rows went.
    ///
    /// Only while no pipeline is open on the store: one knows all inputs and ACLs by heart. The
    /// checkpoint of a file stays, however old: without it, the file would count again.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub fn forget(
        &mut self,
        before: EventTime,
        is_gone: &dyn Fn(&str) -> bool,
    ) -> Result<u64, StoreError> {
        self.forget_before(before, is_gone)
            .map_err(|error| error.of(&self.path))
    }

    fn forget_before(
        &mut self,
        before: EventTime,
        is_gone: &dyn Fn(&str) -> bool,
    ) -> Result<u64, StoreError> {
        let write = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let query = "SELECT shard FROM shards WHERE watermark IS NULL OR watermark <= ?1";
        let mut old: Vec<String> = write
            .prepare(query)?
            .query_map([before.0], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        old.retain(|shard| is_gone(shard));
        for shard in &old {
            write.execute("DELETE FROM shards WHERE shard = ?1", [shard])?;
        }
        // What such an ACL's detector has learnt is older than the retention too.
        let acls = write.execute(
            "DELETE FROM acls WHERE empty_budget = 0 AND incident IS NULL AND closed_through <= ?1
             AND NOT EXISTS (SELECT 1 FROM partials WHERE partials.acl = acls.acl)",
            [before.0],
        )?;
        write.commit()?;
        Ok((old.len() + acls) as u64)
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
        write.execute("DELETE FROM configurations WHERE last <= ?1", [before.0])?;
        write.commit()?;
        Ok(windows as u64)
    }
}
