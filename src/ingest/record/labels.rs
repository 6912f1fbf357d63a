//! `labels`: a list of objects with a name, as WAF writes it; a list of strings, one object or one
//! string, as some tools rewrite it.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess};

use super::lenient::{Depth, Lenient, Shape, Skip};
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

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum LabelKey {
    Name,
    #[serde(other)]
    Other,
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

    fn array<A: SeqAccess<'de>>(self, inner: Depth, mut elements: A) -> Result<(), A::Error> {
        while elements
            .next_element_seed(Lenient(LabelList(self.0, inner)))?
            .is_some()
        {}
        Ok(())
    }

    fn object<A: MapAccess<'de>>(self, inner: Depth, mut fields: A) -> Result<(), A::Error> {
        while let Some(key) = fields.next_key()? {
            match key {
                LabelKey::Name => {
                    if let Some(name) = fields.next_value_seed(Lenient(Text(inner)))? {
                        self.0.add(name);
                    }
                }
                LabelKey::Other => fields.next_value_seed(Skip(inner))?,
            }
        }
        Ok(())
    }
}
