//! How far a shard is counted, and how far of that is committed.

use wafwatch_windows::time::EventTime;
use wafwatch_windows::watermark::Leap;

use crate::store::{Checkpoint, CheckpointUpdate};

/// A shard's checkpoint in memory, beside the position that the store has.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    checkpoint: Checkpoint,
    committed_position: Option<u64>,
    has_changed: bool,
    leap: Leap,
}

impl Progress {
    /// A shard that the store does not know.
    pub(super) fn new(input: String) -> Self {
        let checkpoint = Checkpoint {
            input,
            ..Checkpoint::default()
        };
        Self {
            checkpoint,
            committed_position: None,
            has_changed: false,
            leap: Leap::default(),
        }
    }

    /// A shard as the store has it.
    pub(super) fn committed(checkpoint: Checkpoint) -> Self {
        let committed_position = Some(checkpoint.position);
        Self {
            checkpoint,
            committed_position,
            has_changed: false,
            leap: Leap::default(),
        }
    }

    /// The checkpoint as it stands in memory.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    pub(super) fn change(&mut self) -> &mut Checkpoint {
        self.has_changed = true;
        &mut self.checkpoint
    }

    /// A record of `time` was counted, of a shard that was taken to have delivered up to `reached`.
    /// Gives how far it has now.
    pub(super) fn observe(
        &mut self,
        reached: Option<EventTime>,
        time: EventTime,
    ) -> Option<EventTime> {
        let moved = self.leap.observe(reached, time);
        self.checkpoint.watermark = self.checkpoint.watermark.max(moved);
        reached.max(moved)
    }

    /// Nothing more is at hand that could confirm a leap of the watermark.
    pub(super) fn settle(&mut self) {
        if let Some(time) = self.leap.take() {
            let checkpoint = self.change();
            checkpoint.watermark = checkpoint.watermark.max(Some(time));
        }
    }

    pub(super) fn has_changed(&self) -> bool {
        self.has_changed
    }

    pub(super) fn update(&self, shard: &str) -> CheckpointUpdate {
        CheckpointUpdate {
            shard: shard.to_owned(),
            expected_position: self.committed_position,
            checkpoint: self.checkpoint.clone(),
        }
    }

    pub(super) fn set_committed(&mut self) {
        self.committed_position = Some(self.checkpoint.position);
        self.has_changed = false;
    }
}
