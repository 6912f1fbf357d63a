//! Decompresses gzip payloads within a strict cap.
//!
//! A payload that holds one member (RFC 1952) goes through libdeflate in one call, because that is
//! twice as fast; it needs the output's size beforehand, which the member's last four bytes claim
//! (modulo 2³²). The claim is the sender's word, so the buffer is also held to the cap and to 1,032
//! times the compressed size, the most that DEFLATE can expand. Several members one after another,
//! or a claim that does not hold, go through the streaming decoder, member by member.
//!
//! libdeflate stops after the first member without saying where. A second one can only begin with
//! the three bytes `1f 8b 08`, so a payload in which these do not occur again holds one member.

use std::io::Read;

use flate2::bufread::GzDecoder;
use libdeflater::{DecompressionError, Decompressor};
use memchr::memmem;

use super::reason::RejectReason;

/// How every gzip member begins.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// [`MAGIC`] and the only method there is, deflate.
const MEMBER_START: [u8; 3] = [0x1f, 0x8b, 0x08];

/// Bytes that are decompressed at once. `Read::read_to_end` would touch all the memory that it sets
/// aside, twice the cap.
const CHUNK_BYTES: usize = 16 * 1024;

/// DEFLATE codes at most 258 bytes in 2 bits.
const LARGEST_EXPANSION: usize = 1_032;

/// What a gzip payload held.
pub(super) struct Inflated {
    /// The whole members' contents, joined.
    pub bytes: Vec<u8>,
    /// Why what follows the last whole member could not be decompressed.
    pub failure: Option<RejectReason>,
}

/// Decompresses all members of `payload` to at most `cap` bytes.
///
/// A member is used only as a whole: one that is damaged, cut off or beyond the cap ends the work,
/// and the members before it stand.
pub(super) fn inflate(payload: &[u8], cap: usize) -> Inflated {
    if let Some(bytes) = inflate_single_member(payload, cap) {
        return Inflated {
            bytes,
            failure: None,
        };
    }
    let mut bytes = Vec::new();
    let mut rest = payload;
    while !is_padding(rest) {
        let whole = bytes.len();
        if let Err(failure) = inflate_member(&mut rest, cap - whole, &mut bytes) {
            bytes.truncate(whole);
            return Inflated {
                bytes,
                failure: Some(failure),
            };
        }
    }
    Inflated {
        bytes,
        failure: None,
    }
}

/// Block-oriented media fill up the last block with zeros, which gzip readers ignore.
fn is_padding(rest: &[u8]) -> bool {
    rest.iter().all(|&byte| byte == 0)
}

fn inflate_single_member(payload: &[u8], cap: usize) -> Option<Vec<u8>> {
    let may_hold_another = memmem::find(payload.get(1..)?, &MEMBER_START).is_some();
    if may_hold_another {
        return None;
    }
    let claim = u32::from_le_bytes(*payload.last_chunk()?);
    let size = usize::try_from(claim).ok()?;
    if size > cap || size > payload.len().saturating_mul(LARGEST_EXPANSION) {
        return None;
    }
    let mut bytes = vec![0; size];
    match Decompressor::new().gzip_decompress(payload, &mut bytes) {
        Ok(length) if length == size => Some(bytes),
        Ok(_) | Err(DecompressionError::BadData | DecompressionError::InsufficientSpace) => None,
    }
}

/// Appends the content of the member that `rest` begins with, and moves `rest` behind it.
fn inflate_member(rest: &mut &[u8], cap: usize, bytes: &mut Vec<u8>) -> Result<(), RejectReason> {
    let mut member = GzDecoder::new(&mut *rest);
    let mut chunk = [0; CHUNK_BYTES];
    let mut room = cap;
    loop {
        let length = member
            .read(&mut chunk)
            .map_err(|_| RejectReason::CorruptGzip)?;
        if length == 0 {
            return Ok(());
        }
        room = room
            .checked_sub(length)
            .ok_or(RejectReason::DecompressionLimit)?;
        bytes.extend_from_slice(&chunk[..length]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::tests::gzip;

    #[test]
    fn one_member_and_several_give_their_content() {
        let one = gzip(b"hello ");
        let whole = inflate(&one, 100);
        assert_eq!((&whole.bytes[..], whole.failure), (&b"hello "[..], None));

        let twice = [one.clone(), one].concat();
        let joined = inflate(&twice, 100);
        assert_eq!(joined.bytes, b"hello hello ");
        assert_eq!(joined.failure, None);
    }

    #[test]
    fn zeros_behind_the_last_member_are_padding_and_anything_else_is_damage() {
        let padded = [gzip(b"a"), vec![0; 512]].concat();
        assert_eq!(inflate(&padded, 100).failure, None);
        let followed = inflate(&[gzip(b"a"), b"tail".to_vec()].concat(), 100);
        assert_eq!(followed.bytes, b"a");
        assert_eq!(followed.failure, Some(RejectReason::CorruptGzip));
    }

    #[test]
    fn the_cap_holds_for_all_members_together() {
        let member = gzip(&[b'x'; 60]);
        let exact = inflate(&member, 60);
        assert_eq!((exact.bytes.len(), exact.failure), (60, None));
        let over = inflate(&[member.clone(), member].concat(), 100);
        assert_eq!(over.bytes.len(), 60);
        assert_eq!(over.failure, Some(RejectReason::DecompressionLimit));
    }

    #[test]
    fn a_damaged_or_cut_member_is_not_trusted() {
        let member = gzip(b"some text to be damaged");
        for cut in 0..member.len() {
            let inflated = inflate(&member[..cut], 1_000);
            assert!(inflated.bytes.is_empty());
            assert_eq!(inflated.failure.is_some(), cut > 0, "cut at {cut}");
        }
        let mut flipped = member.clone();
        let checksum = member.len() - 8;
        flipped[checksum] ^= 1;
        let inflated = inflate(&flipped, 1_000);
        assert!(inflated.bytes.is_empty());
        assert_eq!(inflated.failure, Some(RejectReason::CorruptGzip));
    }

    #[test]
    fn a_wrong_size_claim_allocates_nothing_and_is_not_believed() {
        let mut liar = gzip(b"tiny");
        let size = liar.len() - 4;
        liar[size..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(
            inflate(&liar, 1 << 30).failure,
            Some(RejectReason::CorruptGzip)
        );
    }
}
