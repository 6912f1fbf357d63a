//! The scanner's objects and arrays, as shapes see them.

use super::{Scanner, Unusual};
use crate::ingest::record::field_name::{FieldName, position_of};
use crate::ingest::record::known::{KnownRun, KnownRuns};
use crate::ingest::record::lenient::{Depth, Elements, Fields, Place, Shape};

/// How far a container has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Opened,
    Within,
    Closed,
}

/// The names and values of an object.
pub(super) struct ScannedFields<'s, 'de> {
    scanner: &'s mut Scanner<'de>,
    progress: Progress,
    /// Which of the known names probably comes next.
    expected: usize,
}

impl<'s, 'de> ScannedFields<'s, 'de> {
    /// Shows the object whose brace was just read to `shape`.
    #[inline]
    pub(super) fn read<S: Shape<'de>>(
        scanner: &'s mut Scanner<'de>,
        shape: S,
    ) -> Result<S::Value, Unusual> {
        let inner = shape.depth().deeper().ok_or(Unusual)?;
        let mut fields = Self {
            scanner,
            progress: Progress::Opened,
            expected: 0,
        };
        let value = shape.object(inner, &mut fields)?;
        fields.progress.check_closed()?;
        Ok(value)
    }

    /// A name that is not the expected one, or stands close to the text's end.
    #[inline(never)]
    fn other_name<N: FieldName>(&mut self) -> Result<N, Unusual> {
        let scanner = &mut *self.scanner;
        let opening = scanner.behind_spaces(scanner.position);
        let start = scanner.behind(opening, b"\"").ok_or(Unusual)?;
        let quote = scanner.marks.next_quote(start).ok_or(Unusual)?;
        let found = match scanner.marks.is_plain(start, quote) {
            true => position_of::<N>(&scanner.bytes[start..quote], self.expected),
            false => {
                let name = scanner.unescaped(start, quote)?;
                position_of::<N>(name.as_bytes(), self.expected)
            }
        };
        let colon = scanner.behind_spaces(quote + 1);
        scanner.position = scanner.behind(colon, b":").ok_or(Unusual)?;
        let Some(found) = found else {
            return Ok(N::OTHER);
        };
        self.expected = found + 1;
        Ok(N::KNOWN[found].1)
    }
}

impl<'de> Fields<'de> for ScannedFields<'_, 'de> {
    type Error = Unusual;

    #[inline(always)]
    fn next<N: FieldName>(&mut self) -> Result<Option<N>, Unusual> {
        if !self.progress.step(self.scanner, b'}')? {
            return Ok(None);
        }
        let position = self.scanner.position;
        if let Some((spelling, name)) = N::KNOWN.get(self.expected)
            && spelling.stands_at(self.scanner.bytes, position)
        {
            self.scanner.position = position + spelling.length();
            self.expected += 1;
            return Ok(Some(*name));
        }
        self.other_name().map(Some)
    }

    #[inline(always)]
    fn value<S: Shape<'de>>(&mut self, shape: S) -> Result<S::Value, Unusual> {
        self.scanner.value(shape)
    }

    #[inline]
    fn skip(&mut self, _: Depth) -> Result<(), Unusual> {
        self.scanner.skip()
    }

    #[inline]
    fn place(&self) -> Option<Place<'de>> {
        Some(Place {
            rest: &self.scanner.text[self.scanner.position..],
            expected: self.expected,
        })
    }

    #[inline]
    fn known_run<'k>(&mut self, known: &'k mut KnownRuns) -> Option<(&'k KnownRun, &'de str)> {
        let run = known.find(&self.scanner.bytes[self.scanner.position..])?;
        let text = self.scanner.leap(run.length());
        self.expected = run.expected;
        Some((run, text))
    }
}

/// The elements of an array.
pub(super) struct ScannedElements<'s, 'de> {
    scanner: &'s mut Scanner<'de>,
    progress: Progress,
}

impl<'s, 'de> ScannedElements<'s, 'de> {
    /// Shows the array whose bracket was just read to `shape`.
    #[inline]
    pub(super) fn read<S: Shape<'de>>(
        scanner: &'s mut Scanner<'de>,
        shape: S,
    ) -> Result<S::Value, Unusual> {
        let inner = shape.depth().deeper().ok_or(Unusual)?;
        let mut elements = Self {
            scanner,
            progress: Progress::Opened,
        };
        let value = shape.array(inner, &mut elements)?;
        elements.progress.check_closed()?;
        Ok(value)
    }
}

impl<'de> Elements<'de> for ScannedElements<'_, 'de> {
    type Error = Unusual;

    #[inline]
    fn next<S: Shape<'de>>(&mut self, shape: S) -> Result<Option<S::Value>, Unusual> {
        if !self.progress.step(self.scanner, b']')? {
            return Ok(None);
        }
        self.scanner.value(shape).map(Some)
    }

    fn skip_rest(&mut self, _: Depth) -> Result<(), Unusual> {
        if !self.progress.step(self.scanner, b']')? {
            return Ok(());
        }
        let scanner = &mut *self.scanner;
        let end = scanner.elements_end(scanner.position, scanner.levels);
        scanner.position = end.ok_or(Unusual)?;
        scanner.levels += 1;
        self.progress = Progress::Closed;
        Ok(())
    }
}

impl Progress {
    /// Moves to the next name or element, or behind the end, and tells which it was.
    #[inline(always)]
    fn step(&mut self, scanner: &mut Scanner<'_>, close: u8) -> Result<bool, Unusual> {
        if *self == Self::Within && scanner.bytes.get(scanner.position) == Some(&b',') {
            scanner.position += 1;
            return Ok(true);
        }
        self.step_otherwise(scanner, close)
    }

    #[inline(never)]
    fn step_otherwise(&mut self, scanner: &mut Scanner<'_>, close: u8) -> Result<bool, Unusual> {
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

    /// A shape that leaves a container before its end leaves the scanner in its midst.
    #[inline]
    fn check_closed(self) -> Result<(), Unusual> {
        if self == Self::Closed {
            Ok(())
        } else {
            Err(Unusual)
        }
    }
}
