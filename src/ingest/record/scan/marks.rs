//! Finds quotes, and what makes a text unusual, sixteen bytes at a time.
//!
//! A text is looked at in windows of [`WORDS`] words as the walk comes to them: a line may hold very
//! many objects, each of which is scanned on its own, so all of it is too much for one. In a window each
//! quote that ends or begins a string is a set bit. A quote behind a backslash is none; whether that
//! backslash stands within a string plays no part, since it is no JSON elsewhere.

use wide::u8x16;

/// Bits of a word, each for one byte.
const WORD: usize = u64::BITS as usize;
const LANE: usize = 16;
const LANES: usize = WORD / LANE;
const WORDS: usize = 32;
/// Words that are marked at first: many objects are shorter than a window.
const FIRST_WORDS: usize = 1;
/// Words that are marked together from then on: what is marked behind an object's end is marked again
/// for the next one.
const STEP: usize = 4;
/// Words that are marked behind a leap: most of the requests that follow are not shorter.
const LEAP_WORDS: usize = 16;

/// Marks of the bytes of a text, from the start of a window to its end.
#[derive(Debug)]
pub(super) struct Marks<'t> {
    bytes: &'t [u8],
    start: usize,
    /// Words of the window that are marked.
    marked: usize,
    quotes: [u64; WORDS],
    /// Where the first byte stands, of all that were seen, that makes the text unusual: a control
    /// character, or the backslash of an escape that is none or half of a surrogate pair. Far behind
    /// the text's end where there was none.
    first_unusual: usize,
    /// The first backslash of the window; far behind the text's end where there is none.
    first_backslash: usize,
    /// Behind the last backslash up to the window's end.
    behind_backslashes: usize,
    /// The lowest bit: whether the first byte of the next word is escaped.
    carried: u64,
}

impl<'t> Marks<'t> {
    pub(super) fn of(bytes: &'t [u8]) -> Self {
        let mut marks = Self {
            bytes,
            start: 0,
            marked: 0,
            quotes: [0; WORDS],
            first_unusual: usize::MAX,
            first_backslash: usize::MAX,
            behind_backslashes: 0,
            carried: 0,
        };
        marks.mark(FIRST_WORDS);
        marks
    }

    /// The first quote at or behind `at`. A walk that goes back before the window finds nothing there.
    #[inline(always)]
    pub(super) fn next_quote(&mut self, at: usize) -> Option<usize> {
        let offset = at.checked_sub(self.start)?;
        if let Some(word) = self.quotes.get(offset / WORD) {
            let ahead = word >> (offset % WORD);
            if ahead != 0 {
                return Some(at + ahead.trailing_zeros() as usize);
            }
        }
        if let Some(&ahead) = self.quotes.get(offset / WORD + 1)
            && ahead != 0
        {
            let next_word = (offset | (WORD - 1)) + 1;
            return Some(self.start + next_word + ahead.trailing_zeros() as usize);
        }
        self.later_quote(at)
    }

    /// What [`Self::next_quote`] does not find in the next bytes; nothing behind a window that is
    /// unusual. So a walk from a line that is not over goes not much further than the line.
    #[inline(never)]
    fn later_quote(&mut self, at: usize) -> Option<usize> {
        loop {
            if let Some(quote) = self.marked_quote(at) {
                return Some(quote);
            }
            self.mark_more()?;
            if self.first_unusual < self.start {
                return None;
            }
        }
    }

    fn marked_quote(&self, at: usize) -> Option<usize> {
        let offset = at.saturating_sub(self.start);
        let (first, rest) = self.quotes.get(offset / WORD..)?.split_first()?;
        let ahead = first >> (offset % WORD);
        if ahead != 0 {
            return Some(self.start + offset + ahead.trailing_zeros() as usize);
        }
        let words = rest.iter().position(|quotes| *quotes != 0)?;
        let bit = rest[words].trailing_zeros() as usize;
        Some(self.start + (offset / WORD + 1 + words) * WORD + bit)
    }

