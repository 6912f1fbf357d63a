//! What carries records through a stream: each alone, or many in one record of the stream.
//!
//! Pure: lines in, entries out. An entry is what one record of a Kinesis stream or of Firehose holds.
//!
//! # Algebra
//!
//! - Every line is in exactly one entry, or among those that no entry can hold.
//! - Within an entry, lines keep their order.
//! - Lines with different partition keys are never in one entry, so that a key decides for all that
//!   it carries.
//! - No entry is longer than [`Limits::entry_bytes`], however badly its lines compress.

mod cloudwatch;
mod keys;
mod kpl;
mod packed;

pub use keys::{InvalidKey, Key};

use keys::{About, Drawn};
use libdeflater::{CompressionLvl, Compressor};

use crate::dice::Dice;

/// What an entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// One record, as a line.
    Plain,
    /// A gzip member of many lines.
    Packed,
    /// An aggregate of the Kinesis Producer Library.
    Kpl,
    /// A gzip member of what a subscription of CloudWatch Logs sends.
    CloudWatch,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Packed, Self::Kpl, Self::CloudWatch];

    /// Lines of so many bytes are joined, at most; a longer one goes alone.
    fn unpacked_bytes(self) -> usize {
        match self {
            Self::Plain => 0,
            Self::Packed => 4 << 20,
            // What the library aggregates unless told otherwise.
            Self::Kpl => 51_200,
            Self::CloudWatch => 1 << 20,
        }
    }

    /// Entries of several lines aim at so many bytes: four of them fit into the second of a shard.
    fn packed_bytes(self) -> usize {
        match self {
            Self::Plain | Self::Kpl => usize::MAX,
            Self::Packed | Self::CloudWatch => 256 << 10,
        }
    }
}

/// What the destination takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of an entry, with its partition key.
    pub entry_bytes: usize,
}

/// One record of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it carries.
    pub data: Vec<u8>,
    /// Decides with its hash which shard takes the entry, unless `hash` does.
    pub key: String,
    /// In place of the key's hash.
    pub hash: Option<u128>,
    /// The lines in it, by their places in what was encoded.
    pub lines: Vec<u32>,
}

impl Entry {
    /// Bytes that count against the limits of a stream.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.data.len() + self.key.len()
    }
}

/// What became of lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Encoded {
    /// What is to be sent.
    pub entries: Vec<Entry>,
    /// Lines too long for any entry.
    pub oversized: Vec<u32>,
}

/// Makes entries of lines.
pub struct Encoder {
    encoding: Encoding,
    key: Key,
    limits: Limits,
    dice: Dice,
    compressor: Compressor,
    numbered: u64,
}

impl Encoder {
    /// An encoder whose random choices follow from `seed` and `stream`; give encoders that work side by
    /// side different streams.
    #[must_use]
    pub fn new(encoding: Encoding, key: Key, limits: Limits, seed: u64, stream: u64) -> Self {
        Self {
            encoding,
            key,
            limits,
            dice: Dice::new(seed, stream),
            compressor: Compressor::new(CompressionLvl::default()),
            numbered: stream << 40,
        }
    }

    /// Entries of `lines`, each a record with its line feed.
    pub fn encode(&mut self, lines: &[&[u8]]) -> Encoded {
        let is_told = self.encoding == Encoding::CloudWatch || self.key.is_of_record();
        let about: Vec<About> = match is_told {
            true => lines.iter().map(|line| About::read(line)).collect(),
            false => Vec::new(),
        };
        let mut batch = Batch {
            lines,
            about: &about,
            encoded: Encoded::default(),
        };
        for (key, places) in self.groups(&batch) {
            let mut rest = places.as_slice();
            while !rest.is_empty() {
                let (now, later) = rest.split_at(self.fitting(lines, rest));
                self.join(&mut batch, key.as_deref(), now);
                rest = later;
            }
        }
        batch.encoded
    }

