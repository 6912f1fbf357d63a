//! What became of entries.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::envelope::Entry;

/// What became of entries that were sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// Lines that were taken, by the moment in which that was known.
    pub taken: Vec<(Instant, Vec<u32>)>,
    /// Entries that were taken.
    pub entries: u64,
    /// Their bytes, with partition keys.
    pub bytes: u64,
    /// Lines that were sent again, by the reason; one that was sent again twice counts twice.
    pub retried: BTreeMap<String, u64>,
    /// Lines that were not taken in time, by the last reason.
    pub lost: BTreeMap<String, u64>,
}

impl Settled {
    /// Notes what was taken at `at`, and gives back what `answer` refuses, with the reason.
    pub(super) fn take(
        &mut self,
        batch: Vec<Entry>,
        answer: &[Option<String>],
        at: Instant,
    ) -> Vec<(Entry, String)> {
        let mut taken = Vec::new();
        let mut refused = Vec::new();
        for (entry, reason) in batch.into_iter().zip(answer) {
            match reason {
                Some(reason) => refused.push((entry, reason.clone())),
                None => {
                    self.entries += 1;
                    self.bytes += entry.bytes() as u64;
                    taken.extend(entry.lines);
                }
            }
        }
        if !taken.is_empty() {
            self.taken.push((at, taken));
        }
        refused
    }

    pub(super) fn retry(&mut self, entry: &Entry, reason: String) {
        *self.retried.entry(reason).or_default() += entry.lines.len() as u64;
    }

    pub(super) fn lose(&mut self, entry: &Entry, reason: String) {
        *self.lost.entry(reason).or_default() += entry.lines.len() as u64;
    }
}