    /// Whether no backslash stands from `start` to `end`, both in or before the window.
    #[inline]
    pub(super) fn is_plain(&self, start: usize, end: usize) -> bool {
        let is_before_all = start >= self.start && end <= self.first_backslash;
        is_before_all
            || start >= self.behind_backslashes
            || memchr::memchr(b'\\', &self.bytes[start..end]).is_none()
    }

    /// Goes on with a window that begins at `to`. What stands between the walk and there is usual and
    /// leaves no escape open.
    #[inline]
    pub(super) fn leap(&mut self, to: usize) {
        self.start = to;
        self.marked = 0;
        self.carried = 0;
        self.mark(LEAP_WORDS);
    }

    /// Whether all up to `end` is usual: no control character, and no escape that is rare or none.
    pub(super) fn are_usual_until(&mut self, end: usize) -> bool {
        while self.start + self.marked * WORD < end && self.mark_more().is_some() {}
        self.first_unusual >= end
    }

    /// Marks the next words of the window, or the first ones of the next where all of it is marked;
    /// nothing where the text ends.
    fn mark_more(&mut self) -> Option<()> {
        let next = self.start + self.marked * WORD;
        if next >= self.bytes.len() {
            return None;
        }
        if self.marked == WORDS {
            self.start = next;
            self.marked = 0;
        }
        self.mark(STEP.min(WORDS - self.marked));
        Some(())
    }

    /// Marks `most` more words, fewer where the text ends: those have no marks. What stands behind them
    /// has none either.
    fn mark(&mut self, most: usize) {
        if self.marked == 0 {
            self.quotes = [0; WORDS];
            self.first_backslash = usize::MAX;
        }
        let mut at = self.start + self.marked * WORD;
        let rest = &self.bytes[at..];
        let bytes = &rest[..rest.len().min(most * WORD)];
        let (words, tail) = bytes.as_chunks::<WORD>();
        let mut index = self.marked;
        for word in words {
            self.quotes[index] = self.quotes_of(at, word);
            index += 1;
            at += WORD;
        }
        if !tail.is_empty() {
            let mut word = [b' '; WORD];
            word[..tail.len()].copy_from_slice(tail);
            self.quotes[index] = self.quotes_of(at, &word);
        }
        self.marked += most;
    }

    /// The quotes in `word`, which stands at `at`, but for those that are escaped.
    #[inline(always)]
    fn quotes_of(&mut self, at: usize, word: &[u8; WORD]) -> u64 {
        let lanes = lanes_of(word);
        let [one, two, three, four] = lanes;
        let quote = u8x16::splat(b'"');
        let backslash = u8x16::splat(b'\\');
        let are_backslashes = one.simd_eq(backslash) | two.simd_eq(backslash);
        let are_backslashes = are_backslashes | three.simd_eq(backslash) | four.simd_eq(backslash);
        let lowest = one.min(two).min(three.min(four));
        if are_controls(lowest).any() {
            self.remember_control(at, word);
        }
        let quotes = mask_of(&lanes, |bytes| bytes.simd_eq(quote));
        if are_backslashes.any() || self.carried != 0 {
            return quotes & !self.escaped(at, word, quotes);
        }
        quotes
    }

    #[inline(never)]
    fn remember_control(&mut self, at: usize, word: &[u8; WORD]) {
        let controls = mask_of(&lanes_of(word), are_controls);
        let first = at + controls.trailing_zeros() as usize;
        self.first_unusual = self.first_unusual.min(first);
    }

    /// Which bytes of `word`, which stands at `at` and has these `quotes`, are escaped.
    #[inline(never)]
    fn escaped(&mut self, at: usize, word: &[u8; WORD], quotes: u64) -> u64 {
        let backslash = u8x16::splat(b'\\');
        let backslashes = mask_of(&lanes_of(word), |bytes| bytes.simd_eq(backslash));
        if backslashes != 0 {
            let first = at + backslashes.trailing_zeros() as usize;
            self.first_backslash = self.first_backslash.min(first);
            self.behind_backslashes = at + WORD - backslashes.leading_zeros() as usize;
        }
        let behind = backslashes << 1;
        // Escapes of quotes alone, which are by far most of them.
        if behind & !quotes == 0
            && backslashes >> (WORD - 1) == 0
            && self.carried & backslashes == 0
        {
            return behind | std::mem::take(&mut self.carried);
        }
        self.escaped_one_by_one(at, backslashes)
    }

