//! Reads JSON values of any type where one type is expected.
//!
//! A [`Shape`] says what it makes of the types it knows; every other type is read over and gives
//! its absent value. So no type is ever wrong, and the only error that does not come from the text
//! itself is [`Depth`] running out: serde_json reports it in the category `Data`.
//!
//! serde's `IgnoredAny` reads over a value without recursion, however deep it is, and faster than
//! any visitor can. [`Depth::unminded`] leaves what is read over to it.

use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

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

    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(E::custom("objects and arrays nest too deep"));
        };
        Ok(Self { left, ..self })
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
    fn array<A: SeqAccess<'de>>(
        self,
        inner: Depth,
        mut elements: A,
    ) -> Result<Self::Value, A::Error> {
        while elements.next_element_seed(Skip(inner))?.is_some() {}
        Ok(self.absent())
    }

    /// An object, whose values may open `inner` levels.
    fn object<A: MapAccess<'de>>(
        self,
        inner: Depth,
        mut fields: A,
    ) -> Result<Self::Value, A::Error> {
        while fields.next_key::<de::IgnoredAny>()?.is_some() {
            fields.next_value_seed(Skip(inner))?;
        }
        Ok(self.absent())
    }
}

/// Reads a value as its [`Shape`] says.
pub(in crate::ingest) struct Lenient<S>(pub S);

impl<'de, S: Shape<'de>> DeserializeSeed<'de> for Lenient<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Shape<'de>> Visitor<'de> for Lenient<S> {
    type Value = S::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<S::Value, E> {
        Ok(self.0.borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<S::Value, E> {
        Ok(self.0.transient(text))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<S::Value, E> {
        Ok(self.0.unsigned(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<S::Value, E> {
        Ok(self.0.signed(number))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<S::Value, E> {
        Ok(self.0.float(number))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<S::Value, E> {
        Ok(self.0.absent())
    }

    fn visit_unit<E: de::Error>(self) -> Result<S::Value, E> {
        Ok(self.0.absent())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<S::Value, A::Error> {
        let inner = self.0.depth().deeper()?;
        self.0.array(inner, elements)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<S::Value, A::Error> {
        let inner = self.0.depth().deeper()?;
        self.0.object(inner, fields)
    }
}

/// Reads over a value.
pub(in crate::ingest) struct Skip(pub Depth);

impl<'de> DeserializeSeed<'de> for Skip {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.0.minds_all {
            return Lenient(Nothing(self.0)).deserialize(deserializer);
        }
        de::IgnoredAny::deserialize(deserializer).map(drop)
    }
}

struct Nothing(Depth);

impl<'de> Shape<'de> for Nothing {
    type Value = ();

    fn depth(&self) -> Depth {
        self.0
    }

    fn absent(self) {}
}
