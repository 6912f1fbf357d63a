//! The one-way path from bytes to committed windows, for any host.
//!
//! A host registers its shards, feeds their bytes in order, says how far a shard has delivered,
//! and calls [`Pipeline::flush`]; everything that a flush changes is one transaction of the store.
//! No I/O but the store's, and no clock: times are arguments.

mod decoded;
mod error;
mod expected;
mod flush;
mod progress;
mod settings;

use std::collections::BTreeMap;

use wafwatch_windows::accumulator::Accumulator;
use wafwatch_windows::close::Due;
use wafwatch_windows::time::{EventTime, Window};
use wafwatch_windows::watermark::Watermarks;

pub use decoded::{DecodeLimits, Decoded, Piece};
pub use error::PipelineError;
pub use flush::MAX_PARTIALS;
pub use progress::Progress;
pub use settings::PipelineSettings;

use expected::Expected;

use crate::ingest::{Accounts, RejectReason};
use crate::store::{AclState, Checkpoint, SequenceNumber, Store};

/// What the clock of a run without one shows: no window is due because of it.
pub const NEVER: EventTime = EventTime(i64::MIN);

/// What became of a record that was to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It is counted now.
    Now,
    /// It had been counted before.
    Before,
}

/// What a flush did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flushed {
    /// Windows that closed.
    pub closed: usize,
    /// Incident events that came of them.
    pub events: usize,
    /// Closed windows that late records were added to.
    pub amended: usize,
}

/// Counts shards into one store.
#[derive(Debug)]
pub struct Pipeline<S> {
    store: S,
    settings: PipelineSettings,
    shards: BTreeMap<String, Progress>,
    watermarks: Watermarks,
    accumulator: Accumulator,
    acl_states: BTreeMap<String, AclState>,
    /// Windows with partials in the store, and how many.
    stored: BTreeMap<(String, Window), usize>,
    expected: Expected,
    decoded: Decoded,
}

