//! What the account knows beyond the logs: how the Web ACL is configured, what changed in it, and who
//! changed what.
//!
//! Whoever can reach an account implements [`AccountView`]; what it found is a [`Looked`], each part of
//! which may be missing, with the reason. [`Looked::evaluated`] makes [`Surroundings`] of it: changes
//! are set in relation to the Web ACL, and its configuration to what was seen of it before
//! ([`ConfigurationHistory`], which the stores keep). All of it is bounded, and pure.

mod archive;
mod attribution;
mod configuration;
mod difference;
mod history;
mod recorded;
mod request;
mod statement;
mod trail;

use serde::{Deserialize, Serialize};
use std::time::Duration;
use wafwatch_windows::time::EventTime;

pub use archive::{ArchiveSample, MAX_SAMPLES, RecordSample};
pub use attribution::{Attribution, Author};
pub use configuration::{
    AclConfiguration, AclRule, Action, Logging, MAX_RULES, MAX_USED, RuleDigest,
};
pub use difference::{ConfigurationChange, differences};
pub use history::{ConfigurationHistory, Drift, Seen};
pub use recorded::{RecordedChange, Relation};
pub use statement::Statement;
pub use trail::{CLOUDFRONT, TrailEvent, WAF, is_significant, related};

use crate::incident::{EventKind, IncidentEvent};

/// Longest serialised surroundings, in bytes of JSON.
pub const MAX_SURROUNDINGS_BYTES: usize = 16 * 1024;
/// How long the account may be asked before the first message of an incident.
pub const FIRST_LOOK: Duration = Duration::from_millis(1_500);
/// The same before later messages, which nobody waits for as much.
pub const LATER_LOOK: Duration = Duration::from_secs(10);
/// Most changes that are kept, the newest.
const MAX_CHANGES: usize = 24;
/// CloudTrail delivers most events within this time.
const DELIVERY_MS: i64 = 15 * 60_000;

/// What the account says about a Web ACL.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Surroundings {
    /// How it is configured; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<AclConfiguration>,
    /// What changed in it between two looks; absent where nothing is known of a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Changes that CloudTrail recorded; absent where it was not asked, or did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<Trail>,
    /// Raw records; absent where they are not wanted, or could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<ArchiveSample>,
}

/// Recorded changes of a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// From when on.
    pub since: EventTime,
    /// Until when; what happened in the last minutes before it may not have been delivered yet.
    pub until: EventTime,
    /// What concerns the Web ACL, newest first, at most 24.
    pub changes: Vec<RecordedChange>,
    /// What concerns it beyond those.
    pub unlisted: u32,
    /// Significant changes of something else.
    pub unrelated: u32,
}

/// What is asked of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The ARN of the Web ACL.
    pub acl: String,
    /// First window's start.
    pub from: EventTime,
    /// Last window's end.
    pub until: EventTime,
    /// The wall clock.
    pub now: EventTime,
    /// How long it may take.
    pub time: Duration,
}

impl Question {
    /// What is to be known for the message about `event`; `now` is the wall clock.
    #[must_use]
    pub fn about(event: &IncidentEvent, now: EventTime) -> Self {
        let incident = &event.incident;
        Self {
            acl: incident.acl.clone(),
            from: incident.opened,
            until: incident.last_window.end,
            now,
            time: match event.kind {
                EventKind::Opened => FIRST_LOOK,
                _ => LATER_LOOK,
            },
        }
    }
}

/// What an account gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looked {
    /// How the Web ACL is configured.
    pub configuration: Option<AclConfiguration>,
    /// What CloudTrail recorded since when, of whatever it is.
    pub trail: Option<(EventTime, Vec<TrailEvent>)>,
    /// Raw records.
    pub archive: Option<ArchiveSample>,
    /// What could not be had, and why, each as `WHAT: REASON`.
    pub missing: Vec<String>,
}

/// Whoever can look into an account.
pub trait AccountView: Send + Sync {
    /// Looks, within the question's time. It cannot fail: what could not be had is among
    /// [`Looked::missing`].
    fn look(&self, question: &Question) -> Looked;
}

