//! The shapes of single values.

use std::borrow::Cow;

use super::lenient::{Depth, Shape};

/// A string, or a number written as one. Null, empty and `-` are absent, as WAF writes them.
pub(in crate::ingest) struct Text(pub Depth);

impl<'de> Shape<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn depth(&self) -> Depth {
        self.0
    }

    fn absent(self) -> Self::Value {
        None
    }

    fn borrowed(self, text: &'de str) -> Self::Value {
        is_present(text).then_some(Cow::Borrowed(text))
    }

    fn transient(self, text: &str) -> Self::Value {
        is_present(text).then(|| Cow::Owned(text.to_owned()))
    }

    fn unsigned(self, number: u64) -> Self::Value {
        Some(Cow::Owned(number.to_string()))
    }

    fn signed(self, number: i64) -> Self::Value {
        Some(Cow::Owned(number.to_string()))
    }
}

pub(in crate::ingest) fn is_present(text: &str) -> bool {
    !text.is_empty() && text != "-"
}

/// A count in bytes: an integer, or one written as a string. Anything else is zero.
pub(in crate::ingest) struct Size(pub Depth);

impl<'de> Shape<'de> for Size {
    type Value = u64;

    fn depth(&self) -> Depth {
        self.0
    }

    fn absent(self) -> u64 {
        0
    }

    fn transient(self, text: &str) -> u64 {
        text.trim().parse().unwrap_or(0)
    }

    fn unsigned(self, number: u64) -> u64 {
        number
    }

    fn float(self, number: f64) -> u64 {
        // The cast saturates, and takes what is no number for zero.
        number as u64
    }
}

/// Whether a string is exactly this one.
pub(in crate::ingest) struct Is(pub &'static str, pub Depth);

impl<'de> Shape<'de> for Is {
    type Value = bool;

    fn depth(&self) -> Depth {
        self.1
    }

    fn absent(self) -> bool {
        false
    }

    fn transient(self, text: &str) -> bool {
        text == self.0
    }
}
