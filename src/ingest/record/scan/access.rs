//! The scanner's objects and arrays, as serde's visitors ask for them.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::{Scanner, Unusual};

/// How far a container has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Opened,
    Within,
    Closed,
}

/// The keys and values of an object.
pub(super) struct Fields<'s, 'de> {
    scanner: &'s mut Scanner<'de>,
    progress: Progress,
}

impl<'s, 'de> Fields<'s, 'de> {
    /// Shows the object whose brace was just read to `visitor`.
    #[inline]
    pub(super) fn read<V: Visitor<'de>>(
        scanner: &'s mut Scanner<'de>,
        visitor: V,
    ) -> Result<V::Value, Unusual> {
        let mut fields = Self {
            scanner,
            progress: Progress::Opened,
        };
        let value = visitor.visit_map(&mut fields)?;
        fields.progress.check_closed()?;
        Ok(value)
    }
}

impl<'de> MapAccess<'de> for &mut Fields<'_, 'de> {
    type Error = Unusual;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unusual> {
        if !self.progress.step(self.scanner, b'}')? {
            return Ok(None);
        }
        let scanner = &mut *self.scanner;
        let opening = scanner.behind_spaces(scanner.position);
        scanner.position = scanner.behind(opening, b"\"").ok_or(Unusual)?;
        seed.deserialize(Key(&mut *self.scanner)).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unusual> {
        let scanner = &mut *self.scanner;
        let colon = scanner.behind_spaces(scanner.position);
        scanner.position = scanner.behind(colon, b":").ok_or(Unusual)?;
        seed.deserialize(&mut *self.scanner)
    }
}

/// The elements of an array.
pub(super) struct Elements<'s, 'de> {
    scanner: &'s mut Scanner<'de>,
    progress: Progress,
}

impl<'s, 'de> Elements<'s, 'de> {
    /// Shows the array whose bracket was just read to `visitor`.
    #[inline]
    pub(super) fn read<V: Visitor<'de>>(
        scanner: &'s mut Scanner<'de>,
        visitor: V,
    ) -> Result<V::Value, Unusual> {
        let mut elements = Self {
            scanner,
            progress: Progress::Opened,
        };
        let value = visitor.visit_seq(&mut elements)?;
        elements.progress.check_closed()?;
        Ok(value)
    }
}

impl<'de> SeqAccess<'de> for &mut Elements<'_, 'de> {
    type Error = Unusual;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unusual> {
        if !self.progress.step(self.scanner, b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.scanner).map(Some)
    }
}

/// The key of a field, whose opening quote was just read.
struct Key<'s, 'de>(&'s mut Scanner<'de>);

impl<'de> Deserializer<'de> for Key<'_, 'de> {
    type Error = Unusual;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        self.0.string(visitor)
    }

    /// As bytes: a name is compared, and need not be known to be text for that.
    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        let start = self.0.position;
        match self.0.plain_string_end(start) {
            Some(end) => {
                self.0.position = end + 1;
                visitor.visit_borrowed_bytes(&self.0.bytes[start..end])
            }
            None => self.0.escaped_string(visitor),
        }
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unusual> {
        let end = self.0.string_end(self.0.position);
        self.0.position = end.ok_or(Unusual)?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum
    }
}

impl Progress {
    /// Moves to the next key or element, or behind the end, and tells which it was.
    #[inline]
    fn step(&mut self, scanner: &mut Scanner<'_>, close: u8) -> Result<bool, Unusual> {
        let at = scanner.behind_spaces(scanner.position);
        let byte = *scanner.bytes.get(at).ok_or(Unusual)?;
        match *self {
            Self::Within if byte == b',' => scanner.position = at + 1,
            Self::Opened if byte != close => {
                *self = Self::Within;
                scanner.position = at;
            }
            Self::Opened | Self::Within if byte == close => {
                *self = Self::Closed;
                scanner.position = at + 1;
                scanner.levels += 1;
                return Ok(false);
            }
            _ => return Err(Unusual),
        }
        Ok(true)
    }

    /// A visitor that leaves a container before its end leaves the scanner in its midst.
    #[inline]
    fn check_closed(self) -> Result<(), Unusual> {
        if self == Self::Closed {
            Ok(())
        } else {
            Err(Unusual)
        }
    }
}
