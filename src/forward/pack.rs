//! Packs payloads: JSON lines, compressed, cut into halves until each fits.

use std::fmt::Write as _;

use libdeflater::{CompressionLvl, Compressor};
use sha2::{Digest, Sha256};

use super::framing::Framing;

const KEY_PREFIX: &str = "wafwatch-";
/// Bytes of the digest that a partition key shows, in hex.
const KEY_DIGEST_BYTES: usize = 16;
const KEY_BYTES: usize = KEY_PREFIX.len() + 2 * KEY_DIGEST_BYTES;
const ID_DIGITS: usize = 16;

/// Longest pack: Kinesis takes records of 1 MiB with their partition keys.
pub const MAX_PACK_BYTES: usize = (1 << 20) - KEY_BYTES;

/// How large packs are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackLimits {
    /// Compressed bytes that a pack of several payloads does not exceed; [`MAX_PACK_BYTES`] at most.
    /// Default 256 KiB.
    pub packed_bytes: usize,
    /// The same before compression. Default 4 MiB.
    pub unpacked_bytes: usize,
}

impl Default for PackLimits {
    fn default() -> Self {
        Self {
            packed_bytes: 256 << 10,
            unpacked_bytes: 4 << 20,
        }
    }
}

/// One Kinesis record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// What it carries: a gzip member of JSON lines, or a payload as it came.
    pub data: Vec<u8>,
    /// [`partition_key`] of the data.
    pub partition_key: String,
    /// How many payloads are in it.
    pub payloads: usize,
}

impl Pack {
    fn new(data: Vec<u8>, payloads: usize) -> Self {
        let partition_key = partition_key(&data);
        Self {
            data,
            partition_key,
            payloads,
        }
    }

    /// Bytes that count against the limits of Kinesis.
    #[must_use]
    pub fn record_bytes(&self) -> usize {
        self.data.len() + self.partition_key.len()
    }
}

/// What became of a batch of payloads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Packed {
    /// What is to be sent.
    pub packs: Vec<Pack>,
    /// Payloads without anything in them, of which nothing is sent.
    pub blank: usize,
    /// Payloads that no Kinesis record can take, compressed or not.
    pub oversized: usize,
}

/// The partition key of a pack: the beginning of its SHA-256, so that equal packs have equal keys
/// and different ones spread over the shards.
#[must_use]
pub fn partition_key(data: &[u8]) -> String {
    let digest = Sha256::digest(data);
    let mut key = String::with_capacity(KEY_BYTES);
    key.push_str(KEY_PREFIX);
    for byte in &digest[..KEY_DIGEST_BYTES] {
        // Writing to a string cannot fail.
        let _ = write!(key, "{byte:02x}");
    }
    key
}

/// The first 64 bits of the digest in a pack's partition key; `None` for keys that others chose.
#[must_use]
pub fn pack_id(partition_key: &str) -> Option<u64> {
    let digits = partition_key.strip_prefix(KEY_PREFIX)?;
    let is_digest = digits.len() == 2 * KEY_DIGEST_BYTES
        && digits
            .bytes()
            .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    if !is_digest {
        return None;
    }
    u64::from_str_radix(&digits[..ID_DIGITS], 16).ok()
}

/// Packs `payloads`, in their order but for those that travel alone, which come last.
#[must_use]
pub fn pack<P: AsRef<[u8]>>(payloads: &[P], limits: PackLimits) -> Packed {
    let mut framing = Framing::new();
    let mut packer = Packer::new(limits);
    let mut lines = Vec::with_capacity(payloads.len());
    let mut alone = Vec::new();
    for payload in payloads {
        let payload = payload.as_ref();
        if payload.trim_ascii().is_empty() {
            packer.packed.blank += 1;
        } else if framing.is_whole(payload) {
            lines.push(payload);
        } else {
            alone.push(payload);
        }
    }
    packer.lines(&lines);
    for payload in alone {
        packer.alone(payload);
    }
    packer.packed
}

struct Packer {
    limits: PackLimits,
    compressor: Compressor,
    packed: Packed,
}

impl Packer {
    fn new(limits: PackLimits) -> Self {
        let limits = PackLimits {
            packed_bytes: limits.packed_bytes.min(MAX_PACK_BYTES),
            ..limits
        };
        Self {
            limits,
            compressor: Compressor::new(CompressionLvl::default()),
            packed: Packed::default(),
        }
    }

    fn alone(&mut self, payload: &[u8]) {
        if payload.len() > MAX_PACK_BYTES {
            self.packed.oversized += 1;
            return;
        }
        self.packed.packs.push(Pack::new(payload.to_vec(), 1));
    }

    fn lines(&mut self, mut lines: &[&[u8]]) {
        while !lines.is_empty() {
            let mut bytes = 0;
            let fitting = lines.iter().take_while(|line| {
                bytes += line.len() + 1;
                bytes <= self.limits.unpacked_bytes
            });
            let count = fitting.count().max(1);
            let (now, later) = lines.split_at(count);
            self.compressed(now);
            lines = later;
        }
    }

    /// Halves what does not fit: at most four rounds for a batch of Firehose, and none or one for
    /// logs as they are.
    fn compressed(&mut self, lines: &[&[u8]]) {
        let data = self.gzip(&joined(lines));
        if lines.len() > 1 && data.len() > self.limits.packed_bytes {
            let (front, back) = lines.split_at(middle(lines));
            self.compressed(front);
            self.compressed(back);
        } else if data.len() > MAX_PACK_BYTES {
            self.packed.oversized += 1;
        } else {
            self.packed.packs.push(Pack::new(data, lines.len()));
        }
    }

    /// One gzip member. Its header holds neither a time nor the name of a system, so that equal
    /// texts give equal bytes.
    fn gzip(&mut self, text: &[u8]) -> Vec<u8> {
        let mut member = vec![0; self.compressor.gzip_compress_bound(text.len())];
        let length = self
            .compressor
            .gzip_compress(text, &mut member)
            .expect("the bound is enough for any text");
        member.truncate(length);
        member
    }
}

fn joined(lines: &[&[u8]]) -> Vec<u8> {
    let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
    let mut text = Vec::with_capacity(bytes);
    for line in lines {
        text.extend_from_slice(line);
        if !line.ends_with(b"\n") {
            text.push(b'\n');
        }
    }
    text
}

/// Where to cut several lines so that both sides have some, and about the same bytes.
fn middle(lines: &[&[u8]]) -> usize {
    let total: usize = lines.iter().map(|line| line.len()).sum();
    let mut front = 0;
    let before = lines.iter().take_while(|line| {
        front += line.len();
        front <= total / 2
    });
    before.count().clamp(1, lines.len() - 1)
}

#[cfg(test)]
#[path = "pack_tests.rs"]
mod tests;
