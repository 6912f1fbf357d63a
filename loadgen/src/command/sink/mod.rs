//! Where lines are written.

mod file;
mod rotation;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use wafwatch_loadgen::Format;

use file::LogFile;
use rotation::Rotating;
pub use rotation::Rotation;

/// Takes lines, a whole number of them at a time.
pub enum Sink {
    /// Standard output.
    Stdout(LogFile<io::Stdout>),
    /// One file.
    File(PathBuf, LogFile<std::fs::File>),
    /// A file after the other.
    Rotating(Rotating),
}

impl Sink {
    pub fn stdout(format: Format) -> Self {
        Self::Stdout(LogFile::new(io::stdout(), format))
    }

    pub fn file(path: &Path, format: Format) -> anyhow::Result<Self> {
        let file = LogFile::new(create(path)?, format);
        Ok(Self::File(path.to_owned(), file))
    }

    pub fn rotating(path: PathBuf, format: Format, rotation: Rotation) -> anyhow::Result<Self> {
        Rotating::new(path, format, rotation).map(Self::Rotating)
    }

    /// Writes `lines` and hands them on.
    pub fn write(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::Stdout(file) => {
                let written = file.write_all(lines).and_then(|()| file.flush());
                written.context("cannot write records")
            }
            Self::File(path, file) => file.write_all(lines).with_context(|| cannot_write(path)),
            Self::Rotating(files) => files.write(lines),
        }
    }

    /// Writes what is left.
    pub fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Stdout(file) => file.finish().context("cannot write records"),
            Self::File(path, file) => file.finish().with_context(|| cannot_write(&path)),
            Self::Rotating(files) => files.finish(),
        }
    }
}

fn cannot_write(path: &Path) -> String {
    format!("while writing {}: cannot write records", path.display())
}

fn create(path: &Path) -> anyhow::Result<std::fs::File> {
    std::fs::File::create(path).with_context(|| format!("cannot create {}", path.display()))
}
