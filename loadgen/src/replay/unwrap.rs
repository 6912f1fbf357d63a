//! Takes records out of what carried them, nested as found.

use std::collections::BTreeMap;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use md5::{Digest, Md5};
use serde_json::Value;

use super::cutter::{Cut, Cutter};
use super::record::Record;
use super::refusal::{Envelope, Refusal};

/// Envelopes in envelopes: a queue's, a function's, a subscription's, a compression.
const MAX_NESTED: u32 = 6;
/// Bytes that one piece decompresses to, with all that is in it.
const MAX_UNPACKED: u64 = 64 << 20;
/// Longest record.
const MAX_RECORD: usize = 1 << 20;

const GZIP: [u8; 2] = [0x1f, 0x8b];
/// How an aggregate of the Kinesis Producer Library begins.
pub const KPL: [u8; 4] = [0xf3, 0x89, 0x9a, 0xc2];
const CHECKSUM_BYTES: usize = 16;

/// What was in a piece.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Unwrapped {
    /// Records with their times in Unix milliseconds, in their order.
    pub records: Vec<(i64, Vec<u8>)>,
    /// What was none, by reason.
    pub refused: BTreeMap<Refusal, u64>,
}

/// The records in `piece`: one, or what an envelope holds.
#[must_use]
pub fn unwrap(piece: &[u8]) -> Unwrapped {
    let mut opener = Opener {
        found: Unwrapped::default(),
        bytes_left: MAX_UNPACKED,
    };
    opener.bytes(piece, MAX_NESTED);
    opener.found
}

struct Opener {
    found: Unwrapped,
    bytes_left: u64,
}

impl Opener {
    fn refuse(&mut self, refusal: Refusal) {
        *self.found.refused.entry(refusal).or_default() += 1;
    }

    fn bytes(&mut self, bytes: &[u8], nested: u32) {
        let bytes = bytes.trim_ascii_start();
        if bytes.starts_with(&GZIP) {
            self.gzip(bytes, nested)
        } else if bytes.starts_with(&KPL) {
            self.aggregate(bytes, nested)
        } else if bytes.starts_with(b"{") || bytes.starts_with(b"[") {
            self.objects(bytes, nested)
        } else {
            match STANDARD.decode(bytes.trim_ascii()) {
                Ok(inner) if nested > 0 && is_carrier(&inner) => self.bytes(&inner, nested - 1),
                _ if std::str::from_utf8(bytes).is_err() => self.refuse(Refusal::NotUtf8),
                _ => self.refuse(Refusal::NotJson),
            }
        }
    }

    fn gzip(&mut self, member: &[u8], nested: u32) {
        let mut text = Vec::new();
        // One byte more tells that there is more.
        let mut decoder = MultiGzDecoder::new(member).take(self.bytes_left + 1);
        let read = decoder.read_to_end(&mut text);
        let length = text.len() as u64;
        if read.is_err() || length > self.bytes_left || nested == 0 {
            return self.refuse(Refusal::Damaged);
        }
        self.bytes_left -= length;
        self.bytes(&text, nested - 1);
    }

    fn aggregate(&mut self, aggregate: &[u8], nested: u32) {
        let body = &aggregate[KPL.len()..];
        let opened = body
            .split_last_chunk::<CHECKSUM_BYTES>()
            .filter(|(message, checksum)| Md5::digest(message).as_slice() == *checksum)
            .filter(|_| nested > 0);
        let Some((message, _)) = opened else {
            return self.refuse(Refusal::Damaged);
        };
        // Field 3 of the message holds the records, field 3 of a record its data.
        for record in fields(message, 3) {
            let data = record.and_then(|record| fields(record, 3).next().flatten());
            match data {
                Some(data) => self.bytes(data, nested - 1),
                None => self.refuse(Refusal::Damaged),
            }
        }
    }

    fn objects(&mut self, text: &[u8], nested: u32) {
        let mut cutter = Cutter::default();
        cutter.push(text);
        while let Some(cut) = cutter.next_piece() {
            self.object(cut, nested);
        }
        if let Some(rest) = cutter.end() {
            self.object(rest, nested);
        }
    }

    fn object(&mut self, cut: Cut, nested: u32) {
        let piece = match cut {
            Cut::Piece(piece) => piece,
            Cut::TooLong => return self.refuse(Refusal::TooLong),
        };
        match Record::parse(&piece).map(|record| record.timestamp_ms) {
            Ok(_) if piece.len() > MAX_RECORD => self.refuse(Refusal::TooLong),
            Ok(at_ms) => self.found.records.push((at_ms, piece)),
            Err(Refusal::Envelope(envelope)) if nested > 0 => {
                self.envelope(envelope, &piece, nested - 1);
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn envelope(&mut self, envelope: Envelope, piece: &[u8], nested: u32) {
        let Ok(value) = serde_json::from_slice::<Value>(piece) else {
            return self.refuse(Refusal::Damaged);
        };
        let (parts, path) = match envelope {
            Envelope::CloudWatchLogs => (&value["logEvents"], "/message"),
            Envelope::LambdaLogs => (&value["awslogs"], "/data"),
            Envelope::Firehose => (&value["records"], "/data"),
            Envelope::Kinesis => (&value["Records"], "/kinesis/data"),
        };
        let single = std::slice::from_ref(parts);
        for part in parts.as_array().map_or(single, Vec::as_slice) {
            match part.pointer(path).and_then(Value::as_str) {
                Some(content) => self.bytes(content.as_bytes(), nested),
                None => self.refuse(Refusal::Damaged),
            }
        }
    }
}

/// Whether `bytes` begin as what carries records: many a word is base64 of something.
fn is_carrier(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    bytes.starts_with(&GZIP)
        || bytes.starts_with(&KPL)
        || text.starts_with(b"{")
        || text.starts_with(b"[")
}

/// The contents of the fields `wanted` of a protobuf message; `None` where it is not as its format says,
/// and no later field can be found.
fn fields(message: &[u8], wanted: u64) -> impl Iterator<Item = Option<&[u8]>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let Some((number, content)) = field(&mut rest) else {
                rest = &[];
                return Some(None);
            };
            if number == wanted
                && let Some(content) = content
            {
                return Some(Some(content));
            }
        }
        None
    })
}

