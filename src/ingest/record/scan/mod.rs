//! A forward-only reader of the usual JSON, faster than a general parser.
//!
//! It walks an object's bytes once and hands its values to the same [shapes](super::lenient) as
//! serde_json does, so that the schema is told in one place. What no shape asks for is checked and
//! read over without being looked at twice. Most of a record is that: headers above all.
//!
//! The scanner never says what is wrong with a text. Whatever it does not read it gives back as
//! [`Unusual`], and serde_json reads the object from its start. That goes for malformed text, for
//! numbers other than short natural ones, for control characters, also as blanks, for surrogate
//! pairs, and for nesting beyond the limit. So every error has one origin, and all that must hold
//! here is that what is read is read alike. Tests and a fuzz target hold the two equal.
//!
//! [Marks](marks) of where strings end are made for many bytes at a time, and which name comes next is
//! [expected](super::field_name) and only compared: on these two depends how fast a record is read.
//!
//! What is read over is checked as strictly as what is kept. serde_json lets pass more there, which
//! the scanner leaves to it.

mod access;
mod marks;
mod skip;

use super::lenient::Shape;

use self::access::{ScannedElements, ScannedFields};
use self::marks::Marks;

/// Longest integer that is sure to fit into 64 bits.
const MOST_DIGITS: usize = 18;

/// A text that is left to serde_json.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unusual;

/// A walk over the JSON value that a text begins with.
#[derive(Debug)]
pub(super) struct Scanner<'de> {
    text: &'de str,
    /// The same.
    bytes: &'de [u8],
    position: usize,
    marks: Marks<'de>,
    /// Objects and arrays that may still open.
    levels: u16,
}

impl<'de> Scanner<'de> {
    /// A walk that begins where `text` does, through at most `levels` levels.
    pub(super) fn new(text: &'de str, levels: u16) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            position: 0,
            marks: Marks::of(text.as_bytes()),
            levels,
        }
    }

    /// The position behind what was read.
    ///
    /// # Errors
    ///
    /// [`Unusual`] where a control character or a rare escape was read: strings have no control
    /// characters, and a blank that is one is rare enough not to be told apart.
    pub(super) fn finish(&mut self) -> Result<usize, Unusual> {
        match self.marks.are_usual_until(self.position) {
            true => Ok(self.position),
            false => Err(Unusual),
        }
    }

    /// Moves over `length` bytes that are known to be usual and to leave neither a string nor an escape
    /// open, and gives them.
    #[inline]
    fn leap(&mut self, length: usize) -> &'de str {
        let start = self.position;
        self.position += length;
        self.marks.leap(self.position);
        &self.text[start..self.position]
    }

    /// The next value, as `shape` sees it.
    #[inline(always)]
    pub(super) fn value<S: Shape<'de>>(&mut self, shape: S) -> Result<S::Value, Unusual> {
        match self.behind(self.position, b"\"") {
            Some(start) => self.string(start, shape),
            None => self.other_value(shape),
        }
    }

    /// Shows the string whose first character stands at `start` to `shape`.
    #[inline(always)]
    fn string<S: Shape<'de>>(&mut self, start: usize, shape: S) -> Result<S::Value, Unusual> {
        let quote = self.marks.next_quote(start).ok_or(Unusual)?;
        self.position = quote + 1;
        if self.marks.is_plain(start, quote) {
            return Ok(shape.borrowed(&self.text[start..quote]));
        }
        Ok(shape.transient(&self.unescaped(start, quote)?))
    }

    /// A value that is no string, or stands behind spaces.
    fn other_value<S: Shape<'de>>(&mut self, shape: S) -> Result<S::Value, Unusual> {
        self.position = self.behind_spaces(self.position);
        match self.bytes.get(self.position).ok_or(Unusual)? {
            b'"' => self.string(self.position + 1, shape),
            b'0'..=b'9' => {
                let (number, end) = self.integer(self.position).ok_or(Unusual)?;
                self.position = end;
                Ok(shape.unsigned(number))
            }
            b'{' => {
                self.enter()?;
                ScannedFields::read(self, shape)
            }
            b'[' => {
                self.enter()?;
                ScannedElements::read(self, shape)
            }
            b'n' => {
                self.literal(b"null")?;
                Ok(shape.absent())
            }
            b't' => {
                self.literal(b"true")?;
                Ok(shape.absent())
            }
            b'f' => {
                self.literal(b"false")?;
                Ok(shape.absent())
            }
            _ => Err(Unusual),
        }
    }

    /// The first position at or behind `at` that holds no space.
    #[inline]
    fn behind_spaces(&self, at: usize) -> usize {
        if self.bytes.get(at) != Some(&b' ') {
            return at;
        }
        self.behind_some_spaces(at)
    }

    #[cold]
    fn behind_some_spaces(&self, at: usize) -> usize {
        let rest = &self.bytes[at..];
        let spaces = rest.iter().take_while(|byte| **byte == b' ');
        at + spaces.count()
    }

    /// The position behind `literal`, if that stands at `at`.
    #[inline]
    fn behind<const LENGTH: usize>(&self, at: usize, literal: &[u8; LENGTH]) -> Option<usize> {
        let next = self.bytes.get(at..)?.first_chunk::<LENGTH>()?;
        (next == literal).then_some(at + LENGTH)
    }

    /// The natural number without leading zeros that stands at `at`, and the position behind it;
    /// nothing where the number goes on with a fraction or an exponent.
    #[inline]
    fn integer(&self, at: usize) -> Option<(u64, usize)> {
        let mut number = 0;
        let mut end = at;
        while let Some(digit @ b'0'..=b'9') = self.bytes.get(end) {
            number = number * 10 + u64::from(digit - b'0');
            end += 1;
            if end - at > MOST_DIGITS {
                return None;
            }
        }
        let has_leading_zero = self.bytes[at] == b'0' && end - at > 1;
        let goes_on = matches!(self.bytes.get(end), Some(b'.' | b'e' | b'E'));
        (!has_leading_zero && !goes_on).then_some((number, end))
    }

    /// The string from `start` to its closing `quote` without its escapes.
    #[cold]
    fn unescaped(&self, start: usize, quote: usize) -> Result<String, Unusual> {
        let quoted = &self.text[start - 1..quote + 1];
        serde_json::from_str(quoted).map_err(|_| Unusual)
    }

    #[inline]
    fn literal<const LENGTH: usize>(&mut self, literal: &[u8; LENGTH]) -> Result<(), Unusual> {
        self.position = self.behind(self.position, literal).ok_or(Unusual)?;
        Ok(())
    }

    /// Moves behind the brace or bracket at the position.
    #[inline]
    fn enter(&mut self) -> Result<(), Unusual> {
        self.levels = self.levels.checked_sub(1).ok_or(Unusual)?;
        self.position += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
