//! Where recorded logs lie.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::bucket;

/// What was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file, or a folder with all that is in it.
    Path(PathBuf),
    /// All objects of a bucket whose keys begin with a prefix.
    Prefix {
        /// The bucket.
        bucket: String,
        /// The prefix; empty for all.
        prefix: String,
    },
}

impl Location {
    /// What `text` names: `s3://BUCKET/PREFIX`, or a path.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(place) = text.strip_prefix("s3://") else {
            return Ok(Self::Path(text.into()));
        };
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() {
            return Err(format!("{text} names no bucket: write s3://BUCKET/PREFIX"));
        }
        Ok(Self::Prefix {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

/// One file or object.
#[derive(Debug, Clone)]
pub enum Log {
    File(PathBuf),
    Object(bucket::Object),
}

impl Log {
    /// Its bytes from the first one on.
    pub fn open(&self) -> anyhow::Result<Box<dyn Read + Send>> {
        match self {
            Self::File(path) => {
                let file = File::open(path);
                Ok(Box::new(
                    file.with_context(|| format!("cannot read {self}"))?,
                ))
            }
            Self::Object(object) => Ok(object.open()),
        }
    }
}

impl fmt::Display for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Object(object) => write!(formatter, "{object}"),
        }
    }
}

/// All that `locations` name, in the order of their names.
pub fn logs(locations: &[Location]) -> anyhow::Result<Vec<Log>> {
    let mut files = Vec::new();
    let mut objects = Vec::new();
    for location in locations {
        match location {
            Location::Path(path) => find(path, &mut files)?,
            Location::Prefix { bucket, prefix } => objects.extend(bucket::list(bucket, prefix)?),
        }
    }
    files.sort();
    let files = files.into_iter().map(Log::File);
    Ok(files.chain(objects.into_iter().map(Log::Object)).collect())
}

fn find(path: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let describe = || format!("cannot read {}", folder.display());
        for entry in std::fs::read_dir(&folder).with_context(describe)? {
            let entry = entry.with_context(describe)?;
            // Links are not followed: they could lead in a circle.
            let kind = entry.file_type().with_context(describe)?;
            match (kind.is_dir(), kind.is_file()) {
                (true, _) => folders.push(entry.path()),
                (_, true) => found.push(entry.path()),
                (false, false) => {}
            }
        }
    }
    Ok(())
}
