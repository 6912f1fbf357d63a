//! Follows a file that is being written, through every kind of rotation, by polling.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cutter::Supply;
use super::error::SourceError;
use super::followed::{Followed, cannot_follow};
use super::identity::Identity;
use super::piece::{BlockLimits, Piece};
use super::progress::Progress;
use super::reader::BlockReader;
use super::rotated::{self, Unfinished};

/// What a look at a followed file brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Poll {
    /// The next piece.
    Piece {
        /// [`Identity::shard_id`] of the file that it comes from.
        shard: Arc<str>,
        /// The piece.
        piece: Piece,
    },
    /// Nothing new. Look again after a pause.
    Idle,
    /// A file is finished. What comes next, from another shard, begins at position zero, or in a
    /// file that a former run had begun, where that had left off.
    Rotated {
        /// How it ended.
        reason: Rotation,
        /// The shard that is finished; nothing more will come from it. `None` when nothing ever did.
        finished: Option<Arc<str>>,
    },
}

/// How a followed file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// Another file has taken its name, and it was read to its end.
    Replaced,
    /// It was emptied and is written from its beginning again.
    Truncated,
    /// It had been rotated before this run began, and has now been read to its end.
    CaughtUp,
}

/// Follows one plain file like `tail -F`: waits until it exists, hands out whole lines as they are
/// appended, and goes on with its successor when it is rotated.
///
/// A last line without newline waits for its rest; [`Self::flush`] gives it up. Time is not read:
/// the caller polls, and pauses when told [`Poll::Idle`].
#[derive(Debug)]
pub struct Follower {
    /// The followed name in its real folder. A link in its place is followed at each opening.
    path: PathBuf,
    limits: BlockLimits,
    backlog: VecDeque<Unfinished>,
    catching_up: Option<(BlockReader, Arc<str>)>,
    current: Option<Followed>,
}

impl Follower {
    /// Follows `path`, from where `checkpoint` says that an earlier run left off (the end of the last
    /// piece that was counted of a shard), or from the beginning. Files that the earlier run did not
    /// finish, and that were rotated since, come first.
    ///
    /// # Errors
    ///
    /// [`SourceError`] when the folder does not exist, when `path` is no plain file, or when it is
    /// shorter than its checkpoint.
    pub fn open(
        path: &Path,
        limits: BlockLimits,
        checkpoint: &mut dyn FnMut(&Identity) -> Option<u64>,
    ) -> Result<Self, SourceError> {
        let path = in_real_folder(path)?;
        let mut follower = Self {
            current: None,
            backlog: VecDeque::new(),
            catching_up: None,
            limits,
            path,
        };
        let known = match Followed::open(&follower.path, limits)? {
            Some(mut followed) => {
                let resume_at = followed
                    .identify(&follower.path)
                    .and_then(|id| checkpoint(&id));
                followed.resume(resume_at.unwrap_or(0), &follower.path, limits)?;
                follower.current = Some(followed);
                resume_at
            }
            None => None,
        };
        if known.is_none() {
            follower.backlog = rotated::find(&follower.path, checkpoint)?;
        }
        Ok(follower)
    }

    /// Looks for something new. A block takes the memory of `spare`.
    ///
    /// # Errors
    ///
    /// [`SourceError`] when the operating system refuses, or the file is none that can be followed.
    pub fn poll(&mut self, spare: &mut Vec<u8>) -> Result<Poll, SourceError> {
        if let Some(poll) = self.catch_up(spare)? {
            return Ok(poll);
        }
        if self.current.is_none() {
            self.current = Followed::open(&self.path, self.limits)?;
        }
        let Some(followed) = &mut self.current else {
            return Ok(Poll::Idle);
        };
        let failed = SourceError::io("read", &self.path);
        loop {
            if let Some(piece) = followed.next(Supply::Waiting, spare) {
                return Ok(followed.poll_of(piece, &self.path));
            }
            if followed.is_truncated().map_err(&failed)? {
                return Ok(self.finish(Rotation::Truncated, spare));
            }
            if followed.fill(&self.path).map_err(&failed)? > 0 {
                continue;
            }
            if !followed.is_replaced(&self.path) {
                return Ok(Poll::Idle);
            }
            // What was written between our last reading and the change of names.
            if followed.fill(&self.path).map_err(&failed)? > 0 {
                continue;
            }
            return Ok(self.finish(Rotation::Replaced, spare));
        }
    }

    /// Gives up waiting for the rest of the last line and hands it out as it is. For the end of a
    /// run, after a grace: should the rest still be written, it makes a broken record next time.
    pub fn flush(&mut self, spare: &mut Vec<u8>) -> Option<Poll> {
        let followed = self.current.as_mut()?;
        let piece = followed.next(Supply::Ended, spare)?;
        Some(followed.poll_of(piece, &self.path))
    }

    /// Hands out the rest of the current file, and then says that it is finished.
    fn finish(&mut self, reason: Rotation, spare: &mut Vec<u8>) -> Poll {
        if let Some(last) = self.flush(spare) {
            return last;
        }
        let finished = self.current.take().and_then(|followed| followed.shard);
        Poll::Rotated { reason, finished }
    }

    fn catch_up(&mut self, spare: &mut Vec<u8>) -> Result<Option<Poll>, SourceError> {
        if self.catching_up.is_none() {
            let Some(next) = self.backlog.pop_front() else {
                return Ok(None);
            };
            let progress = Progress::default();
            let reader =
                BlockReader::open_with(&next.input, next.resume_at, self.limits, &progress)?;
            self.catching_up = Some((reader, next.identity.shard_id().into()));
        }
        let Some((reader, shard)) = &mut self.catching_up else {
            return Ok(None);
        };
        let shard = Arc::clone(shard);
        if let Some(piece) = reader.next(spare)? {
            return Ok(Some(Poll::Piece { shard, piece }));
        }
        self.catching_up = None;
        Ok(Some(Poll::Rotated {
            reason: Rotation::CaughtUp,
            finished: Some(shard),
        }))
    }
}

fn in_real_folder(path: &Path) -> Result<PathBuf, SourceError> {
    let Some(name) = path.file_name() else {
        return Err(cannot_follow(path, "it is no regular file"));
    };
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let real = folder
        .canonicalize()
        .map_err(SourceError::io("find the folder", folder))?;
    Ok(real.join(name))
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
