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
//! What is read over is checked as strictly as what is kept. serde_json lets pass more there, which
//! the scanner leaves to it.

mod access;
mod skip;
mod strings;

use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use self::access::{Elements, Fields};

/// Longest integer that is sure to fit into 64 bits.
const MOST_DIGITS: usize = 18;

/// A text that is left to serde_json.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not of the usual form: leave it to the general parser")]
pub(super) struct Unusual;

impl serde::de::Error for Unusual {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}

/// A walk over the JSON value that a text begins with.
#[derive(Debug)]
pub(super) struct Scanner<'de> {
    text: &'de str,
    /// The same.
    bytes: &'de [u8],
    position: usize,
    /// No backslash stands from the position to here, if that is ahead.
    plain_until: usize,
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
            plain_until: 0,
            levels,
        }
    }

    /// The position behind what was read.
    ///
    /// # Errors
    ///
    /// [`Unusual`] where a control character was read: strings have none, and a blank that is one
    /// is rare enough not to be told apart.
    pub(super) fn finish(self) -> Result<usize, Unusual> {
        let read = &self.bytes[..self.position];
        // Without an early return the compiler compares 16 or more bytes at a time.
        let has_control = read
            .iter()
            .fold(false, |found, &byte| found | (byte < b' '));
        if has_control {
            return Err(Unusual);
        }
        Ok(self.position)
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

    /// Shows the string whose opening quote was just read to `visitor`.
    #[inline]
    fn string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Unusual> {
        let start = self.position;
        match self.plain_string_end(start) {
            Some(end) => {
                self.position = end + 1;
                visitor.visit_borrowed_str(&self.text[start..end])
            }
            None => self.escaped_string(visitor),
        }
    }

    #[cold]
    fn escaped_string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Unusual> {
        let start = self.position;
        self.position = self.string_end(start).ok_or(Unusual)?;
        let quoted = &self.text[start - 1..self.position];
        let unescaped: String = serde_json::from_str(quoted).map_err(|_| Unusual)?;
        visitor.visit_str(&unescaped)
    }

    #[inline]
    fn literal<const LENGTH: usize>(&mut self, literal: &[u8; LENGTH]) -> Result<(), Unusual> {
        self.position = self.behind(self.position, literal).ok_or(Unusual)?;
        Ok(())
    }

    /// Moves behind the brace or bracket at the position.
    #[inline]
    fn open(&mut self) -> Result<(), Unusual> {
        self.levels = self.levels.checked_sub(1).ok_or(Unusual)?;
        self.position += 1;
        Ok(())
    }
}

impl<'de> Deserializer<'de> for &mut Scanner<'de> {
    type Error = Unusual;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        self.position = self.behind_spaces(self.position);
        match self.bytes.get(self.position).ok_or(Unusual)? {
            b'"' => {
                self.position += 1;
                self.string(visitor)
            }
            b'0'..=b'9' => {
                let (number, end) = self.integer(self.position).ok_or(Unusual)?;
                self.position = end;
                visitor.visit_u64(number)
            }
            b'{' => {
                self.open()?;
                Fields::read(self, visitor)
            }
            b'[' => {
                self.open()?;
                Elements::read(self, visitor)
            }
            b'n' => {
                self.literal(b"null")?;
                visitor.visit_unit()
            }
            b't' => {
                self.literal(b"true")?;
                visitor.visit_bool(true)
            }
            b'f' => {
                self.literal(b"false")?;
                visitor.visit_bool(false)
            }
            _ => Err(Unusual),
        }
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
    }
}

#[cfg(test)]
mod tests;
