//! Recorded logs: files and folders of JSON lines, plain or gzip, as one sequence in time.
//!
//! Files are begun when the sequence comes to their first record, and of those that overlap the
//! one with the earliest record goes on. Within a file the order is kept. Memory is bounded by the
//! number of files that overlap, which is bounded itself.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::feed::Place;
use anyhow::{Context, bail};
use flate2::bufread::MultiGzDecoder;
use wafwatch_loadgen::replay::{Pseudonyms, Record, Refusal, Shift, recognize};

const MAX_LINE: usize = 1 << 20;
const MAX_OPEN: usize = 256;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file that has not been begun.
#[derive(Debug)]
struct Waiting {
    first_ms: i64,
    path: PathBuf,
}

/// A file that is being read, and its next record.
struct Open {
    lines: Lines,
    next: Vec<u8>,
}

/// All recorded logs of a run.
pub struct Recording {
    waiting: VecDeque<Waiting>,
    open: Vec<Option<Open>>,
    /// Time of the next record of every open file, with its place in `open`.
    order: BinaryHeap<Reverse<(i64, usize)>>,
    shift: Shift,
    pseudonyms: Option<Pseudonyms>,
    skipped: BTreeMap<Refusal, u64>,
}

impl Recording {
    /// The logs in `paths`, from the earliest record on.
    ///
    /// # Errors
    ///
    /// Where a file cannot be read, is in another envelope, or none has a record.
    pub fn open(paths: &[PathBuf], pseudonyms: Option<Pseudonyms>) -> anyhow::Result<Self> {
        let mut waiting = Vec::new();
        let mut skipped = BTreeMap::new();
        for path in files(paths)? {
            // Looked into once to learn its time, and opened again when that comes.
            let mut unread = BTreeMap::new();
            if let Some((first_ms, _)) = Lines::open(&path)?.next(&mut unread)? {
                waiting.push(Waiting { first_ms, path });
                continue;
            }
            for (refusal, count) in unread {
                *skipped.entry(refusal).or_default() += count;
            }
        }
        waiting.sort_by(|one, other| (one.first_ms, &one.path).cmp(&(other.first_ms, &other.path)));
        let Some(first) = waiting.first() else {
            bail!("there is no record to send: name files or folders of JSON lines");
        };
        Ok(Self {
            shift: Shift {
                first_ms: first.first_ms,
                start_ms: first.first_ms,
                divisor: 1.0,
            },
            waiting: waiting.into(),
            open: Vec::new(),
            order: BinaryHeap::new(),
            pseudonyms,
            skipped,
        })
    }

    /// Time of the first record as it was recorded, in Unix milliseconds.
    pub fn first_ms(&self) -> i64 {
        self.shift.first_ms
    }

    /// Sends the first record as of `start_ms`, and divides the gaps by `divisor`.
    pub fn shift(&mut self, start_ms: i64, divisor: f64) {
        self.shift.start_ms = start_ms;
        self.shift.divisor = divisor;
    }

    /// Appends the next record to `buffer`; its place follows from its recorded time.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> anyhow::Result<Option<Place>> {
        self.begin_due()?;
        let Some(Reverse((at_ms, place))) = self.order.pop() else {
            return Ok(None);
        };
        let open = self.open[place]
            .as_mut()
            .expect("the order names open files alone");
        let record = Record::parse(&open.next)
            .map_err(|refusal| anyhow::anyhow!("{refusal}"))
            .context("a record changed while it was read")?;
        let shifted_ms = self.shift.apply(record.timestamp_ms);
        record.push(shifted_ms, self.pseudonyms.as_ref(), buffer);
        buffer.push(b'\n');
        self.advance(place)?;
        Ok(Some(Place {
            at_ms,
            stamp_ms: shifted_ms,
        }))
    }

    /// Lines that were not sent, by reason.
    pub fn skipped(&self) -> BTreeMap<String, u64> {
        let counts = self.skipped.iter();
        counts
            .map(|(reason, count)| (reason.to_string(), *count))
            .collect()
    }

    /// Begins the files whose first record comes before all others.
    fn begin_due(&mut self) -> anyhow::Result<()> {
        while let Some(first) = self.waiting.front() {
            let earliest_ms = self.order.peek().map(|Reverse((at_ms, _))| *at_ms);
            if earliest_ms.is_some_and(|at_ms| at_ms < first.first_ms) {
                return Ok(());
            }
            if self.order.len() >= MAX_OPEN {
                bail!(
                    "more than {MAX_OPEN} files have records of the same time as {}: \
                     send fewer of them at once",
                    first.path.display()
                );
            }
            let lines = Lines::open(&first.path)?;
            self.waiting.pop_front();
            let place = self.free_place();
            self.open[place] = Some(Open {
                lines,
                next: Vec::new(),
            });
            self.advance(place)?;
        }
        Ok(())
    }

    fn free_place(&mut self) -> usize {
        let free = self.open.iter().position(Option::is_none);
        free.unwrap_or_else(|| {
            self.open.push(None);
            self.open.len() - 1
        })
    }

    /// Reads the next record of an open file, and closes it at its end.
    fn advance(&mut self, place: usize) -> anyhow::Result<()> {
        let Some(open) = &mut self.open[place] else {
            return Ok(());
        };
        match open.lines.next(&mut self.skipped)? {
            Some((at_ms, line)) => {
                open.next.clear();
                open.next.extend_from_slice(line);
                self.order.push(Reverse((at_ms, place)));
            }
            None => self.open[place] = None,
        }
        Ok(())
    }
}

