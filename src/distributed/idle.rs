//! Moves time on where no records come.
//!
//! A shard delivers nothing while nothing is put into it, and ends when the stream is resharded;
//! neither calls anybody. Both are found out from the stream itself:
//!
//! - nothing lies behind the last record that was counted, and no call of the stream is behind: then
//!   everything up to the idle delay before now has been delivered;
//! - there is something: the shard is lagging, and holds windows back;
//! - there is nothing and the shard has ended: it holds nothing back any more.
//!
//! # Resharding
//!
//! Records of one key lie first in the parent and then in the child, and a child is delivered only
//! when its parents have been delivered to their ends. So a child that the table does not know holds
//! nothing back while one of its parents does, and is made known, from where its parents stand, just
//! before the last of them is marked as ended. At no moment is there a gap through which
//! a window could close early.

use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;
use wafwatch_windows::time::EventTime;

use super::pack;
use super::stream::{Ahead, ListedShard, Stream, StreamError};
use super::view::{View, forget_settled};
use crate::store::StoreError;
use crate::store::dynamodb::{Commit, DynamoStore, ShardState};

/// What moving time on depends on.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Wall clock, taken before anything was asked.
    pub now: EventTime,
    /// How far before it a shard in which nothing lies is complete.
    pub horizon: EventTime,
    /// The time that shards must have delivered up to; those that have are not asked.
    pub wanted: EventTime,
    /// When no further shard is asked.
    pub until: Instant,
}

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Shards that were asked.
    pub asked: u64,
    /// Of those, shards with records that nobody has counted yet.
    pub lagging: u64,
    /// Shards that could not be asked, with the last reason.
    pub failed: Option<String>,
}

/// Why time cannot be moved on.
#[derive(Debug, thiserror::Error)]
pub enum IdleError {
    /// The stream does not say which shards it has.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The table cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes all shards known, asks those of them that hold windows back, and writes what follows into
/// the table and into `view`. Shards for which `is_asked` says no are left as they are.
///
/// # Errors
///
/// When the stream does not list its shards, or the table fails. A shard that cannot be asked is told
/// in [`Found`].
pub async fn refresh(
    store: &DynamoStore,
    stream: &impl Stream,
    view: &mut View,
    moment: Moment,
    mut is_asked: impl FnMut(&str) -> bool,
) -> Result<Found, IdleError> {
    let listed = stream.shards().await?;
    let mut refresher = Refresher {
        store,
        listed: &listed,
        view,
        moment,
    };
    let mut waiting = VecDeque::new();
    for shard in parents_first(&listed) {
        refresher.make_known(shard).await?;
        waiting.push_back(shard.id.clone());
    }
    // What the stream has forgotten has ended long ago.
    let listed_ids: Vec<&str> = listed.iter().map(|shard| shard.id.as_str()).collect();
    for shard in refresher.view.shards.keys() {
        if !listed_ids.contains(&shard.as_str()) {
            waiting.push_front(shard.clone());
        }
    }
    let mut found = Found::default();
    while let Some(shard) = waiting.pop_front() {
        if !refresher.holds_back(&shard) || !is_asked(&shard) {
            continue;
        }
        if Instant::now() >= moment.until {
            break;
        }
        let is_listed = listed_ids.contains(&shard.as_str());
        let ahead = if is_listed {
            let behind = refresher.view.shards.get(&shard);
            let behind = behind.and_then(|state| state.checkpoint.sequence.as_ref());
            found.asked += 1;
            stream.ahead(&shard, behind).await
        } else {
            Ok(Ahead::End)
        };
        match ahead {
            Ok(Ahead::Records) => found.lagging += 1,
            Ok(Ahead::Unknown) => {}
            Ok(Ahead::Nothing) => refresher.advance(&shard).await?,
            Ok(Ahead::End) => {
                for child in refresher.end(&shard).await? {
                    waiting.push_back(child);
                }
            }
            Err(error) => found.failed = Some(error.to_string()),
        }
    }
    Ok(found)
}

/// The state of a shard that the table does not know, from its parents': it has delivered what they
/// all had, and may be handed again what one of them was handed last.
#[must_use]
pub fn unknown_shard(
    shard: &ListedShard,
    shards: &BTreeMap<String, ShardState>,
    now: EventTime,
) -> ShardState {
    let parents: Vec<&ShardState> = shard
        .parents
        .iter()
        .filter_map(|id| shards.get(id))
        .collect();
    let packs: Vec<_> = parents.iter().map(|parent| &parent.packs).collect();
    let mut state = ShardState {
        packs: pack::inherited(&packs),
        updated: now,
        ..ShardState::default()
    };
    state.checkpoint.input.clone_from(&shard.id);
    state.checkpoint.watermark = parents
        .iter()
        .filter_map(|parent| parent.checkpoint.watermark)
        .min();
    state
}

struct Refresher<'a> {
    store: &'a DynamoStore,
    listed: &'a [ListedShard],
    view: &'a mut View,
    moment: Moment,
}

