//! The table's stream as Lambda hands it over, and what it gets back.

use serde::{Deserialize, Serialize};

use crate::store::dynamodb::OUTBOX;

/// What the stream calls a new item.
const INSERT: &str = "INSERT";

/// A batch of changes of the table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StreamEvent {
    /// The changes, oldest first.
    #[serde(rename = "Records")]
    pub records: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Change {
    /// What happened to the item.
    #[serde(default, rename = "eventName")]
    pub name: String,
    /// The item.
    #[serde(rename = "dynamodb")]
    pub item: Item,
}

/// What is told of a changed item. Its attributes are read from the table instead: they may have
/// changed since.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Item {
    /// The item's key.
    #[serde(rename = "Keys")]
    pub keys: Keys,
    /// Where the change stands in the stream.
    #[serde(rename = "SequenceNumber")]
    pub sequence_number: String,
}

/// The key of an item. Both are texts in this table; an item of any other table has no such key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Keys {
    /// The partition.
    #[serde(default)]
    pub pk: Text,
    /// The place in it.
    #[serde(default)]
    pub sk: Text,
}

/// A text attribute; empty where it is of another type.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Text {
    /// The text.
    #[serde(default, rename = "S")]
    pub text: String,
}

impl Change {
    /// The event that was put into the outbox, if this is such a change.
    pub(super) fn outbox_event(&self) -> Option<&str> {
        let keys = &self.item.keys;
        let is_new_event = self.name == INSERT && keys.pk.text == OUTBOX;
        (is_new_event && !keys.sk.text.is_empty()).then_some(keys.sk.text.as_str())
    }
}

/// Which changes are to be handed over again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchAnswer {
    /// The changes; none where all is well.
    pub batch_item_failures: Vec<ItemFailure>,
}

/// One change that is to be handed over again, with all that follow it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemFailure {
    /// Its sequence number.
    pub item_identifier: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn new_events_of_the_outbox_are_found_among_other_changes() {
        // As the documentation of DynamoDB streams shows a record.
        let change = |name: &str, pk: &str| {
            json!({
                "eventID": "f07f8ca4b0b26cb9c4e5e77e69f274ee",
                "eventName": name,
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": "us-east-1",
                "dynamodb": {
                    "ApproximateCreationDateTime": 1_480_642_020.0,
                    "Keys": {"pk": {"S": pk}, "sk": {"S": "shop-1/1"}},
                    "NewImage": {"pk": {"S": pk}, "sk": {"S": "shop-1/1"}, "event": {"B": "AAEqQQ=="}},
                    "SequenceNumber": "1405400000000002063282832",
                    "SizeBytes": 54,
                    "StreamViewType": "NEW_IMAGE",
                },
                "eventSourceARN": "arn:aws:dynamodb:us-east-1:111122223333:table/t/stream/2026",
            })
        };
        let numbers = json!({"eventName": "INSERT", "dynamodb": {
            "Keys": {"pk": {"N": "1"}}, "SequenceNumber": "2",
        }});
        let event = json!({"Records": [
            change("INSERT", "OUTBOX"),
            change("MODIFY", "OUTBOX"),
            change("REMOVE", "OUTBOX"),
            change("INSERT", "SHARDS"),
            numbers,
        ]});
        let event: StreamEvent = serde_json::from_value(event).expect("is an event");
        let found: Vec<_> = event.records.iter().map(Change::outbox_event).collect();
        assert_eq!(found, [Some("shop-1/1"), None, None, None, None]);
    }

    #[test]
    fn an_answer_names_what_failed() {
        let answer = BatchAnswer {
            batch_item_failures: vec![ItemFailure {
                item_identifier: "7".to_owned(),
            }],
        };
        let json = serde_json::to_value(answer).expect("serialises");
        assert_eq!(
            json,
            json!({"batchItemFailures": [{"itemIdentifier": "7"}]})
        );
    }
}
