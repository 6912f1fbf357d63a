//! An envelope that is being counted, perhaps over several commits.

use std::collections::BTreeSet;

use wafwatch_windows::time::{EventTime, Window, WindowSize};

use crate::ingest::{Accounts, RejectReason};
use crate::pipeline::Decoded;
use crate::store::dynamodb::MAX_COMMIT_WINDOWS;

/// The envelope that is being counted.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    pub(super) decoded: Decoded,
    /// The order in which its records are counted, where it is not their own.
    pub(super) order: Option<Vec<u32>>,
    /// Records that earlier commits hold.
    pub(super) before: usize,
    /// Records that are dealt with, those included.
    pub(super) taken: usize,
    /// Of those since the last commit: refused, because their ACL is one too many.
    pub(super) refused: u64,
    /// Newest time among the records that are counted.
    pub(super) newest: Option<EventTime>,
    /// Its id, where it is a packed record.
    pub(super) pack: Option<u64>,
    pub(super) is_open: bool,
}

impl Envelope {
    /// The index of the record to be counted next.
    pub(super) fn index(&self) -> Option<usize> {
        self.index_of(self.taken)
    }

    fn index_of(&self, place: usize) -> Option<usize> {
        if place >= self.decoded.batch().len() {
            return None;
        }
        let ordered = |order: &Vec<u32>| order.get(place).map(|index| *index as usize);
        self.order.as_ref().map_or(Some(place), ordered)
    }

    pub(super) fn newest_before(&self) -> Option<EventTime> {
        let records = (0..self.before).filter_map(|place| self.index_of(place));
        let times = records.filter_map(|index| self.decoded.batch().get(index));
        times.map(|record| record.timestamp).max()
    }

    /// Adds to `accounts` what became of the records since the last commit, all of the envelope's
    /// rejects with its last record.
    pub(super) fn account(&mut self, accounts: &mut Accounts) {
        let is_done = self.index().is_none();
        let more = if is_done {
            let whole = self.decoded.accounts();
            let before = self.before as u64;
            Accounts {
                read: whole.read.saturating_sub(before),
                accepted: whole.accepted.saturating_sub(before),
                ..whole.clone()
            }
        } else {
            let counted = (self.taken - self.before) as u64;
            Accounts {
                read: counted,
                accepted: counted,
                ..Accounts::default()
            }
        };
        accounts.merge(&more);
        accounts.retract(RejectReason::TooManyAcls, self.refused);
        self.before = self.taken;
        self.refused = 0;
    }

    pub(super) fn is_poison(&self) -> bool {
        self.decoded.batch().is_empty() && self.decoded.accounts().rejected_total() > 0
    }

    /// An envelope with more windows than a commit takes is counted window by window, so that its
    /// commits are as few as its windows allow.
    pub(super) fn put_in_order(&mut self, size: WindowSize) {
        let batch = self.decoded.batch();
        let windows_of = || batch.iter().map(|record| size.window_of(record.timestamp));
        let mut distinct = BTreeSet::new();
        for window in windows_of() {
            distinct.insert(window);
            if distinct.len() > MAX_COMMIT_WINDOWS {
                break;
            }
        }
        self.order = (distinct.len() > MAX_COMMIT_WINDOWS).then(|| {
            let mut keyed: Vec<(Window, u32)> = windows_of().zip(0_u32..).collect();
            keyed.sort_unstable();
            keyed.into_iter().map(|(_, index)| index).collect()
        });
    }
}
