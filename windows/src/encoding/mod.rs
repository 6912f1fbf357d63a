//! Partials as bytes.
//!
//! ```text
//! version (1 byte) | length of the image (4 bytes, little endian) | image (raw deflate)
//! ```
//!
//! The image is a postcard of columns over one table of texts. It is canonical:
//! texts and keys ascend, so equal content gives equal bytes whatever the hash seed, the order of
//! records or of merges.
//!
//! An encoding never exceeds its budget. What does not fit is reduced like a full sketch: the
//! largest sketches forget their rarest keys and widen their bounds by
//! what those may have counted. Decoded bounds hold as they did before.

mod decode;
mod image;
#[cfg(test)]
mod tests;
mod trim;

use libdeflater::{CompressionLvl, Compressor};

use crate::partial::Partial;
use crate::settings::SketchSettings;

pub use decode::DecodeError;

/// The first byte of every encoded partial.
pub const ENCODING_VERSION: u8 = 2;

const HEADER_BYTES: usize = 5;

/// No image is larger, so that no decoder has to allocate more than a few times this.
const MAX_IMAGE_BYTES: usize = 2 * 1024 * 1024;
/// No image has more texts.
const MAX_TEXTS: usize = 65_536;

/// Level 6 saves a tenth of the bytes of a busy window and takes another millisecond for it.
const COMPRESSION_LEVEL: i32 = 1;

impl Partial {
    /// Encodes the partial in at most `budget_bytes`.
    ///
    /// A budget below [`SketchSettings::MIN_BUDGET_BYTES`] counts as that much.
    #[must_use]
    pub fn encode(&self, budget_bytes: usize) -> Vec<u8> {
        let budget_bytes = budget_bytes.max(SketchSettings::MIN_BUDGET_BYTES);
        trim::encode_within(self, budget_bytes)
    }

    /// The partial that [`Self::encode`]d to `bytes`.
    ///
    /// Bytes from anywhere are safe: memory stays below 40 MB and nothing panics.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] where `bytes` are no partial of this version and these settings.
    pub fn decode(bytes: &[u8], settings: &SketchSettings) -> Result<Self, DecodeError> {
        decode::decode(bytes, settings)
    }
}

/// Puts the header before the compressed image.
fn pack(image: &[u8]) -> Vec<u8> {
    let level = CompressionLvl::new(COMPRESSION_LEVEL).expect("libdeflate has this level");
    let mut compressor = Compressor::new(level);
    let bound = compressor.deflate_compress_bound(image.len());
    let mut packed = vec![0; HEADER_BYTES + bound];
    packed[0] = ENCODING_VERSION;
    let length = u32::try_from(image.len()).expect("an image is below its limit of 2 MiB");
    packed[1..HEADER_BYTES].copy_from_slice(&length.to_le_bytes());
    let compressed = compressor
        .deflate_compress(image, &mut packed[HEADER_BYTES..])
        .expect("the buffer has the size that the library asked for");
    packed.truncate(HEADER_BYTES + compressed);
    packed
}
