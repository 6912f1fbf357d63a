//! `labels`: a list of objects with a name, as WAF writes it; a list of strings, one object or one
//! string, as some tools rewrite it.

use std::borrow::Cow;

use super::field_name::{FieldName, Spelling};
use super::lenient::{Depth, Elements, Fields, Shape};
use super::values::{Text, is_present};

/// Labels that one record keeps at most: as many as WAF logs.
pub(super) const MOST_LABELS: usize = 100;

/// The label names of a record.
#[derive(Debug, Default)]
pub(super) struct Labels<'a> {
    pub names: Vec<Cow<'a, str>>,
    /// Labels that [`MOST_LABELS`] left out.
    pub left_out: u64,
}

impl<'a> Labels<'a> {
    /// Whether there are none, not even such as were left out.
    pub fn are_none(&self) -> bool {
        self.names.is_empty() && self.left_out == 0
    }

    fn add(&mut self, name: Cow<'a, str>) {
        if !is_present(&name) {
            return;
        }
        if self.names.len() == MOST_LABELS {
            self.left_out += 1;
            return;
        }
        self.names.push(name);
    }
}

#[derive(Clone, Copy)]
enum LabelKey {
    Name,
    Other,
}

impl FieldName for LabelKey {
    const KNOWN: &'static [(Spelling, Self)] = &[(Spelling::of("name"), Self::Name)];
    const OTHER: Self = Self::Other;
}

/// The list, and each of its elements: a list within the list is read alike.
pub(super) struct LabelList<'l, 'de>(pub &'l mut Labels<'de>, pub Depth);

impl<'de> Shape<'de> for LabelList<'_, 'de> {
    type Value = ();

    fn depth(&self) -> Depth {
        self.1
    }

    fn absent(self) {}

    fn borrowed(self, text: &'de str) {
        self.0.add(Cow::Borrowed(text));
    }

    fn transient(self, text: &str) {
        self.0.add(Cow::Owned(text.to_owned()));
    }

    fn array<E: Elements<'de>>(self, inner: Depth, elements: &mut E) -> Result<(), E::Error> {
        while elements.next(LabelList(self.0, inner))?.is_some() {}
        Ok(())
    }

    fn object<F: Fields<'de>>(self, inner: Depth, fields: &mut F) -> Result<(), F::Error> {
        while let Some(key) = fields.next()? {
            match key {
                LabelKey::Name => {
                    if let Some(name) = fields.value(Text(inner))? {
                        self.0.add(name);
                    }
                }
                LabelKey::Other => fields.skip(inner)?,
            }
        }
        Ok(())
    }
}
