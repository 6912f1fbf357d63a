//! Closing: windows, detector state, incidents and events of one ACL, in one transaction.

use super::items::Item;
use super::keys::Key;
use super::transact::{Condition, Writes, too_large};
use super::windows::add_closed;
use super::{ClosingCommit, CommitNumbers, DynamoStore, MAX_CLOSING_WINDOWS, acls, outbox};
use crate::incident::{Incident, State};
use crate::store::StoreError;

impl DynamoStore {
    /// Closes windows, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where the ACL's version is not the expected one: somebody else
    /// closed them. [`StoreError::TooLarge`] where the windows are too many or too large for one
    /// transaction, before anything is sent: close fewer at once. Otherwise when the table cannot
    /// be written.
    pub async fn close(&self, commit: &ClosingCommit) -> Result<(), StoreError> {
        let ClosingCommit {
            closing,
            consumed,
            now,
        } = commit;
        let acl = &closing.acl;
        let count = closing.windows.len();
        if count > MAX_CLOSING_WINDOWS {
            let what = format!("a closing of {acl}");
            return Err(too_large(&what, count, MAX_CLOSING_WINDOWS, "windows"));
        }
        let what = format!("the state of {acl}");
        let before = closing.state.version.checked_sub(1);
        let condition = Condition::counter(acls::VERSION, before.filter(|version| *version > 0));
        let mut writes = Writes::default();
        writes.put(acls::encode_head(acl, &closing.state), condition, &what);
        writes.put(acls::encode(acl, &closing.state), Condition::Any, &what);
        let nothing = CommitNumbers::new();
        for closed in &closing.windows {
            let consumed = consumed.get(&closed.summary.window).unwrap_or(&nothing);
            add_closed(&mut writes, closed, consumed, *now, self.retention_days);
        }
        for incident in &closing.incidents {
            let what = format!("the incident {}", incident.id);
            writes.put(self.incident_item(incident, commit), Condition::Any, what);
        }
        for event in &closing.events {
            let what = format!("the event {}", event.id);
            writes.put(outbox::encode(event, *now), Condition::Any, what);
        }
        self.transact(writes).await
    }

    fn incident_item(&self, incident: &Incident, commit: &ClosingCommit) -> Item {
        let item = Item::new(Key::incident(&incident.acl, &incident.id))
            // For people; what is read is `incident`.
            .number("severity", incident.severity.0)
            .time("opened", Some(incident.opened))
            .time("resolved", incident.resolved)
            .json("incident", incident);
        match incident.state {
            // However long it lasts.
            State::Open => item.text("state", "open"),
            State::Resolved => item
                .text("state", "resolved")
                .expiring(commit.now, self.retention_days),
        }
    }
}
