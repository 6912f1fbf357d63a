//! A change that CloudTrail recorded, and what it has to do with a Web ACL.

use serde::{Deserialize, Serialize};
use wafwatch_windows::time::EventTime;

use super::configuration::Action;
use super::difference::ConfigurationChange;
use crate::investigate::utc::iso;

/// Rules of a request that are told.
const MAX_TOLD_RULES: usize = 8;

/// A change that somebody made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedChange {
    /// CloudTrail's id of it.
    pub id: String,
    /// What was called, as `UpdateWebACL`.
    pub event: String,
    /// When.
    pub at: EventTime,
    /// Who: a user, `SESSION (role ROLE)`, `root`, a service.
    pub who: String,
    /// The address, or the service, from which.
    pub from: String,
    /// With which program.
    pub agent: String,
    /// The name of what was changed.
    pub subject: String,
    /// What it has to do with the Web ACL.
    pub relation: Relation,
    /// What it changed, where the request before it is known too.
    pub changes: Vec<ConfigurationChange>,
    /// Of a request that says how the Web ACL is to be: its rules, the first 40, with their actions.
    pub rules: Vec<(String, Action)>,
    /// Other parameters that we know, as name and value.
    pub parameters: Vec<(String, String)>,
    /// Why it was refused, if it was.
    pub error: Option<String>,
}

/// What a change has to do with a Web ACL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "rules")]
pub enum Relation {
    /// It is a change of it.
    WebAcl,
    /// It is a change of what these rules of it use.
    UsedBy(Vec<String>),
    /// That cannot be told.
    Perhaps,
}

impl RecordedChange {
    /// Whether it may have made `rule`, as log records call it, refuse requests.
    #[must_use]
    pub fn may_begin_to_refuse(&self, rule: &str) -> bool {
        if self.error.is_some() {
            return false;
        }
        match &self.relation {
            Relation::WebAcl => {
                let mut changes = self.changes.iter();
                changes.any(|change| change.may_begin_to_refuse(rule))
            }
            Relation::UsedBy(rules) => rules.iter().any(|known| known == rule),
            Relation::Perhaps => false,
        }
    }

    /// Whether it wants `rule` to refuse requests by itself, be that new or not.
    #[must_use]
    pub fn wants_to_refuse(&self, rule: &str) -> bool {
        let is_meant = self.relation == Relation::WebAcl && self.error.is_none();
        let refuses = |action: &Action| action.may_refuse() && *action != Action::Group;
        let mut rules = self.rules.iter();
        is_meant && rules.any(|(name, action)| name == rule && refuses(action))
    }

    /// In words: when, what, who, from where, and what became different.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = format!(
            "{} {} by {} from {}",
            iso(self.at),
            self.event,
            self.who,
            self.from
        );
        if !self.agent.is_empty() {
            words.push_str(&format!(" with {}", self.agent));
        }
        if !self.subject.is_empty() {
            words.push_str(&format!(", on {}", self.subject));
        }
        match &self.relation {
            Relation::WebAcl => {}
            Relation::UsedBy(rules) => {
                words.push_str(&format!(", used by {}", rules.join(", ")));
            }
            Relation::Perhaps => words.push_str(", perhaps of this Web ACL"),
        }
        if let Some(error) = &self.error {
            words.push_str(&format!(", refused: {error}"));
        }
        let changes: Vec<String> = self
            .changes
            .iter()
            .map(ConfigurationChange::words)
            .collect();
        let parameters = self.parameters.iter();
        let mut parameters: Vec<String> = parameters
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        if !self.rules.is_empty() {
            parameters.push(format!("rules {}", self.told_rules()));
        }
        if !changes.is_empty() {
            words.push_str(&format!(": {}", changes.join("; ")));
        } else if !parameters.is_empty() {
            words.push_str(&format!(" ({})", parameters.join("; ")));
        }
        words
    }

    fn told_rules(&self) -> String {
        let rules = self.rules.iter().take(MAX_TOLD_RULES);
        let mut told: Vec<String> = rules
            .map(|(name, action)| format!("{name} ({action})"))
            .collect();
        let hidden = self.rules.len().saturating_sub(MAX_TOLD_RULES);
        if hidden > 0 {
            told.push(format!("{hidden} more"));
        }
        told.join(", ")
    }
}
