//! The open windows of one shard: where each record goes.
//!
//! Between two commits a shard counts into one partial per Web ACL and window, then
//! [`Accumulator::drain`]s them into the store. Records mostly come in bursts of one ACL and one
//! window, so the last one is tried first.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::quality::RandomState;

use crate::partial::Partial;
use crate::record::Record;
use crate::settings::SketchSettings;
use crate::text::{Hashes, TextCache};
use crate::time::{Window, WindowSize};

/// A record that was not counted because its Web ACL would be one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record's web ACL would be more than the {limit} followed: raise the limit")]
pub struct TooManyAcls {
    /// How many Web ACLs are followed at most.
    pub limit: usize,
}

/// Counts records into one open partial per Web ACL and window.
#[derive(Debug)]
pub struct Accumulator {
    settings: SketchSettings,
    size: WindowSize,
    max_acls: usize,
    cache: TextCache,
    /// Every ACL that is followed, with its number. It outlives [`Self::drain`], so that the same
    /// ACLs are followed from commit to commit.
    acls: HashMap<Arc<str>, u32, RandomState>,
    next_number: u32,
    /// Position in `open` by ACL number and window.
    positions: HashMap<(u32, Window), usize, RandomState>,
    open: Vec<Open>,
    last: usize,
    estimated_bytes: usize,
}

#[derive(Debug)]
struct Open {
    acl: Arc<str>,
    window: Window,
    partial: Partial,
}

impl Accumulator {
    /// Nothing counted yet; windows of `size`, at most `max_acls` Web ACLs.
    #[must_use]
    pub fn new(settings: SketchSettings, size: WindowSize, max_acls: usize) -> Self {
        Self {
            cache: TextCache::new(&settings),
            settings,
            size,
            max_acls,
            acls: HashMap::default(),
            next_number: 0,
            positions: HashMap::default(),
            open: Vec::new(),
            last: 0,
            estimated_bytes: 0,
        }
    }

    /// Counts `record` in its window.
    ///
    /// # Errors
    ///
    /// [`TooManyAcls`] when the record belongs to a Web ACL beyond the limit. It is not counted
    /// then; the caller counts it as refused.
    pub fn observe(&mut self, record: &Record<'_>) -> Result<(), TooManyAcls> {
        let position = match self.open.get(self.last) {
            Some(open) if open.holds(record) => self.last,
            _ => self.find_or_open(record)?,
        };
        self.last = position;
        let grown = self.open[position]
            .partial
            .observe_with(record, &mut self.cache);
        self.estimated_bytes = self.estimated_bytes.saturating_add_signed(grown);
        Ok(())
    }

    #[cold]
    fn find_or_open(&mut self, record: &Record<'_>) -> Result<usize, TooManyAcls> {
        let window = self.size.window_of(record.timestamp);
        let number = match self.acls.get(record.acl) {
            Some(number) => *number,
            None => self.try_follow(record.acl)?,
        };
        if let Some(position) = self.positions.get(&(number, window)) {
            return Ok(*position);
        }
        let hashes: &Arc<Hashes> = self.cache.hashes();
        let partial = Partial::with_hashes(&self.settings, Arc::clone(hashes));
        self.estimated_bytes += partial.estimated_bytes();
        let (acl, _) = self
            .acls
            .get_key_value(record.acl)
            .expect("the ACL was found or added above");
        self.open.push(Open {
            acl: Arc::clone(acl),
            window,
            partial,
        });
        let position = self.open.len() - 1;
        self.positions.insert((number, window), position);
        Ok(position)
    }

    fn try_follow(&mut self, acl: &str) -> Result<u32, TooManyAcls> {
        if self.acls.len() >= self.max_acls {
            return Err(TooManyAcls {
                limit: self.max_acls,
            });
        }
        Ok(self.number(acl))
    }

    fn number(&mut self, acl: &str) -> u32 {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        self.acls.insert(Arc::from(acl), number);
        number
    }

