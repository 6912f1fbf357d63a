//! Files that follow each other: `waf-00001.jsonl.gz`, `waf-00002.jsonl.gz` and so on.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::Context;
use wafwatch_loadgen::{Format, duration};

use super::file::LogFile;
use super::{cannot_write, create};

const UNITS: [(&str, u64); 6] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];

/// When a file is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// At this many bytes of lines, before compression; it ends with a whole line.
    Bytes(u64),
    /// After this long.
    Time(Duration),
}

/// Text that is no rotation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write a size or a time above zero, as in 64MiB or 5m")]
pub struct InvalidRotation;

impl FromStr for Rotation {
    type Err = InvalidRotation;

    fn from_str(text: &str) -> Result<Self, InvalidRotation> {
        for (unit, size) in UNITS {
            let Some(number) = text.strip_suffix(unit) else {
                continue;
            };
            let number: u64 = number.parse().map_err(|_| InvalidRotation)?;
            let bytes = number.checked_mul(size).ok_or(InvalidRotation)?;
            return match bytes {
                0 => Err(InvalidRotation),
                _ => Ok(Self::Bytes(bytes)),
            };
        }
        match duration::parse(text) {
            Ok(time) if !time.is_zero() => Ok(Self::Time(time)),
            _ => Err(InvalidRotation),
        }
    }
}

/// Writes one file after the other.
pub struct Rotating {
    path: PathBuf,
    format: Format,
    rotation: Rotation,
    number: u32,
    written: u64,
    begun: Instant,
    file: LogFile<File>,
}

impl Rotating {
    pub fn new(path: PathBuf, format: Format, rotation: Rotation) -> anyhow::Result<Self> {
        Ok(Self {
            file: LogFile::new(create(&numbered(&path, 1))?, format),
            path,
            format,
            rotation,
            number: 1,
            written: 0,
            begun: Instant::now(),
        })
    }

    /// Writes whole lines, over as many files as they fill.
    pub fn write(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        let mut rest = lines;
        while !rest.is_empty() {
            if self.is_full() {
                self.turn()?;
            }
            let (now, later) = rest.split_at(self.fitting(rest));
            let written = self.file.write_all(now);
            written.with_context(|| cannot_write(&numbered(&self.path, self.number)))?;
            self.written += now.len() as u64;
            rest = later;
        }
        Ok(())
    }

    pub fn finish(self) -> anyhow::Result<()> {
        let path = numbered(&self.path, self.number);
        let finished = self.file.finish();
        finished.with_context(|| cannot_write(&path))
    }

    fn is_full(&self) -> bool {
        match self.rotation {
            Rotation::Bytes(most) => self.written >= most,
            Rotation::Time(most) => self.begun.elapsed() >= most,
        }
    }

    /// Length of the lines that still belong into the file: at least one, up to the one that fills
    /// it.
    fn fitting(&self, lines: &[u8]) -> usize {
        let Rotation::Bytes(most) = self.rotation else {
            return lines.len();
        };
        let left = usize::try_from(most - self.written).unwrap_or(usize::MAX);
        let Some(beyond) = lines.get(left.saturating_sub(1)..) else {
            return lines.len();
        };
        let end = beyond.iter().position(|byte| *byte == b'\n');
        end.map_or(lines.len(), |end| left.saturating_sub(1) + end + 1)
    }

    fn turn(&mut self) -> anyhow::Result<()> {
        let next = create(&numbered(&self.path, self.number + 1))?;
        let full = std::mem::replace(&mut self.file, LogFile::new(next, self.format));
        let path = numbered(&self.path, self.number);
        full.finish().with_context(|| cannot_write(&path))?;
        self.number += 1;
        self.written = 0;
        self.begun = Instant::now();
        Ok(())
    }
}

/// `path` with `number` before the first dot of its name.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    // A name may begin with a dot.
    let dot = name
        .char_indices()
        .skip(1)
        .find(|(_, letter)| *letter == '.');
    let (stem, ending) = name.split_at(dot.map_or(name.len(), |(at, _)| at));
    path.with_file_name(format!("{stem}-{number:05}{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_understood() {
        for (text, expected) in [
            ("64MiB", Rotation::Bytes(64 << 20)),
            ("1kB", Rotation::Bytes(1_000)),
            ("5m", Rotation::Time(Duration::from_secs(300))),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in [
            "",
            "0MiB",
            "0",
            "64",
            "MiB",
            "-1MB",
            "99999999999GiB",
            "often",
        ] {
            assert_eq!(text.parse::<Rotation>(), Err(InvalidRotation), "{text}");
        }
    }

    #[test]
    fn files_are_numbered_before_their_endings() {
        let name = |text: &str| numbered(Path::new(text), 7).to_string_lossy().into_owned();
        assert_eq!(name("a/waf.jsonl.gz"), "a/waf-00007.jsonl.gz");
        assert_eq!(name("waf"), "waf-00007");
        assert_eq!(name(".waf.gz"), ".waf-00007.gz");
    }

    #[test]
    fn files_end_with_whole_lines_and_hold_everything() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("waf.jsonl");
        let rotation = Rotation::Bytes(10);
        let mut files = Rotating::new(path.clone(), Format::JsonLines, rotation).expect("a file");
        let lines = [
            "12345\n",
            "123456789012\n",
            "1\n",
            "123456789\n",
            "12345678\n",
            "2\n",
        ];
        files.write(lines[..4].concat().as_bytes()).expect("space");
        files.write(lines[4..].concat().as_bytes()).expect("space");
        files.finish().expect("space");
        let read = |number| std::fs::read_to_string(numbered(&path, number)).unwrap_or_default();
        assert_eq!(read(1), lines[..2].concat());
        assert_eq!(read(2), lines[2..4].concat());
        assert_eq!(read(3), lines[4..].concat());
        assert_eq!(read(4), "");
    }
}
