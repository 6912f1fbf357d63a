//! What the records of a run are made of: texts, client software and rulings, each once.
//!
//! A request holds numbers of entries in here, so that it stays small and can be copied, wherever
//! the entries come from: from a built-in scenario or from a file.

use std::collections::HashMap;

use crate::acl::Profile;
use crate::json::push_text;
use crate::kit::{KITS, Kit, KitId};
use crate::rules::{Group, Ruling, RulingId};

/// Number of a text in a [`Catalog`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextId(u32);

/// The entries of a run.
#[derive(Debug, Clone)]
pub(crate) struct Catalog {
    /// What stands behind the ACLs.
    pub(crate) profile: Profile,
    groups: Vec<Group>,
    /// As the inside of a JSON string.
    texts: Vec<String>,
    ids: HashMap<String, TextId>,
    kits: Vec<Kit>,
    rulings: Vec<Ruling>,
}

impl Catalog {
    /// What every run behind ACLs of `profile` has.
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            profile,
            groups: profile.groups().to_vec(),
            texts: Vec::new(),
            ids: HashMap::new(),
            kits: KITS.to_vec(),
            rulings: Vec::new(),
        }
    }

    /// The number of `text`.
    pub(crate) fn text(&mut self, text: &str) -> TextId {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = TextId(self.texts.len() as u32);
        let mut escaped = Vec::with_capacity(text.len());
        push_text(&mut escaped, text);
        self.texts
            .push(String::from_utf8(escaped).expect("escaping valid UTF-8 leaves it valid"));
        self.ids.insert(text.to_owned(), id);
        id
    }

    /// The number of `kit`.
    pub(crate) fn kit(&mut self, kit: Kit) -> KitId {
        let known = self.kits.iter().position(|one| *one == kit);
        let place = known.unwrap_or_else(|| {
            self.kits.push(kit);
            self.kits.len() - 1
        });
        KitId(place as u16)
    }

    /// The number of `ruling`; the ACLs get the rule groups that it needs.
    pub(crate) fn ruling(&mut self, ruling: impl Into<Ruling>) -> RulingId {
        let ruling = ruling.into();
        for group in ruling.groups() {
            if !self.groups.contains(&group) {
                self.groups.push(group);
            }
        }
        let known = self.rulings.iter().position(|one| *one == ruling);
        let place = known.unwrap_or_else(|| {
            self.rulings.push(ruling);
            self.rulings.len() - 1
        });
        RulingId(place as u16)
    }

    /// Managed rule groups in the order of their priority.
    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// All kits, at their numbers.
    pub(crate) fn kits(&self) -> &[Kit] {
        &self.kits
    }

    /// All rulings, at their numbers.
    pub(crate) fn rulings(&self) -> &[Ruling] {
        &self.rulings
    }

    /// The text numbered `id`, as the inside of a JSON string.
    pub(crate) fn escaped(&self, id: TextId) -> &str {
        &self.texts[id.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Verdict;

    #[test]
    fn equal_entries_have_equal_numbers() {
        let mut catalog = Catalog::new(Profile::Website);
        let first = catalog.text("a\"b");
        assert_eq!(catalog.text("a\"b"), first);
        assert_ne!(catalog.text("a"), first);
        assert_eq!(catalog.escaped(first), "a\\\"b");
        let blocked = catalog.ruling(Verdict::Log4Shell);
        assert_ne!(catalog.ruling(Verdict::Allowed), blocked);
        assert_eq!(catalog.ruling(Verdict::Log4Shell), blocked);
        let kit = catalog.kit(KITS[3].clone());
        assert_eq!(kit, KitId(3));
    }

    #[test]
    fn a_ruling_brings_its_group() {
        let mut catalog = Catalog::new(Profile::Website);
        assert!(!catalog.groups().contains(&Group::SqlInjection));
        catalog.ruling(Verdict::SqlInjection);
        assert_eq!(catalog.groups().last(), Some(&Group::SqlInjection));
    }
}
