//! How far a shard is counted, and how far of that is committed.

use crate::store::{Checkpoint, CheckpointUpdate};

/// A shard's checkpoint in memory, beside the position that the store has.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    checkpoint: Checkpoint,
    committed_position: Option<u64>,
    has_changed: bool,
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
        }
    }

    /// A shard as the store has it.
    pub(super) fn committed(checkpoint: Checkpoint) -> Self {
        let committed_position = Some(checkpoint.position);
        Self {
            checkpoint,
            committed_position,
            has_changed: false,
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
