//! Series of single rules and of the paths that people log in by: a bounded number of each.
//!
//! Paths that a summary tells as watched are followed first. A key is followed from the first window that lists it while there is room, after that when it is used
//! more than the least used one that is followed. It is taken to have been zero until then, which is what
//! makes a rule that fires for the first time a finding.

use serde::{Deserialize, Serialize};
use wafwatch_windows::summary::{Dimension, Summary, TopItem};

use super::model::rhythm::Rhythms;
use super::model::scale::Scale;
use super::model::series::Series;

/// Rules that are followed.
pub(super) const MOST_RULES: usize = 8;
/// Paths that are followed because they look like a login.
const MOST_LOGINS: usize = 3;
/// Paths that are followed because settings name them.
pub const MOST_WATCHED: usize = 3;
/// Paths that are followed.
pub(super) const MOST_PATHS: usize = MOST_LOGINS + MOST_WATCHED;
/// Longer keys are not followed: they are cut by ingest anyway.
const LONGEST_KEY: usize = 256;
/// What a path contains that people log in by.
const LOGIN_WORDS: [&str; 7] = [
    "login", "signin", "sign-in", "sign_in", "logon", "/auth", "password",
];

/// One key and its series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Keyed {
    pub key: String,
    /// Mean requests per window, over about a day.
    usage: f64,
    pub count: Series,
    /// Its share in all requests; not kept for rules.
    pub share: Option<Series>,
}

/// What a table of keys follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follows {
    Rules,
    /// Watched ones, and logins.
    Paths,
}

impl Follows {
    fn dimension(self) -> Dimension {
        match self {
            Self::Rules => Dimension::Rule,
            Self::Paths => Dimension::Uri,
        }
    }

    /// How many keys of its own choice it follows.
    fn most(self) -> usize {
        match self {
            Self::Rules => MOST_RULES,
            Self::Paths => MOST_LOGINS,
        }
    }

    /// What people chose.
    fn watched(self, summary: &Summary) -> &[TopItem] {
        match self {
            Self::Rules => &[],
            Self::Paths => {
                let watched = &summary.watched_uris;
                &watched[..watched.len().min(MOST_WATCHED)]
            }
        }
    }

    fn follows(self, key: &str) -> bool {
        let is_short = !key.is_empty() && key.len() <= LONGEST_KEY;
        is_short
            && match self {
                Self::Rules => key != "Default_Action",
                Self::Paths => {
                    let path = key.to_ascii_lowercase();
                    LOGIN_WORDS.iter().any(|word| path.contains(word))
                }
            }
    }

    /// The keys of a summary that could be followed, with their counts.
    pub(super) fn listed(self, summary: &Summary) -> impl Iterator<Item = (&str, f64)> {
        let watched = self.watched(summary);
        let is_watched = move |key: &str| watched.iter().any(|item| item.key == key);
        let chosen = summary
            .top(self.dimension())
            .iter()
            .filter(move |item| self.follows(&item.key) && !is_watched(&item.key))
            .take(self.most());
        let all = watched.iter().chain(chosen);
        all.map(|item| (item.key.as_str(), item.lower as f64))
    }

    /// Requests of `key`; zero where it is not listed.
    pub(super) fn value(self, summary: &Summary, key: &str) -> f64 {
        let listed = summary.top(self.dimension());
        let mut items = self.watched(summary).iter().chain(listed);
        let listed = items.find(|item| item.key == key);
        listed.map_or(0.0, |item| item.lower as f64)
    }

    /// A key that was never seen by an ACL of which `seen` windows are known.
    pub(super) fn newcomer(self, key: &str, per_day: f64, seen: f64) -> Keyed {
        Keyed {
            key: key.to_owned(),
            usage: 0.0,
            count: Series::of_zeros(Rhythms::Hourly, per_day, seen),
            share: (self == Self::Paths)
                .then(|| Series::new(Scale::Share, Rhythms::Hourly, per_day)),
        }
    }

    /// Takes in the listed keys that deserve a place, before the window is learnt.
    pub(super) fn admit(self, table: &mut Vec<Keyed>, summary: &Summary, per_day: f64, seen: f64) {
        for (key, count) in self.listed(summary) {
            if table.iter().any(|known| known.key == key) {
                continue;
            }
            let watched = self.watched(summary);
            let is_watched = |key: &str| watched.iter().any(|item| item.key == key);
            if table.len() < self.most() + watched.len() {
                table.push(self.newcomer(key, per_day, seen));
                continue;
            }
            let least = table
                .iter_mut()
                .filter(|known| !is_watched(&known.key))
                .min_by(|a, b| a.usage.total_cmp(&b.usage).then(b.key.cmp(&a.key)));
            if let Some(least) = least
                && (is_watched(key) || least.usage < count / per_day.max(1.0))
            {
                *least = self.newcomer(key, per_day, seen);
            }
        }
    }
}

impl Keyed {
    pub(super) fn use_in_window(&mut self, count: f64, per_day: f64) {
        self.usage += (count - self.usage) / per_day.max(1.0);
    }
}
