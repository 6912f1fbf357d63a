//! What is different between two configurations of a Web ACL.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::configuration::{AclConfiguration, AclRule, Action, Logging};

/// What log records call the action that decides where no rule does.
const DEFAULT_ACTION: &str = "Default_Action";

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ConfigurationChange {
    /// A rule is new.
    RuleAdded {
        /// Its name.
        rule: String,
        /// Its action.
        action: Action,
        /// What it looks at.
        statement: String,
    },
    /// A rule is gone.
    RuleRemoved {
        /// Its name.
        rule: String,
        /// The action it had.
        action: Action,
    },
    /// A rule acts otherwise.
    ActionChanged {
        /// Its name.
        rule: String,
        /// What it did.
        from: Action,
        /// What it does.
        to: Action,
    },
    /// A rule looks at something else, or in another way.
    StatementChanged {
        /// Its name.
        rule: String,
        /// What it looks at.
        statement: String,
    },
    /// A rule is asked earlier or later.
    PriorityChanged {
        /// Its name.
        rule: String,
        /// When it was asked.
        from: i64,
        /// When it is asked.
        to: i64,
    },
    /// Requests that no rule decides fare otherwise.
    DefaultActionChanged {
        /// What became of them.
        from: Action,
        /// What becomes of them.
        to: Action,
    },
    /// Logs go somewhere else, or nowhere.
    LoggingChanged {
        /// Where they went.
        from: Logging,
        /// Where they go.
        to: Logging,
    },
}

impl ConfigurationChange {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::RuleAdded {
                rule,
                action,
                statement,
            } => format!("rule {rule} added ({action}, {statement})"),
            Self::RuleRemoved { rule, action } => format!("rule {rule} removed (was {action})"),
            Self::ActionChanged { rule, from, to } => {
                format!("action of rule {rule} changed from {from} to {to}")
            }
            Self::StatementChanged { rule, statement } => {
                format!("what rule {rule} matches changed (now {statement})")
            }
            Self::PriorityChanged { rule, from, to } => {
                format!("priority of rule {rule} changed from {from} to {to}")
            }
            Self::DefaultActionChanged { from, to } => {
                format!("default action changed from {from} to {to}")
            }
            Self::LoggingChanged { from, to } => {
                format!("logging changed: was {}, is {}", from.words(), to.words())
            }
        }
    }

    /// Whether it may have made `rule`, as log records call it, refuse requests.
    #[must_use]
    pub fn may_begin_to_refuse(&self, rule: &str) -> bool {
        match self {
            Self::RuleAdded {
                rule: changed,
                action,
                ..
            }
            | Self::ActionChanged {
                rule: changed,
                to: action,
                ..
            } => changed == rule && action.may_refuse(),
            Self::StatementChanged { rule: changed, .. } => changed == rule,
            Self::PriorityChanged {
                rule: changed,
                from,
                to,
            } => changed == rule && to < from,
            Self::DefaultActionChanged { to, .. } => rule == DEFAULT_ACTION && to.may_refuse(),
            // What it let through before comes to the default action now.
            Self::RuleRemoved { action, .. } => rule == DEFAULT_ACTION && *action == Action::Allow,
            Self::LoggingChanged { .. } => false,
        }
    }

    /// How it is undone, as an order to a person.
    #[must_use]
    pub fn undoing(&self) -> String {
        match self {
            Self::RuleAdded { rule, .. } => {
                format!("set the action of rule {rule} to Count, or delete the rule")
            }
            Self::RuleRemoved { rule, action } => {
                format!("put rule {rule} back, with the action {action}")
            }
            Self::ActionChanged { rule, from, .. } => {
                format!("set the action of rule {rule} back to {from}")
            }
            Self::StatementChanged { rule, .. } => format!(
                "put back what rule {rule} matched before, or set its action to Count until then"
            ),
            Self::PriorityChanged { rule, from, .. } => {
                format!("set the priority of rule {rule} back to {from}")
            }
            Self::DefaultActionChanged { from, .. } => {
                format!("set the default action back to {from}")
            }
            Self::LoggingChanged { from, .. } => {
                format!("set the logging of the Web ACL back: {}", from.words())
            }
        }
    }
}

/// What became different from `before` to `after`: the default action and logging first, then rules by
/// name. What either does not know is no difference.
#[must_use]
pub fn differences(
    before: &AclConfiguration,
    after: &AclConfiguration,
) -> Vec<ConfigurationChange> {
    let mut changes = Vec::new();
    if before.default_action != after.default_action {
        changes.push(ConfigurationChange::DefaultActionChanged {
            from: before.default_action,
            to: after.default_action,
        });
    }
    let is_known = before.logging != Logging::Unknown && after.logging != Logging::Unknown;
    if is_known && before.logging != after.logging {
        changes.push(ConfigurationChange::LoggingChanged {
            from: before.logging.clone(),
            to: after.logging.clone(),
        });
    }
    let old = by_name(before);
    let new = by_name(after);
    for (name, rule) in &new {
        match old.get(name) {
            Some(old) => changes.extend(differences_of_rule(old, rule)),
            // It may be one of those that are not listed.
            None if before.unlisted_rules > 0 => {}
            None => changes.push(ConfigurationChange::RuleAdded {
                rule: rule.name.clone(),
                action: rule.action,
                statement: rule.statement.clone(),
            }),
        }
    }
    for (name, rule) in &old {
        if !new.contains_key(name) && after.unlisted_rules == 0 {
            changes.push(ConfigurationChange::RuleRemoved {
                rule: rule.name.clone(),
                action: rule.action,
            });
        }
    }
    changes
}

