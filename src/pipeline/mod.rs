//! The one-way path from bytes to committed windows, for any host.
//!
//! A host registers its shards, feeds their bytes in order, says how far a shard has delivered,
//! and calls [`Pipeline::flush`]; everything that a flush changes is one transaction of the store.
//! No I/O but the store's, and no clock: times are arguments.

mod count;
mod decoded;
mod error;
mod expected;
mod flush;
mod progress;
mod settings;
mod shards;

use std::collections::BTreeMap;

use wafwatch_windows::accumulator::Accumulator;
use wafwatch_windows::close::Due;
use wafwatch_windows::time::{EventTime, Window};
use wafwatch_windows::watermark::Watermarks;

pub use count::Counted;
pub use decoded::{DecodeLimits, Decoded, Piece};
pub use error::PipelineError;
pub use flush::MAX_PARTIALS;
pub use progress::Progress;
pub use settings::PipelineSettings;

use expected::Expected;

use crate::ingest::Accounts;
use crate::store::{AclState, Store};

/// What the clock of a run without one shows: no window is due because of it.
pub const NEVER: EventTime = EventTime(i64::MIN);

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
