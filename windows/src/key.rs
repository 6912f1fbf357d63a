//! Keys of sketches: one text or a pair, with a seeded hash computed beforehand.
//!
//! Attackers choose most of the texts counted here, so maps see only a key's own 64-bit hash under
//! a configured seed: whoever does not know the seed cannot aim at a slot. Equality compares the
//! hash first and then the texts, so no two texts are ever confused.

/// A text that keys share. A thin pointer (8 bytes, where `Arc<str>` takes 16) keeps the maps of keys
/// small, and their size in the processor's caches decides how fast records are counted; the text
/// behind it is rarely looked at.
pub(crate) type SharedText = arcstr::ArcStr;

/// A text with its seeded hash; clones share the text.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) hash: u64,
    pub(crate) text: SharedText,
}

impl Text {
    pub(crate) fn new(hash: u64, text: &str) -> Self {
        Self {
            hash,
            text: SharedText::from(text),
        }
    }
}

/// A sketch's owned key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) hash: u64,
    left: SharedText,
    right: Option<SharedText>,
}

/// A key whose texts are borrowed, so that counting a known key allocates nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyRef<'a> {
    pub(crate) hash: u64,
    left: &'a SharedText,
    right: Option<&'a SharedText>,
}

impl<'a> KeyRef<'a> {
    #[inline]
    pub(crate) fn single(text: &'a Text) -> Self {
        Self {
            hash: text.hash,
            left: &text.text,
            right: None,
        }
    }

    #[inline]
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

    pub(crate) fn to_key(self) -> Key {
        Key {
            hash: self.hash,
            left: self.left.clone(),
            right: self.right.cloned(),
        }
    }
}

/// The hash of a pair. Both inputs are uniform to whoever does not know the seed, so one
/// multiplication that keeps (a, b) and (b, a) apart is enough.
#[inline]
fn combine(left: u64, right: u64) -> u64 {
    left.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ right.rotate_left(32)
}

impl Key {
    pub(crate) fn as_ref(&self) -> KeyRef<'_> {
        KeyRef {
            hash: self.hash,
            left: &self.left,
            right: self.right.as_ref(),
        }
    }

    #[inline]
    pub(crate) fn is(&self, other: KeyRef<'_>) -> bool {
        if self.hash != other.hash || !same_text(&self.left, other.left) {
            return false;
        }
        match (&self.right, other.right) {
            (None, None) => true,
            (Some(mine), Some(theirs)) => same_text(mine, theirs),
            _ => false,
        }
    }

    pub(crate) fn is_pair(&self) -> bool {
        self.right.is_some()
    }

    pub(crate) fn left(&self) -> &str {
        &self.left
    }

    /// The second text; empty for a single key.
    pub(crate) fn right(&self) -> &str {
        self.right.as_ref().map_or("", |right| right)
    }
}

/// Texts come from one cache, so equal ones are mostly the very same.
#[inline]
fn same_text(left: &SharedText, right: &SharedText) -> bool {
    SharedText::ptr_eq(left, right) || left == right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_decide_where_hashes_collide() {
        let (one, two) = (Text::new(7, "one"), Text::new(7, "two"));
        let single = KeyRef::single(&one).to_key();
        assert!(!single.is(KeyRef::single(&two)));
        assert!(single.is(KeyRef::single(&Text::new(7, "one"))));
        let pair = KeyRef::pair(&one, &two).to_key();
        assert!(pair.is(pair.as_ref()));
        assert!(!pair.is(KeyRef::pair(&one, &one)));
    }

    #[test]
    fn a_pair_is_not_its_reverse_nor_its_first_text() {
        let (one, two) = (Text::new(3, "one"), Text::new(5, "two"));
        let pair = KeyRef::pair(&one, &two);
        assert_ne!(pair.hash, KeyRef::pair(&two, &one).hash);
        let single = KeyRef {
            hash: pair.hash,
            ..KeyRef::single(&one)
        };
        assert!(!pair.to_key().is(single));
    }

    #[test]
    fn an_entry_of_a_map_stays_small() {
        assert_eq!(size_of::<(Key, u64)>(), 32);
    }
}