fn by_name(configuration: &AclConfiguration) -> BTreeMap<&str, &AclRule> {
    let rules = configuration.rules.iter();
    rules.map(|rule| (rule.name.as_str(), rule)).collect()
}

fn differences_of_rule(old: &AclRule, new: &AclRule) -> impl Iterator<Item = ConfigurationChange> {
    let rule = || new.name.clone();
    let action = (old.action != new.action).then(|| ConfigurationChange::ActionChanged {
        rule: rule(),
        from: old.action,
        to: new.action,
    });
    let is_other = old.statement != new.statement || old.digest.differs_from(&new.digest);
    let statement = is_other.then(|| ConfigurationChange::StatementChanged {
        rule: rule(),
        statement: new.statement.clone(),
    });
    let priority = (old.priority != new.priority).then(|| ConfigurationChange::PriorityChanged {
        rule: rule(),
        from: old.priority,
        to: new.priority,
    });
    [action, statement, priority].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::investigate::surroundings::configuration::RuleDigest;

    fn rule(name: &str, priority: i64, action: Action) -> AclRule {
        AclRule {
            name: name.to_owned(),
            priority,
            action,
            statement: "geo match US".to_owned(),
            uses: Vec::new(),
            digest: RuleDigest::of("test", "US"),
        }
    }

    fn configuration(rules: Vec<AclRule>) -> AclConfiguration {
        AclConfiguration::new(Action::Allow, rules, Logging::Off)
    }

    fn words(before: &AclConfiguration, after: &AclConfiguration) -> Vec<String> {
        let changes = differences(before, after);
        changes.iter().map(ConfigurationChange::words).collect()
    }

    #[test]
    fn every_kind_of_difference_is_told() {
        let before = configuration(vec![
            rule("gone", 1, Action::Allow),
            rule("acts", 2, Action::Count),
            rule("moves", 3, Action::Block),
            rule("looks", 4, Action::Block),
            rule("stays", 5, Action::Block),
        ]);
        let mut looks = rule("looks", 4, Action::Block);
        looks.digest = RuleDigest::of("test", "US, CA");
        let mut after = configuration(vec![
            rule("acts", 2, Action::Block),
            rule("moves", 0, Action::Block),
            looks,
            rule("stays", 5, Action::Block),
            rule("new", 6, Action::Block),
        ]);
        after.default_action = Action::Block;
        after.logging = Logging::On(vec!["arn:x".to_owned()]);
        assert_eq!(
            words(&before, &after),
            [
                "default action changed from ALLOW to BLOCK",
                "logging changed: was off, is to arn:x",
                "action of rule acts changed from COUNT to BLOCK",
                "what rule looks matches changed (now geo match US)",
                "priority of rule moves changed from 3 to 0",
                "rule new added (BLOCK, geo match US)",
                "rule gone removed (was ALLOW)",
            ]
        );
        assert_eq!(words(&before, &before), [""; 0]);
    }

    #[test]
    fn what_is_not_known_is_no_difference() {
        let before = configuration(vec![rule("a", 1, Action::Block)]);
        let mut after = before.clone();
        after.logging = Logging::Unknown;
        // Written down by another version.
        after.rules[0].digest = RuleDigest::of("other", "anything");
        assert_eq!(words(&before, &after), [""; 0]);
        let mut cut = configuration(Vec::new());
        cut.unlisted_rules = 1;
        assert_eq!(words(&before, &cut), [""; 0]);
        assert_eq!(words(&cut, &before), [""; 0]);
    }

    #[test]
    fn only_what_can_refuse_is_blamed() {
        let before = configuration(vec![
            rule("a", 1, Action::Count),
            rule("let", 2, Action::Allow),
        ]);
        let blamed = |after: &AclConfiguration, name: &str| {
            let changes = differences(&before, after);
            changes
                .iter()
                .any(|change| change.may_begin_to_refuse(name))
        };
        let blocks = configuration(vec![
            rule("a", 1, Action::Block),
            rule("let", 2, Action::Allow),
        ]);
        assert!(blamed(&blocks, "a") && !blamed(&blocks, "b"));
        let allows = configuration(vec![
            rule("a", 1, Action::Allow),
            rule("let", 2, Action::Allow),
        ]);
        assert!(!blamed(&allows, "a"));
        let removed = configuration(vec![rule("a", 1, Action::Count)]);
        assert!(blamed(&removed, "Default_Action") && !blamed(&removed, "let"));
    }
}
