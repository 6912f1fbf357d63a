//! One file while it is followed: what is read of it, and how to see that it was rotated.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::assembler::Assembler;
use super::cutter::Supply;
use super::error::SourceError;
use super::follow::Poll;
use super::identity::{FINGERPRINT_BYTES, Identity, covered_bytes};
use super::layout::{HEAD_BYTES, is_gzip};
use super::piece::{BlockLimits, Piece};

/// An open file.
#[derive(Debug)]
pub(super) struct Followed {
    file: File,
    node: Node,
    /// The first bytes, as far as they make the fingerprint: they show whether the content is still
    /// the same after the file was emptied and has outgrown its former length.
    head: Vec<u8>,
    pub(super) shard: Option<Arc<str>>,
    assembler: Assembler,
}

impl Followed {
    /// Opens the file at `path`; `None` when there is none yet.
    pub(super) fn open(path: &Path, limits: BlockLimits) -> Result<Option<Self>, SourceError> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(SourceError::io("open", path))?,
        };
        let metadata = file.metadata().map_err(SourceError::io("look at", path))?;
        if !metadata.is_file() {
            return Err(cannot_follow(path, "it is no regular file"));
        }
        let mut followed = Self {
            file,
            node: Node::of(&metadata),
            head: Vec::new(),
            shard: None,
            assembler: Assembler::new(limits),
        };
        followed
            .extend_head()
            .map_err(SourceError::io("read", path))?;
        if is_gzip(&followed.head) {
            return Err(cannot_follow(path, "it is compressed"));
        }
        Ok(Some(followed))
    }

    /// The identity, once the file is long enough to have one.
    pub(super) fn identify(&mut self, path: &Path) -> Option<Identity> {
        covered_bytes(&self.head)?;
        let identity = Identity::of_file(path, &self.head);
        self.shard = Some(identity.shard_id().into());
        Some(identity)
    }

    pub(super) fn resume(
        &mut self,
        position: u64,
        path: &Path,
        limits: BlockLimits,
    ) -> Result<(), SourceError> {
        let failed = SourceError::io("read", path);
        let length = self.file.metadata().map_err(&failed)?.len();
        if position > length {
            return Err(SourceError::ShorterThanCheckpoint {
                path: path.to_owned(),
                resume_at: position,
                length,
            });
        }
        let head = self.read_at(0, HEAD_BYTES).map_err(&failed)?;
        self.assembler = Assembler::resume(position, &head, limits);
        Ok(())
    }

    pub(super) fn next(&mut self, supply: Supply, spare: &mut Vec<u8>) -> Option<Piece> {
        // Without an identity no checkpoint can be kept: wait for the first real line.
        if self.shard.is_none() && supply != Supply::Ended {
            return None;
        }
        self.assembler.next(supply, spare)
    }

    pub(super) fn poll_of(&mut self, piece: Piece, path: &Path) -> Poll {
        let head = &self.head;
        let name = || Identity::of_file(path, head).shard_id().into();
        let shard = Arc::clone(self.shard.get_or_insert_with(name));
        Poll::Piece { shard, piece }
    }

    /// Reads what was appended, up to a block, and says how many bytes that were.
    pub(super) fn fill(&mut self, path: &Path) -> io::Result<usize> {
        if covered_bytes(&self.head).is_none() {
            self.extend_head()?;
        }
        if self.shard.is_none() {
            self.identify(path);
        }
        self.file.seek(SeekFrom::Start(self.assembler.end()))?;
        let wanted = self.assembler.wanted().max(MIN_FILL);
        let pending = self.assembler.pending();
        (&self.file).take(wanted as u64).read_to_end(pending)
    }

    fn extend_head(&mut self) -> io::Result<()> {
        let mut head = self.read_at(0, FINGERPRINT_BYTES)?;
        head.truncate(covered_bytes(&head).unwrap_or(head.len()));
        self.head = head;
        Ok(())
    }

    fn read_at(&mut self, position: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(position))?;
        (&self.file).take(length as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Whether the file was emptied: it is shorter than what was read, or begins differently.
    pub(super) fn is_truncated(&mut self) -> io::Result<bool> {
        let length = self.file.metadata()?.len();
        let reached = self.assembler.end();
        if length <= reached {
            return Ok(length < reached);
        }
        let head = self.read_at(0, self.head.len())?;
        Ok(head != self.head)
    }

    /// Whether another file has the name and something in it. While the successor is empty, the
    /// writer may not have noticed the rotation, and still write here.
    pub(super) fn is_replaced(&self, path: &Path) -> bool {
        match fs::metadata(path) {
            Ok(metadata) => Node::of(&metadata) != self.node && metadata.len() > 0,
            Err(_) => false,
        }
    }
}

const MIN_FILL: usize = 64 * 1024;

pub(super) fn cannot_follow(path: &Path, reason: &'static str) -> SourceError {
    SourceError::CannotFollow {
        path: path.to_owned(),
        reason,
    }
}

/// What tells an open file from another one that has taken its name. As long as it is open, nothing
/// else can have the same inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Node {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    inode: u64,
    #[cfg(not(unix))]
    created: Option<std::time::SystemTime>,
}

impl Node {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    #[cfg(not(unix))]
    fn of(metadata: &Metadata) -> Self {
        Self {
            created: metadata.created().ok(),
        }
    }
}