    /// Follows `acl`, whatever the limit: an earlier run did.
    pub fn follow(&mut self, acl: &str) {
        if !self.acls.contains_key(acl) {
            self.number(acl);
        }
    }

    /// Gives the place of `acl` to another one, until its next record.
    pub fn forget(&mut self, acl: &str) {
        let is_open = self.open.iter().any(|open| *open.acl == *acl);
        if !is_open {
            self.acls.remove(acl);
        }
    }

    /// About how many bytes the open partials take. Kept up to date by every record, so asking
    /// costs nothing; texts that sketches share count in each of them, so the truth is rather
    /// below.
    #[must_use]
    pub fn estimated_bytes(&self) -> usize {
        self.estimated_bytes
    }

    /// How many partials are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether nothing was counted since the start or the last [`Self::drain`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The Web ACLs and windows of the open partials, in no order.
    pub fn open_windows(&self) -> impl Iterator<Item = (&str, Window)> {
        self.open.iter().map(|open| (&*open.acl, open.window))
    }

    /// Takes all open partials out, by ACL and window.
    pub fn drain(&mut self) -> Vec<(String, Window, Partial)> {
        self.positions.clear();
        self.last = 0;
        self.estimated_bytes = 0;
        let mut drained: Vec<(String, Window, Partial)> = self
            .open
            .drain(..)
            .map(|open| (open.acl.to_string(), open.window, open.partial))
            .collect();
        drained.sort_unstable_by(|one, two| (&one.0, one.1).cmp(&(&two.0, two.1)));
        drained
    }
}

impl Open {
    fn holds(&self, record: &Record<'_>) -> bool {
        let time = record.timestamp;
        self.window.start <= time && time < self.window.end && *self.acl == *record.acl
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Action;
    use crate::time::EventTime;

    fn accumulator(max_acls: usize) -> Accumulator {
        Accumulator::new(SketchSettings::default(), WindowSize::DEFAULT, max_acls)
    }

    fn record(acl: &str, milliseconds: i64) -> Record<'_> {
        Record::new(EventTime(milliseconds), acl, Action::Allow)
    }

    #[test]
    fn records_go_to_their_acl_and_window() {
        let mut open = accumulator(10);
        for (acl, time) in [("b", 0), ("a", 60_000), ("b", 59_999), ("a", -1), ("b", 1)] {
            open.observe(&record(acl, time)).expect("within the limit");
        }
        assert_eq!(open.len(), 3);
        let drained = open.drain();
        let listed: Vec<_> = drained
            .iter()
            .map(|(acl, window, partial)| (&**acl, window.start.0, partial.counters().total))
            .collect();
        assert_eq!(listed, [("a", -60_000, 1), ("a", 60_000, 1), ("b", 0, 3)]);
        assert!(open.is_empty() && open.drain().is_empty());
    }

    #[test]
    fn an_acl_beyond_the_limit_is_refused_and_the_others_go_on() {
        let mut open = accumulator(1);
        open.observe(&record("a", 0)).expect("the first");
        assert_eq!(open.observe(&record("b", 0)), Err(TooManyAcls { limit: 1 }));
        open.observe(&record("a", 60_000)).expect("the first");
        assert_eq!(open.drain().len(), 2);
        assert_eq!(open.observe(&record("b", 0)), Err(TooManyAcls { limit: 1 }));
        open.observe(&record("a", 0)).expect("the first");
    }

    #[test]
    fn the_size_kept_along_is_the_size_counted_anew() {
        let mut open = accumulator(10);
        let addresses: Vec<String> = (0..4_000).map(|number| format!("10.{number}")).collect();
        for (number, address) in addresses.iter().enumerate() {
            let mut record = record("a", number as i64 * 100);
            record.client_address = Some(address);
            record.uri = Some(address);
            open.observe(&record).expect("within the limit");
        }
        let kept = open.estimated_bytes();
        let anew: usize = open
            .open
            .iter()
            .map(|open| open.partial.estimated_bytes())
            .sum();
        assert_eq!(anew, kept);
        open.drain();
        assert_eq!(open.estimated_bytes(), 0);
    }
}