impl Looked {
    /// What it means for the Web ACL that `question` is about, of whose configuration `history` is known;
    /// with the history afterwards, where there is anything to keep, and what is missing.
    #[must_use]
    pub fn evaluated(
        self,
        question: &Question,
        history: Option<ConfigurationHistory>,
    ) -> (Surroundings, Option<ConfigurationHistory>, Vec<String>) {
        let mut missing = self.missing;
        let known = self.configuration.is_some();
        let history = match self.configuration {
            Some(configuration) => Some(ConfigurationHistory::with(
                history,
                configuration,
                question.now,
            )),
            None => history,
        };
        let latest = history
            .as_ref()
            .map(|history| &history.latest.configuration);
        let trail = self.trail.map(|(since, events)| {
            let (mut changes, unrelated) = related(events, &question.acl, latest);
            let unlisted = changes.len().saturating_sub(MAX_CHANGES);
            changes.truncate(MAX_CHANGES);
            Trail {
                since,
                until: question.now,
                changes,
                unlisted: u32::try_from(unlisted).unwrap_or(u32::MAX),
                unrelated,
            }
        });
        let is_fresh = question.now.0.saturating_sub(question.from.0) < DELIVERY_MS;
        if trail.is_some() && is_fresh {
            missing.push(
                "CloudTrail: it delivers with minutes of delay, so the newest changes may not be \
                 listed yet; it is asked again before the next message"
                    .to_owned(),
            );
        }
        let surroundings = Surroundings {
            configuration: latest.filter(|_| known).cloned(),
            drift: history.as_ref().and_then(ConfigurationHistory::drift),
            trail,
            archive: self.archive,
        };
        let (surroundings, is_cut) = surroundings.within(MAX_SURROUNDINGS_BYTES);
        if is_cut {
            missing.push(format!(
                "what the account says: lists are cut to keep it within {MAX_SURROUNDINGS_BYTES} bytes"
            ));
        }
        (surroundings, history.filter(|_| known), missing)
    }
}

impl Surroundings {
    /// The same in at most `most` bytes of JSON, and whether anything had to go: samples first, then
    /// rules, then the oldest changes.
    fn within(mut self, most: usize) -> (Self, bool) {
        let mut is_cut = false;
        while self.bytes() > most {
            is_cut = true;
            if !self.shrunk() {
                return (Self::default(), true);
            }
        }
        (self, is_cut)
    }

    fn bytes(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |json| json.len())
    }

    /// Drops about a half of the least important list that there is; false where nothing is left.
    fn shrunk(&mut self) -> bool {
        if let Some(archive) = self.archive.as_mut().filter(|it| !it.samples.is_empty()) {
            archive.samples.truncate(archive.samples.len() / 2);
            return true;
        }
        if let Some(known) = self.configuration.as_mut().filter(|it| it.rules.len() > 8) {
            let left = known.rules.len() / 2;
            known.unlisted_rules = known
                .unlisted_rules
                .saturating_add(u32::try_from(known.rules.len() - left).unwrap_or(u32::MAX));
            known.rules.truncate(left);
            return true;
        }
        if let Some(trail) = self.trail.as_mut().filter(|it| !it.changes.is_empty()) {
            let left = trail.changes.len() / 2;
            let gone = trail.changes.len() - left;
            trail.unlisted = trail
                .unlisted
                .saturating_add(u32::try_from(gone).unwrap_or(u32::MAX));
            trail.changes.truncate(left);
            return true;
        }
        if let Some(drift) = self.drift.as_mut().filter(|it| !it.changes.is_empty()) {
            let left = drift.changes.len() / 2;
            let gone = drift.changes.len() - left;
            drift.unlisted = drift
                .unlisted
                .saturating_add(u32::try_from(gone).unwrap_or(u32::MAX));
            drift.changes.truncate(left);
            return true;
        }
        self.configuration.take().is_some()
    }
}

#[cfg(test)]
#[path = "surroundings_tests.rs"]
mod tests;
