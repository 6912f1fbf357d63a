//! Closes what is due, and amends what has closed before.
//!
//! # Exactness
//!
//! A window is unsettled while some shard has counted into it since it was last settled. The counts
//! since then are read, and go, ACL by ACL, into a closing or, where the ACL's window has closed before,
//! into an amendment. Either writes down which commits of which shard it contains, and is conditional
//! on what it was made from: so a commit is in a window once, however many try at the same time. When
//! every ACL has what the round knows of, the window is marked as settled with those numbers; a later
//! commit makes it unsettled again.
//!
//! Windows are taken oldest first, and an ACL's window is never passed over: what follows it would
//! close it as empty. An ACL that fails is left alone for the rest of the round and delays no other.
//!
//! Work is bounded by time and by windows. What does not fit is found again by the next call.

mod empty;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wafwatch_windows::close::Due;
use wafwatch_windows::time::{EventTime, Window};
use wafwatch_windows::watermark::Low;

use super::View;
use crate::guidance::Marks;
use crate::incident::IncidentEvent;
use crate::pipeline::PipelineSettings;
use crate::store::dynamodb::{
    AclHead, ClosingCommit, CommitNumbers, CommittedPartial, DynamoStore,
};
use crate::store::{AclState, ClosedWindow, Closing, StoreError};

/// Windows with counts that one round settles at most.
const MAX_WINDOWS: usize = 240;
/// How often somebody else may have been first before an ACL is left to the next round.
const ATTEMPTS: u32 = 4;
/// Longest pause before another attempt.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
/// Problems that are told of one round.
const MAX_PROBLEMS: usize = 20;

/// What a round did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settled {
    /// Windows that closed.
    pub windows: Vec<ClosedWindow>,
    /// Incident events that came of them.
    pub events: Vec<IncidentEvent>,
    /// Windows that had closed before and were amended.
    pub amended: u64,
    /// Records that they were amended by.
    pub late: u64,
    /// Times that somebody else was first.
    pub conflicts: u64,
    /// Counts that cannot be read any more, such as those of another seed.
    pub damaged: u64,
    /// Whether something that is due was left to the next round.
    pub is_behind: bool,
    /// What went wrong, the first few, one line each.
    pub problems: Vec<String>,
}

/// When a round happens.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// How far all shards have delivered.
    pub low: Low,
    /// Wall clock.
    pub now: EventTime,
    /// When nothing new is begun any more.
    pub until: Instant,
    /// Draws the jitter.
    pub seed: u64,
}

/// Closes and amends what `view` shows to be due.
///
/// # Errors
///
/// When the counts of a window cannot be read. What fails for one ACL is among the problems.
pub async fn settle(
    store: &DynamoStore,
    settings: &PipelineSettings,
    view: View,
    round: Round,
) -> Result<Settled, StoreError> {
    let mut settler = Settler {
        store,
        settings,
        marks: None,
        view,
        round,
        failed: BTreeSet::new(),
        draws: 0,
        settled: Settled::default(),
    };
    let end = settler.windows().await?;
    settler.empty_windows(end).await;
    Ok(settler.settled)
}

struct Settler<'a> {
    store: &'a DynamoStore,
    settings: &'a PipelineSettings,
    /// What people said of incidents, once a window closes: most rounds close none.
    marks: Option<Arc<Marks>>,
    view: View,
    round: Round,
    /// ACLs that are left alone.
    failed: BTreeSet<String>,
    draws: u64,
    settled: Settled,
}

/// What is left of an ACL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Left,
}

