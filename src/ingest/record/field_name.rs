//! The names of fields, in the order in which WAF writes them.
//!
//! Writers keep to one order, so which name comes next is nearly always known before it is read. A
//! [`Spelling`] is a name as it stands in usual text, ready to be compared in one go.

/// Bytes that are compared together: what the longest name takes.
const SPAN: usize = 32;
const WORD: usize = size_of::<u64>();
const WORDS: usize = SPAN / WORD;

/// The names that one kind of object may have.
pub(in crate::ingest) trait FieldName: Copy + 'static {
    /// Known names in their usual order, those of no interest included, and what each means.
    const KNOWN: &'static [(Spelling, Self)];
    /// What every other name means.
    const OTHER: Self;

    /// What `name` means.
    fn of(name: &[u8]) -> Self {
        let found = position_of::<Self>(name, 0);
        found.map_or(Self::OTHER, |position| Self::KNOWN[position].1)
    }
}

/// Where `name` stands in [`FieldName::KNOWN`], which is probably soon behind `expected`.
pub(super) fn position_of<N: FieldName>(name: &[u8], expected: usize) -> Option<usize> {
    let is_it = |position: &usize| N::KNOWN[*position].0.name.as_bytes() == name;
    let mut positions = (expected..N::KNOWN.len()).chain(0..expected.min(N::KNOWN.len()));
    positions.find(is_it)
}

/// The names of an object of which no field is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoName;

impl FieldName for NoName {
    const KNOWN: &'static [(Spelling, Self)] = &[];
    const OTHER: Self = Self;
}

/// A name with its quotes and colon.
#[derive(Debug)]
pub(in crate::ingest) struct Spelling {
    name: &'static str,
    words: [u64; WORDS],
    mask: [u64; WORDS],
}

impl Spelling {
    /// How `name` is spelt.
    ///
    /// # Panics
    ///
    /// Where it is longer than [`SPAN`] allows, which a constant tells when it is compiled.
    pub(in crate::ingest) const fn of(name: &'static str) -> Self {
        let length = name.len() + 3;
        assert!(length <= SPAN, "a name of at most 29 bytes");
        let mut words = [0; WORDS];
        let mut mask = [0; WORDS];
        let mut at = 0;
        while at < length {
            let byte = match at {
                0 => b'"',
                _ if at == length - 2 => b'"',
                _ if at == length - 1 => b':',
                _ => name.as_bytes()[at - 1],
            };
            let shift = at % WORD * 8;
            words[at / WORD] |= (byte as u64) << shift;
            mask[at / WORD] |= 0xff << shift;
            at += 1;
        }
        Self { name, words, mask }
    }

    /// How long it is.
    #[inline]
    pub(super) fn length(&self) -> usize {
        self.name.len() + 3
    }

    /// Whether it stands at `at`; not told where fewer than [`SPAN`] bytes follow.
    #[inline]
    pub(super) fn stands_at(&self, bytes: &[u8], at: usize) -> bool {
        let Some(span) = bytes.get(at..).and_then(|rest| rest.first_chunk::<SPAN>()) else {
            return false;
        };
        let (words, _) = span.as_chunks::<WORD>();
        let mut difference = 0;
        for (index, word) in words.iter().enumerate() {
            let differs = u64::from_le_bytes(*word) ^ self.words[index];
            difference |= differs & self.mask[index];
        }
        difference == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spelling_is_found_where_it_stands_and_nowhere_else() {
        for name in ["", "a", "uri", "timestamp", "requestBodySizeInspectedByWAF"] {
            let spelling = Spelling::of(name);
            let text = format!("{{\"{name}\":{}", " ".repeat(SPAN));
            assert!(spelling.stands_at(text.as_bytes(), 1), "{name}");
            assert_eq!(spelling.length(), name.len() + 3);
            for at in 1..=spelling.length() {
                let mut changed = text.clone().into_bytes();
                changed[at] ^= 1;
                assert!(!spelling.stands_at(&changed, 1), "{name} {at}");
            }
            assert!(!spelling.stands_at(&text.as_bytes()[..SPAN], 1));
            assert!(!spelling.stands_at(text.as_bytes(), text.len() + 1));
        }
    }
}