/// The files that `paths` name, folders with all that is in them, in the order of their names.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = Vec::new();
    for path in paths {
        match path.is_dir() {
            true => folders.push(path.clone()),
            false => found.push(path.clone()),
        }
    }
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
    found.sort();
    Ok(found)
}

/// The lines of one file.
struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let describe = || format!("cannot read {}", path.display());
        let file = File::open(path).with_context(describe)?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let beginning = reader.fill_buf().with_context(describe)?;
        let is_gzip = beginning.starts_with(&GZIP);
        if let Some(refusal) = recognize(beginning) {
            bail!("{}", not_read(path, refusal));
        }
        let reader: Box<dyn BufRead + Send> = match is_gzip {
            true => Box::new(BufReader::new(MultiGzDecoder::new(reader))),
            false => Box::new(reader),
        };
        Ok(Self {
            path: path.to_owned(),
            reader,
            line: Vec::new(),
            number: 0,
        })
    }

    /// The next record and its time; what is none is counted in `skipped`.
    fn next(
        &mut self,
        skipped: &mut BTreeMap<Refusal, u64>,
    ) -> anyhow::Result<Option<(i64, &[u8])>> {
        loop {
            let refusal = match self.read_line() {
                Ok(None) => return Ok(None),
                Ok(Some(refusal)) => refusal,
                Err(error) => {
                    let place = format!("cannot read {}", self.path.display());
                    return Err(anyhow::Error::from(error).context(place));
                }
            };
            let refusal = match refusal {
                Piece::TooLong => Refusal::TooLong,
                Piece::Line if self.line.trim_ascii().is_empty() => continue,
                Piece::Line => match Record::parse(&self.line) {
                    Ok(record) => {
                        let at_ms = record.timestamp_ms;
                        return Ok(Some((at_ms, &self.line)));
                    }
                    Err(refusal) if refusal.is_envelope() => {
                        bail!("line {} of {}", self.number, not_read(&self.path, refusal));
                    }
                    Err(refusal) => refusal,
                },
            };
            *skipped.entry(refusal).or_default() += 1;
        }
    }

    /// One line of bounded length; the rest of a longer one is read over.
    fn read_line(&mut self) -> io::Result<Option<Piece>> {
        self.line.clear();
        let limit = MAX_LINE as u64 + 1;
        let length = (&mut self.reader)
            .take(limit)
            .read_until(b'\n', &mut self.line)?;
        if length == 0 {
            return Ok(None);
        }
        self.number += 1;
        if length <= MAX_LINE || self.line.ends_with(b"\n") {
            return Ok(Some(Piece::Line));
        }
        self.line.clear();
        loop {
            let part = self.reader.fill_buf()?;
            if part.is_empty() {
                return Ok(Some(Piece::TooLong));
            }
            let end = part.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(part.len(), |end| end + 1);
            self.reader.consume(length);
            if end.is_some() {
                return Ok(Some(Piece::TooLong));
            }
        }
    }
}

/// What was read as one line.
enum Piece {
    Line,
    TooLong,
}

fn not_read(path: &Path, refusal: Refusal) -> String {
    format!(
        "{} is {refusal}: only JSON lines are sent again, plain or gzip; write the records out \
         one per line first",
        path.display()
    )
}

#[cfg(test)]
mod tests;
