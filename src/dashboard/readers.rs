//! Read-only connections to the store, a few at a time, on threads that may block.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::answer::Refusal;
use crate::store::StoreError;
use crate::store::sqlite::SqliteStore;

/// Questions that are answered at once; others wait.
const AT_ONCE: usize = 4;
/// How long a question waits for its turn.
const TURN: Duration = Duration::from_secs(20);

/// Tells the file at a path from another one that was put in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileIdentity(u64, u64);

impl FileIdentity {
    /// Nothing where there is no file, or the system tells files apart in no way.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Self::of_metadata(&metadata)
    }

    #[cfg(unix)]
    fn of_metadata(metadata: &std::fs::Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self(metadata.dev(), metadata.ino()))
    }

    #[cfg(not(unix))]
    fn of_metadata(metadata: &std::fs::Metadata) -> Option<Self> {
        let created = metadata.created().ok()?;
        let since = created.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Self(since.as_secs(), u64::from(since.subsec_nanos())))
    }
}

/// Connections that nobody uses right now, all to one file.
#[derive(Debug, Default)]
struct Idle {
    file: Option<FileIdentity>,
    stores: Vec<SqliteStore>,
}

/// Connections to the store at one path.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Idle>,
    turns: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Mutex::default(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Does `work` with a connection, on a thread that may block.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&SqliteStore) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(Refusal::Busy(
                "too many questions are being answered: ask again in a moment",
            ));
        };
        let readers = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let (file, store) = readers.take()?;
            let result = work(&store);
            readers.give_back(file, store);
            result
        });
        done.await
            .unwrap_or(Err(Refusal::Internal("the question ended in a fault")))
    }

    fn take(&self) -> Result<(Option<FileIdentity>, SqliteStore), StoreError> {
        let file = FileIdentity::of(&self.path);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.file != file {
            // Connections to a file that was replaced would go on showing it.
            idle.stores.clear();
            idle.file = file;
        }
        let store = idle.stores.pop();
        drop(idle);
        let store = store.map_or_else(|| SqliteStore::open_existing(&self.path), Ok)?;
        Ok((file, store))
    }

    fn give_back(&self, file: Option<FileIdentity>, store: SqliteStore) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.file == file && idle.stores.len() < AT_ONCE {
            idle.stores.push(store);
        }
    }
}
