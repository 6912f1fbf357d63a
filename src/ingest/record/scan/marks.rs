//! Finds quotes, and what makes a text unusual, sixteen bytes at a time.
//!
//! A text is looked at in windows of [`WINDOW`] bytes as the walk comes to them: a line may hold very
//! many objects, each of which is scanned on its own, so all of it is too much for one. In a window each
//! quote that ends or begins a string is a set bit. A quote behind a backslash is none; whether that
//! backslash stands within a string plays no part, since it is no JSON elsewhere.

use wide::u8x16;

/// Bits of a word, each for one byte.
const WORD: usize = u64::BITS as usize;
const LANE: usize = 16;
const WORDS: usize = 8;
const WINDOW: usize = WORDS * WORD;

/// Marks of the bytes of a text, from the start of a window to its end.
#[derive(Debug)]
pub(super) struct Marks<'t> {
    bytes: &'t [u8],
    start: usize,
    quotes: [u64; WORDS],
    controls: [u64; WORDS],
    /// Behind the last backslash up to the window's end.
    behind_backslashes: usize,
    /// The lowest bit: whether the first byte of the next word is escaped.
    carried: u64,
    /// Whether an escape was seen that is none or half of a surrogate pair, or a control character
    /// before the window.
    is_unusual: bool,
}

impl<'t> Marks<'t> {
    pub(super) fn of(bytes: &'t [u8]) -> Self {
        let mut marks = Self {
            bytes,
            start: 0,
            quotes: [0; WORDS],
            controls: [0; WORDS],
            behind_backslashes: 0,
            carried: 0,
            is_unusual: false,
        };
        marks.mark_window();
        marks
    }

    /// The first quote at or behind `at`, which is never before the quote that was found last.
    #[inline(always)]
    pub(super) fn next_quote(&mut self, at: usize) -> Option<usize> {
        let offset = at - self.start;
        if let Some(word) = self.quotes.get(offset / WORD) {
            let ahead = word >> (offset % WORD);
            if ahead != 0 {
                return Some(at + ahead.trailing_zeros() as usize);
            }
        }
        if let Some(&ahead) = self.quotes.get(offset / WORD + 1)
            && ahead != 0
        {
            let next_word = (at | (WORD - 1)) + 1;
            return Some(next_word + ahead.trailing_zeros() as usize);
        }
        self.later_quote(at)
    }

    /// What [`Self::next_quote`] does not find in the word that holds `at`.
    #[inline(never)]
    fn later_quote(&mut self, at: usize) -> Option<usize> {
        while self.start + WINDOW <= at {
            self.advance()?;
        }
        let offset = at - self.start;
        let ahead = self.quotes[offset / WORD] >> (offset % WORD);
        if ahead != 0 {
            return Some(at + ahead.trailing_zeros() as usize);
        }
        let mut word = offset / WORD + 1;
        loop {
            let rest = &self.quotes[word..];
            if let Some(words) = rest.iter().position(|quotes| *quotes != 0) {
                let bit = rest[words].trailing_zeros() as usize;
                return Some(self.start + (word + words) * WORD + bit);
            }
            self.advance()?;
            word = 0;
        }
    }

    /// Whether no backslash stands from `start` to `end`, both in or before the window.
    #[inline]
    pub(super) fn is_plain(&self, start: usize, end: usize) -> bool {
        start >= self.behind_backslashes || memchr::memchr(b'\\', &self.bytes[start..end]).is_none()
    }

    /// Whether all up to `end` is usual: no control character, and no escape that is rare or none.
    pub(super) fn are_usual_until(mut self, end: usize) -> bool {
        while self.start + WINDOW < end && self.advance().is_some() {}
        let within = end.saturating_sub(self.start);
        let has_control = self.controls.iter().enumerate().any(|(index, controls)| {
            let ahead = within.saturating_sub(index * WORD);
            let relevant = if ahead >= WORD {
                u64::MAX
            } else {
                !(u64::MAX << ahead)
            };
            controls & relevant != 0
        });
        !has_control && !self.is_unusual
    }

    /// Moves to the next window, if there is one.
    fn advance(&mut self) -> Option<()> {
        let next = self.start + WINDOW;
        if next >= self.bytes.len() {
            return None;
        }
        self.is_unusual |= self.controls.iter().any(|controls| *controls != 0);
        self.start = next;
        self.mark_window();
        Some(())
    }

    fn mark_window(&mut self) {
        let rest = &self.bytes[self.start.min(self.bytes.len())..];
        let window = &rest[..rest.len().min(WINDOW)];
        let (words, tail) = window.as_chunks::<WORD>();
        for (index, word) in words.iter().enumerate() {
            self.mark_word(index, word);
        }
        let mut index = words.len();
        if !tail.is_empty() {
            let mut word = [b' '; WORD];
            word[..tail.len()].copy_from_slice(tail);
            self.mark_word(index, &word);
            index += 1;
        }
        self.quotes[index..].fill(0);
        self.controls[index..].fill(0);
    }

    #[inline(always)]
    fn mark_word(&mut self, index: usize, word: &[u8; WORD]) {
        let (lanes, _) = word.as_chunks::<LANE>();
        let quote = u8x16::splat(b'"');
        let backslash = u8x16::splat(b'\\');
        let mut quotes = 0;
        let mut is_backslash = u8x16::ZERO;
        let mut lowest = u8x16::MAX;
        for (number, lane) in lanes.iter().enumerate() {
            let bytes = u8x16::new(*lane);
            let are_quotes = u64::from(bytes.simd_eq(quote).to_bitmask());
            quotes |= are_quotes << (number * LANE);
            is_backslash |= bytes.simd_eq(backslash);
            lowest = lowest.min(bytes);
        }
        if is_backslash.any() || self.carried != 0 {
            quotes &= !self.escaped(self.start + index * WORD, lanes);
        }
        let last_control = u8x16::splat(b' ' - 1);
        let is_control = |bytes: u8x16| bytes.min(last_control).simd_eq(bytes);
        let has_control = is_control(lowest).any();
        self.quotes[index] = quotes;
        self.controls[index] = if has_control {
            mask_of(lanes, is_control)
        } else {
            0
        };
    }

    /// Which bytes of the word at `at` are escaped.
    #[inline(never)]
    fn escaped(&mut self, at: usize, lanes: &[[u8; LANE]]) -> u64 {
        let backslash = u8x16::splat(b'\\');
        let backslashes = mask_of(lanes, |bytes| bytes.simd_eq(backslash));
        let mut escaped = self.carried;
        let mut rest = backslashes & !escaped;
        self.carried = 0;
        if backslashes != 0 {
            self.behind_backslashes = at + WORD - backslashes.leading_zeros() as usize;
        }
        while rest != 0 {
            let bit = rest.trailing_zeros();
            self.is_unusual |= !is_usual_escape(&self.bytes[at + bit as usize + 1..]);
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

fn mask_of(lanes: &[[u8; LANE]], is_it: impl Fn(u8x16) -> u8x16) -> u64 {
    let masks = lanes.iter().enumerate().map(|(number, lane)| {
        let mask = u64::from(is_it(u8x16::new(*lane)).to_bitmask());
        mask << (number * LANE)
    });
    masks.fold(0, |all, mask| all | mask)
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
        for neighbour in [b'"' + 1, b'"' - 1, 0x80 | b'"', 0x7f, 0xff, 0, b'\\'] {
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
            }
        }
    }
}
