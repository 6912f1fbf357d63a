//! Reads JSON values of any type where one type is expected.
//!
//! A [`Shape`] says what it makes of the types it knows; every other type is read over and gives
//! its absent value. So no type is ever wrong, and the only error that does not come from the text
//! itself is [`Depth`] running out: serde_json reports it in the category `Data`.
//!
//! A shape does not know who reads: it sees an object as [`Fields`] and an array as [`Elements`]. The
//! [scanner](super::scan) gives it those of usual text, [`parser`](super::parser) those of any.

use super::field_name::{FieldName, NoName};
use super::known::{KnownRun, KnownRuns};

/// Levels of objects and arrays that may still open.
#[derive(Debug, Clone, Copy)]
pub(in crate::ingest) struct Depth {
    left: u16,
    /// Whether values that are read over count too.
    minds_all: bool,
}

impl Depth {
    /// `levels` in everything.
    pub(in crate::ingest) fn minded(levels: u16) -> Self {
        Self {
            left: levels,
            minds_all: true,
        }
    }

    /// `levels` in what shapes read, and any number in what they read over.
    pub(in crate::ingest) fn unminded(levels: u16) -> Self {
        Self {
            left: levels,
            minds_all: false,
        }
    }

    /// What is left within one more object or array; nothing where that is one too many.
    pub(super) fn deeper(self) -> Option<Self> {
        let left = self.left.checked_sub(1)?;
        Some(Self { left, ..self })
    }

    /// Whether values that are read over count too.
    pub(super) fn minds_all(self) -> bool {
        self.minds_all
    }
}

/// What to make of a JSON value. The default for every type is the absent value.
pub(in crate::ingest) trait Shape<'de>: Sized {
    /// What the value becomes.
    type Value;

    /// Levels that the value may open.
    fn depth(&self) -> Depth;

    /// The value for null and for every type that the shape does not know.
    fn absent(self) -> Self::Value;

    /// A string that stands in the input as it is.
    fn borrowed(self, text: &'de str) -> Self::Value {
        self.transient(text)
    }

    /// A string with escapes, unescaped into a buffer.
    fn transient(self, _text: &str) -> Self::Value {
        self.absent()
    }

    /// A non-negative integer.
    fn unsigned(self, _number: u64) -> Self::Value {
        self.absent()
    }

    /// A negative integer.
    fn signed(self, _number: i64) -> Self::Value {
        self.absent()
    }

    /// A number with a fraction or an exponent, or a very large one.
    fn float(self, _number: f64) -> Self::Value {
        self.absent()
    }

    /// An array, whose elements may open `inner` levels.
    fn array<E: Elements<'de>>(
        self,
        inner: Depth,
        elements: &mut E,
    ) -> Result<Self::Value, E::Error> {
        elements.skip_rest(inner)?;
        Ok(self.absent())
    }

    /// An object, whose values may open `inner` levels.
    fn object<F: Fields<'de>>(self, inner: Depth, fields: &mut F) -> Result<Self::Value, F::Error> {
        while fields.next::<NoName>()?.is_some() {
            fields.skip(inner)?;
        }
        Ok(self.absent())
    }
}

/// An object on its way through a reader. Each name is followed by one call for its value.
pub(in crate::ingest) trait Fields<'de> {
    /// Why reading ends early.
    type Error;

    /// The name of the next field; nothing at the object's end.
    fn next<N: FieldName>(&mut self) -> Result<Option<N>, Self::Error>;

    /// The value, as `shape` sees it.
    fn value<S: Shape<'de>>(&mut self, shape: S) -> Result<S::Value, Self::Error>;

    /// Reads over the value, which may open `depth` levels.
    fn skip(&mut self, depth: Depth) -> Result<(), Self::Error>;

    /// Where the reader stands; nothing where it does not see the text.
    fn place(&self) -> Option<Place<'de>>;

    /// Moves behind the run of fields that comes next where it is one of the `known`, and gives it with
    /// its text. The value of its last name comes next then. A reader that does not see the text knows
    /// none.
    fn known_run<'k>(&mut self, known: &'k mut KnownRuns) -> Option<(&'k KnownRun, &'de str)>;
}

/// Where a reader stands in an object.
#[derive(Debug, Clone, Copy)]
pub(in crate::ingest) struct Place<'de> {
    /// The text that is yet to be read.
    pub rest: &'de str,
    /// Which of the known names probably comes next.
    pub expected: usize,
}

impl<'de> Place<'de> {
    /// The text from `start`, an earlier place, to here.
    pub(super) fn text_since(&self, start: &Self) -> &'de str {
        &start.rest[..start.rest.len() - self.rest.len()]
    }
}

/// An array on its way through a reader.
pub(in crate::ingest) trait Elements<'de> {
    /// Why reading ends early.
    type Error;

    /// The next element, as `shape` sees it; nothing at the array's end.
    fn next<S: Shape<'de>>(&mut self, shape: S) -> Result<Option<S::Value>, Self::Error>;

    /// Reads over all elements that are left, each of which may open `depth` levels.
    fn skip_rest(&mut self, depth: Depth) -> Result<(), Self::Error>;
}
