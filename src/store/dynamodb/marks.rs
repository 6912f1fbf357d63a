//! What people said of incidents. All are read together, before windows close.

use super::DynamoStore;
use std::cmp::Reverse;

use super::items::{Item, Stored};
use super::keys::{self, Key};
use super::read::Range;
use super::transact::{Condition, Writes};
use crate::guidance::feedback::MAX_MARKS;
use crate::guidance::{Mark, Marks};
use crate::store::StoreError;

impl DynamoStore {
    /// What was said of incidents, at most [`MAX_MARKS`] of each ACL: the newest first.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn marks(&self) -> Result<Marks, StoreError> {
        let mut marks = Marks::new();
        for item in self.items(keys::MARKS, Range::All).await? {
            let mark: Mark = Stored::new("mark", &item).json("mark")?;
            marks.entry(mark.acl.clone()).or_default().push(mark);
        }
        for of_acl in marks.values_mut() {
            of_acl.sort_by_key(|mark| Reverse(mark.made));
            of_acl.truncate(MAX_MARKS);
        }
        Ok(marks)
    }

    /// Keeps what was said of an incident, in place of what was said of it before.
    ///
    /// # Errors
    ///
    /// When the table cannot be written.
    pub async fn set_mark(&self, mark: &Mark) -> Result<(), StoreError> {
        let mut writes = Writes::default();
        let item = Item::new(Key::mark(&mark.incident)).json("mark", mark);
        writes.put(item, Condition::Any, "the mark");
        self.transact(writes).await
    }

    /// Takes back what was said of an incident.
    ///
    /// # Errors
    ///
    /// When the table cannot be written.
    pub async fn remove_mark(&self, incident: &str) -> Result<(), StoreError> {
        let mut writes = Writes::default();
        writes.delete(Key::mark(incident), Condition::Any, "the mark");
        self.transact(writes).await
    }
}
