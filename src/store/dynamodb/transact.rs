//! Transactions: several writes with their conditions, whole or not at all.
//!
//! Every conditional write here is one, even of a single item: DynamoDB remembers a transaction's
//! token for ten minutes, so that a repetition after a lost answer succeeds instead of meeting its
//! own effect as a conflict. Limits are checked before anything is sent, by DynamoDB's own count or
//! a stricter one, so that no emulator's leniency is relied on.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, Delete, Put, TransactWriteItem};

use super::DynamoStore;
use super::call::{hinted, is_busy, request_token};
use super::items::Item;
use super::keys::{Key, PARTITION};
use crate::store::StoreError;

/// Bytes of an item; DynamoDB takes 400 KiB.
pub(super) const MAX_ITEM_BYTES: usize = 390_000;
/// Items of a transaction.
const MAX_ITEMS: usize = 100;
/// Bytes of a transaction; DynamoDB takes 4 MB, and emulators that count base64 three quarters.
const MAX_BYTES: usize = 3_000_000;

const OPERATION: &str = "TransactWriteItems";

/// What must be true of the stored item.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    /// Anything.
    Any,
    /// There is none.
    Absent,
    /// One of its attributes is this number.
    Number(&'static str, u64),
}

impl Condition {
    /// That a counter stands at `expected`, or that there is no item.
    pub(super) fn counter(name: &'static str, expected: Option<u64>) -> Self {
        expected.map_or(Self::Absent, |number| Self::Number(name, number))
    }

    fn expression(&self) -> Option<String> {
        match self {
            Self::Any => None,
            Self::Absent => Some("attribute_not_exists(#name)".to_owned()),
            Self::Number(..) => Some("#name = :expected".to_owned()),
        }
    }

    fn names(&self) -> Option<HashMap<String, String>> {
        let name = match self {
            Self::Any => return None,
            Self::Absent => PARTITION,
            Self::Number(name, _) => name,
        };
        Some(HashMap::from([("#name".to_owned(), name.to_owned())]))
    }

    fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        let Self::Number(_, number) = self else {
            return None;
        };
        let value = AttributeValue::N(number.to_string());
        Some(HashMap::from([(":expected".to_owned(), value)]))
    }
}

#[derive(Debug, Clone)]
enum Change {
    Put(Item),
    Delete,
}

#[derive(Debug, Clone)]
struct Write {
    change: Change,
    condition: Condition,
    /// Who was changed, where the condition does not hold: "the state of an ACL".
    what: String,
}

/// The writes of one transaction.
#[derive(Debug, Clone, Default)]
pub(super) struct Writes {
    /// In the order in which they were added.
    writes: Vec<(Key, Write)>,
    places: HashMap<Key, usize>,
}

impl Writes {
    /// Puts an item; one put earlier under the same key is replaced, since DynamoDB takes each key
    /// once.
    pub(super) fn put(&mut self, item: Item, condition: Condition, what: impl Into<String>) {
        let key = item.key();
        self.add(key, Change::Put(item), condition, what.into());
    }

    pub(super) fn delete(&mut self, key: Key, condition: Condition, what: impl Into<String>) {
        self.add(key, Change::Delete, condition, what.into());
    }

    fn add(&mut self, key: Key, change: Change, condition: Condition, what: String) {
        let write = Write {
            change,
            condition,
            what,
        };
        if let Some(&place) = self.places.get(&key) {
            self.writes[place].1 = write;
            return;
        }
        self.places.insert(key.clone(), self.writes.len());
        self.writes.push((key, write));
    }

    fn check(&self) -> Result<(), StoreError> {
        let mut bytes = 0;
        for (key, write) in &self.writes {
            let Change::Put(item) = &write.change else {
                continue;
            };
            let size = item.size();
            bytes += size;
            if size > MAX_ITEM_BYTES {
                return Err(too_large(&write.what, size, MAX_ITEM_BYTES, "bytes"));
            }
            if key.is_too_long() {
                let what = format!("the key of {}", write.what);
                return Err(too_large(&what, key.sort.len(), 1_024, "bytes"));
            }
        }
        let what = || {
            let first = self.writes.first();
            let first = first.map_or("nothing", |(_, write)| write.what.as_str());
            format!("the transaction of {first}")
        };
        if bytes > MAX_BYTES {
            return Err(too_large(&what(), bytes, MAX_BYTES, "bytes"));
        }
        if self.writes.len() > MAX_ITEMS {
            return Err(too_large(&what(), self.writes.len(), MAX_ITEMS, "items"));
        }
        Ok(())
    }
}

