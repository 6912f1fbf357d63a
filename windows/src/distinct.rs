//! Distinct counts: HyperLogLog with 4,096 registers.
//!
//! # Algebra
//!
//! A sketch's content is a set of coupons (up to 384 of them exactly, then the greatest per
//! register), and merging is set union: a commutative, idempotent monoid. The estimators of the
//! library are not all functions of that content: the more accurate one (HIP) depends on the order
//! of arrival. Every answer and every image here is therefore taken from [`settled`] content,
//! which has forgotten its order.
//!
//! # Bound
//!
//! Relative standard error 1.04 / sqrt(4096) = 1.6 %; the bounds given are at two of them.
//! Source: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog", 2007; composite estimator of Apache
//! DataSketches.

use datasketches::common::NumStdDev;
use datasketches::hll::{HllSketch, HllType, HllUnion};

use crate::summary::DistinctCount;

const LG_REGISTERS: u8 = 12;
const LIST_HEADER_BYTES: usize = 8;
const SET_HEADER_BYTES: usize = 12;
const REGISTERS_HEADER_BYTES: usize = 40;
const IMAGE_BYTES: usize = REGISTERS_HEADER_BYTES + (1 << LG_REGISTERS);
/// A register counts leading zeros of a 64-bit word; the library keeps six bits of that.
const MAX_REGISTER: u8 = 63;

/// An estimate of how many different values were observed.
#[derive(Debug, Clone)]
pub(crate) struct DistinctSketch {
    sketch: HllSketch,
}

/// Bytes that are no image of a [`DistinctSketch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidImage;

impl DistinctSketch {
    /// Most bytes that a sketch takes in memory.
    pub(crate) const MAX_BYTES: usize = 1 << LG_REGISTERS;

    pub(crate) fn new() -> Self {
        let sketch = HllSketch::new(LG_REGISTERS, HllType::Hll8)
            .expect("12 is within the 4 to 21 that the library supports");
        Self { sketch }
    }

    /// Observes a value by its seeded hash.
    #[inline]
    pub(crate) fn observe(&mut self, hash: u64) {
        self.sketch.update(hash);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.sketch = union(&self.sketch, &other.sketch);
    }

    pub(crate) fn count(&self) -> DistinctCount {
        let settled = settled(&self.sketch);
        DistinctCount {
            estimate: settled.composite_estimate(),
            lower: settled.lower_bound(NumStdDev::Two),
            upper: settled.upper_bound(NumStdDev::Two),
        }
    }

    /// The content in the library's format, coupons ascending: same content, same bytes.
    pub(crate) fn image(&self) -> Vec<u8> {
        let mut image = settled(&self.sketch).serialize();
        if let Some(header) = coupon_header(&image) {
            let mut coupons = coupons(&image[header..]);
            coupons.sort_unstable();
            image.truncate(header);
            image.extend(coupons.into_iter().flat_map(u32::to_le_bytes));
        }
        image
    }

    /// The sketch with this [`image`](Self::image).
    ///
    /// The library takes register values on trust and would later shift by them, so they are
    /// checked here.
    pub(crate) fn from_image(image: &[u8]) -> Result<Self, InvalidImage> {
        if !(LIST_HEADER_BYTES..=IMAGE_BYTES).contains(&image.len()) {
            return Err(InvalidImage);
        }
        match coupon_header(image) {
            Some(header) => {
                let payload = image.get(header..).ok_or(InvalidImage)?;
                let ascending = coupons(payload).is_sorted_by(|left, right| left < right);
                let has_values = coupons(payload).iter().all(|coupon| coupon >> 26 != 0);
                if payload.len() % 4 != 0 || !ascending || !has_values {
                    return Err(InvalidImage);
                }
            }
            None => {
                let registers = image.get(REGISTERS_HEADER_BYTES..).ok_or(InvalidImage)?;
                if registers.iter().any(|value| *value > MAX_REGISTER) {
                    return Err(InvalidImage);
                }
            }
        }
        let sketch = HllSketch::deserialize(image).map_err(|_| InvalidImage)?;
        if sketch.lg_config_k() != LG_REGISTERS || sketch.target_type() != HllType::Hll8 {
            return Err(InvalidImage);
        }
        let sketch = Self {
            sketch: settled(&sketch),
        };
        // Whatever else the header claims, only what this version would have written is taken.
        if sketch.image() != image {
            return Err(InvalidImage);
        }
        Ok(sketch)
    }
}

/// Where coupons begin, if the image lists coupons instead of registers.
fn coupon_header(image: &[u8]) -> Option<usize> {
    match image.get(7)? & 0b11 {
        0 => Some(LIST_HEADER_BYTES),
        1 => Some(SET_HEADER_BYTES),
        _ => None,
    }
}

fn coupons(payload: &[u8]) -> Vec<u32> {
    let (chunks, _) = payload.as_chunks::<4>();
    chunks
        .iter()
        .map(|bytes| u32::from_le_bytes(*bytes))
        .collect()
}

/// The same content without its order: a union with itself keeps every register and coupon, and
/// drops the estimator that depends on the order of updates.
fn settled(sketch: &HllSketch) -> HllSketch {
    union(sketch, sketch)
}

fn union(left: &HllSketch, right: &HllSketch) -> HllSketch {
    let mut union =
        HllUnion::new(LG_REGISTERS).expect("12 is within the 4 to 21 that the library supports");
    union.update(left);
    union.update(right);
    union.to_sketch(HllType::Hll8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sketch_of(hashes: impl IntoIterator<Item = u64>) -> DistinctSketch {
        let mut sketch = DistinctSketch::new();
        hashes.into_iter().for_each(|hash| sketch.observe(hash));
        sketch
    }

    #[test]
    fn estimates_are_close_at_every_size() {
        for truth in [0_u64, 1, 7, 8, 300, 384, 385, 1_000, 50_000] {
            let count = sketch_of(0..truth).count();
            let error = (count.estimate - truth as f64).abs();
            assert!(error <= 0.05 * truth as f64, "{truth}: {count:?}");
            assert!(count.lower <= count.estimate && count.estimate <= count.upper);
        }
    }

    #[test]
    fn hostile_images_are_refused() {
        for size in [0, 3, 5, 100, 5_000] {
            let image = sketch_of(0..size).image();
            assert!(DistinctSketch::from_image(&image).is_ok());
            for position in 0..image.len() {
                let mut changed = image.clone();
                changed[position] ^= 0xff;
                if let Ok(mut taken) = DistinctSketch::from_image(&changed) {
                    (0..2_000).for_each(|hash| taken.observe(hash));
                    taken.merge(&sketch_of(0..1_000));
                    assert!(taken.count().estimate.is_finite());
                }
                let shorter = &image[..position];
                assert!(DistinctSketch::from_image(shorter).is_err());
            }
        }
    }

    proptest! {
        #[test]
        fn answers_and_images_do_not_depend_on_order_or_split(
            size in 0_u64..3_000,
            split in 1_u64..8,
            stride in 1_u64..50,
        ) {
            let whole = sketch_of(0..size);
            let mut merged = DistinctSketch::new();
            for part in (0..split).rev() {
                let hashes = (0..size).rev().filter(|hash| hash / stride % split == part);
                merged.merge(&sketch_of(hashes));
            }
            prop_assert_eq!(merged.count(), whole.count());
            prop_assert_eq!(merged.image(), whole.image());
            let decoded = DistinctSketch::from_image(&whole.image()).expect("own image");
            prop_assert_eq!(decoded.image(), whole.image());
        }
    }
}