    #[inline(never)]
    fn escaped_one_by_one(&mut self, at: usize, backslashes: u64) -> u64 {
        let mut escaped = self.carried;
        let mut rest = backslashes & !escaped;
        self.carried = 0;
        while rest != 0 {
            let bit = rest.trailing_zeros();
            let backslash = at + bit as usize;
            if !is_usual_escape(&self.bytes[backslash + 1..]) {
                self.first_unusual = self.first_unusual.min(backslash);
            }
            let behind = 1_u64 << bit << 1;
            if behind == 0 {
                self.carried = 1;
            }
            escaped |= behind;
            rest &= !(behind | 1 << bit);
        }
        escaped
    }
}

#[inline(always)]
fn lanes_of(word: &[u8; WORD]) -> [u8x16; LANES] {
    let (lanes, _) = word.as_chunks::<LANE>();
    std::array::from_fn(|index| u8x16::new(lanes[index]))
}

/// One bit for each byte of which `is_it` makes all bits set.
#[inline(always)]
fn mask_of(lanes: &[u8x16; LANES], is_it: impl Fn(u8x16) -> u8x16) -> u64 {
    let [one, two, three, four] = lanes.map(|bytes| u64::from(is_it(bytes).to_bitmask()));
    one | two << LANE | three << (2 * LANE) | four << (3 * LANE)
}

#[inline(always)]
fn are_controls(bytes: u8x16) -> u8x16 {
    bytes.min(u8x16::splat(b' ' - 1)).simd_eq(bytes)
}