pub(super) fn too_large(what: &str, size: usize, limit: usize, unit: &'static str) -> StoreError {
    StoreError::TooLarge {
        what: what.to_owned(),
        size,
        limit,
        unit,
    }
}

impl DynamoStore {
    /// Writes all of it or nothing. `Conflict` where a condition does not hold.
    pub(super) async fn transact(&self, writes: Writes) -> Result<(), StoreError> {
        writes.check()?;
        let (items, whats): (Vec<_>, Vec<_>) = writes
            .writes
            .into_iter()
            .map(|(key, write)| self.request_of(key, write))
            .unzip();
        let request = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(request_token());
        let sent = self
            .call(is_busy_transaction, || request.clone().send())
            .await;
        let Err(error) = sent else {
            return Ok(());
        };
        if let Some(index) = failed_condition(&error) {
            let what = whats.get(index).map_or("something", String::as_str);
            return Err(StoreError::Conflict {
                what: format!("{what} was changed"),
            });
        }
        if is_busy_transaction(&error) {
            return Err(StoreError::TableBusy {
                operation: OPERATION,
                table: self.table.clone(),
                source: error.into(),
            });
        }
        Err(hinted(OPERATION, &self.table, error))
    }

    fn request_of(&self, key: Key, write: Write) -> (TransactWriteItem, String) {
        let condition = write.condition;
        let request = TransactWriteItem::builder();
        let request = match write.change {
            Change::Put(item) => {
                let put = Put::builder()
                    .table_name(&self.table)
                    .set_item(Some(item.into_attributes()))
                    .set_condition_expression(condition.expression())
                    .set_expression_attribute_names(condition.names())
                    .set_expression_attribute_values(condition.values());
                request.put(put.build().expect("table and item are set"))
            }
            Change::Delete => {
                let delete = Delete::builder()
                    .table_name(&self.table)
                    .set_key(Some(key.into_attributes()))
                    .set_condition_expression(condition.expression())
                    .set_expression_attribute_names(condition.names())
                    .set_expression_attribute_values(condition.values());
                request.delete(delete.build().expect("table and key are set"))
            }
        };
        (request.build(), write.what)
    }
}

fn reasons(error: &SdkError<TransactWriteItemsError>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
            canceled.cancellation_reasons()
        }
        _ => &[],
    }
}

/// Which write's condition did not hold.
fn failed_condition(error: &SdkError<TransactWriteItemsError>) -> Option<usize> {
    let mut reasons = reasons(error).iter();
    reasons.position(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

/// Whether nothing but load or another transaction stood against it.
fn is_busy_transaction(error: &SdkError<TransactWriteItemsError>) -> bool {
    if failed_condition(error).is_some() {
        return false;
    }
    let is_passing = |reason: &CancellationReason| {
        matches!(
            reason.code(),
            Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
        )
    };
    reasons(error).iter().any(is_passing) || is_busy(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(sort: &str, bytes: usize) -> Item {
        Item::new(Key::new("p", sort)).bytes("b", vec![0; bytes])
    }

    fn refused(writes: &Writes) -> String {
        let error = writes.check().expect_err("is too large");
        assert!(error.is_too_large());
        error.to_string()
    }

    #[test]
    fn what_dynamodb_would_refuse_is_refused_before_it_is_sent() {
        let mut writes = Writes::default();
        writes.put(item("large", 400_000), Condition::Any, "the window");
        assert!(refused(&writes).starts_with("the window is too large"));

        let mut writes = Writes::default();
        for number in 0..9 {
            let item = item(&number.to_string(), 350_000);
            writes.put(item, Condition::Any, "the bundle");
        }
        assert!(refused(&writes).contains("3000000 bytes"));

        let mut writes = Writes::default();
        for number in 0..101 {
            let item = item(&number.to_string(), 1);
            writes.put(item, Condition::Any, "the bundle");
        }
        assert!(refused(&writes).contains("101 of 100 items"));

        let mut writes = Writes::default();
        writes.put(item(&"x".repeat(1_025), 1), Condition::Any, "the head");
        assert!(refused(&writes).contains("the key of the head"));
    }

    #[test]
    fn an_item_is_written_once_as_it_was_put_last() {
        let mut writes = Writes::default();
        writes.put(item("a", 1), Condition::Any, "first");
        writes.put(item("b", 1), Condition::Any, "other");
        writes.put(item("a", 2), Condition::Absent, "second");
        writes.check().expect("fits");
        let whats: Vec<&str> = writes
            .writes
            .iter()
            .map(|(_, one)| one.what.as_str())
            .collect();
        assert_eq!(whats, ["second", "other"]);
    }
}