/// Moves `rest` behind the next field, and gives its number and, if it has a length, its content.
fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Option<&'a [u8]>)> {
    let key = varint(rest)?;
    let content = match key & 7 {
        0 => {
            varint(rest)?;
            None
        }
        kind @ (1 | 2 | 5) => {
            let length = match kind {
                1 => 8,
                5 => 4,
                _ => usize::try_from(varint(rest)?).ok()?,
            };
            let (content, behind) = rest.split_at_checked(length)?;
            *rest = behind;
            (kind == 2).then_some(content)
        }
        _ => return None,
    };
    Some((key >> 3, content))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::envelope::{Encoder, Encoding, Key, Limits};

    fn record(at_ms: i64) -> String {
        json!({"timestamp": at_ms, "webaclId": "a", "httpRequest": {}}).to_string()
    }

    fn times(piece: &[u8]) -> Vec<i64> {
        let found = unwrap(piece);
        assert_eq!(found.refused, BTreeMap::new());
        found.records.iter().map(|(at_ms, _)| *at_ms).collect()
    }

    fn refused(piece: &[u8]) -> Vec<(Refusal, u64)> {
        unwrap(piece).refused.into_iter().collect()
    }

    fn encoded(encoding: Encoding, count: i64) -> Vec<u8> {
        let lines: Vec<Vec<u8>> = (0..count)
            .map(|at_ms| (record(at_ms) + "\n").into())
            .collect();
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        let limits = Limits {
            entry_bytes: 1 << 20,
        };
        let mut encoder = Encoder::new(encoding, Key::Random, limits, 1, 0);
        encoder.encode(&lines).entries.remove(0).data
    }

    #[test]
    fn every_envelope_gives_its_records_in_order() {
        for encoding in [Encoding::Packed, Encoding::Kpl, Encoding::CloudWatch] {
            let data = encoded(encoding, 20);
            let expected: Vec<i64> = (0..20).collect();
            assert_eq!(times(&data), expected, "{encoding:?}");
            let text = STANDARD.encode(&data);
            assert_eq!(times(text.as_bytes()), expected, "{encoding:?}");
            for event in [
                json!({"awslogs": {"data": text}}),
                json!({"records": [{"recordId": "1", "data": text}]}),
                json!({"Records": [{"kinesis": {"data": text}}]}),
            ] {
                let event = serde_json::to_vec_pretty(&event).expect("JSON");
                assert_eq!(times(&event), expected, "{encoding:?}");
            }
        }
        let text = format!("[{},{}]{}", record(1), record(2), record(3));
        assert_eq!(times(text.as_bytes()), [1, 2, 3]);
    }

    #[test]
    fn what_cannot_be_opened_is_counted() {
        let mut gzip = encoded(Encoding::Packed, 3);
        gzip.truncate(gzip.len() / 2);
        assert_eq!(refused(&gzip), [(Refusal::Damaged, 1)]);
        let mut aggregate = encoded(Encoding::Kpl, 3);
        aggregate[9] ^= 1;
        assert_eq!(refused(&aggregate), [(Refusal::Damaged, 1)]);
        let event = json!({"records": [{"data": STANDARD.encode(record(1))}, {}, {"data": "%"}]});
        let found = unwrap(event.to_string().as_bytes());
        assert_eq!(found.records.len(), 1);
        assert_eq!(found.refused.values().sum::<u64>(), 2);
    }

    #[test]
    fn nothing_unfolds_without_end() {
        let mut envelope = record(1);
        for _ in 0..20 {
            envelope = json!({"awslogs": {"data": STANDARD.encode(envelope)}}).to_string();
        }
        let found = unwrap(envelope.as_bytes());
        assert_eq!((found.records.len(), found.refused.len()), (0, 1));

        let zeros = flate2::read::GzEncoder::new(
            std::io::repeat(b'\n').take(MAX_UNPACKED + 1),
            flate2::Compression::fast(),
        );
        let mut bomb = Vec::new();
        std::io::BufReader::new(zeros)
            .read_to_end(&mut bomb)
            .expect("memory");
        assert_eq!(refused(&bomb), [(Refusal::Damaged, 1)]);
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in any::<Vec<u8>>(), cut in 0_usize..400, flip in 0_usize..400) {
            let _ = unwrap(&bytes);
            let mut aggregate = encoded(Encoding::Kpl, 3);
            aggregate.truncate(cut);
            if let Some(byte) = aggregate.get_mut(flip) {
                *byte ^= 0x55;
            }
            let checksum = Md5::digest(aggregate.get(4..).unwrap_or_default());
            aggregate.extend_from_slice(&checksum);
            let _ = unwrap(&aggregate);
        }
    }
}
