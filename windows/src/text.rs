//! Texts on their way into keys: cut to a limit, hashed once per record, and shared.
//!
//! The same address, path or agent goes into several sketches of several windows. A
//! [`TextCache`] hands out one shared allocation for it, so that a new key costs a reference count
//! instead of a copy, and comparing a known key mostly a pointer. The cache is two-way set
//! associative and never grows beyond its slots: a flood of new texts only makes it miss.

use std::hash::Hasher;
use std::sync::Arc;

use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;

use crate::key::Text;
use crate::settings::SketchSettings;
use crate::summary::Dimension;

/// Bytes kept of a URI, user agent, rule or label; what follows becomes [`ELLIPSIS`].
pub const LONG_TEXT_BYTES: usize = 256;
/// Bytes kept of any other value; what follows becomes [`ELLIPSIS`].
pub const SHORT_TEXT_BYTES: usize = 128;
/// Ends every value that was cut.
pub const ELLIPSIS: char = '…';

/// No text in a key is longer.
pub(crate) const MAX_TEXT_BYTES: usize = LONG_TEXT_BYTES + ELLIPSIS.len_utf8();

/// Slots of a cache; a pair of neighbours makes a set.
const CACHE_SLOTS: usize = 4_096;

/// How many bytes of a value of `dimension` are kept, before [`ELLIPSIS`].
///
/// Rules and labels get the longer limit because the telling part of theirs comes last.
#[must_use]
pub fn text_limit(dimension: Dimension) -> usize {
    match dimension {
        Dimension::Uri
        | Dimension::BlockedUri
        | Dimension::UserAgent
        | Dimension::Rule
        | Dimension::CountedRule
        | Dimension::Label => LONG_TEXT_BYTES,
        _ => SHORT_TEXT_BYTES,
    }
}

/// Hashes texts under a configured seed.
#[derive(Debug)]
struct SeededHash {
    seed: u64,
    shared: SharedSeed,
}

impl SeededHash {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            shared: SharedSeed::from_u64(seed),
        }
    }

    #[inline]
    fn hash(&self, text: &str) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.seed, &self.shared);
        hasher.write(text.as_bytes());
        hasher.finish()
    }
}

/// What became of an address's request, as the right half of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Allowed,
    Blocked,
    Counted,
    Captcha,
    Challenge,
    Other,
}

impl Outcome {
    const ALL: [Self; 6] = [
        Self::Allowed,
        Self::Blocked,
        Self::Counted,
        Self::Captcha,
        Self::Challenge,
        Self::Other,
    ];

    /// The text in keys and encoded partials.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Blocked => "blocked",
            Self::Counted => "counted",
            Self::Captcha => "captcha",
            Self::Challenge => "challenge",
            Self::Other => "other",
        }
    }
}

/// The hashes of a configuration, shared by everything that counts under it.
#[derive(Debug)]
pub(crate) struct Hashes {
    keys: SeededHash,
    distinct: SeededHash,
    outcomes: [Text; 6],
}

impl Hashes {
    pub(crate) fn new(settings: &SketchSettings) -> Self {
        let keys = SeededHash::new(settings.hash_seed);
        let outcomes =
            Outcome::ALL.map(|outcome| Text::new(keys.hash(outcome.name()), outcome.name()));
        Self {
            keys,
            distinct: SeededHash::new(settings.distinct_seed),
            outcomes,
        }
    }

    pub(crate) fn text(&self, text: &str) -> Text {
        Text::new(self.keys.hash(text), text)
    }

    #[inline]
    pub(crate) fn distinct(&self, text: &str) -> u64 {
        self.distinct.hash(text)
    }

    /// Tells configurations apart whose distinct counts must not be merged, without telling the
    /// seed.
    pub(crate) fn distinct_check(&self) -> u32 {
        (self.distinct.hash("wafwatch distinct counts") >> 32) as u32
    }

    pub(crate) fn outcome(&self, outcome: Outcome) -> &Text {
        &self.outcomes[outcome as usize]
    }
}

/// Recently seen texts, ready to become keys. One serves any number of partials.
#[derive(Debug)]
pub struct TextCache {
    hashes: Arc<Hashes>,
    /// A power of two of them.
    slots: Vec<Option<Text>>,
    /// Where the last text of each dimension lies, unless another one took its place: rules, methods and
    /// hosts mostly come again at once, and are compared sooner than hashed.
    last: [usize; Dimension::ALL.len()],
    cut: String,
}

impl TextCache {
    /// An empty cache for partials with `settings`.
    #[must_use]
    pub fn new(settings: &SketchSettings) -> Self {
        Self {
            hashes: Arc::new(Hashes::new(settings)),
            slots: vec![None; CACHE_SLOTS],
            last: [0; Dimension::ALL.len()],
            cut: String::new(),
        }
    }

    /// A cache that remembers only the text it was asked for last.
    pub(crate) fn of_one(hashes: Arc<Hashes>) -> Self {
        Self {
            hashes,
            slots: vec![None; 2],
            last: [0; Dimension::ALL.len()],
            cut: String::new(),
        }
    }

