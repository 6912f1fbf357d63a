//! Finds the ends of strings.
//!
//! A string ends at its next quote, unless a backslash stands before that. Backslashes are rare, so
//! they are looked for in long stretches ahead, and strings for their quotes alone. Control
//! characters, which no string may hold, are left to [`Scanner::finish`].

use memchr::{memchr, memchr2};

use super::Scanner;

/// How far backslashes are looked for at once: about a record. A line may hold many more objects,
/// each of which is scanned on its own, so it must not be all of the line.
const STRETCH: usize = 2_048;

/// Bytes that are looked at together.
const WORD: usize = size_of::<u64>();

/// Bytes before a call pays that begins slowly and then goes several times faster.
const NEAR: usize = 3 * WORD;

impl Scanner<'_> {
    /// The position of the closing quote of the string that begins at `start`, behind its opening
    /// one; nothing where the string has escapes or no end.
    #[inline]
    pub(super) fn plain_string_end(&mut self, start: usize) -> Option<usize> {
        let quote = next_quote(self.bytes, start)?;
        let is_plain = quote < self.plain_until || self.is_plain(start, quote);
        is_plain.then_some(quote)
    }

    /// The position behind the closing quote of the string that begins at `start`.
    #[inline]
    pub(super) fn string_end(&mut self, start: usize) -> Option<usize> {
        match self.plain_string_end(start) {
            Some(quote) => Some(quote + 1),
            None => self.escaped_string_end(start),
        }
    }

    /// Whether no backslash stands from `start` to `end`, which is behind what is known.
    #[cold]
    fn is_plain(&mut self, start: usize, end: usize) -> bool {
        while self.plain_until <= end {
            let from = self.plain_until.max(start);
            let stretch = &self.bytes[from..self.bytes.len().min(from + STRETCH)];
            let plain = memchr(b'\\', stretch).unwrap_or(stretch.len());
            self.plain_until = from + plain;
            if plain == 0 {
                return false;
            }
        }
        true
    }

    #[cold]
    fn escaped_string_end(&mut self, start: usize) -> Option<usize> {
        let mut at = start;
        loop {
            let rest = self.bytes.get(at..)?;
            at += memchr2(b'"', b'\\', rest)? + 1;
            if self.bytes[at - 1] == b'"' {
                return Some(at);
            }
            at += escape_length(&self.bytes[at..])?;
        }
    }
}

/// How long the escape is whose backslash was just read.
fn escape_length(rest: &[u8]) -> Option<usize> {
    match rest {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Some(1),
        // Surrogates, which come in pairs, begin with D8 to DF.
        [
            b'u',
            b'd' | b'D',
            b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F',
            ..,
        ] => None,
        [b'u', digits @ ..] => {
            let digits = digits.first_chunk::<4>()?;
            digits.iter().all(u8::is_ascii_hexdigit).then_some(5)
        }
        _ => None,
    }
}

/// The first quote at or behind `from`.
#[inline]
fn next_quote(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let Some(near) = rest.first_chunk::<NEAR>() else {
        return memchr(b'"', rest).map(|length| from + length);
    };
    let (words, _) = near.as_chunks::<WORD>();
    for (index, word) in words.iter().enumerate() {
        let quotes = zero_bytes(u64::from_le_bytes(*word) ^ repeated(b'"'));
        if quotes != 0 {
            return Some(from + index * WORD + quotes.trailing_zeros() as usize / 8);
        }
    }
    memchr(b'"', &rest[NEAR..]).map(|length| from + NEAR + length)
}

/// The high bits of the bytes in `word` that are zero. Above the lowest one of them others may be
/// wrong.
///
/// Source: Warren, "Hacker's Delight", section 6-1.
#[inline]
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(repeated(1)) & !word & repeated(0x80)
}

const fn repeated(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; WORD])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_quote_is_found_wherever_it_stands() {
        for length in 0..5 * WORD {
            for neighbour in [b'"' + 1, b'"' - 1, 0x80 | b'"', 0x7f, 0xff, 0] {
                let mut bytes = vec![neighbour; length];
                assert_eq!(next_quote(&bytes, 0), None);
                assert_eq!(next_quote(&bytes, length + 1), None);
                bytes.extend([b'"', b'"' ^ 1, b'"', 0]);
                for from in 0..=length {
                    assert_eq!(next_quote(&bytes, from), Some(length));
                }
            }
        }
    }

    #[test]
    fn strings_with_and_without_escapes_end_where_they_do() {
        for before in [0, 1, STRETCH - 3, STRETCH - 1, STRETCH, 2 * STRETCH + 5] {
            for escape in ["", "\\\"", "\\\\", "\\n\\\"", "\\u0022"] {
                let first = format!("{}{escape}", "a".repeat(before));
                let text = format!(r#"{first}"b\"c"d""#);
                let mut scanner = Scanner::new(&text, 1);
                let plain = escape.is_empty().then_some(first.len());
                assert_eq!(scanner.plain_string_end(0), plain);
                let second = first.len() + 1;
                assert_eq!(scanner.string_end(0), Some(second));
                assert_eq!(scanner.plain_string_end(second), None);
                let third = second + r#"b\"c""#.len();
                assert_eq!(scanner.string_end(second), Some(third));
                assert_eq!(scanner.plain_string_end(third), Some(third + 1));
                assert_eq!(scanner.string_end(third + 2), None);
                assert_eq!(scanner.string_end(text.len() + 1), None);
            }
        }
    }

    #[test]
    fn escapes_are_as_long_as_they_are() {
        for (rest, length) in [
            (r#"n"#, Some(1)),
            (r#"""#, Some(1)),
            (r#"u00e4x"#, Some(5)),
            (r#"uD7ff"#, Some(5)),
            (r#"uE000"#, Some(5)),
            (r#"uD800"#, None),
            (r#"udFff"#, None),
            (r#"u00g4"#, None),
            (r#"u00"#, None),
            (r#"x"#, None),
            ("", None),
        ] {
            assert_eq!(escape_length(rest.as_bytes()), length, "{rest}");
        }
    }
}
