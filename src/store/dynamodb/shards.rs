//! Shards: how far each is counted.

use std::collections::BTreeMap;

use wafwatch_windows::time::EventTime;

use super::items::{Attributes, Item, Stored};
use super::keys::{self, Key, SORT};
use super::read::Range;
use super::{DynamoStore, PackIds, ShardState};
use crate::store::{Checkpoint, NotASequenceNumber, SequenceNumber, StoreError};

/// The attribute that counts a shard's commits, which each commit is conditional on.
pub(super) const COMMITS: &str = "commits";

impl DynamoStore {
    /// One shard's state (strongly consistent, as all reads here).
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn shard(&self, shard: &str) -> Result<Option<ShardState>, StoreError> {
        let item = self.get(Key::shard(shard)).await?;
        item.as_ref().map(decode).transpose()
    }

    /// Every shard's state.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn shards(&self) -> Result<BTreeMap<String, ShardState>, StoreError> {
        let items = self.items(keys::SHARDS, Range::All).await?;
        let shards = items.iter().map(|item| {
            let shard = Stored::new("shard", item).text(SORT)?;
            Ok((shard.to_owned(), decode(item)?))
        });
        shards.collect()
    }
}

pub(super) fn encode(shard: &str, state: &ShardState) -> Item {
    let ShardState {
        checkpoint,
        parts,
        commits,
        pending,
        packs,
        duplicates,
        updated,
    } = state;
    let accounts = &checkpoint.accounts;
    let item = Item::new(Key::shard(shard))
        .text("input", &checkpoint.input)
        .number("position", checkpoint.position)
        .time("watermark", checkpoint.watermark)
        .flag("finished", checkpoint.finished)
        // For people; what is read is `accounts`.
        .number("read", accounts.read)
        .number("accepted", accounts.accepted)
        .number("rejected", accounts.rejected_total())
        .json("accounts", accounts)
        .number("parts", parts)
        .number(COMMITS, commits)
        .compact("pending", &steps(pending))
        .compact("packs", packs)
        .number("duplicates", duplicates)
        .time("updated", Some(*updated));
    match &checkpoint.sequence {
        Some(sequence) => item.text("sequence", sequence.as_str()),
        None => item,
    }
}

fn decode(item: &Attributes) -> Result<ShardState, StoreError> {
    let stored = Stored::new("shard", item);
    let sequence = stored.optional_text("sequence")?;
    let sequence = sequence.map(|text| {
        text.parse::<SequenceNumber>()
            .map_err(|error: NotASequenceNumber| stored.damaged("sequence", error))
    });
    let steps: Vec<(i64, u64)> = stored.compact("pending")?;
    let packs: PackIds = stored.compact("packs")?;
    Ok(ShardState {
        checkpoint: Checkpoint {
            input: stored.text("input")?.to_owned(),
            position: stored.number("position")?,
            sequence: sequence.transpose()?,
            watermark: stored.time("watermark")?,
            finished: stored.flag("finished")?,
            accounts: stored.json("accounts")?,
        },
        parts: stored.number("parts")?,
        commits: stored.number(COMMITS)?,
        pending: pending(&steps),
        packs,
        duplicates: stored.number("duplicates")?,
        updated: EventTime(stored.number("updated")?),
    })
}

/// Window starts as steps from one to the next: a shard that lags by a month has 40,000 of them
/// pending, which compress to a few bytes each this way.
fn steps(pending: &BTreeMap<EventTime, u64>) -> Vec<(i64, u64)> {
    let mut last = 0_i64;
    let steps = pending.iter().map(|(start, &commit)| {
        let step = start.0.wrapping_sub(last);
        last = start.0;
        (step, commit)
    });
    steps.collect()
}

fn pending(steps: &[(i64, u64)]) -> BTreeMap<EventTime, u64> {
    let mut start = 0_i64;
    let pending = steps.iter().map(|&(step, commit)| {
        start = start.wrapping_add(step);
        (EventTime(start), commit)
    });
    pending.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::dynamodb::transact::MAX_ITEM_BYTES;

    fn state() -> ShardState {
        ShardState {
            checkpoint: Checkpoint {
                input: "kinesis://logs".into(),
                position: 17,
                sequence: Some("123".parse().expect("is a number")),
                watermark: Some(EventTime(60_000)),
                finished: true,
                accounts: crate::ingest::Accounts {
                    read: 3,
                    accepted: 3,
                    ..Default::default()
                },
            },
            parts: 2,
            commits: 5,
            pending: BTreeMap::from([(EventTime(-60_000), 3), (EventTime(60_000), 5)]),
            packs: vec![1, u64::MAX],
            duplicates: 7,
            updated: EventTime(99),
        }
    }

    #[test]
    fn shards_come_back_as_they_were() {
        for state in [state(), ShardState::default()] {
            let item = encode("shard", &state).into_attributes();
            assert_eq!(decode(&item).expect("decodes"), state);
        }
    }

    #[test]
    fn a_month_of_pending_windows_fits_an_item() {
        let mut state = state();
        let windows = (0..43_200_u64).map(|minute| {
            let start = 1_750_000_000_000 + 60_000 * minute.cast_signed();
            (EventTime(start), minute / 7)
        });
        state.pending = windows.collect();
        let item = encode("shard", &state);
        assert!(item.size() < MAX_ITEM_BYTES, "{}", item.size());
        let back = decode(&item.into_attributes()).expect("decodes");
        assert_eq!(back.pending, state.pending);
    }

    #[test]
    fn each_damaged_attribute_is_named() {
        let whole = encode("shard", &state()).into_attributes();
        for name in ["sequence", "accounts", "pending", "commits", "finished"] {
            let mut item = whole.clone();
            let wrong = aws_sdk_dynamodb::types::AttributeValue::S("12x".into());
            item.insert(name.to_owned(), wrong);
            let error = decode(&item).expect_err("is damaged").to_string();
            assert!(error.contains(&format!("`{name}`")), "{error}");
        }
    }
}
