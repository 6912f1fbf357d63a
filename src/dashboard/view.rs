//! What may be seen, and by which names: masks, names of Web ACLs, handles of values.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use wafwatch_windows::summary::Dimension;

use super::answer::Refusal;
use super::parameters::{Parameters, shown};
use crate::incident::acl;
use crate::report::{Redaction, hostile};
use crate::store::sqlite::SqliteStore;

/// Web ACLs that are looked at.
pub(super) const MAX_ACLS: usize = 256;
/// Web ACLs that one request may name.
const MAX_NAMED: usize = 64;
/// Handles that are kept; beyond, all begin anew.
const MAX_HANDLES: usize = 20_000;
/// Longest text that is handed out; keys of windows are cut far shorter.
const MAX_CHARS: usize = 2_000;

/// A value of a dimension.
pub(super) type Value = (Dimension, String);

/// What may be seen.
#[derive(Debug)]
pub(super) struct View {
    redaction: Redaction,
    handles: Mutex<Handles>,
}

/// Values that were shown, by the handles under which they can be asked for. Values themselves may be
/// masked, and addresses do not belong into the addresses of pages.
#[derive(Debug, Default)]
struct Handles {
    round: u32,
    values: Vec<Value>,
    places: HashMap<Value, usize>,
}

impl Handles {
    fn of(&mut self, value: Value) -> String {
        if !self.places.contains_key(&value) && self.values.len() == MAX_HANDLES {
            self.round = self.round.wrapping_add(1);
            self.values.clear();
            self.places.clear();
        }
        let next = self.values.len();
        let place = *self.places.entry(value.clone()).or_insert(next);
        if place == next {
            self.values.push(value);
        }
        format!("{}-{place}", self.round)
    }

    fn value(&self, handle: &str) -> Option<&Value> {
        let (round, place) = handle.split_once('-')?;
        let is_current = round.parse() == Ok(self.round);
        self.values
            .get(place.parse::<usize>().ok()?)
            .filter(|_| is_current)
    }
}

impl View {
    pub(super) fn new(redaction: Redaction) -> Self {
        Self {
            redaction,
            handles: Mutex::default(),
        }
    }

    pub(super) fn redaction(&self) -> Redaction {
        self.redaction
    }

    /// Text of requests or settings on one line, masked.
    pub(super) fn text(&self, text: &str) -> String {
        hostile::one_line(&self.redaction.applied(text), MAX_CHARS)
    }

    /// The id of a Web ACL in the API. What is masked is not in it.
    pub(super) fn acl_id(&self, arn: &str) -> String {
        let name = self.redaction.applied(acl::name(arn));
        format!("{}-{}", acl::safe_name(&name), acl::short_hash(arn))
    }

    /// The name of a Web ACL for people.
    pub(super) fn acl_name(&self, arn: &str) -> String {
        self.text(acl::name(arn))
    }

    /// A handle of a value.
    pub(super) fn handle(&self, dimension: Dimension, key: &str) -> String {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        handles.of((dimension, key.to_owned()))
    }

    /// The value of a handle.
    pub(super) fn value(&self, handle: &str) -> Result<Value, Refusal> {
        let handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        handles.value(handle).cloned().ok_or_else(|| {
            Refusal::NotFound(format!(
                "there is no filter {}: take one from an answer of this process",
                shown(handle)
            ))
        })
    }

    /// The ARNs that the request names in `acl`; `None` where it names none and means all.
    pub(super) fn acls(
        &self,
        parameters: &Parameters,
        store: &SqliteStore,
    ) -> Result<Option<Vec<String>>, Refusal> {
        let ids: Vec<&str> = parameters.all("acl").collect();
        if ids.is_empty() {
            return Ok(None);
        }
        if ids.len() > MAX_NAMED {
            return Err(Refusal::BadRequest(format!(
                "acl is given more than {MAX_NAMED} times: ask for fewer at once"
            )));
        }
        let known = store.acls_with_windows(MAX_ACLS)?;
        let known: HashMap<String, String> = known
            .into_iter()
            .map(|arn| (self.acl_id(&arn), arn))
            .collect();
        let mut arns = Vec::with_capacity(ids.len());
        for id in ids {
            let arn = known.get(id).ok_or_else(|| {
                Refusal::NotFound(format!(
                    "there is no Web ACL {}: /api/v1/acls lists those there are",
                    shown(id)
                ))
            })?;
            if !arns.contains(arn) {
                arns.push(arn.clone());
            }
        }
        Ok(Some(arns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/shop 111122223333/a";

    #[test]
    fn what_is_masked_is_in_no_name() {
        let view = View::new(Redaction {
            account_ids: true,
            ..Redaction::default()
        });
        for text in [view.acl_id(ARN), view.acl_name(ARN), view.text(ARN)] {
            assert!(!text.contains("111122223333"), "{text}");
        }
        let id = view.acl_id(ARN);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(id.chars().all(is_plain), "{id}");
    }

    #[test]
    fn handles_are_few_and_lead_back() {
        let view = View::new(Redaction::default());
        let first = view.handle(Dimension::Uri, "/x");
        assert_eq!(view.handle(Dimension::Uri, "/x"), first);
        assert_ne!(view.handle(Dimension::BlockedUri, "/x"), first);
        let value = view.value(&first).expect("is known");
        assert_eq!(value, (Dimension::Uri, "/x".to_owned()));
        for number in 0..MAX_HANDLES {
            view.handle(Dimension::Uri, &number.to_string());
        }
        view.value(&first).expect_err("a round has passed");
        for wrong in ["", "-", "0-", "1-99999999", "x"] {
            view.value(wrong).expect_err(wrong);
        }
    }
}
