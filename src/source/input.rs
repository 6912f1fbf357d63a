//! One thing to read.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::SourceError;

/// What an input is, as far as reading it differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InputKind {
    /// Standard input.
    Stdin,
    /// A regular file: can be read again, from any position.
    File,
    /// A named pipe, terminal or the like: can be read once, like standard input.
    Pipe,
}

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Input {
    kind: InputKind,
    path: PathBuf,
    canonical: PathBuf,
}

impl Input {
    /// Standard input.
    #[must_use]
    pub fn stdin() -> Self {
        Self {
            kind: InputKind::Stdin,
            path: PathBuf::from("-"),
            canonical: PathBuf::from("-"),
        }
    }

    /// The file at `path`, or the pipe.
    ///
    /// # Errors
    ///
    /// [`SourceError::Io`] when it is absent or may not be looked at.
    pub fn file(path: &Path) -> Result<Self, SourceError> {
        let metadata = fs::metadata(path).map_err(SourceError::io("open", path))?;
        if !metadata.is_file() {
            return Ok(Self {
                kind: InputKind::Pipe,
                path: path.to_owned(),
                canonical: path.to_owned(),
            });
        }
        let canonical = path
            .canonicalize()
            .map_err(SourceError::io("find the real path of", path))?;
        Ok(Self {
            kind: InputKind::File,
            path: path.to_owned(),
            canonical,
        })
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> InputKind {
        self.kind
    }

    /// The path as it was given; `-` for standard input.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path without links and relative parts.
    #[must_use]
    pub fn canonical(&self) -> &Path {
        &self.canonical
    }

    /// Size on disk in bytes, compressed where the file is; `None` for what has no size.
    #[must_use]
    pub fn bytes_on_disk(&self) -> Option<u64> {
        if self.kind != InputKind::File {
            return None;
        }
        fs::metadata(&self.path).ok().map(|metadata| metadata.len())
    }
}
