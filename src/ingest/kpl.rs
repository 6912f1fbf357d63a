//! Opens aggregates of the Kinesis Producer Library.
//!
//! Published format: the magic bytes `f3 89 9a c2`, a protobuf message, and the MD5 of that
//! message's bytes:
//!
//! ```text
//! message AggregatedRecord {
//!   repeated string partition_key_table     = 1;
//!   repeated string explicit_hash_key_table = 2;
//!   repeated Record records                 = 3;
//! }
//! message Record {
//!   required uint64 partition_key_index     = 1;
//!   optional uint64 explicit_hash_key_index = 2;
//!   required bytes  data                    = 3;
//!   repeated Tag    tags                    = 4;
//! }
//! ```
//!
//! The message is walked with prost's field readers instead of being decoded into structures: a
//! record takes two bytes on the wire and dozens in memory, which would hand the sender a lever.

use md5::{Digest, Md5};
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// How every aggregate begins.
pub(super) const MAGIC: [u8; 4] = [0xf3, 0x89, 0x9a, 0xc2];

const CHECKSUM_BYTES: usize = 16;
const RECORDS_TAG: u32 = 3;
const DATA_TAG: u32 = 3;

/// The protobuf message of `payload`, if its checksum holds.
pub(super) fn open(payload: &[u8]) -> Option<&[u8]> {
    let body = payload.strip_prefix(&MAGIC)?;
    let (message, checksum) = body.split_last_chunk::<CHECKSUM_BYTES>()?;
    let holds = Md5::digest(message).as_slice() == checksum;
    holds.then_some(message)
}

/// The parts of an opened aggregate, in order.
pub(super) struct Parts<'a> {
    rest: &'a [u8],
}

/// A part that the aggregate does not hold as its format says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl<'a> Parts<'a> {
    pub(super) fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn next_record(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        next_field(&mut self.rest, RECORDS_TAG)
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<&'a [u8], Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.next_record() {
            Ok(None) => None,
            Ok(Some(mut record)) => {
                Some(next_field(&mut record, DATA_TAG).and_then(|data| data.ok_or(Malformed)))
            }
            Err(malformed) => {
                // Where one field's length is wrong, no later one can be found.
                self.rest = &[];
                Some(Err(malformed))
            }
        }
    }
}

/// Moves `rest` behind the next length-delimited field `wanted` and gives its content.
fn next_field<'a>(rest: &mut &'a [u8], wanted: u32) -> Result<Option<&'a [u8]>, Malformed> {
    while !rest.is_empty() {
        let (tag, wire_type) = decode_key(rest).map_err(|_| Malformed)?;
        if tag != wanted || wire_type != WireType::LengthDelimited {
            skip_field(wire_type, tag, rest, DecodeContext::default()).map_err(|_| Malformed)?;
            continue;
        }
        let length = decode_varint(rest).map_err(|_| Malformed)?;
        let length = usize::try_from(length).map_err(|_| Malformed)?;
        let (content, behind) = rest.split_at_checked(length).ok_or(Malformed)?;
        *rest = behind;
        return Ok(Some(content));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::tests::kpl_aggregate;

    fn parts(payload: &[u8]) -> Vec<Result<&[u8], Malformed>> {
        Parts::of(open(payload).expect("the checksum holds")).collect()
    }

    #[test]
    fn the_parts_come_back_in_order() {
        let payload = kpl_aggregate(&[b"one", b"", b"three"]);
        assert_eq!(parts(&payload), [Ok(&b"one"[..]), Ok(b""), Ok(b"three")]);
    }

    #[test]
    fn a_wrong_checksum_does_not_open() {
        let mut payload = kpl_aggregate(&[b"one"]);
        payload[6] ^= 1;
        assert_eq!(open(&payload), None);
        assert_eq!(open(&MAGIC), None);
    }

    #[test]
    fn a_record_without_data_and_a_wrong_length_are_malformed_parts() {
        // Field 3 of length 2: a record with field 1 alone. Then field 3 that claims 100 bytes.
        let message = [0x1a, 0x02, 0x08, 0x00, 0x1a, 100, 0x00];
        let found: Vec<_> = Parts::of(&message).collect();
        assert_eq!(found, [Err(Malformed), Err(Malformed)]);
    }
}