impl Refresher<'_> {
    /// Whether the shard is known, goes on, and has not delivered as far as is wanted.
    fn holds_back(&self, shard: &str) -> bool {
        self.view.shards.get(shard).is_some_and(|state| {
            let checkpoint = &state.checkpoint;
            !checkpoint.finished && checkpoint.watermark < Some(self.moment.wanted)
        })
    }

    /// Writes a shard that the table does not know, unless one of its parents goes on.
    async fn make_known(&mut self, shard: &ListedShard) -> Result<bool, StoreError> {
        let is_listed = |id: &String| self.listed.iter().any(|listed| listed.id == *id);
        let goes_on = |id: &String| match self.view.shards.get(id) {
            Some(parent) => !parent.checkpoint.finished,
            None => is_listed(id),
        };
        if self.view.shards.contains_key(&shard.id) || shard.parents.iter().any(goes_on) {
            return Ok(false);
        }
        let state = unknown_shard(shard, &self.view.shards, self.moment.now);
        self.write(&shard.id, None, state).await?;
        Ok(true)
    }

    /// Nothing lies in the shard.
    async fn advance(&mut self, shard: &str) -> Result<(), StoreError> {
        let Some(mut state) = self.view.shards.get(shard).cloned() else {
            return Ok(());
        };
        let watermark = &mut state.checkpoint.watermark;
        *watermark = (*watermark).max(Some(self.moment.horizon));
        self.rewrite(shard, state).await
    }

    /// The shard has ended: its children that have no other parent any more take its place first.
    async fn end(&mut self, shard: &str) -> Result<Vec<String>, StoreError> {
        let Some(mut state) = self.view.shards.get(shard).cloned() else {
            return Ok(Vec::new());
        };
        state.checkpoint.finished = true;
        // For the children only: in the table it ends after they are known.
        let before = self.view.shards.insert(shard.to_owned(), state.clone());
        let mut children = Vec::new();
        let listed = self.listed;
        for child in listed
            .iter()
            .filter(|child| child.parents.iter().any(|id| id == shard))
        {
            if self.make_known(child).await? {
                children.push(child.id.clone());
            }
        }
        if let Some(before) = before {
            self.view.shards.insert(shard.to_owned(), before);
        }
        self.rewrite(shard, state).await?;
        Ok(children)
    }

    async fn rewrite(&mut self, shard: &str, mut state: ShardState) -> Result<(), StoreError> {
        forget_settled(shard, &mut state, &self.view.settled);
        state.updated = self.moment.now;
        let commits = state.commits;
        self.write(shard, Some(commits), state).await
    }

    /// Writes a state that counts nothing; where somebody counted meanwhile, theirs stands.
    async fn write(
        &mut self,
        shard: &str,
        expected_commits: Option<u64>,
        state: ShardState,
    ) -> Result<(), StoreError> {
        let commit = Commit {
            shard: shard.to_owned(),
            expected_commits,
            state,
            partials: Vec::new(),
        };
        match self.store.commit(&commit).await {
            Ok(()) => {
                self.view.shards.insert(commit.shard, commit.state);
                Ok(())
            }
            Err(error) if error.is_conflict() => {
                if let Some(stored) = self.store.shard(shard).await? {
                    // Of what was counted since the view was read nothing else is known.
                    let known = self.view.shards.entry(commit.shard).or_default();
                    known.checkpoint = stored.checkpoint;
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

fn parents_first(listed: &[ListedShard]) -> Vec<&ListedShard> {
    let is_listed = |id: &String| listed.iter().any(|shard| shard.id == *id);
    let mut ordered: Vec<&ListedShard> = Vec::with_capacity(listed.len());
    let mut left: Vec<&ListedShard> = listed.iter().collect();
    while !left.is_empty() {
        let has_its_turn = |shard: &&ListedShard| {
            let mut parents = shard.parents.iter().filter(|id| is_listed(id));
            parents.all(|id| ordered.iter().any(|before| before.id == *id))
        };
        let (next, later): (Vec<_>, Vec<_>) = left.into_iter().partition(has_its_turn);
        if next.is_empty() {
            // No stream lists shards in a circle; if one did, any order is as good.
            ordered.extend(later);
            break;
        }
        ordered.extend(next);
        left = later;
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Checkpoint;

    fn listed(id: &str, parents: &[&str]) -> ListedShard {
        ListedShard {
            id: id.to_owned(),
            parents: parents.iter().map(|&parent| parent.to_owned()).collect(),
        }
    }

    fn state(watermark: Option<i64>, packs: &[u64]) -> ShardState {
        ShardState {
            checkpoint: Checkpoint {
                watermark: watermark.map(EventTime),
                ..Checkpoint::default()
            },
            packs: packs.to_vec(),
            commits: 9,
            ..ShardState::default()
        }
    }

    #[test]
    fn parents_come_before_their_children_in_whatever_order_they_are_listed() {
        let all = [
            listed("4", &["1", "3"]),
            listed("3", &["0", "gone"]),
            listed("0", &[]),
            listed("1", &[]),
        ];
        let ordered: Vec<&str> = parents_first(&all).iter().map(|shard| &*shard.id).collect();
        assert_eq!(ordered, ["0", "1", "3", "4"]);
        let circle = [listed("a", &["b"]), listed("b", &["a"])];
        assert_eq!(parents_first(&circle).len(), 2);
    }

    #[test]
    fn a_child_begins_where_all_its_parents_stand() {
        let shards = BTreeMap::from([
            ("0".to_owned(), state(Some(90), &[1, 2])),
            ("1".to_owned(), state(Some(70), &[3])),
            ("2".to_owned(), state(None, &[])),
        ]);
        let of = |parents: &[&str]| unknown_shard(&listed("9", parents), &shards, EventTime(100));
        let merged = of(&["0", "1"]);
        assert_eq!(merged.checkpoint.watermark, Some(EventTime(70)));
        assert_eq!((merged.packs, merged.commits), (vec![1, 2, 3], 0));
        // A parent that never delivered anything has nothing to be waited for.
        assert_eq!(of(&["0", "2"]).checkpoint.watermark, Some(EventTime(90)));
        assert_eq!(of(&[]).checkpoint.watermark, None);
    }
}