    /// Lines that may stand in one entry, in the order of their first ones.
    fn groups(&self, batch: &Batch<'_>) -> Vec<(Option<String>, Vec<u32>)> {
        let is_by_acl = self.encoding == Encoding::CloudWatch;
        if batch.about.is_empty() {
            let all = (0..batch.lines.len() as u32).collect();
            return vec![(self.key.fixed(), all)];
        }
        let mut places = std::collections::HashMap::new();
        let mut groups: Vec<(Option<String>, Vec<u32>)> = Vec::new();
        for (place, about) in batch.about.iter().enumerate() {
            let key = self.key.of(about);
            // A subscription is one of a log group, which one Web ACL writes to.
            let acl = is_by_acl.then_some(about.acl.as_str());
            let group = *places.entry((key.clone(), acl)).or_insert_with(|| {
                groups.push((key, Vec::new()));
                groups.len() - 1
            });
            groups[group].1.push(place as u32);
        }
        groups
    }

    /// How many of the next lines are joined: one at least.
    fn fitting(&self, lines: &[&[u8]], places: &[u32]) -> usize {
        let most = self.encoding.unpacked_bytes();
        let mut bytes = 0;
        let fitting = places.iter().take_while(|place| {
            bytes += lines[**place as usize].len();
            bytes <= most
        });
        fitting.count().max(1)
    }

    /// Makes one entry, or halves what does not fit.
    fn join(&mut self, batch: &mut Batch<'_>, key: Option<&str>, places: &[u32]) {
        let data = self.data(batch, key, places);
        if places.len() > 1 && data.len() > self.encoding.packed_bytes() {
            return self.halve(batch, key, places);
        }
        let key = match (key, self.key.drawn()) {
            (Some(key), _) => key.to_owned(),
            (None, Drawn::Content) => packed::digest_key(&data),
            (None, Drawn::Random) => format!("{:016x}", self.dice.bits()),
        };
        let entry = Entry {
            data,
            key,
            hash: self.key.hash(),
            lines: places.to_vec(),
        };
        match (entry.bytes() > self.limits.entry_bytes, places.len()) {
            (false, _) => batch.encoded.entries.push(entry),
            (true, 1) => batch.encoded.oversized.extend(places),
            (true, _) => self.halve(batch, Some(&entry.key), places),
        }
    }

    fn halve(&mut self, batch: &mut Batch<'_>, key: Option<&str>, places: &[u32]) {
        let (front, back) = places.split_at(middle(batch.lines, places));
        let key = match self.key.drawn() {
            // What is cut has other content.
            Drawn::Content => None,
            Drawn::Random => key,
        };
        self.join(batch, key, front);
        self.join(batch, key, back);
    }

    fn data(&mut self, batch: &Batch<'_>, key: Option<&str>, places: &[u32]) -> Vec<u8> {
        let lines = places.iter().map(|place| batch.lines[*place as usize]);
        match self.encoding {
            Encoding::Plain => lines.flatten().copied().collect(),
            Encoding::Packed => {
                let text: Vec<u8> = lines.flatten().copied().collect();
                packed::gzip(&mut self.compressor, &text)
            }
            Encoding::Kpl => {
                // Records without a key of their own have the one of the aggregate's place.
                let key = key.unwrap_or("a");
                kpl::aggregate(key, self.key.hash(), lines)
            }
            Encoding::CloudWatch => {
                let about = places.iter().map(|place| &batch.about[*place as usize]);
                let text = cloudwatch::envelope(self.numbered, about.zip(lines));
                self.numbered += places.len() as u64;
                packed::gzip(&mut self.compressor, &text)
            }
        }
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Encoder")
            .field("encoding", &self.encoding)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Lines that are encoded together, and what came of them so far.
struct Batch<'a> {
    lines: &'a [&'a [u8]],
    /// Of every line, or of none.
    about: &'a [About],
    encoded: Encoded,
}

/// Where to cut several lines so that both sides have some, and about the same bytes.
fn middle(lines: &[&[u8]], places: &[u32]) -> usize {
    let length = |place: &u32| {
        let line = lines[*place as usize];
        // Without its line feed, as a function counts what Firehose hands it.
        line.strip_suffix(b"\n").unwrap_or(line).len()
    };
    let total: usize = places.iter().map(length).sum();
    let mut front = 0;
    let before = places.iter().take_while(|place| {
        front += length(place);
        front <= total / 2
    });
    before.count().clamp(1, places.len() - 1)
}

#[cfg(test)]
mod tests;