/// Whether `rest` goes on as an escape does whose backslash was just read. Surrogates, which come in
/// pairs and begin with D8 to DF, are not usual.
fn is_usual_escape(rest: &[u8]) -> bool {
    match rest {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => true,
        [
            b'u',
            b'd' | b'D',
            b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F',
            ..,
        ] => false,
        [b'u', digits @ ..] => digits
            .first_chunk::<4>()
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: usize = WORDS * WORD;

    /// Positions of quotes that are not escaped, found byte by byte.
    fn quotes_of(bytes: &[u8]) -> Vec<usize> {
        let mut quotes = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'\\' => at += 1,
                b'"' => quotes.push(at),
                _ => {}
            }
            at += 1;
        }
        quotes
    }

    fn walked(bytes: &[u8]) -> Vec<usize> {
        let mut marks = Marks::of(bytes);
        let mut quotes = Vec::new();
        let mut at = 0;
        while let Some(quote) = marks.next_quote(at) {
            quotes.push(quote);
            at = quote + 1;
        }
        quotes
    }

    #[test]
    fn quotes_are_found_wherever_they_stand() {
        for neighbour in [b'"' + 1, b'"' - 1, 0x80 | b'"', 0x7f, 0xff, b'\\'] {
            for length in (0..3 * WORD)
                .chain(WINDOW - 3..WINDOW + 3)
                .chain([3 * WINDOW])
            {
                let mut bytes = vec![neighbour; length];
                bytes.extend(br#"""\"x\\"\\\"y""#);
                assert_eq!(walked(&bytes), quotes_of(&bytes), "{neighbour} {length}");
            }
        }
    }

    #[test]
    fn a_walk_ends_behind_a_window_with_a_control_character() {
        for at in [0, WORD, WINDOW - 1] {
            let mut bytes = vec![b' '; 3 * WINDOW];
            bytes[at] = b'\n';
            bytes[WINDOW - 2] = b'"';
            bytes[2 * WINDOW] = b'"';
            let mut marks = Marks::of(&bytes);
            assert_eq!(marks.next_quote(0), Some(WINDOW - 2), "{at}");
            assert_eq!(marks.next_quote(WINDOW - 1), None, "{at}");
        }
    }

    #[test]
    fn a_leap_goes_on_where_it_ends() {
        let mut bytes = vec![b'a'; 3 * WINDOW];
        for at in [7, WORD + 1, WINDOW + 5, 2 * WINDOW] {
            bytes[at] = b'"';
        }
        bytes[2 * WINDOW + 3] = 0;
        for to in [8, WORD, WINDOW + 3] {
            let mut marks = Marks::of(&bytes);
            assert_eq!(marks.next_quote(0), Some(7));
            marks.leap(to);
            let next = (to..).find(|&at| bytes[at] == b'"');
            assert_eq!(marks.next_quote(to), next, "{to}");
            assert_eq!(marks.next_quote(WINDOW + 6), Some(2 * WINDOW), "{to}");
            assert!(marks.are_usual_until(2 * WINDOW + 3), "{to}");
            assert!(!marks.are_usual_until(2 * WINDOW + 4), "{to}");
        }
    }

    #[test]
    fn a_walk_may_leave_windows_out() {
        let mut bytes = vec![b'"'; 5 * WINDOW];
        for at in [
            0,
            1,
            WORD,
            WINDOW - 1,
            WINDOW,
            3 * WINDOW + 7,
            5 * WINDOW - 1,
        ] {
            assert_eq!(Marks::of(&bytes).next_quote(at), Some(at));
        }
        assert_eq!(Marks::of(&bytes).next_quote(5 * WINDOW), None);
        bytes[1..4 * WINDOW].fill(b' ');
        assert_eq!(Marks::of(&bytes).next_quote(1), Some(4 * WINDOW));
        assert_eq!(
            Marks::of(&bytes).next_quote(2 * WINDOW + 9),
            Some(4 * WINDOW)
        );
    }

    #[test]
    fn control_characters_count_up_to_the_end_of_what_was_read() {
        for at in [0, 5, WORD, WINDOW - 1, WINDOW, 2 * WINDOW + 3] {
            let mut bytes = vec![b' '; 3 * WINDOW];
            bytes[at] = 0x1f;
            assert!(Marks::of(&bytes).are_usual_until(at), "{at}");
            assert!(!Marks::of(&bytes).are_usual_until(at + 1), "{at}");
            assert!(!Marks::of(&bytes).are_usual_until(bytes.len()), "{at}");
        }
        assert!(Marks::of(b"").are_usual_until(0));
    }

    #[test]
    fn strings_with_backslashes_are_not_plain() {
        let mut text = vec![b'a'; 2 * WINDOW];
        text[WINDOW - 1] = b'\\';
        text[WINDOW] = b'n';
        text[WINDOW + 9] = b'"';
        let mut marks = Marks::of(&text);
        assert_eq!(marks.next_quote(3), Some(WINDOW + 9));
        assert!(!marks.is_plain(3, WINDOW + 9));
        assert!(marks.is_plain(3, WINDOW - 1));
        assert!(marks.is_plain(WINDOW, WINDOW + 9));
    }

    #[test]
    fn rare_escapes_and_none_are_unusual() {
        for (rest, is_usual) in [
            (r#"n"#, true),
            (r#"""#, true),
            (r#"u00e4x"#, true),
            (r#"uD7ff"#, true),
            (r#"uE000"#, true),
            (r#"uD800"#, false),
            (r#"udFff"#, false),
            (r#"u00g4"#, false),
            (r#"u00"#, false),
            (r#"x"#, false),
            ("", false),
        ] {
            for before in [0, WORD - 1, WINDOW - 1] {
                let text = format!("{}\\{rest}", " ".repeat(before));
                let is_seen_usual = Marks::of(text.as_bytes()).are_usual_until(text.len());
                assert_eq!(is_seen_usual, is_usual, "{before} {rest}");
                assert!(Marks::of(text.as_bytes()).are_usual_until(before), "{rest}");
            }
        }
    }
}