impl Settler<'_> {
    fn due(&self, window: Window) -> Due {
        let policy = self.settings.close_policy;
        policy.due(window, self.round.low, self.round.now)
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.round.until
    }

    /// Settles windows with counts; tells the first that was left, before which all others may close.
    async fn windows(&mut self) -> Result<Option<EventTime>, StoreError> {
        let size = self.settings.close.window_size;
        let unsettled = self.view.unsettled();
        for (index, (start, numbers)) in unsettled.into_iter().enumerate() {
            let window = size.window_of(start);
            if !self.concerns_closed(window) && self.due(window) == Due::NotYet {
                // Later ones are not due either, but late counts may be in any of them.
                continue;
            }
            if self.is_over() || index >= MAX_WINDOWS {
                self.settled.is_behind = true;
                return Ok(Some(start));
            }
            let nothing = CommitNumbers::new();
            let contained = self.view.settled.get(&start).unwrap_or(&nothing);
            let partials = self.store.partials_between(window, contained, &numbers);
            let by_acl = partials.await?;
            let mut outcome = Outcome::Done;
            for acl in self.in_turn(by_acl.keys(), window) {
                let partials = by_acl.get(&acl).map(Vec::as_slice).unwrap_or_default();
                if self.acl(&acl, window, partials, &numbers).await == Outcome::Left {
                    outcome = Outcome::Left;
                }
            }
            if outcome == Outcome::Done {
                self.store
                    .set_settled(start, &numbers, self.round.now)
                    .await?;
            } else if self.is_over() {
                self.settled.is_behind = true;
                return Ok(Some(start));
            }
        }
        Ok(None)
    }

    /// Whether some ACL has closed the window already.
    fn concerns_closed(&self, window: Window) -> bool {
        self.view.heads.values().any(|head| is_closed(head, window))
    }

    /// ACLs whose window is still open come first: amendments can wait.
    fn in_turn<'b>(&self, acls: impl Iterator<Item = &'b String>, window: Window) -> Vec<String> {
        let has_closed = |acl: &str| self.head(acl).is_some_and(|head| is_closed(head, window));
        let (closed, open): (Vec<String>, Vec<String>) =
            acls.cloned().partition(|acl| has_closed(acl));
        open.into_iter().chain(closed).collect()
    }

    fn head(&self, acl: &str) -> Option<&AclHead> {
        self.view.heads.get(acl)
    }

    /// Brings one ACL's window up to `numbers`.
    async fn acl(
        &mut self,
        acl: &str,
        window: Window,
        partials: &[CommittedPartial],
        numbers: &CommitNumbers,
    ) -> Outcome {
        if self.failed.contains(acl) {
            return Outcome::Left;
        }
        for _ in 0..ATTEMPTS {
            if self.is_over() {
                self.failed.insert(acl.to_owned());
                return Outcome::Left;
            }
            let has_closed = self.head(acl).is_some_and(|head| is_closed(head, window));
            let tried = if has_closed {
                self.amend(acl, window, partials, numbers).await
            } else {
                self.close(acl, window, partials, numbers).await
            };
            match tried {
                Ok(outcome) => return outcome,
                Err(error) if error.is_conflict() => {
                    self.settled.conflicts += 1;
                    self.pause().await;
                    if let Err(error) = self.read_head(acl).await {
                        return self.fail(acl, window, &error);
                    }
                }
                Err(error) => return self.fail(acl, window, &error),
            }
        }
        // Whoever was first so often is at work on it.
        self.failed.insert(acl.to_owned());
        Outcome::Left
    }

    fn fail(&mut self, acl: &str, window: Window, error: &StoreError) -> Outcome {
        self.failed.insert(acl.to_owned());
        self.settled.is_behind = true;
        self.tell(format!(
            "the window {} of {acl} is left to the next call: {error}",
            window.start.0
        ));
        Outcome::Left
    }

    fn tell(&mut self, problem: String) {
        if self.settled.problems.len() < MAX_PROBLEMS {
            self.settled.problems.push(problem);
        }
    }

    async fn marks(&mut self) -> Result<Arc<Marks>, StoreError> {
        if let Some(marks) = &self.marks {
            return Ok(Arc::clone(marks));
        }
        let marks = Arc::new(self.store.marks().await?);
        Ok(Arc::clone(self.marks.insert(marks)))
    }

    async fn read_head(&mut self, acl: &str) -> Result<AclState, StoreError> {
        let state = self.store.acl_state(acl).await?.unwrap_or_default();
        self.view.heads.insert(acl.to_owned(), head_of(&state));
        Ok(state)
    }

    async fn write(
        &mut self,
        closing: Closing,
        consumed: &BTreeMap<Window, CommitNumbers>,
    ) -> Result<(), StoreError> {
        let is_of_closing = |window: &Window| {
            let mut windows = closing.windows.iter();
            windows.any(|closed| closed.summary.window == *window)
        };
        let consumed = consumed.iter().filter(|(window, _)| is_of_closing(window));
        let commit = ClosingCommit {
            consumed: consumed
                .map(|(window, numbers)| (*window, numbers.clone()))
                .collect(),
            closing,
            now: self.round.now,
        };
        self.store.close(&commit).await?;
        let Closing {
            acl,
            state,
            windows,
            events,
            ..
        } = commit.closing;
        self.view.heads.insert(acl, head_of(&state));
        self.settled.windows.extend(windows);
        self.settled.events.extend(events);
        Ok(())
    }

    /// So that those who met do not meet again at once.
    async fn pause(&mut self) {
        self.draws += 1;
        let mixed = (self.round.seed ^ self.draws).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let fraction = mixed as f64 / f64::from(1 << 24);
        tokio::time::sleep(LONGEST_PAUSE.mul_f64(fraction)).await;
    }
}

fn is_closed(head: &AclHead, window: Window) -> bool {
    head.closed_through.is_some_and(|end| window.start < end)
}

fn head_of(state: &AclState) -> AclHead {
    AclHead {
        version: state.version,
        closed_through: state.closed_through,
        empty_budget: state.empty_budget,
    }
}