    pub(crate) fn hashes(&self) -> &Arc<Hashes> {
        &self.hashes
    }

    /// A text of `dimension`, cut to its [limit](text_limit), hashed and shared.
    #[inline]
    pub(crate) fn intern(&mut self, dimension: Dimension, text: &str) -> &Text {
        let last = self.last[dimension as usize];
        // Dimensions have limits of their own: what another one left whole may have to be cut here.
        let is_whole = text.len() <= text_limit(dimension);
        let is_last = |known: &Text| is_whole && *known.text == *text;
        if !self.slots[last].as_ref().is_some_and(is_last) {
            self.last[dimension as usize] = self.place(dimension, text);
        }
        let found = &self.slots[self.last[dimension as usize]];
        found.as_ref().expect("a text was found or put there")
    }

    fn place(&mut self, dimension: Dimension, text: &str) -> usize {
        let limit = text_limit(dimension);
        if text.len() <= limit {
            return find_or_insert(&mut self.slots, &self.hashes.keys, text);
        }
        self.cut.clear();
        self.cut.push_str(&text[..boundary_at_most(text, limit)]);
        self.cut.push(ELLIPSIS);
        find_or_insert(&mut self.slots, &self.hashes.keys, &self.cut)
    }
}

fn boundary_at_most(text: &str, limit: usize) -> usize {
    (0..=limit)
        .rev()
        .find(|index| text.is_char_boundary(*index))
        .unwrap_or_default()
}

/// Where `text` lies from now on.
#[inline]
fn find_or_insert(slots: &mut [Option<Text>], keys: &SeededHash, text: &str) -> usize {
    let hash = keys.hash(text);
    let is_it = |slot: &Option<Text>| {
        slot.as_ref()
            .is_some_and(|known| known.hash == hash && *known.text == *text)
    };
    let first = hash as usize & (slots.len() - 2);
    let set = &mut slots[first..first + 2];
    if !is_it(&set[0]) {
        // Either the second one is it, or it is the older one and gives way.
        set.swap(0, 1);
        if !is_it(&set[0]) {
            set[0] = None;
        }
    }
    set[0].get_or_insert_with(|| Text::new(hash, text));
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SharedText;

    #[test]
    fn long_texts_are_cut_on_a_character_boundary() {
        let mut cache = TextCache::new(&SketchSettings::default());
        let long = format!("{}ä{}", "a".repeat(127), "b".repeat(500));
        let cut = cache.intern(Dimension::Host, &long).text.to_string();
        assert_eq!(cut, format!("{}…", "a".repeat(127)));
        assert_eq!(*cache.intern(Dimension::Host, &cut).text, *cut);
        let whole = "c".repeat(SHORT_TEXT_BYTES);
        assert_eq!(*cache.intern(Dimension::Host, &whole).text, *whole);
    }

    #[test]
    fn a_text_that_another_dimension_left_whole_is_cut_all_the_same() {
        let mut cache = TextCache::of_one(Arc::new(Hashes::new(&SketchSettings::default())));
        let text = "a".repeat(LONG_TEXT_BYTES);
        for _ in 0..2 {
            assert_eq!(*cache.intern(Dimension::UserAgent, &text).text, *text);
            let cut = &cache.intern(Dimension::Host, &text).text;
            assert_eq!(cut.len(), SHORT_TEXT_BYTES + ELLIPSIS.len_utf8());
        }
    }

    #[test]
    fn a_known_text_is_shared_and_the_cache_stays_small() {
        let mut cache = TextCache::new(&SketchSettings::default());
        let first = cache.intern(Dimension::Uri, "/login").text.clone();
        let again = cache.intern(Dimension::Uri, "/login").text.clone();
        assert!(SharedText::ptr_eq(&first, &again));
        for number in 0..3 * CACHE_SLOTS {
            let text = number.to_string();
            assert_eq!(*cache.intern(Dimension::Uri, &text).text, *text);
        }
        assert_eq!(cache.slots.len(), CACHE_SLOTS);
    }

    #[test]
    fn the_older_of_a_set_gives_way() {
        let hashes = Arc::new(Hashes::new(&SketchSettings::default()));
        let mut cache = TextCache::of_one(hashes);
        let hot = cache.intern(Dimension::Uri, "hot").text.clone();
        for passer in ["a", "b", "c"] {
            cache.intern(Dimension::Uri, passer);
            let still = cache.intern(Dimension::Uri, "hot").text.clone();
            assert!(SharedText::ptr_eq(&hot, &still));
        }
    }

    #[test]
    fn seeds_change_hashes() {
        let other = SketchSettings {
            hash_seed: 1,
            distinct_seed: 2,
            ..SketchSettings::default()
        };
        let (one, two) = (Hashes::new(&SketchSettings::default()), Hashes::new(&other));
        assert_ne!(one.text("x").hash, two.text("x").hash);
        assert_ne!(one.distinct_check(), two.distinct_check());
    }
}
