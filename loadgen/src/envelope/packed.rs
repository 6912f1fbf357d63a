//! Many lines as one gzip member, as a function between Firehose and a stream makes them.

use std::fmt::Write as _;

use libdeflater::Compressor;
use sha2::{Digest, Sha256};

/// How the keys of such members begin: who reads the stream knows one that comes twice by its key.
const KEY_PREFIX: &str = "wafwatch-";
/// Bytes of the digest that a key shows, in hex.
const KEY_DIGEST_BYTES: usize = 16;

/// One gzip member whose header holds neither a time nor the name of a system.
pub(super) fn gzip(compressor: &mut Compressor, text: &[u8]) -> Vec<u8> {
    let mut member = vec![0; compressor.gzip_compress_bound(text.len())];
    let length = compressor
        .gzip_compress(text, &mut member)
        .expect("the bound is enough for any text");
    member.truncate(length);
    member
}

/// A partition key that follows from what an entry carries, and from nothing else.
pub(super) fn digest_key(data: &[u8]) -> String {
    let digest = Sha256::digest(data);
    let mut key = KEY_PREFIX.to_owned();
    for byte in &digest[..KEY_DIGEST_BYTES] {
        write!(key, "{byte:02x}").expect("writing to a string cannot fail");
    }
    key
}
