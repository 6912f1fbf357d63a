//! ACLs: their heads, which all are read together, and their whole states.

use std::collections::BTreeMap;

use super::items::{Attributes, Item, Stored};
use super::keys::{self, Key};
use super::read::Range;
use super::{AclHead, DynamoStore};
use crate::incident::Incident;
use crate::store::{AclState, StoreError};

/// The attribute that counts an ACL's closings, which each closing is conditional on.
pub(super) const VERSION: &str = "version";

impl DynamoStore {
    /// Every ACL's head.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn heads(&self) -> Result<BTreeMap<String, AclHead>, StoreError> {
        let items = self.items(keys::ACLS, Range::All).await?;
        let heads = items.iter().map(|item| {
            let stored = Stored::new("head of an ACL", item);
            let head = AclHead {
                version: stored.number(VERSION)?,
                closed_through: stored.time("closed_through")?,
                empty_budget: stored.number("empty_budget")?,
            };
            Ok((stored.text("acl")?.to_owned(), head))
        });
        heads.collect()
    }

    /// One ACL's whole state; `None` before its first closed window.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn acl_state(&self, acl: &str) -> Result<Option<AclState>, StoreError> {
        let item = self.get(Key::state(acl)).await?;
        item.as_ref().map(decode).transpose()
    }

    /// One incident of an ACL, as it stands.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn incident(&self, acl: &str, id: &str) -> Result<Option<Incident>, StoreError> {
        let item = self.get(Key::incident(acl, id)).await?;
        item.map(|item| Stored::new("incident", &item).json("incident"))
            .transpose()
    }
}

pub(super) fn encode_head(acl: &str, state: &AclState) -> Item {
    progress(Item::new(Key::head(acl)).text("acl", acl), state)
}

pub(super) fn encode(acl: &str, state: &AclState) -> Item {
    let item = progress(Item::new(Key::state(acl)), state).compact("detector", &state.detector);
    match &state.incident {
        Some(incident) => item.json("incident", incident),
        None => item,
    }
}

fn progress(item: Item, state: &AclState) -> Item {
    item.number(VERSION, state.version)
        .time("closed_through", state.closed_through)
        .number("empty_budget", state.empty_budget)
}

fn decode(item: &Attributes) -> Result<AclState, StoreError> {
    let stored = Stored::new("state of an ACL", item);
    Ok(AclState {
        version: stored.number(VERSION)?,
        closed_through: stored.time("closed_through")?,
        empty_budget: stored.number("empty_budget")?,
        detector: stored.compact("detector")?,
        incident: stored.optional_json("incident")?,
    })
}

#[cfg(test)]
mod tests {
    use wafwatch_windows::time::EventTime;

    use super::*;

    #[test]
    fn states_come_back_as_they_were() {
        let state = AclState {
            version: 3,
            closed_through: Some(EventTime(60_000)),
            empty_budget: 9,
            detector: vec![1, 2, 3],
            incident: None,
        };
        for state in [state, AclState::default()] {
            let item = encode("acl", &state).into_attributes();
            assert_eq!(decode(&item).expect("decodes"), state);
        }
    }
}
