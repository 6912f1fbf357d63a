//! Aggregates of the Kinesis Producer Library.
//!
//! Published format: the magic bytes `f3 89 9a c2`, a protobuf message, and the MD5 of that message's
//! bytes. The message has a table of partition keys (1), one of explicit hash keys (2), and records
//! (3), each with places in the tables (1, 2) and data (3).

use md5::{Digest, Md5};

const MAGIC: [u8; 4] = [0xf3, 0x89, 0x9a, 0xc2];
const LENGTH_DELIMITED: u8 = 2;

/// One aggregate of `records`, all with the same key.
pub(super) fn aggregate<'a>(
    key: &str,
    hash: Option<u128>,
    records: impl Iterator<Item = &'a [u8]>,
) -> Vec<u8> {
    let mut message = Vec::new();
    push_field(&mut message, 1, key.as_bytes());
    if let Some(hash) = hash {
        push_field(&mut message, 2, hash.to_string().as_bytes());
    }
    let mut record = Vec::new();
    for data in records {
        record.clear();
        // Fields 1 and 2 as numbers: place 0 of either table.
        record.extend_from_slice(&[1 << 3, 0]);
        if hash.is_some() {
            record.extend_from_slice(&[2 << 3, 0]);
        }
        push_field(&mut record, 3, data);
        push_field(&mut message, 3, &record);
    }
    let mut aggregate = MAGIC.to_vec();
    let checksum = Md5::digest(&message);
    aggregate.append(&mut message);
    aggregate.extend_from_slice(&checksum);
    aggregate
}

fn push_field(message: &mut Vec<u8>, number: u8, content: &[u8]) {
    message.push(number << 3 | LENGTH_DELIMITED);
    push_varint(message, content.len());
    message.extend_from_slice(content);
}

fn push_varint(message: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        message.push((number as u8 & 0x7f) | 0x80);
        number >>= 7;
    }
    message.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aggregate_has_its_published_bytes() {
        let long = [b'x'; 200];
        let bytes = aggregate("k", None, [&b"one"[..], &long].into_iter());
        let mut message = vec![0x0a, 1, b'k', 0x1a, 7, 0x08, 0, 0x1a, 3];
        message.extend(b"one");
        // 205 bytes of a record with 200 bytes of data.
        message.extend([0x1a, 0xcd, 0x01, 0x08, 0, 0x1a, 0xc8, 0x01]);
        message.extend(long);
        let expected = [&MAGIC[..], &message, &Md5::digest(&message)].concat();
        assert_eq!(bytes, expected);
    }

    #[test]
    fn an_explicit_hash_stands_in_its_table() {
        let bytes = aggregate("k", Some(12), [&b"a"[..]].into_iter());
        let message = [
            0x0a, 1, b'k', 0x12, 2, b'1', b'2', 0x1a, 7, 0x08, 0, 0x10, 0, 0x1a, 1, b'a',
        ];
        assert_eq!(bytes[4..bytes.len() - 16], message);
    }
}
