//! Reading bytes that may be anything.

use std::sync::Arc;

use libdeflater::Decompressor;

use super::image::{Columns, Image};
use super::{ENCODING_VERSION, HEADER_BYTES, MAX_IMAGE_BYTES};
use crate::distinct::DistinctSketch;
use crate::key::{KeyRef, Text};
use crate::partial::{DIMENSIONS, PAIRS, Partial};
use crate::sample::AddressSample;
use crate::settings::SketchSettings;
use crate::sketch::FrequentSketch;
use crate::text::{Hashes, MAX_TEXT_BYTES};

/// Why bytes are no partial.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Fewer bytes than the header.
    #[error("an encoded partial has at least {HEADER_BYTES} bytes, not {length}: it was truncated")]
    Truncated {
        /// How many bytes there were.
        length: usize,
    },
    /// A version that this one does not know.
    #[error("encoded partial has version {version}, and this program reads {ENCODING_VERSION}")]
    Version {
        /// The version found.
        version: u8,
    },
    /// The image claims to be larger than any that is written.
    #[error("encoded partial claims {claimed} bytes, more than the limit of {MAX_IMAGE_BYTES}")]
    TooLarge {
        /// The claimed size.
        claimed: usize,
    },
    /// The compressed part is damaged.
    #[error("encoded partial does not decompress to the {claimed} bytes it claims: it is damaged")]
    Compression {
        /// The claimed size.
        claimed: usize,
    },
    /// The image is damaged.
    #[error("encoded partial is damaged: {what}")]
    Image {
        /// Which part makes no sense.
        what: &'static str,
    },
    /// The partial was counted under another seed of distinct counts.
    #[error("partial was counted with another distinct_seed: restore the former setting")]
    DistinctSeed,
}

fn damaged(what: &'static str) -> DecodeError {
    DecodeError::Image { what }
}

pub(super) fn decode(bytes: &[u8], settings: &SketchSettings) -> Result<Partial, DecodeError> {
    let image = unpack(bytes)?;
    let (image, rest): (Image<'_>, &[u8]) =
        postcard::take_from_bytes(&image).map_err(|_| damaged("its fields"))?;
    if !rest.is_empty() {
        return Err(damaged("bytes after its end"));
    }
    let hashes = Arc::new(Hashes::new(settings));
    if image.distinct_check != hashes.distinct_check() {
        return Err(DecodeError::DistinctSeed);
    }
    if image.texts.iter().any(|text| text.len() > MAX_TEXT_BYTES) {
        return Err(damaged("a text beyond the limit"));
    }
    if image.sketches.len() != DIMENSIONS + 1 + PAIRS {
        return Err(damaged("the number of sketches"));
    }
    let counters = image.counters;
    if !counters.is_plausible() {
        return Err(damaged("its counters"));
    }
    let mut partial = Partial::with_hashes(settings, Arc::clone(&hashes));
    partial.counters = counters;
    partial.distinct_addresses =
        DistinctSketch::from_image(&image.distinct).map_err(|_| damaged("distinct addresses"))?;
    partial.address_sample =
        AddressSample::of_image(image.address_sample).ok_or(damaged("the sample of addresses"))?;
    let texts: Vec<Text> = image.texts.iter().map(|text| hashes.text(text)).collect();
    for (position, (sketch, columns)) in partial.sketches_mut().zip(&image.sketches).enumerate() {
        let pairs = position > DIMENSIONS;
        fill(sketch, columns, &texts, pairs)?;
    }
    Ok(partial)
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let (version, rest) = bytes
        .split_first()
        .ok_or(DecodeError::Truncated { length: 0 })?;
    if *version != ENCODING_VERSION {
        return Err(DecodeError::Version { version: *version });
    }
    let (length, compressed) = rest.split_first_chunk().ok_or(DecodeError::Truncated {
        length: bytes.len(),
    })?;
    let claimed = u32::from_le_bytes(*length) as usize;
    if claimed > MAX_IMAGE_BYTES {
        return Err(DecodeError::TooLarge { claimed });
    }
    let mut image = vec![0; claimed];
    match Decompressor::new().deflate_decompress(compressed, &mut image) {
        Ok(length) if length == claimed => Ok(image),
        _ => Err(DecodeError::Compression { claimed }),
    }
}

fn fill(
    sketch: &mut FrequentSketch,
    columns: &Columns,
    texts: &[Text],
    pairs: bool,
) -> Result<(), DecodeError> {
    let Columns {
        weight,
        error,
        left_steps,
        rights,
        counts,
    } = columns;
    let expected_rights = if pairs { counts.len() } else { 0 };
    if left_steps.len() != counts.len() || rights.len() != expected_rights {
        return Err(damaged("columns of different lengths"));
    }
    let kept = counts
        .iter()
        .try_fold(0_u64, |sum, count| sum.checked_add(*count));
    let lost = kept.and_then(|kept| weight.checked_sub(kept));
    let lost = lost.ok_or(damaged("counts beyond their weight"))?;

    let unknown = || damaged("a number of a text");
    let mut keys = Vec::with_capacity(counts.len());
    let mut number = 0_u32;
    for (index, step) in left_steps.iter().enumerate() {
        number = number.checked_add(*step).ok_or_else(unknown)?;
        let left = texts.get(number as usize).ok_or_else(unknown)?;
        let key = match rights.get(index) {
            Some(right) => KeyRef::pair(left, texts.get(*right as usize).ok_or_else(unknown)?),
            None => KeyRef::single(left),
        };
        keys.push((key, counts[index]));
    }
    sketch.add_all(keys);
    sketch.carry(*error, lost);
    Ok(())
}
