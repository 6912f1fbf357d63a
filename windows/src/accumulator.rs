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
use crate::time::{EventTime, Window, WindowSize};

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
    /// Every ACL followed since the start, with its number. It outlives [`Self::drain`], so that
    /// the same ACLs are followed from commit to commit.
    acls: HashMap<Arc<str>, u32, RandomState>,
    /// Position in `open` by ACL number and window.
    positions: HashMap<(u32, Window), usize, RandomState>,
    open: Vec<Open>,
    last: usize,
    newest: Option<EventTime>,
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
            positions: HashMap::default(),
            open: Vec::new(),
            last: 0,
            newest: None,
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
        self.newest = self.newest.max(Some(record.timestamp));
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
            None => self.follow(record.acl)?,
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

    /// Follows a Web ACL that an earlier process followed, so that a restart neither widens the
    /// limit nor changes which ACLs are within it.
    ///
    /// # Errors
    ///
    /// [`TooManyAcls`] when it would be one too many, because the limit was lowered since.
    pub fn follow_again(&mut self, acl: &str) -> Result<(), TooManyAcls> {
        if !self.acls.contains_key(acl) {
            self.follow(acl)?;
        }
        Ok(())
    }

    fn follow(&mut self, acl: &str) -> Result<u32, TooManyAcls> {
        let too_many = TooManyAcls {
            limit: self.max_acls,
        };
        if self.acls.len() >= self.max_acls {
            return Err(too_many);
        }
        let number = u32::try_from(self.acls.len()).map_err(|_| too_many)?;
        self.acls.insert(Arc::from(acl), number);
        Ok(number)
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

    /// The highest timestamp counted since the start; draining does not forget it.
    #[must_use]
    pub fn newest(&self) -> Option<EventTime> {
        self.newest
    }

    /// The windows of the open partials, in no order.
    pub fn windows(&self) -> impl Iterator<Item = Window> {
        self.open.iter().map(|open| open.window)
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
        assert_eq!(open.newest(), Some(EventTime(60_000)));
        assert_eq!(open.len(), 3);
        let drained = open.drain();
        let listed: Vec<_> = drained
            .iter()
            .map(|(acl, window, partial)| (&**acl, window.start.0, partial.counters().total))
            .collect();
        assert_eq!(listed, [("a", -60_000, 1), ("a", 60_000, 1), ("b", 0, 3)]);
        assert!(open.is_empty() && open.drain().is_empty());
        assert_eq!(open.newest(), Some(EventTime(60_000)));
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
    fn an_acl_of_an_earlier_process_counts_towards_the_limit() {
        let mut open = accumulator(2);
        for acl in ["a", "a", "b"] {
            open.follow_again(acl).expect("within the limit");
        }
        assert_eq!(open.follow_again("c"), Err(TooManyAcls { limit: 2 }));
        assert_eq!(open.observe(&record("c", 0)), Err(TooManyAcls { limit: 2 }));
        open.observe(&record("b", 0)).expect("within the limit");
        assert_eq!(open.len(), 1);
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
