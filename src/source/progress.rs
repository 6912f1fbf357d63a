//! How far reading has come, for a progress bar.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::input::Input;

/// Bytes read of bytes on disk; compressed bytes where a file is compressed.
///
/// Clones share the count, so that one thread can read and another one draw.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    total: Option<u64>,
    read: Arc<AtomicU64>,
}

impl Progress {
    /// Nothing read yet of `inputs`.
    #[must_use]
    pub fn of(inputs: &[Input]) -> Self {
        Self {
            total: inputs.iter().map(Input::bytes_on_disk).sum(),
            read: Arc::default(),
        }
    }

    /// Bytes on disk of all inputs; `None` when one of them has no size, like standard input.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Bytes read so far, those that a resumed reader skipped included.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }
}
