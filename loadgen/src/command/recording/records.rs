//! The records of one file or object.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read};

use anyhow::{Context, bail};
use flate2::bufread::MultiGzDecoder;
use wafwatch_loadgen::replay::{Cut, Cutter, KPL, MAX_PIECE, Record, Refusal, recognize, unwrap};

use super::location::Log;

const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Compressions in compressions.
const MAX_NESTED: u32 = 3;
/// A line is handed on in parts of at most this.
const MAX_PART: u64 = 1 << 20;

type Reader = Box<dyn BufRead + Send>;

/// Reads records one after the other.
pub struct Records {
    name: String,
    reader: Reader,
    line: Vec<u8>,
    cutter: Cutter,
    /// Of the envelope that was opened last.
    found: VecDeque<(i64, Vec<u8>)>,
    is_at_end: bool,
}

impl Records {
    pub fn open(log: &Log) -> anyhow::Result<Self> {
        let name = log.to_string();
        let mut reader: Reader = Box::new(BufReader::with_capacity(1 << 16, log.open()?));
        let describe = || format!("cannot read {name}");
        for _ in 0..MAX_NESTED {
            if !reader.fill_buf().with_context(describe)?.starts_with(&GZIP) {
                break;
            }
            reader = Box::new(BufReader::new(MultiGzDecoder::new(reader)));
        }
        let beginning = reader.fill_buf().with_context(describe)?;
        if let Some(refusal) = recognize(beginning) {
            bail!("{}", not_read(&name, refusal));
        }
        let is_aggregate = beginning.starts_with(&KPL);
        let mut records = Self {
            name,
            reader,
            line: Vec::new(),
            cutter: Cutter::default(),
            found: VecDeque::new(),
            is_at_end: false,
        };
        if is_aggregate {
            records.read_aggregate()?;
        }
        Ok(records)
    }

    /// The next record and its time; what is none is counted in `skipped`.
    pub fn next(
        &mut self,
        skipped: &mut BTreeMap<Refusal, u64>,
    ) -> anyhow::Result<Option<(i64, Vec<u8>)>> {
        loop {
            if let Some(record) = self.found.pop_front() {
                return Ok(Some(record));
            }
            if let Some(cut) = self.cutter.next_piece() {
                self.open_piece(cut, skipped)?;
                continue;
            }
            if self.is_at_end {
                return Ok(None);
            }
            if let Some(record) = self.read_line(skipped)? {
                return Ok(Some(record));
            }
        }
    }

    /// Reads on. A line that is a record needs no cutting, and ends whatever was cut off before it.
    fn read_line(
        &mut self,
        skipped: &mut BTreeMap<Refusal, u64>,
    ) -> anyhow::Result<Option<(i64, Vec<u8>)>> {
        self.line.clear();
        let part = (&mut self.reader)
            .take(MAX_PART)
            .read_until(b'\n', &mut self.line);
        let length = part.with_context(|| format!("cannot read {}", self.name))?;
        if length == 0 {
            self.is_at_end = true;
            return self.end_piece(skipped).map(|()| None);
        }
        if self.line.starts_with(b"{")
            && let Ok(record) = Record::parse(&self.line)
        {
            let at_ms = record.timestamp_ms;
            self.end_piece(skipped)?;
            // Where the cut left something to go first, the line waits.
            self.found
                .push_back((at_ms, std::mem::take(&mut self.line)));
            return Ok(self.found.pop_front());
        }
        self.cutter.push(&self.line);
        Ok(None)
    }

    fn end_piece(&mut self, skipped: &mut BTreeMap<Refusal, u64>) -> anyhow::Result<()> {
        match self.cutter.end() {
            Some(cut) => self.open_piece(cut, skipped),
            None => Ok(()),
        }
    }

    fn open_piece(&mut self, cut: Cut, skipped: &mut BTreeMap<Refusal, u64>) -> anyhow::Result<()> {
        let piece = match cut {
            Cut::Piece(piece) => piece,
            Cut::TooLong => {
                *skipped.entry(Refusal::TooLong).or_default() += 1;
                return Ok(());
            }
        };
        let unwrapped = unwrap(&piece);
        self.found.extend(unwrapped.records);
        for (refusal, count) in unwrapped.refused {
            if refusal.is_of_file() {
                bail!("{}", not_read(&self.name, refusal));
            }
            *skipped.entry(refusal).or_default() += count;
        }
        Ok(())
    }

    /// An aggregate is no text: all of it is one piece.
    fn read_aggregate(&mut self) -> anyhow::Result<()> {
        let mut aggregate = Vec::new();
        let read = (&mut self.reader)
            .take(MAX_PIECE as u64 + 1)
            .read_to_end(&mut aggregate);
        read.with_context(|| format!("cannot read {}", self.name))?;
        let unwrapped = unwrap(&aggregate);
        if unwrapped.records.is_empty() || aggregate.len() > MAX_PIECE {
            bail!("{} is a KPL aggregate that cannot be opened", self.name);
        }
        self.found = unwrapped.records.into();
        Ok(())
    }
}

fn not_read(name: &str, refusal: Refusal) -> String {
    format!("{name} is {refusal}, which is not read; write its records out one per line first")
}
