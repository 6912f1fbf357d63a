//! The texts of a record where it may have several.

use std::fmt;
use std::ops::Range;

/// Where a text stands in the buffer of a batch.
pub(crate) type Span = Range<u32>;

/// Some texts in their order, borrowed from whoever made the record, so that a record costs no allocation.
#[derive(Clone, Copy)]
pub struct TextList<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    Given(&'a [&'a str]),
    Kept { text: &'a str, spans: &'a [Span] },
}

impl<'a> TextList<'a> {
    /// These texts.
    #[must_use]
    pub fn of(texts: &'a [&'a str]) -> Self {
        Self(Source::Given(texts))
    }

    /// The texts that stand in `text` at `spans`.
    pub(crate) fn kept(text: &'a str, spans: &'a [Span]) -> Self {
        Self(Source::Kept { text, spans })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.0 {
            Source::Given(texts) => texts.len(),
            Source::Kept { spans, .. } => spans.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text at `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'a str> {
        match self.0 {
            Source::Given(texts) => texts.get(index).copied(),
            Source::Kept { text, spans } => {
                let span = spans.get(index)?;
                text.get(span.start as usize..span.end as usize)
            }
        }
    }

    /// The texts in their order.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        (0..self.len()).filter_map(move |index| self.get(index))
    }
}

impl Default for TextList<'_> {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl PartialEq for TextList<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for TextList<'_> {}

impl fmt::Debug for TextList<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_the_same_wherever_they_are_kept() {
        let given = ["a", "", "bc"];
        let given = TextList::of(&given);
        let kept = TextList::kept("abc", &[0..1, 1..1, 1..3]);
        assert_eq!(given, kept);
        assert_eq!(
            (kept.len(), kept.get(2), kept.get(3)),
            (3, Some("bc"), None)
        );
        assert_eq!(format!("{kept:?}"), r#"["a", "", "bc"]"#);
        assert_ne!(given, TextList::kept("abc", &[0..1, 1..3]));
        assert!(TextList::default().is_empty());
    }
}
