//! Reads [shapes](super::lenient) by serde_json, which takes any JSON and says what is wrong with the rest.
//!
//! serde's `IgnoredAny` reads over a value without recursion, however deep it is, and faster than
//! any visitor can. [`Depth::unminded`] leaves what is read over to it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::field_name::FieldName;
use super::known::{KnownRun, KnownRuns};
use super::lenient::{Depth, Elements, Fields, Place, Shape};

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
        let inner = deeper(self.0.depth())?;
        self.0.array(inner, &mut ParsedElements(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<S::Value, A::Error> {
        let inner = deeper(self.0.depth())?;
        self.0.object(inner, &mut ParsedFields(fields))
    }
}

fn deeper<E: de::Error>(depth: Depth) -> Result<Depth, E> {
    let too_deep = || E::custom("objects and arrays nest too deep");
    depth.deeper().ok_or_else(too_deep)
}

/// Reads over a value.
pub(in crate::ingest) struct Skip(pub Depth);

impl<'de> DeserializeSeed<'de> for Skip {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.0.minds_all() {
            return Lenient(Nothing(self.0)).deserialize(deserializer);
        }
        IgnoredAny::deserialize(deserializer).map(drop)
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

struct ParsedFields<A>(A);

impl<'de, A: MapAccess<'de>> Fields<'de> for ParsedFields<A> {
    type Error = A::Error;

    fn next<N: FieldName>(&mut self) -> Result<Option<N>, A::Error> {
        self.0.next_key_seed(Name(PhantomData))
    }

    fn value<S: Shape<'de>>(&mut self, shape: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Lenient(shape))
    }

    fn skip(&mut self, depth: Depth) -> Result<(), A::Error> {
        self.0.next_value_seed(Skip(depth))
    }

    fn place(&self) -> Option<Place<'de>> {
        None
    }

    fn known_run<'k>(&mut self, _: &'k mut KnownRuns) -> Option<(&'k KnownRun, &'de str)> {
        None
    }
}

struct ParsedElements<A>(A);

impl<'de, A: SeqAccess<'de>> Elements<'de> for ParsedElements<A> {
    type Error = A::Error;

    fn next<S: Shape<'de>>(&mut self, shape: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Lenient(shape))
    }

    fn skip_rest(&mut self, depth: Depth) -> Result<(), A::Error> {
        while self.0.next_element_seed(Skip(depth))?.is_some() {}
        Ok(())
    }
}

/// Reads the name of a field.
struct Name<N>(PhantomData<N>);

impl<'de, N: FieldName> DeserializeSeed<'de> for Name<N> {
    type Value = N;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<N, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<N: FieldName> Visitor<'_> for Name<N> {
    type Value = N;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a field")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<N, E> {
        Ok(N::of(name.as_bytes()))
    }
}
