//! What the account says, as lines: the rules that decided, what changed, and who changed what.
//!
//! Whoever may call AWS, even without being allowed to change anything, chooses texts that CloudTrail
//! records. So people are references, names are shown where they look like names, and what a rule looks
//! at is told by kind.

use std::collections::HashSet;

use wafwatch_windows::summary::Dimension;

use super::Rung;
use super::page::Page;
use crate::analyst::bedrock::hostile::Kind;
use crate::investigate::Evidence;
use crate::investigate::surroundings::{
    ConfigurationChange, Logging, RecordedChange, Relation, Surroundings,
};
use crate::investigate::utc::iso;

/// The kinds of statements, as their descriptions begin.
const KINDS: [&str; 16] = [
    "geo match",
    "managed group",
    "rule group",
    "IP set",
    "pattern set",
    "rate limit",
    "label",
    "text match",
    "pattern match",
    "SQL injection match",
    "cross-site scripting match",
    "size constraint",
    "network number match",
    "all of",
    "any of",
    "not",
];

/// Appends what the account says, within `rung`.
pub(super) fn append(page: &mut Page, evidence: &Evidence, rung: Rung) {
    let surroundings = &evidence.surroundings;
    configuration(page, evidence, rung);
    drift(page, surroundings, rung);
    let trail = surroundings.trail.as_ref();
    if let Some(trail) = trail {
        page.line(format!(
            "recorded changes since {}: {}",
            iso(trail.since),
            trail.changes.len() + trail.unlisted as usize
        ));
        for change in trail.changes.iter().take(rung.changes) {
            recorded(page, change, rung);
        }
    }
    if let Some(archive) = &surroundings.archive {
        page.line(format!(
            "raw records looked at: {}, of them blocked {}",
            archive.records, archive.blocked
        ));
    }
}

fn configuration(page: &mut Page, evidence: &Evidence, rung: Rung) {
    let Some(known) = &evidence.surroundings.configuration else {
        return;
    };
    let logging = match known.logging {
        Logging::Unknown => "not known",
        Logging::Off => "off",
        Logging::On(_) => "on",
    };
    page.line(format!(
        "web ACL as configured: default action {}, logging {logging}, {} rules",
        known.default_action,
        known.rules.len() + known.unlisted_rules as usize
    ));
    let values = evidence.values.iter();
    let deciding = values.filter(|value| value.dimension == Dimension::Rule);
    let deciding: HashSet<&str> = deciding.map(|value| value.key.as_str()).collect();
    let rules = known.rules.iter();
    let rules = rules.filter(|rule| deciding.contains(rule.name.as_str()));
    for rule in rules.take(rung.items) {
        let name = page.name(&rule.name);
        let looks_at = kind(&rule.statement);
        page.line(format!(
            "configured rule {name}: priority {}, {}, {looks_at}",
            rule.priority, rule.action
        ));
    }
}

fn drift(page: &mut Page, surroundings: &Surroundings, rung: Rung) {
    let Some(drift) = &surroundings.drift else {
        return;
    };
    let changes = changes(page, &drift.changes, rung);
    page.line(format!(
        "configuration changed between {} and {}: {changes}",
        iso(drift.after),
        iso(drift.until)
    ));
}

fn recorded(page: &mut Page, change: &RecordedChange, rung: Rung) {
    let who = page.reference(Kind::Person, &change.who);
    let from = page.address(&change.from);
    let mut line = format!(
        "recorded change {} {} by {who} from {from}",
        iso(change.at),
        change.event
    );
    match &change.relation {
        Relation::WebAcl => {}
        Relation::UsedBy(rules) => {
            let names = rules.iter().take(rung.items);
            let names: Vec<String> = names.map(|rule| page.name(rule)).collect();
            line.push_str(&format!(", used by rule {}", names.join(", ")));
        }
        Relation::Perhaps => line.push_str(", perhaps of this web ACL"),
    }
    if change.error.is_some() {
        line.push_str(", refused");
    }
    if !change.changes.is_empty() {
        line.push_str(&format!(": {}", changes(page, &change.changes, rung)));
    }
    page.line(line);
}

fn changes(page: &mut Page, changes: &[ConfigurationChange], rung: Rung) -> String {
    let shown = changes.iter().take(rung.items);
    let shown: Vec<String> = shown.map(|change| one(page, change)).collect();
    shown.join("; ")
}

fn one(page: &mut Page, change: &ConfigurationChange) -> String {
    match change {
        ConfigurationChange::RuleAdded {
            rule,
            action,
            statement,
        } => {
            let rule = page.name(rule);
            format!("rule {rule} added, {action}, {}", kind(statement))
        }
        ConfigurationChange::RuleRemoved { rule, action } => {
            format!("rule {} removed, was {action}", page.name(rule))
        }
        ConfigurationChange::ActionChanged { rule, from, to } => {
            format!("rule {} from {from} to {to}", page.name(rule))
        }
        ConfigurationChange::StatementChanged { rule, statement } => {
            let rule = page.name(rule);
            format!("rule {rule} matches otherwise, {}", kind(statement))
        }
        ConfigurationChange::PriorityChanged { rule, from, to } => {
            format!("rule {} from priority {from} to {to}", page.name(rule))
        }
        ConfigurationChange::DefaultActionChanged { from, to } => {
            format!("default action from {from} to {to}")
        }
        ConfigurationChange::LoggingChanged { to, .. } => match to {
            Logging::On(_) => "logging goes elsewhere".to_owned(),
            Logging::Off | Logging::Unknown => "logging turned off".to_owned(),
        },
    }
}

/// The kind of a statement, with the countries of one that looks at them.
fn kind(statement: &str) -> String {
    let known = KINDS.iter().find(|kind| statement.starts_with(**kind));
    let Some(kind) = known else {
        return "a statement".to_owned();
    };
    let rest = statement.strip_prefix("geo match ").unwrap_or_default();
    let is_country = |word: &&str| word.len() == 2 && word.bytes().all(|b| b.is_ascii_uppercase());
    let countries: Vec<&str> = rest.split(", ").take_while(is_country).collect();
    match countries.as_slice() {
        [] => (*kind).to_owned(),
        countries => format!("{kind} {}", countries.join(", ")),
    }
}