impl<S: Store> Pipeline<S> {
    /// A pipeline over what `store` holds.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn open(store: S, settings: PipelineSettings) -> Result<Self, PipelineError> {
        let mut shards = BTreeMap::new();
        for (shard, checkpoint) in store.checkpoints()? {
            shards.insert(shard, Progress::committed(checkpoint));
        }
        let acl_states: BTreeMap<String, AclState> = store.acl_states()?.into_iter().collect();
        let mut stored = BTreeMap::new();
        for (acl, window) in store.windows_with_partials()? {
            let partials = store.partials(&acl, window)?.len();
            stored.insert((acl, window), partials);
        }
        let mut accumulator = Accumulator::new(
            settings.close.sketch.clone(),
            settings.close.window_size,
            settings.max_acls,
        );
        let awake = acl_states.iter().filter(|(_, state)| !state.is_dormant());
        let counting = stored.keys().map(|(acl, _)| acl);
        for acl in awake.map(|(acl, _)| acl).chain(counting) {
            accumulator.follow(acl);
        }
        Ok(Self {
            store,
            settings,
            shards,
            watermarks: Watermarks::default(),
            accumulator,
            acl_states,
            stored,
            expected: Expected::default(),
            decoded: Decoded::default(),
        })
    }

    /// Makes `shard` a live one and tells how far it is counted already.
    ///
    /// `first` is a time that none of its records is expected to precede by more than the
    /// lateness; without it the shard holds every window open until its first record.
    pub fn register(&mut self, shard: &str, input: &str, first: Option<EventTime>) -> &Checkpoint {
        let progress = self
            .shards
            .entry(shard.to_owned())
            .or_insert_with(|| Progress::new(input.to_owned()));
        let watermark = progress.checkpoint().watermark.max(first);
        self.watermarks.open(shard);
        if let Some(watermark) = watermark {
            self.watermarks.advance(shard, watermark);
        }
        if progress.checkpoint().finished {
            self.watermarks.finish(shard);
        }
        progress.checkpoint()
    }

    /// Keeps in a checkpoint of its own that the shards of `source` are read from `time` on, so that
    /// a later run finds it. The next flush commits it.
    pub fn note_start(&mut self, source: &str, input: &str, time: EventTime) {
        let progress = Progress::new(input.to_owned());
        let progress = self.shards.entry(source.to_owned()).or_insert(progress);
        let checkpoint = progress.change();
        checkpoint.watermark = Some(time);
        checkpoint.finished = true;
    }

    /// Says that `shard` is a recording which holds records of `acls`. The silence of a Web ACL is then
    /// judged by its own recordings: where all of them have ended, no window without records closes
    /// behind their end, because nobody can tell an outage there from the end of what was recorded.
    pub fn expect<'a>(&mut self, shard: &str, acls: impl IntoIterator<Item = &'a str>) {
        self.expected.add(shard, acls);
    }

    /// Decodes and counts a piece of `shard`, without what is counted already.
    ///
    /// # Errors
    ///
    /// [`PipelineError::Gap`] where bytes before the piece are missing.
    pub fn count(
        &mut self,
        shard: &str,
        piece: Piece<'_>,
        now: EventTime,
    ) -> Result<(), PipelineError> {
        let checkpoint = self.progress(shard).checkpoint();
        let position = checkpoint.position;
        if piece.end <= position {
            return Ok(());
        }
        let already_counted = usize::try_from(position.saturating_sub(piece.start));
        let fresh = piece
            .bytes
            .get(already_counted.unwrap_or(usize::MAX)..)
            .unwrap_or_default();
        let start = piece.start.max(position);
        let fresh = Piece {
            bytes: fresh,
            start,
            end: piece.end,
        };
        let input = checkpoint.input.clone();
        let mut decoded = std::mem::take(&mut self.decoded);
        decoded.fill(&input, fresh, &self.settings.limits.accepting_until(now));
        let added = self.add(shard, &decoded);
        self.decoded = decoded;
        added
    }

    /// Decodes and counts one record of a stream's shard, unless it is counted already.
    ///
    /// Records come in the order of their sequence numbers; an earlier one was delivered again.
    ///
    /// # Errors
    ///
    /// As [`Self::add`], which cannot happen here.
    pub fn count_record(
        &mut self,
        shard: &str,
        sequence: &SequenceNumber,
        bytes: &[u8],
        now: EventTime,
    ) -> Result<Counted, PipelineError> {
        let checkpoint = self.progress(shard).checkpoint();
        if checkpoint.sequence.as_ref() >= Some(sequence) {
            return Ok(Counted::Before);
        }
        let piece = Piece {
            bytes,
            start: checkpoint.position,
            end: checkpoint.position + 1,
        };
        let input = format!("{} {sequence}", checkpoint.input);
        let mut decoded = std::mem::take(&mut self.decoded);
        decoded.fill(&input, piece, &self.settings.limits.accepting_until(now));
        let added = self.add(shard, &decoded);
        self.decoded = decoded;
        added?;
        self.change(shard).sequence = Some(sequence.clone());
        Ok(Counted::Now)
    }

    /// Counts a piece of `shard` that was decoded elsewhere, unless it is counted already.
    ///
    /// # Errors
    ///
    /// [`PipelineError::Gap`] where the piece does not begin where the shard is counted up to.
    pub fn add(&mut self, shard: &str, decoded: &Decoded) -> Result<(), PipelineError> {
        let checkpoint = self.progress(shard).checkpoint();
        let position = checkpoint.position;
        if decoded.end <= position {
            return Ok(());
        }
        if decoded.start != position {
            return Err(PipelineError::Gap {
                input: checkpoint.input.clone(),
                start: decoded.start,
                position,
            });
        }
        let progress = self
            .shards
            .get_mut(shard)
            .expect("hosts register a shard first");
        progress.change().accounts.merge(&decoded.accounts);
        let mut reached = self.watermarks.of(shard);
        for record in decoded.batch.iter() {
            if self.accumulator.observe(&record).is_err() {
                let accounts = &mut progress.change().accounts;
                accounts.retract(RejectReason::TooManyAcls, 1);
                continue;
            }
            reached = progress.observe(reached, record.timestamp);
        }
        progress.change().position = decoded.end;
        if let Some(watermark) = progress.checkpoint().watermark {
            self.watermarks.advance(shard, watermark);
        }
        Ok(())
    }

    fn change(&mut self, shard: &str) -> &mut Checkpoint {
        change(&mut self.shards, shard)
    }

    fn progress(&self, shard: &str) -> &Progress {
        self.shards
            .get(shard)
            .expect("hosts register a shard first")
    }

    /// Says that `shard` has delivered everything up to `time`.
    pub fn advance(&mut self, shard: &str, time: EventTime) {
        self.watermarks.advance(shard, time);
    }

    /// Says that `shard` is at its end for now: a record far ahead of the ones before it, which had to
    /// be confirmed by others, is believed.
    pub fn settle(&mut self, shard: &str) {
        if let Some(progress) = self.shards.get_mut(shard) {
            progress.settle();
        }
    }

    /// Says that `shard` has ended for good.
    pub fn finish(&mut self, shard: &str) {
        self.watermarks.finish(shard);
        let progress = self
            .shards
            .get_mut(shard)
            .expect("hosts register a shard first");
        if !progress.checkpoint().finished {
            progress.change().finished = true;
        }
    }

    /// Makes a shard that had ended a live one again, because its input has grown since.
    pub fn reopen(&mut self, shard: &str) {
        let progress = self
            .shards
            .get_mut(shard)
            .expect("hosts register a shard first");
        progress.change().finished = false;
        self.watermarks.open(shard);
        if let Some(watermark) = progress.checkpoint().watermark {
            self.watermarks.advance(shard, watermark);
        }
    }

    /// Lets go of `shard` for this run, without saying that it has ended: it holds no window back
    /// any longer, and a later run goes on where it stands.
    pub fn abandon(&mut self, shard: &str) {
        self.watermarks.finish(shard);
    }

    /// The shards whose names begin so, registered or known from earlier runs.
    #[must_use]
    pub fn shards_of(&self, prefix: &str) -> Vec<String> {
        let from = self.shards.range(prefix.to_owned()..);
        let names = from.map(|(name, _)| name.clone());
        names.take_while(|name| name.starts_with(prefix)).collect()
    }

    /// How far `shard` is counted.
    ///
    /// # Panics
    ///
    /// When the shard was never registered.
    #[must_use]
    pub fn checkpoint(&self, shard: &str) -> &Checkpoint {
        self.progress(shard).checkpoint()
    }

    /// The bounds of what is decoded.
    #[must_use]
    pub fn limits(&self) -> &DecodeLimits {
        &self.settings.limits
    }

    /// Bytes of memory that the open windows take, estimated.
    #[must_use]
    pub fn open_bytes(&self) -> usize {
        self.accumulator.estimated_bytes()
    }

    /// Whether a window is due by now. Records that came too late for theirs make none due: they
    /// wait for the next flush.
    #[must_use]
    pub fn has_due_window(&self, now: EventTime) -> bool {
        let low = self.low(self.accumulator.open_windows().map(|(_, window)| window));
        let policy = &self.settings.close_policy;
        let is_due = |window: Window| policy.due(window, low, now) != Due::NotYet;
        let is_next_due = |state: &AclState| {
            let following = state
                .closed_through
                .map(|end| self.settings.close.window_size.window_of(end));
            following.is_some_and(|window| !state.is_dormant() && is_due(window))
        };
        let is_open = |acl: &str, window: Window| {
            let closed_through = self
                .acl_states
                .get(acl)
                .and_then(|state| state.closed_through);
            closed_through.is_none_or(|end| window.start >= end)
        };
        let stored = self
            .stored
            .keys()
            .map(|(acl, window)| (acl.as_str(), *window));
        self.acl_states.values().any(is_next_due)
            || stored
                .chain(self.accumulator.open_windows())
                .any(|(acl, window)| is_due(window) && is_open(acl, window))
    }

    /// What became of all records of all shards so far.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        let mut accounts = Accounts::default();
        for progress in self.shards.values() {
            accounts.merge(&progress.checkpoint().accounts);
        }
        accounts
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The store, given back.
    #[must_use]
    pub fn into_store(self) -> S {
        self.store
    }
}

fn change<'a>(shards: &'a mut BTreeMap<String, Progress>, shard: &str) -> &'a mut Checkpoint {
    shards
        .get_mut(shard)
        .expect("hosts register a shard first")
        .change()
}
