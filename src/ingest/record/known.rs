//! Rule group lists that say nothing of a request, recognised by their text.
//!
//! A Web ACL's records all list its rule groups, and in nearly all of them none matched: then the lists
//! are the same to the byte. What a text says depends on nothing but the text, so one of which nothing
//! followed is only compared from then on.

/// Lists that are kept: those of as many Web ACLs, whose records may come mixed.
const LISTS: usize = 4;
/// Longest list that is kept.
const LONGEST: usize = 8 * 1024;
/// Shorter ones are read as fast as they are compared.
const SHORTEST: usize = 32;

/// Texts of whole JSON values, of each of which nothing followed.
#[derive(Debug, Default)]
pub(in crate::ingest) struct KnownLists {
    texts: [Vec<u8>; LISTS],
    /// Which one gives way next.
    oldest: usize,
}

impl KnownLists {
    /// The length of the one that `text` begins with, if there is one.
    #[inline]
    pub(super) fn length_at_start_of(&self, text: &[u8]) -> Option<usize> {
        let starts = |known: &&Vec<u8>| !known.is_empty() && text.starts_with(known);
        self.texts.iter().find(starts).map(Vec::len)
    }

    /// Keeps `list`, a whole JSON value.
    pub(super) fn keep(&mut self, list: &[u8]) {
        if !(SHORTEST..=LONGEST).contains(&list.len()) {
            return;
        }
        let place = &mut self.texts[self.oldest];
        place.clear();
        place.extend_from_slice(list);
        self.oldest = (self.oldest + 1) % LISTS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lists_are_known_and_no_others() {
        let list = |number: usize| format!("[{}]", "0,".repeat(30) + &number.to_string());
        let mut known = KnownLists::default();
        assert_eq!(known.length_at_start_of(b""), None);
        for number in 0..=LISTS {
            known.keep(list(number).as_bytes());
        }
        for number in 0..=LISTS {
            let text = list(number) + ",";
            let length = known.length_at_start_of(text.as_bytes());
            assert_eq!(length, (number > 0).then_some(text.len() - 1));
        }
        let cut = &list(1)[..20];
        assert_eq!(known.length_at_start_of(cut.as_bytes()), None);
    }

    #[test]
    fn very_short_and_very_long_lists_are_not_kept() {
        let mut known = KnownLists::default();
        for length in [0, 2, SHORTEST - 1, LONGEST + 1] {
            let list = vec![b'x'; length];
            known.keep(&list);
            assert_eq!(known.length_at_start_of(&list), None);
        }
    }
}
