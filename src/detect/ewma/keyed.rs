//! The followed rules, paths or addresses: a bounded table of averages.
//!
//! Keys come from a window's top list. A full table gives up the key that was seen longest ago, ties
//! by key, so equal input leaves equal tables. A key that is not in a window's list counts as zero
//! where the list is complete; where it is cut, the count is unknown and teaches nothing.
//!
//! Most keys of a busy site are new in every window. A new key is therefore not compared with
//! nothing, but with the largest newcomer of past windows, which has an average of its own.
//!
//! With `k` keys followed, `k` series are tested at once. The tail probability that a finding
//! needs is divided by `k` (Bonferroni), so a table as a whole is as quiet as one signal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wafwatch_windows::summary::TopList;

use super::super::Finding;
use super::average::{Average, Observation, Terms};
use super::finding;

/// Longest key that is followed; longer ones are newcomers every time.
pub const MAX_KEY_BYTES: usize = 256;
/// Windows that a key is followed for before it is judged by its own average.
const FAMILIAR_WINDOWS: u32 = 10;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Table {
    keys: BTreeMap<String, Followed>,
    newcomer: Average,
    learnt: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Followed {
    average: Average,
    last_seen: u32,
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            keys: BTreeMap::new(),
            newcomer: Average::new(),
            learnt: 0,
        }
    }

    #[cfg(test)]
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// Findings of familiar keys and of the largest newcomer.
    pub(super) fn score(
        &self,
        list: Option<&TopList>,
        terms: &Terms,
        signal: super::MakeSignal,
    ) -> Vec<Finding> {
        let terms = self.corrected(terms);
        let mut findings = Vec::new();
        for item in list.map_or(&[][..], |list| &list.items) {
            let Some(average) = self.familiar(&item.key) else {
                continue;
            };
            let observation = Observation::count(item.lower as f64);
            findings.extend(finding(
                average,
                &observation,
                &terms,
                signal(item.key.clone()),
            ));
        }
        if let Some((key, count)) = self.largest_newcomer(list) {
            let observation = Observation::count(count);
            findings.extend(finding(
                &self.newcomer,
                &observation,
                &terms,
                signal(key.to_owned()),
            ));
        }
        findings
    }

    pub(super) fn learn(&mut self, list: Option<&TopList>, terms: &Terms, capacity: usize) {
        let terms = self.corrected(terms);
        let newcomer = self.largest_newcomer(list).map_or(0.0, |(_, count)| count);
        let observation = Observation::count(newcomer);
        let limit = self.newcomer.threshold(&observation, &terms);
        let limit = limit.filter(|limit| observation.count >= *limit);
        self.newcomer.learn(&observation, limit, &terms);

        self.learnt = self.learnt.saturating_add(1);
        let is_complete = list.is_none_or(is_complete);
        let items = list.map_or(&[][..], |list| &list.items);
        if is_complete {
            let absent = Observation::count(0.0);
            for (key, followed) in &mut self.keys {
                if !items.iter().any(|item| item.key == *key) {
                    followed.average.learn(&absent, None, &terms);
                }
            }
        }
        for item in items.iter().filter(|item| item.key.len() <= MAX_KEY_BYTES) {
            let observation = Observation::count(item.lower as f64);
            let followed = self.keys.entry(item.key.clone()).or_insert(Followed {
                average: Average::new(),
                last_seen: 0,
            });
            followed.last_seen = self.learnt;
            let average = &mut followed.average;
            // What a key does before it is familiar is bounded by what newcomers do.
            let judge = if average.windows() >= FAMILIAR_WINDOWS {
                &*average
            } else {
                &self.newcomer
            };
            let limit = judge.threshold(&observation, &terms);
            let limit = limit.filter(|limit| observation.count >= *limit);
            average.learn(&observation, limit, &terms);
        }
        self.evict(capacity);
    }

    fn familiar(&self, key: &str) -> Option<&Average> {
        self.keys
            .get(key)
            .map(|followed| &followed.average)
            .filter(|average| average.windows() >= FAMILIAR_WINDOWS)
    }

    fn largest_newcomer<'a>(&self, list: Option<&'a TopList>) -> Option<(&'a str, f64)> {
        let items = &list?.items;
        items
            .iter()
            .find(|item| self.familiar(&item.key).is_none())
            .map(|item| (item.key.as_str(), item.lower as f64))
    }

    fn corrected(&self, terms: &Terms) -> Terms {
        Terms {
            tail: terms.tail / (self.keys.len() as f64 + 1.0),
            ..*terms
        }
    }

    fn evict(&mut self, capacity: usize) {
        let excess = self.keys.len().saturating_sub(capacity);
        if excess == 0 {
            return;
        }
        let mut by_age: Vec<(u32, String)> = self
            .keys
            .iter()
            .map(|(key, followed)| (followed.last_seen, key.clone()))
            .collect();
        by_age.sort_unstable();
        for (_, key) in by_age.into_iter().take(excess) {
            self.keys.remove(&key);
        }
    }
}

fn is_complete(list: &TopList) -> bool {
    let listed = list
        .items
        .iter()
        .fold(0_u64, |sum, item| sum.saturating_add(item.lower));
    listed >= list.weight
}
