//! Which recordings hold records of which Web ACL, so that the end of a recording is not taken for an
//! outage.
//!
//! A folder of logs holds the files of many ACLs, and those of one may end hours before those of
//! another. Only where an input goes on that belongs to the ACL does its silence say something.

use std::collections::{BTreeMap, BTreeSet};

use wafwatch_windows::time::EventTime;
use wafwatch_windows::watermark::Watermarks;

use super::Progress;

/// What hosts said of their recordings; nothing in a live run, where any input that goes on shows
/// that time does.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// Shards by ACL; nothing until a recording is known.
    shards: Option<BTreeMap<String, BTreeSet<String>>>,
    /// ACLs with records in this run.
    counted: BTreeSet<String>,
}

impl Expected {
    pub(super) fn add<'a>(&mut self, shard: &str, acls: impl IntoIterator<Item = &'a str>) {
        let shards = self.shards.get_or_insert_default();
        for acl in acls {
            let of_acl = shards.entry(acl.to_owned()).or_default();
            of_acl.insert(shard.to_owned());
        }
    }

    /// Records of `acl` were counted.
    pub(super) fn note(&mut self, acl: &str) {
        if self.shards.is_some() && !self.counted.contains(acl) {
            self.counted.insert(acl.to_owned());
        }
    }

    /// Up to where the recordings of `acl` have delivered, when all of them have ended; `None` while
    /// one goes on. An ACL that is in none of this run's has ended before.
    ///
    /// One that was counted although no recording was said to hold it may be in any of them.
    pub(super) fn ended(
        &self,
        acl: &str,
        watermarks: &Watermarks,
        shards: &BTreeMap<String, Progress>,
    ) -> Option<EventTime> {
        let expected = self.shards.as_ref()?;
        let Some(of_acl) = expected.get(acl) else {
            return (!self.counted.contains(acl)).then_some(EventTime(i64::MIN));
        };
        if of_acl.iter().any(|shard| watermarks.is_live(shard)) {
            return None;
        }
        let progress = of_acl.iter().filter_map(|shard| shards.get(shard));
        let delivered = progress.filter_map(|progress| progress.checkpoint().watermark);
        Some(delivered.max().unwrap_or(EventTime(i64::MIN)))
    }
}
