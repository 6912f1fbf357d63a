//! Which shards of a stream may be read: parents before their children.
//!
//! Resharding closes shards and opens others in their place: a split one parent and two children,
//! a merge two parents and one child. Records of one key lie first in the parent and then in the
//! child, so a child is read only when its parents have been read to their ends. A parent that the
//! stream no longer lists has outlived the retention with all its records.

use std::collections::BTreeMap;

/// A shard as the stream lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedShard {
    pub(super) id: String,
    pub(super) parents: Vec<String>,
    pub(super) is_closed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Begun,
    Ended,
}

/// How far the shards of a stream are.
#[derive(Debug, Default)]
pub(super) struct Lineage {
    states: BTreeMap<String, State>,
}

impl Lineage {
    /// Says that `shard` has been read to its end, in this run or before.
    pub(super) fn end(&mut self, shard: &str) {
        self.states.insert(shard.to_owned(), State::Ended);
    }

    /// The shards of `listed` whose turn has come, each told once; and forgets what is listed no
    /// longer.
    pub(super) fn begin(&mut self, listed: &[ListedShard]) -> Vec<String> {
        let is_listed = |id: &str| listed.iter().any(|shard| shard.id == id);
        self.states
            .retain(|id, state| *state == State::Begun || is_listed(id));
        let mut begun = Vec::new();
        for shard in listed {
            let has_ended = |parent: &String| self.states.get(parent) == Some(&State::Ended);
            let is_due = |parent: &String| has_ended(parent) || !is_listed(parent);
            if !self.states.contains_key(&shard.id) && shard.parents.iter().all(is_due) {
                begun.push(shard.id.clone());
            }
        }
        for id in &begun {
            self.states.insert(id.clone(), State::Begun);
        }
        begun
    }
}

/// Whether another shard has taken the place of `parent`.
pub(super) fn has_child(listed: &[ListedShard], parent: &str) -> bool {
    let is_child = |shard: &ListedShard| shard.parents.iter().any(|id| id == parent);
    listed.iter().any(is_child)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(id: &str, parents: &[&str]) -> ListedShard {
        ListedShard {
            id: id.to_owned(),
            parents: parents.iter().map(|&parent| parent.to_owned()).collect(),
            is_closed: false,
        }
    }

    #[test]
    fn children_wait_for_all_their_parents() {
        let split_and_merged = [
            shard("0", &[]),
            shard("1", &[]),
            shard("2", &["0"]),
            shard("3", &["0"]),
            shard("4", &["1", "3"]),
        ];
        let mut lineage = Lineage::default();
        assert_eq!(lineage.begin(&split_and_merged), ["0", "1"]);
        assert!(lineage.begin(&split_and_merged).is_empty());
        lineage.end("1");
        assert!(lineage.begin(&split_and_merged).is_empty());
        lineage.end("0");
        assert_eq!(lineage.begin(&split_and_merged), ["2", "3"]);
        lineage.end("2");
        assert!(lineage.begin(&split_and_merged).is_empty());
        lineage.end("3");
        assert_eq!(lineage.begin(&split_and_merged), ["4"]);
        assert!(has_child(&split_and_merged, "3"));
        assert!(!has_child(&split_and_merged, "4"));
    }

    #[test]
    fn a_parent_that_has_expired_holds_nothing_back() {
        let mut lineage = Lineage::default();
        assert_eq!(lineage.begin(&[shard("5", &["1", "2"])]), ["5"]);
    }

    #[test]
    fn what_ended_in_an_earlier_run_is_not_read_again() {
        let mut lineage = Lineage::default();
        lineage.end("0");
        let listed = [shard("0", &[]), shard("1", &["0"])];
        assert_eq!(lineage.begin(&listed), ["1"]);
        // Expired shards take no memory.
        lineage.begin(&listed[1..]);
        assert_eq!(lineage.states.len(), 1);
    }
}
