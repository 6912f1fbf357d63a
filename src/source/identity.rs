//! Tells an input from every other one, over restarts, growth and rotation.
//!
//! An identity is the path and a fingerprint of the beginning of the decoded stream, up to the first
//! end of a line at or behind byte 24, at most 1 KiB. Those bytes are there before anything can have
//! been handed out, and they never change while a file only grows: so its identity does not either. For
//! a WAF record they hold its timestamp, in pretty-printed JSON too; a file that is replaced by
//! another one under the same name has another identity, and is read from its beginning.
//!
//! For a followed file the path is the one that is followed, even after the file was rotated to
//! another name or compressed there: what was begun is found again and finished. Device and inode
//! numbers play no part: a container that is started anew may see other ones.
//!
//! An object in a bucket is its name and its version, which changes with every byte of it.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::SourceError;
use super::input::{Input, InputKind, Object};
use super::reader::peek;

/// Longest beginning that a fingerprint covers.
pub(super) const FINGERPRINT_BYTES: usize = 1024;
/// Shortest first line that tells files apart.
const DISTINCT_BYTES: usize = 24;

/// The identity of an input, under which its checkpoint is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    shard_id: String,
}

impl Identity {
    /// The identity of `input`.
    ///
    /// Standard input and pipes have one for bookkeeping within a process; it says nothing about what
    /// came through the pipe of another.
    ///
    /// # Errors
    ///
    /// [`SourceError::Io`] when the file cannot be read.
    pub fn of(input: &Input) -> Result<Self, SourceError> {
        let shard_id = match input.kind() {
            InputKind::Stdin => "stdin".to_owned(),
            InputKind::Pipe => format!("pipe-{}", digest(input.path(), &[])),
            InputKind::Object => {
                let version = input.object().map_or("", Object::version);
                format!("object-{}", digest(input.path(), version.as_bytes()))
            }
            InputKind::File => {
                let head = peek(input, FINGERPRINT_BYTES)?;
                return Ok(Self::of_file(input.canonical(), &head));
            }
        };
        Ok(Self { shard_id })
    }

    /// The identity of the file at `path` that begins with `head`.
    pub(super) fn of_file(path: &Path, head: &[u8]) -> Self {
        let covered = covered_bytes(head).unwrap_or(head.len());
        Self {
            shard_id: format!("file-{}", digest(path, &head[..covered])),
        }
    }

    /// The name of the checkpoint: `file-` and 24 hexadecimal digits. It shows no path, which may
    /// hold an account id.
    #[must_use]
    pub fn shard_id(&self) -> String {
        self.shard_id.clone()
    }
}

/// How many bytes of `head` the fingerprint covers; `None` while growth could still change it.
pub(super) fn covered_bytes(head: &[u8]) -> Option<usize> {
    let head = &head[..head.len().min(FINGERPRINT_BYTES)];
    let line_end = |byte: &u8| *byte == b'\n';
    let rest = head.get(DISTINCT_BYTES..)?;
    match rest.iter().position(line_end) {
        Some(newline) => Some(DISTINCT_BYTES + newline + 1),
        None if head.len() == FINGERPRINT_BYTES => Some(FINGERPRINT_BYTES),
        None => None,
    }
}

fn digest(path: &Path, head: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(path.as_os_str().as_encoded_bytes());
    hash.update([0]);
    hash.update(head);
    let digest = hash.finalize();
    digest[..12]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tempfile::tempdir;

    use super::*;

    const FIRST: &str = "{\"timestamp\":1700000000000,\"action\":\"ALLOW\"}\n";

    #[test]
    fn growth_changes_no_identity() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("a.log");
        fs::write(&path, FIRST).unwrap();
        let input = Input::file(&path).unwrap();
        let young = Identity::of(&input).unwrap();
        assert!(young.shard_id().starts_with("file-"));
        for lines in [2, 20, 200] {
            fs::write(&path, FIRST.repeat(lines)).unwrap();
            assert_eq!(Identity::of(&input).unwrap(), young, "{lines} lines");
        }
    }

    #[test]
    fn a_replaced_file_and_another_path_differ() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("a.log");
        let other_path = folder.path().join("b.log");
        fs::write(&path, FIRST).unwrap();
        fs::write(&other_path, FIRST).unwrap();
        let input = Input::file(&path).unwrap();
        let before = Identity::of(&input).unwrap();
        let other = Identity::of(&Input::file(&other_path).unwrap()).unwrap();
        assert_ne!(before, other);
        for (one, two) in [("1", "2"), ("{", "{\n  ")] {
            fs::write(&path, FIRST.replacen(one, two, 1)).unwrap();
            assert_ne!(Identity::of(&input).unwrap(), before);
        }
    }

    #[test]
    fn compression_changes_no_fingerprint() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("a.log");
        fs::write(&path, FIRST.repeat(50)).unwrap();
        let input = Input::file(&path).unwrap();
        let plain = Identity::of(&input).unwrap();
        let mut encoder = GzEncoder::new(fs::File::create(&path).unwrap(), Compression::fast());
        encoder.write_all(FIRST.repeat(50).as_bytes()).unwrap();
        encoder.finish().unwrap();
        assert_eq!(Identity::of(&input).unwrap(), plain);
    }

    #[test]
    fn the_covered_bytes_are_settled_once_they_are_there() {
        assert_eq!(covered_bytes(b"{\n"), None);
        assert_eq!(covered_bytes(b"{\n  \"timestamp\": 1700000000000"), None);
        let pretty = b"{\n  \"timestamp\": 1700000000000,\n  \"formatVersion\": 1,\n";
        assert_eq!(covered_bytes(pretty), Some(32));
        let endless = vec![b'x'; FINGERPRINT_BYTES];
        assert_eq!(covered_bytes(&endless[1..]), None);
        assert_eq!(covered_bytes(&endless), Some(FINGERPRINT_BYTES));
    }
}
