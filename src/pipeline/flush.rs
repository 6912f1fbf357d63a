//! Commits what was counted, and closes what is due.

use std::collections::{BTreeMap, BTreeSet};

use wafwatch_windows::close::Due;
use wafwatch_windows::partial::Partial;
use wafwatch_windows::summary::Summary;
use wafwatch_windows::time::{EventTime, Window};
use wafwatch_windows::watermark::Low;

use super::{Flushed, Pipeline, PipelineError};
use crate::close;
use crate::store::{
    AclState, CheckpointUpdate, ClosedWindow, Closing, Store, StoredPartial, Transaction,
};

/// Windows of one ACL that one transaction closes at most.
const MAX_CLOSING_WINDOWS: usize = 500;

/// Partials of one window that the store holds; one more, and they are merged into a single one. A
/// window of hours would else collect one for every commit.
pub const MAX_PARTIALS: usize = 64;

/// Counts in memory, by ACL.
type OpenWindows = BTreeMap<String, BTreeMap<Window, Partial>>;

impl<S: Store> Pipeline<S> {
    /// Commits what was counted and closes what is due by now.
    ///
    /// That is one transaction, unless very many windows are due: then several, each of them whole.
    ///
    /// # Errors
    ///
    /// When the store fails or was changed by another process. The pipeline must then be opened
    /// anew; nothing is half done.
    pub fn flush(&mut self, now: EventTime) -> Result<Flushed, PipelineError> {
        self.flush_and_tell(now, &mut |_| {})
    }

    /// [`Self::flush`], telling `closed` of each window once its closing is committed.
    ///
    /// # Errors
    ///
    /// As [`Self::flush`].
    pub fn flush_and_tell(
        &mut self,
        now: EventTime,
        closed: &mut dyn FnMut(&ClosedWindow),
    ) -> Result<Flushed, PipelineError> {
        let mut flushed = Flushed::default();
        loop {
            let mut open = self.take_open_windows();
            let amended = self.amend_late(&mut open)?;
            let low = self.low(open.values().flat_map(BTreeMap::keys).copied());
            let policy = self.settings.close_policy;
            let due = |window| policy.due(window, low, now);
            let loaded = self.load_due_partials(&mut open, &due)?;
            let closings = self.close_due(&mut open, &due)?;
            let compacted = self.compact(&mut open, loaded)?;
            let transaction = Transaction {
                checkpoints: self.checkpoint_updates(),
                amended,
                closings,
                compacted,
                partials: self.encode_open(open),
            };
            if transaction == Transaction::default() {
                return Ok(flushed);
            }
            self.store.apply(&transaction)?;
            self.remember(&transaction);
            let closed_before = flushed.closed;
            for closing in &transaction.closings {
                closing.windows.iter().for_each(&mut *closed);
                flushed.closed += closing.windows.len();
                flushed.events += closing.events.len();
            }
            flushed.amended += transaction.amended.len();
            if flushed.closed - closed_before < MAX_CLOSING_WINDOWS {
                return Ok(flushed);
            }
        }
    }

    fn take_open_windows(&mut self) -> OpenWindows {
        let mut open = OpenWindows::new();
        for (acl, window, partial) in self.accumulator.drain() {
            self.expected.note(&acl);
            open.entry(acl).or_default().insert(window, partial);
        }
        open
    }

    fn checkpoint_updates(&self) -> Vec<CheckpointUpdate> {
        let changed = self
            .shards
            .iter()
            .filter(|(_, progress)| progress.has_changed());
        changed
            .map(|(shard, progress)| progress.update(shard))
            .collect()
    }

    /// Takes the windows out of `open` that have closed before, and adds them to their summaries.
    fn amend_late(&mut self, open: &mut OpenWindows) -> Result<Vec<Summary>, PipelineError> {
        let mut amended = Vec::new();
        for (acl, windows) in open {
            let state = self.acl_states.get(acl);
            let Some(closed_through) = state.and_then(|state| state.closed_through) else {
                continue;
            };
            while let Some(entry) = windows.first_entry() {
                let window = *entry.key();
                if window.start >= closed_through {
                    break;
                }
                let partial = entry.remove();
                let closed = self.store.closed_window(acl, window)?;
                let sketch = &self.settings.close.sketch;
                amended.push(close::amend(closed, acl, window, &partial, sketch));
            }
        }
        Ok(amended)
    }

    fn close_due(
        &self,
        open: &mut OpenWindows,
        due: &dyn Fn(Window) -> Due,
    ) -> Result<Vec<Closing>, PipelineError> {
        let marks = self.store.marks()?;
        let known = self.acl_states.keys().cloned();
        let acls: BTreeSet<String> = known.chain(open.keys().cloned()).collect();
        let mut closings = Vec::new();
        for acl in acls {
            let fresh = AclState::default();
            let state = self.acl_states.get(&acl).unwrap_or(&fresh);
            let windows = open.entry(acl.clone()).or_default();
            let ended = self.expected.ended(&acl, &self.watermarks, &self.shards);
            let last_with_records = windows.keys().next_back().map(|window| window.end);
            let silent_from =
                ended.map(|ended| last_with_records.map_or(ended, |end| ended.max(end)));
            let due = |window: Window| match silent_from {
                Some(silent_from) if window.start >= silent_from => Due::NotYet,
                _ => due(window),
            };
            closings.extend(close::close_due(
                &acl,
                state,
                windows,
                &due,
                MAX_CLOSING_WINDOWS,
                &marks,
                &self.settings.close,
            ));
        }
        Ok(closings)
    }

