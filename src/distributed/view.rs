//! What the table says, read once at the beginning of a round.
//!
//! The shards come first. Whatever a shard's state counts was committed with it, so that everything
//! read afterwards contains all commits up to its number, however many pages that takes; what has
//! a higher number is left to a later round.

use std::collections::BTreeMap;

use wafwatch_windows::close::ClosePolicy;
use wafwatch_windows::time::{EventTime, Window, WindowSize};
use wafwatch_windows::watermark::{Low, Watermarks};

use crate::store::StoreError;
use crate::store::dynamodb::{AclHead, CommitNumbers, DynamoStore, ShardState};

/// Shards, heads and settled windows of one moment.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Every shard.
    pub shards: BTreeMap<String, ShardState>,
    /// Every ACL that has a closed window.
    pub heads: BTreeMap<String, AclHead>,
    /// Settled windows from the oldest on that a shard remembers having counted into.
    pub settled: BTreeMap<EventTime, CommitNumbers>,
}

impl View {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub async fn read(store: &DynamoStore) -> Result<Self, StoreError> {
        let shards = store.shards().await?;
        let heads = store.heads().await?;
        let settled = match oldest_pending(shards.values()) {
            Some(oldest) => store.settled(oldest).await?,
            None => BTreeMap::new(),
        };
        Ok(Self {
            shards,
            heads,
            settled,
        })
    }

    /// How far all shards have delivered. A stream goes on for ever: when all of its known shards
    /// have ended there are others, which are not known yet.
    #[must_use]
    pub fn low(&self) -> Low {
        let mut watermarks = Watermarks::new();
        for (shard, state) in &self.shards {
            if state.checkpoint.finished {
                continue;
            }
            watermarks.open(shard);
            if let Some(watermark) = state.checkpoint.watermark {
                watermarks.advance(shard, watermark);
            }
        }
        watermarks.low()
    }

    /// Windows that hold counts which are not in closed windows, oldest first, with the last commits
    /// that are.
    #[must_use]
    pub fn unsettled(&self) -> BTreeMap<EventTime, CommitNumbers> {
        let mut unsettled = BTreeMap::<EventTime, CommitNumbers>::new();
        for (shard, state) in &self.shards {
            for (start, last) in &state.pending {
                if self.settled_through(*start, shard) < Some(last) {
                    unsettled.entry(*start).or_default();
                }
            }
        }
        for (start, numbers) in &mut unsettled {
            if let Some(settled) = self.settled.get(start) {
                numbers.clone_from(settled);
            }
            for (shard, state) in &self.shards {
                if let Some(last) = state.pending.get(start) {
                    let number = numbers.entry(shard.clone()).or_default();
                    *number = (*number).max(*last);
                }
            }
        }
        unsettled
    }

    /// The window that each ACL closes next, of those that close windows without records.
    pub fn next_windows(&self, size: WindowSize) -> impl Iterator<Item = (&str, Window)> {
        self.heads.iter().filter_map(move |(acl, head)| {
            let closed_through = head.closed_through.filter(|_| head.empty_budget > 0)?;
            Some((acl.as_str(), size.window_of(closed_through)))
        })
    }

    /// The oldest window that waits to be closed or amended.
    #[must_use]
    pub fn oldest_waiting(&self, size: WindowSize) -> Option<Window> {
        let unsettled = self.unsettled();
        let unsettled = unsettled.keys().map(|start| size.window_of(*start));
        let next = self.next_windows(size).map(|(_, window)| window);
        unsettled.chain(next).min()
    }

    fn settled_through(&self, start: EventTime, shard: &str) -> Option<&u64> {
        self.settled.get(&start)?.get(shard)
    }
}

/// The time that a shard must have delivered up to for every window to be complete whose time has
/// come when shards are complete up to `horizon`.
#[must_use]
pub fn wanted(policy: ClosePolicy, size: WindowSize, horizon: EventTime) -> EventTime {
    let lateness = i64::from(policy.lateness_ms);
    let newest_end = size.window_of(horizon.minus(lateness)).start;
    newest_end.plus(lateness)
}

/// The oldest window that one of the shards remembers having counted into.
pub(super) fn oldest_pending<'a>(
    shards: impl Iterator<Item = &'a ShardState>,
) -> Option<EventTime> {
    shards
        .filter_map(|state| state.pending.keys().next().copied())
        .min()
}

/// Takes out of `state` what is settled.
pub(super) fn forget_settled(
    shard: &str,
    state: &mut ShardState,
    settled: &BTreeMap<EventTime, CommitNumbers>,
) {
    state.pending.retain(|start, last| {
        let through = settled.get(start).and_then(|numbers| numbers.get(shard));
        through < Some(last)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Checkpoint;

    fn shard(watermark: Option<i64>, pending: &[(i64, u64)]) -> ShardState {
        ShardState {
            checkpoint: Checkpoint {
                watermark: watermark.map(EventTime),
                ..Checkpoint::default()
            },
            pending: pending
                .iter()
                .map(|(start, last)| (EventTime(*start), *last))
                .collect(),
            ..ShardState::default()
        }
    }

    fn view(shards: &[(&str, ShardState)]) -> View {
        let shards = shards.iter();
        View {
            shards: shards
                .map(|(name, state)| ((*name).to_owned(), state.clone()))
                .collect(),
            ..View::default()
        }
    }

    fn numbers(of: &[(&str, u64)]) -> CommitNumbers {
        of.iter()
            .map(|(shard, number)| ((*shard).to_owned(), *number))
            .collect()
    }

    #[test]
    fn the_slowest_live_shard_decides_and_the_end_of_all_says_nothing() {
        let mut ended = shard(Some(5), &[]);
        ended.checkpoint.finished = true;
        let both = view(&[("a", shard(Some(20), &[])), ("b", ended.clone())]);
        assert_eq!(both.low(), Low::At(EventTime(20)));
        assert_eq!(view(&[("b", ended)]).low(), Low::Unknown);
        let silent = view(&[("a", shard(Some(20), &[])), ("b", shard(None, &[]))]);
        assert_eq!(silent.low(), Low::Unknown);
    }

    #[test]
    fn a_window_is_unsettled_until_every_commit_into_it_is() {
        let mut view = view(&[
            ("a", shard(None, &[(0, 3), (60_000, 4)])),
            ("b", shard(None, &[(0, 7)])),
        ]);
        assert_eq!(
            view.unsettled()[&EventTime(0)],
            numbers(&[("a", 3), ("b", 7)])
        );
        view.settled
            .insert(EventTime(0), numbers(&[("a", 3), ("b", 6), ("c", 9)]));
        let all = numbers(&[("a", 3), ("b", 7), ("c", 9)]);
        assert_eq!(view.unsettled()[&EventTime(0)], all);
        view.settled.insert(EventTime(0), all);
        let left: Vec<EventTime> = view.unsettled().into_keys().collect();
        assert_eq!(left, [EventTime(60_000)]);
        assert_eq!(
            view.oldest_waiting(WindowSize::DEFAULT)
                .map(|window| window.start.0),
            Some(60_000)
        );
    }

    #[test]
    fn what_shards_must_have_delivered_follows_from_the_newest_window_that_has_its_time() {
        let policy = ClosePolicy {
            lateness_ms: 30_000,
            longest_wait_ms: 120_000,
        };
        for (horizon, expected) in [(89_999, 30_000), (90_000, 90_000), (149_999, 90_000)] {
            let wanted = wanted(policy, WindowSize::DEFAULT, EventTime(horizon));
            assert_eq!(wanted, EventTime(expected), "{horizon}");
        }
    }
}
