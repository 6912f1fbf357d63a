//! One ACL's window with counts: closed, or amended where it has closed before.

use std::collections::BTreeMap;

use wafwatch_windows::close::Due;
use wafwatch_windows::partial::Partial;
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::time::Window;

use super::{Outcome, Settler, head_of, is_closed};
use crate::close;
use crate::store::StoreError;
use crate::store::dynamodb::{Amendment, CommitNumbers, CommittedPartial, MAX_CLOSING_WINDOWS};

/// The counts of one ACL in one window that are not in it yet.
struct Fresh {
    partial: Partial,
    damaged: u64,
    is_empty: bool,
}

impl Fresh {
    /// What of `partials` is beyond `contained`, up to `numbers`: the rest was committed after the
    /// round began, and perhaps not read as a whole.
    fn of(
        partials: &[CommittedPartial],
        contained: &CommitNumbers,
        numbers: &CommitNumbers,
        sketch: &SketchSettings,
    ) -> Self {
        let mut fresh = Self {
            partial: Partial::new(sketch),
            damaged: 0,
            is_empty: true,
        };
        for partial in partials {
            let of = |numbers: &CommitNumbers| numbers.get(&partial.shard).copied().unwrap_or(0);
            if partial.commit <= of(contained) || partial.commit > of(numbers) {
                continue;
            }
            fresh.is_empty = false;
            match Partial::decode(&partial.encoded, sketch) {
                Ok(decoded) => fresh.partial.merge(&decoded),
                Err(_) => fresh.damaged += 1,
            }
        }
        fresh
    }
}

impl Settler<'_> {
    /// Closes the ACL's windows up to this one, which holds `partials`.
    pub(super) async fn close(
        &mut self,
        acl: &str,
        window: Window,
        partials: &[CommittedPartial],
        numbers: &CommitNumbers,
    ) -> Result<Outcome, StoreError> {
        let mut state = self.read_head(acl).await?;
        if is_closed(&head_of(&state), window) {
            return self.amend(acl, window, partials, numbers).await;
        }
        if self.due(window) == Due::NotYet {
            // Another ACL's late records are in the window; this one's can still come.
            return Ok(Outcome::Left);
        }
        let sketch = &self.settings.close.sketch;
        let fresh = Fresh::of(partials, &CommitNumbers::new(), numbers, sketch);
        if fresh.is_empty {
            return Ok(Outcome::Done);
        }
        let damaged = fresh.damaged;
        let (policy, round) = (self.settings.close_policy, self.round);
        let due = |other: Window| {
            if other.start > window.start {
                return Due::NotYet;
            }
            match policy.due(other, round.low, round.now) {
                Due::Complete if other == window && damaged > 0 => Due::Incomplete,
                due => due,
            }
        };
        let marks = self.marks().await?;
        let mut open = BTreeMap::from([(window, fresh.partial)]);
        let consumed = BTreeMap::from([(window, numbers.clone())]);
        let mut closings = Vec::new();
        while let Some(closing) = close::close_due(
            acl,
            &state,
            &mut open,
            &due,
            MAX_CLOSING_WINDOWS,
            &marks,
            &self.settings.close,
        ) {
            state = closing.state.clone();
            closings.push(closing);
        }
        for closing in closings {
            self.write(closing, &consumed).await?;
        }
        self.settled.damaged += damaged;
        Ok(Outcome::Done)
    }

    /// Adds to the ACL's closed window what it does not contain yet.
    pub(super) async fn amend(
        &mut self,
        acl: &str,
        window: Window,
        partials: &[CommittedPartial],
        numbers: &CommitNumbers,
    ) -> Result<Outcome, StoreError> {
        let stored = self.store.window(acl, window).await?;
        let nothing = CommitNumbers::new();
        let contained = stored.as_ref().map_or(&nothing, |stored| &stored.consumed);
        let sketch = &self.settings.close.sketch;
        let fresh = Fresh::of(partials, contained, numbers, sketch);
        if fresh.is_empty {
            return Ok(Outcome::Done);
        }
        let expected_revision = stored.as_ref().map(|stored| stored.revision);
        let mut consumed = contained.clone();
        for (shard, number) in numbers {
            let contained = consumed.entry(shard.clone()).or_default();
            *contained = (*contained).max(*number);
        }
        let closed = stored.map(|stored| stored.summary);
        let amendment = Amendment {
            summary: close::amend(closed, acl, window, &fresh.partial, sketch),
            expected_revision,
            consumed,
            now: self.round.now,
        };
        self.store.amend(&amendment).await?;
        self.settled.amended += 1;
        self.settled.late += fresh.partial.counters().total;
        self.settled.damaged += fresh.damaged;
        Ok(Outcome::Done)
    }
}