    /// How far all live shards have delivered. Once all have ended, that is as far as any record says:
    /// no other is left to confirm one that is far ahead.
    pub(super) fn low(&self, in_memory: impl Iterator<Item = Window>) -> Low {
        let low = self.watermarks.low();
        let Low::AllFinished(last) = low else {
            return low;
        };
        let stored = self.stored.keys().map(|(_, window)| *window);
        let newest = in_memory.chain(stored).map(|window| window.start).max();
        Low::AllFinished(newest.map_or(last, |newest| last.max(newest)))
    }

    /// Merges stored partials of due windows into the open ones, in the order of their commits. Gives
    /// the windows.
    fn load_due_partials(
        &self,
        open: &mut OpenWindows,
        due: &dyn Fn(Window) -> Due,
    ) -> Result<BTreeSet<(String, Window)>, PipelineError> {
        let mut loaded = BTreeSet::new();
        for (acl, window) in self.stored.keys() {
            if due(*window) == Due::NotYet {
                continue;
            }
            let windows = open.entry(acl.clone()).or_default();
            let in_memory = windows.remove(window);
            let merged = self.merge_stored(acl, *window, in_memory)?;
            windows.insert(*window, merged);
            loaded.insert((acl.clone(), *window));
        }
        Ok(loaded)
    }

    /// What the store holds of a window, in the order of the commits, and then `in_memory`.
    fn merge_stored(
        &self,
        acl: &str,
        window: Window,
        in_memory: Option<Partial>,
    ) -> Result<Partial, PipelineError> {
        let sketch = &self.settings.close.sketch;
        let mut merged = Partial::new(sketch);
        for encoded in self.store.partials(acl, window)? {
            let partial = Partial::decode(&encoded, sketch).map_err(|source| {
                PipelineError::DamagedPartial {
                    acl: acl.to_owned(),
                    source,
                }
            })?;
            merged.merge(&partial);
        }
        if let Some(in_memory) = in_memory {
            merged.merge(&in_memory);
        }
        Ok(merged)
    }

    /// Takes the windows out of `open` whose counts are to replace what is stored of them: `loaded` ones
    /// that are due but did not close yet, because too many were, and those of which the store would
    /// hold too many partials.
    fn compact(
        &self,
        open: &mut OpenWindows,
        loaded: BTreeSet<(String, Window)>,
    ) -> Result<Vec<StoredPartial>, PipelineError> {
        let budget = self.settings.close.sketch.budget_bytes;
        let mut compacted = Vec::new();
        for ((acl, window), partials) in &self.stored {
            let is_loaded = loaded.contains(&(acl.clone(), *window));
            if *partials < MAX_PARTIALS && !is_loaded {
                continue;
            }
            let windows = open.get_mut(acl);
            let Some(in_memory) = windows.and_then(|windows| windows.remove(window)) else {
                continue;
            };
            let merged = if is_loaded {
                in_memory
            } else {
                self.merge_stored(acl, *window, Some(in_memory))?
            };
            compacted.push(StoredPartial {
                acl: acl.clone(),
                window: *window,
                encoded: merged.encode(budget),
            });
        }
        Ok(compacted)
    }

    fn encode_open(&self, open: OpenWindows) -> Vec<StoredPartial> {
        let budget = self.settings.close.sketch.budget_bytes;
        let mut partials = Vec::new();
        for (acl, windows) in open {
            for (window, partial) in windows {
                let encoded = partial.encode(budget);
                partials.push(StoredPartial {
                    acl: acl.clone(),
                    window,
                    encoded,
                });
            }
        }
        partials
    }

    fn remember(&mut self, transaction: &Transaction) {
        for update in &transaction.checkpoints {
            if let Some(progress) = self.shards.get_mut(&update.shard) {
                progress.set_committed();
            }
        }
        for closing in &transaction.closings {
            for closed in &closing.windows {
                self.stored
                    .remove(&(closing.acl.clone(), closed.summary.window));
            }
            if closing.state.is_dormant() {
                self.accumulator.forget(&closing.acl);
            }
            self.acl_states
                .insert(closing.acl.clone(), closing.state.clone());
        }
        for summary in &transaction.amended {
            self.stored.remove(&(summary.acl.clone(), summary.window));
        }
        for partial in &transaction.partials {
            let key = (partial.acl.clone(), partial.window);
            *self.stored.entry(key).or_default() += 1;
        }
        for partial in &transaction.compacted {
            self.stored.insert((partial.acl.clone(), partial.window), 1);
        }
    }
}
