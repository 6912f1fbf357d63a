//! How one signal is learnt: bounded influence, and acceptance of what lasts.
//!
//! - A window in range is learnt as it is.
//! - Of windows out of range every fourth is learnt, as the nearest value in range (winsorised): no
//!   window moves the baseline further than an ordinary one could, and an onset that takes several
//!   windows does not become its own baseline before it is large enough for an incident.
//! - While learning is guarded, only every fourth window in range is learnt, and none out of range.
//! - Windows from the first one out of range on are also put aside, the newest [`MAX_PENDING`] of
//!   them, as they are. If the signal keeps leaving its range (never [`CALM_WINDOWS`] windows in a
//!   row inside) for a whole day, what was put aside becomes the baseline: the change is accepted.
//!   Where people say that it is, it does so at once.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use wafwatch_windows::time::EventTime;

use super::Influence;
use super::history::{History, Sample};

/// Windows that are put aside while a change may prove lasting.
const MAX_PENDING: usize = 60;
/// Windows in range, one after the other, after which a change is over.
const CALM_WINDOWS: u32 = 10;
/// Of this many windows out of range, or in range while learning is guarded, one is learnt.
const CAUTIOUS_STRIDE: u32 = 4;
const DAY_MILLISECONDS: i64 = 86_400_000;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Track {
    pub history: History,
    skipped: u32,
    pending: Option<Pending>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Pending {
    since: EventTime,
    in_range: u32,
    samples: VecDeque<Sample>,
}

/// A window to learn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lesson {
    pub start: EventTime,
    pub seen: Sample,
    /// The nearest sample in range, where `seen` is out of it.
    pub winsorised: Option<Sample>,
    pub influence: Influence,
}

/// The time after which a change that lasts is accepted: a day, and at least ten windows.
pub(super) fn acceptance(window_milliseconds: i64) -> i64 {
    DAY_MILLISECONDS.max(window_milliseconds.saturating_mul(10))
}

impl Track {
    pub(super) fn learn(&mut self, lesson: &Lesson, capacity: u64, acceptance: i64) {
        let may_last = lesson.influence != Influence::Unusual;
        if may_last && self.accepts(lesson, acceptance) {
            let samples = self.pending.take().map(|pending| pending.samples);
            self.history.restart(samples.unwrap_or_default(), capacity);
            return;
        }
        use Influence::{Accepted, Full, Guarded, Unusual};
        let is_learnt = match (lesson.influence, lesson.winsorised) {
            (Full | Accepted, None) => true,
            (Full | Accepted, Some(_)) | (Guarded | Unusual, None) => self.is_turn(),
            (Guarded | Unusual, Some(_)) => false,
        };
        if is_learnt {
            self.history
                .push(lesson.winsorised.unwrap_or(lesson.seen), capacity);
        }
    }

    fn is_turn(&mut self) -> bool {
        self.skipped = (self.skipped + 1) % CAUTIOUS_STRIDE;
        self.skipped == 0
    }

    fn accepts(&mut self, lesson: &Lesson, acceptance: i64) -> bool {
        let is_out = lesson.winsorised.is_some();
        if is_out && self.pending.is_none() {
            self.pending = Some(Pending {
                since: lesson.start,
                in_range: 0,
                samples: VecDeque::new(),
            });
        }
        let Some(pending) = &mut self.pending else {
            return false;
        };
        pending.in_range = if is_out { 0 } else { pending.in_range + 1 };
        if pending.in_range >= CALM_WINDOWS {
            self.pending = None;
            return false;
        }
        if pending.samples.len() == MAX_PENDING {
            pending.samples.pop_front();
        }
        pending.samples.push_back(lesson.seen);
        let lasts = lesson.influence == Influence::Accepted
            || lesson.start.0.saturating_sub(pending.since.0) >= acceptance;
        is_out && lasts
    }
}
