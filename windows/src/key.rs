//! Keys of sketches: one text or a pair, with a seeded hash computed beforehand.
//!
//! The maps inside the sketches hash with a fixed, published seed, and attackers choose most of
//! the texts counted here. So a key brings its own 64-bit hash under a configured seed, and shows
//! the map nothing else: whoever does not know the seed cannot aim at a slot. Equality compares
//! the hash first and then the texts, so no two texts are ever confused.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A text with its seeded hash; clones share the text.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) hash: u64,
    pub(crate) text: Arc<str>,
}

/// A sketch's owned key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    hash: u64,
    left: Arc<str>,
    right: Option<Arc<str>>,
}

/// A key whose texts are borrowed, so that counting a known key allocates nothing.
#[derive(Clone, Copy)]
pub(crate) struct KeyRef<'a> {
    hash: u64,
    left: &'a Arc<str>,
    right: Option<&'a Arc<str>>,
}

impl<'a> KeyRef<'a> {
    pub(crate) fn single(text: &'a Text) -> Self {
        Self {
            hash: text.hash,
            left: &text.text,
            right: None,
        }
    }

    pub(crate) fn pair(left: &'a Text, right: &'a Text) -> Self {
        Self {
            hash: combine(left.hash, right.hash),
            left: &left.text,
            right: Some(&right.text),
        }
    }

    /// Bytes that the key's texts take.
    pub(crate) fn text_bytes(self) -> usize {
        self.left.len() + self.right.map_or(0, |right| right.len())
    }

    fn to_key(self) -> Key {
        Key {
            hash: self.hash,
            left: Arc::clone(self.left),
            right: self.right.map(Arc::clone),
        }
    }
}

/// The hash of a pair. Both inputs are uniform to whoever does not know the seed, so one
/// multiplication that keeps (a, b) and (b, a) apart is enough.
fn combine(left: u64, right: u64) -> u64 {
    left.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ right.rotate_left(32)
}

impl Key {
    pub(crate) fn left(&self) -> &str {
        &self.left
    }

    /// The second text; empty for a single key.
    pub(crate) fn right(&self) -> &str {
        self.right.as_deref().unwrap_or_default()
    }
}

/// What an owned and a borrowed key have in common; a map of keys is searched by this.
pub(crate) trait AsKey {
    fn view(&self) -> KeyRef<'_>;
}

impl AsKey for Key {
    #[inline]
    fn view(&self) -> KeyRef<'_> {
        KeyRef {
            hash: self.hash,
            left: &self.left,
            right: self.right.as_ref(),
        }
    }
}

impl AsKey for KeyRef<'_> {
    #[inline]
    fn view(&self) -> KeyRef<'_> {
        *self
    }
}

impl PartialEq for KeyRef<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        if self.hash != other.hash || !same_text(self.left, other.left) {
            return false;
        }
        match (self.right, other.right) {
            (None, None) => true,
            (Some(mine), Some(theirs)) => same_text(mine, theirs),
            _ => false,
        }
    }
}

/// Texts come from one cache, so equal ones are mostly the very same.
#[inline]
fn same_text(left: &Arc<str>, right: &Arc<str>) -> bool {
    Arc::ptr_eq(left, right) || left == right
}

impl Hash for dyn AsKey + '_ {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.view().hash);
    }
}

impl PartialEq for dyn AsKey + '_ {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.view() == other.view()
    }
}

impl Eq for dyn AsKey + '_ {}

impl ToOwned for dyn AsKey + '_ {
    type Owned = Key;

    fn to_owned(&self) -> Key {
        self.view().to_key()
    }
}

impl<'a> Borrow<dyn AsKey + 'a> for Key {
    #[inline]
    fn borrow(&self) -> &(dyn AsKey + 'a) {
        self
    }
}

impl Hash for Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialEq for Key {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.view() == other.view()
    }
}

impl Eq for Key {}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::*;

    fn text(hash: u64, text: &str) -> Text {
        Text {
            hash,
            text: Arc::from(text),
        }
    }

    #[test]
    fn owned_and_borrowed_keys_hash_and_compare_alike() {
        let (address, path) = (text(1, "192.0.2.1"), text(2, "/admin"));
        let state = RandomState::new();
        for key in [KeyRef::single(&address), KeyRef::pair(&address, &path)] {
            let borrowed: &dyn AsKey = &key;
            let owned = borrowed.to_owned();
            assert_eq!(state.hash_one(borrowed), state.hash_one(&owned));
            assert!(*borrowed == *(&owned as &dyn AsKey));
        }
    }

    #[test]
    fn texts_decide_where_hashes_collide() {
        let (one, two) = (text(7, "one"), text(7, "two"));
        assert!(KeyRef::single(&one) != KeyRef::single(&two));
        assert!(KeyRef::pair(&one, &two) != KeyRef::pair(&one, &one));
        assert!(KeyRef::single(&one) == KeyRef::single(&text(7, "one")));
    }

    #[test]
    fn a_pair_is_not_its_reverse_nor_its_first_text() {
        let (one, two) = (text(3, "one"), text(5, "two"));
        assert_ne!(KeyRef::pair(&one, &two).hash, KeyRef::pair(&two, &one).hash);
        assert!(KeyRef::pair(&one, &two) != KeyRef::single(&one));
    }
}
