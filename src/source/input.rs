//! One thing to read.

use std::fmt::Debug;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wafwatch_windows::time::EventTime;

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
    /// An object that lies elsewhere: can be read again, from any position, and never changes.
    Object,
}

/// Something like a file that lies elsewhere, as in a bucket.
pub trait Object: Debug + Send + Sync {
    /// Its name, which no other object has.
    fn name(&self) -> &str;

    /// Tells its content from what it was before, or will be, under the same name.
    fn version(&self) -> &str;

    /// Its size, compressed where it is.
    fn bytes(&self) -> u64;

    /// A time that few of its records precede, as far as its name tells.
    fn first(&self) -> Option<EventTime>;

    /// Its bytes from this position on.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn read_from(&self, position: u64) -> io::Result<Box<dyn Read + Send>>;
}

/// One thing to read.
#[derive(Debug, Clone)]
pub struct Input {
    kind: InputKind,
    path: PathBuf,
    canonical: PathBuf,
    object: Option<Arc<dyn Object>>,
}

impl Input {
    /// Standard input.
    #[must_use]
    pub fn stdin() -> Self {
        Self {
            kind: InputKind::Stdin,
            path: PathBuf::from("-"),
            canonical: PathBuf::from("-"),
            object: None,
        }
    }

    /// An object that lies elsewhere.
    #[must_use]
    pub fn of_object(object: Arc<dyn Object>) -> Self {
        let name = PathBuf::from(object.name());
        Self {
            kind: InputKind::Object,
            path: name.clone(),
            canonical: name,
            object: Some(object),
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
                object: None,
            });
        }
        let canonical = path
            .canonicalize()
            .map_err(SourceError::io("find the real path of", path))?;
        Ok(Self {
            kind: InputKind::File,
            path: path.to_owned(),
            canonical,
            object: None,
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

    /// The object, where it is one.
    #[must_use]
    pub fn object(&self) -> Option<&dyn Object> {
        self.object.as_deref()
    }

    /// Size on disk in bytes, compressed where the file is; `None` for what has no size.
    #[must_use]
    pub fn bytes_on_disk(&self) -> Option<u64> {
        if let Some(object) = &self.object {
            return Some(object.bytes());
        }
        if self.kind != InputKind::File {
            return None;
        }
        fs::metadata(&self.path).ok().map(|metadata| metadata.len())
    }
}
