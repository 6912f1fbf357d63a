//! Which change made a rule refuse requests, as far as that is known.

use wafwatch_windows::time::EventTime;

use super::difference::ConfigurationChange;
use super::history::Drift;
use super::recorded::{RecordedChange, Relation};
use super::{Surroundings, Trail};

/// Clocks of services and of the logs may be apart by this much.
const CLOCKS_APART_MS: i64 = 60_000;

/// A change that may be behind what a rule does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attribution<'s> {
    /// Who made it, where that was recorded.
    pub author: Author<'s>,
    /// What it changed about the rule, where that is known.
    pub change: Option<&'s ConfigurationChange>,
}

/// Who made a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Author<'s> {
    /// CloudTrail tells.
    Recorded(&'s RecordedChange),
    /// The configuration is another one than at the look before.
    Unknown(&'s Drift),
}

impl Surroundings {
    /// The newest change, made no later than `began`, that may have made `rule`, as log records call it,
    /// refuse requests.
    #[must_use]
    pub fn behind(&self, rule: &str, began: EventTime) -> Option<Attribution<'_>> {
        let latest = began.plus(CLOCKS_APART_MS);
        let drift = self.drift.as_ref().filter(|drift| drift.after <= latest);
        let of_rule = |changes: &'_ [ConfigurationChange]| {
            let mut changes = changes.iter();
            changes.position(|change| change.may_begin_to_refuse(rule))
        };
        let drifted = drift.and_then(|drift| {
            let place = of_rule(&drift.changes)?;
            Some((drift, &drift.changes[place]))
        });
        let trail = self.trail.as_ref();
        let recorded = trail.and_then(|trail| trail.newest(rule, latest));
        if let Some(recorded) = recorded {
            let change = of_rule(&recorded.changes).map(|place| &recorded.changes[place]);
            return Some(Attribution {
                author: Author::Recorded(recorded),
                change,
            });
        }
        let Some((drift, change)) = drifted else {
            // All that is known is that it was made to refuse no later than then.
            let recorded = trail?.only_update(trail?.since, latest)?;
            return recorded.wants_to_refuse(rule).then_some(Attribution {
                author: Author::Recorded(recorded),
                change: None,
            });
        };
        // What was recorded does not say what it changed, but it is the only change in that time.
        let only = trail.and_then(|trail| trail.only_update(drift.after, drift.until));
        Some(Attribution {
            author: only.map_or(Author::Unknown(drift), Author::Recorded),
            change: Some(change),
        })
    }
}

impl Trail {
    fn newest(&self, rule: &str, latest: EventTime) -> Option<&RecordedChange> {
        let mut changes = self.changes.iter();
        changes.find(|change| change.at <= latest && change.may_begin_to_refuse(rule))
    }

    /// The only update of the Web ACL between two times, if there is one and no other.
    fn only_update(&self, after: EventTime, until: EventTime) -> Option<&RecordedChange> {
        let after = after.minus(CLOCKS_APART_MS);
        let mut updates = self.changes.iter().filter(|change| {
            let is_update = matches!(change.event.as_str(), "UpdateWebACL" | "CreateWebACL");
            let is_meant = is_update && change.relation == Relation::WebAcl;
            is_meant && change.error.is_none() && change.at >= after && change.at <= until
        });
        let first = updates.next()?;
        updates.next().is_none().then_some(first)
    }
}
