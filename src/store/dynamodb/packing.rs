//! Values as compressed bytes, and bytes in pieces that fit items.
//!
//! What DynamoDB bills and limits is length: a summary's JSON shrinks to a fifth. A packed value is
//! its length before compression (four bytes, little endian) and a deflate stream.

use libdeflater::{CompressionLvl, Compressor, Decompressor};
use serde::Serialize;
use serde::de::DeserializeOwned;

const LENGTH_BYTES: usize = 4;
/// No value is longer: more is damage, not to be allocated for.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Compressed JSON.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    let text = serde_json::to_vec(value).expect("plain values with string keys always encode");
    pack(&text)
}

pub(super) fn from_json<T: DeserializeOwned>(packed: &[u8]) -> Result<T, String> {
    serde_json::from_slice(&unpack(packed)?).map_err(|error| error.to_string())
}

/// Compressed postcard.
pub(super) fn compact(value: &impl Serialize) -> Vec<u8> {
    let bytes = postcard::to_stdvec(value).expect("sequences of known length always encode");
    pack(&bytes)
}

pub(super) fn from_compact<T: DeserializeOwned>(packed: &[u8]) -> Result<T, String> {
    postcard::from_bytes(&unpack(packed)?).map_err(|error| error.to_string())
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut packed = vec![0; LENGTH_BYTES + compressor.deflate_compress_bound(bytes.len())];
    // A value beyond the limit is refused when its item is measured: it never gets here small.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    packed[..LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
    let written = compressor
        .deflate_compress(bytes, &mut packed[LENGTH_BYTES..])
        .expect("the bound holds for all input");
    packed.truncate(LENGTH_BYTES + written);
    packed
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, String> {
    let (length, deflated) = packed
        .split_first_chunk::<LENGTH_BYTES>()
        .ok_or("is cut off")?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > MAX_BYTES {
        return Err(format!("claims {length} bytes"));
    }
    let mut bytes = vec![0; length];
    let written = Decompressor::new()
        .deflate_decompress(deflated, &mut bytes)
        .map_err(|error| format!("does not decompress: {error}"))?;
    if written != length {
        return Err(format!("has {written} bytes, not {length}"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back() {
        let values: Vec<String> = (0..100).map(|number| format!("value {number}")).collect();
        assert_eq!(from_json::<Vec<String>>(&json(&values)), Ok(values.clone()));
        assert_eq!(
            from_compact::<Vec<String>>(&compact(&values)),
            Ok(values.clone())
        );
        assert!(json(&values).len() < 500);
        assert_eq!(from_compact::<()>(&compact(&())), Ok(()));
    }

    #[test]
    fn damage_is_an_error_at_every_byte() {
        let packed = json(&"some text that is long enough to be compressed, compressed".to_owned());
        for length in 0..packed.len() {
            assert!(from_json::<String>(&packed[..length]).is_err(), "{length}");
        }
        let mut huge = packed.clone();
        huge[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(from_json::<String>(&huge).is_err());
        for index in 0..packed.len() {
            let mut flipped = packed.clone();
            flipped[index] ^= 0x55;
            // It may decode to another text, but never panics.
            let _ = from_json::<String>(&flipped);
        }
    }
}
