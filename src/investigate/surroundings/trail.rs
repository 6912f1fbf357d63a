//! Changes that CloudTrail recorded: who, from where, when, what.
//!
//! Names of users, sessions and user agents are chosen by whoever makes the call: they are one line
//! of limited length here, and escaped where they are shown.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::Value;
use wafwatch_windows::time::EventTime;

use super::configuration::{AclConfiguration, Action, MAX_NAME};
use super::difference::differences;
use super::recorded::{RecordedChange, Relation};
use super::request::{self, field, text, texts};
use super::statement::name_in;
use crate::incident::acl::AclArn;
use crate::investigate::hostile::one_line;

/// The event source of changes to Web ACLs.
pub const WAF: &str = "wafv2.amazonaws.com";
/// The event source of changes to distributions.
pub const CLOUDFRONT: &str = "cloudfront.amazonaws.com";

/// The changes that matter, of every source.
const SIGNIFICANT: [(&str, &[&str]); 2] = [
    (
        WAF,
        &[
            "CreateWebACL",
            "UpdateWebACL",
            "DeleteWebACL",
            "AssociateWebACL",
            "DisassociateWebACL",
            "CreateIPSet",
            "UpdateIPSet",
            "DeleteIPSet",
            "PutLoggingConfiguration",
            "DeleteLoggingConfiguration",
            "CreateRule",
            "UpdateRule",
            "DeleteRule",
            "CreateRuleGroup",
            "UpdateRuleGroup",
            "DeleteRuleGroup",
            "PutPermissionPolicy",
            "DeletePermissionPolicy",
        ],
    ),
    (CLOUDFRONT, &["CreateDistribution", "UpdateDistribution"]),
];

/// Longest recorded event that is read, in bytes; CloudTrail's are at most 256 KB.
const MAX_EVENT_BYTES: usize = 512 * 1024;
/// Longest user agent in characters.
const MAX_AGENT: usize = 96;
/// Rules of a request that are kept.
const MAX_RULES: usize = 40;
/// Longest value of a parameter in characters.
const MAX_PARAMETER: usize = 240;
/// Differences that are told of one change.
const MAX_CHANGES: usize = 12;

/// A recorded event, before it is known what it has to do with a Web ACL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailEvent {
    change: RecordedChange,
    /// ARNs and ids of what it is about.
    subjects: Vec<String>,
    /// Scope of a name that stands alone: `REGIONAL` or `CLOUDFRONT`.
    scope: Option<String>,
    /// What it makes of a Web ACL.
    wanted: Option<AclConfiguration>,
}

/// Whether an event of this source and name may change what happens to requests.
#[must_use]
pub fn is_significant(source: &str, name: &str) -> bool {
    let name = without_version(name);
    let mut sources = SIGNIFICANT.iter();
    sources.any(|(known, names)| *known == source && names.contains(&name))
}

/// The name without the version of the API that CloudFront's may end with: `UpdateDistribution2020_05_31`.
fn without_version(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_')
}

impl TrailEvent {
    /// Reads an event as CloudTrail records it; `None` where it is not significant, or cannot be read.
    #[must_use]
    pub fn parse(json: &str) -> Option<Self> {
        if json.len() > MAX_EVENT_BYTES {
            return None;
        }
        let value: Value = serde_json::from_str(json).ok()?;
        let source = value["eventSource"].as_str()?;
        let event = value["eventName"].as_str()?;
        if !is_significant(source, event) {
            return None;
        }
        let at: Timestamp = value["eventTime"].as_str()?.parse().ok()?;
        let parameters = &value["requestParameters"];
        let is_of_acl = matches!(event, "CreateWebACL" | "UpdateWebACL");
        let wanted = is_of_acl
            .then(|| request::configuration(parameters))
            .flatten();
        let name = [text(parameters, "name")].into_iter().flatten().next();
        let subjects = subjects(parameters, &value["responseElements"]);
        let subject = name.or_else(|| subjects.first().map(|arn| name_in(arn).to_owned()));
        let cut = |text: &str, most| one_line(text, most);
        let plain = |name: &str, most| cut(value[name].as_str().unwrap_or_default(), most);
        let error = value["errorCode"].as_str().map(|code| cut(code, MAX_NAME));
        Some(Self {
            change: RecordedChange {
                id: plain("eventID", MAX_NAME),
                event: without_version(event).to_owned(),
                at: EventTime(at.as_millisecond()),
                who: who(&value["userIdentity"]),
                from: plain("sourceIPAddress", MAX_NAME),
                agent: plain("userAgent", MAX_AGENT),
                subject: cut(&subject.unwrap_or_default(), MAX_NAME),
                relation: Relation::Perhaps,
                changes: Vec::new(),
                rules: wanted.as_ref().map(named_rules).unwrap_or_default(),
                parameters: known_parameters(parameters, wanted.as_ref()),
                error,
            },
            subjects,
            scope: text(parameters, "scope"),
            wanted,
        })
    }

    fn is_of_acl(&self, acl: &str, arn: Option<AclArn<'_>>) -> bool {
        if self.subjects.iter().any(|subject| subject == acl) {
            return true;
        }
        let Some(arn) = arn else {
            return false;
        };
        if self.subjects.iter().any(|subject| subject == arn.id) {
            return true;
        }
        // A Web ACL that was created: its name, within the scope.
        let is_named = self.change.subject == arn.name && self.wanted.is_some();
        is_named && self.scope.as_deref() == Some(arn.scope.name())
    }

    fn relation(&self, acl: &str, configuration: Option<&AclConfiguration>) -> Option<Relation> {
        let arn = AclArn::parse(acl);
        let event = self.change.event.as_str();
        if self.is_of_acl(acl, arn) {
            return Some(Relation::WebAcl);
        }
        match event {
            // Of another Web ACL, or of the logging of one.
            "CreateWebACL"
            | "UpdateWebACL"
            | "DeleteWebACL"
            | "AssociateWebACL"
            | "PutLoggingConfiguration"
            | "DeleteLoggingConfiguration" => None,
            "CreateIPSet" | "UpdateIPSet" | "DeleteIPSet" | "CreateRuleGroup"
            | "UpdateRuleGroup" | "DeleteRuleGroup" => match configuration {
                None => Some(Relation::Perhaps),
                Some(configuration) => {
                    let rules = self.users(configuration);
                    (!rules.is_empty()).then_some(Relation::UsedBy(rules))
                }
            },
            _ => Some(Relation::Perhaps),
        }
    }

    /// The rules that use what was changed.
    fn users(&self, configuration: &AclConfiguration) -> Vec<String> {
        let is_subject = |arn: &String| {
            let id = arn.rsplit('/').next().unwrap_or_default();
            let mut subjects = self.subjects.iter();
            subjects.any(|subject| subject == arn || subject == id)
        };
        let rules = configuration.rules.iter();
        rules
            .filter(|rule| rule.uses.iter().any(is_subject))
            .map(|rule| rule.name.clone())
            .collect()
    }
}

/// What `events`, which come newest first, have to do with the Web ACL `acl`, newest first, and how many of them have nothing to
/// do with it.
#[must_use]
pub fn related(
    mut events: Vec<TrailEvent>,
    acl: &str,
    configuration: Option<&AclConfiguration>,
) -> (Vec<RecordedChange>, u32) {
    let mut known = HashSet::new();
    events.retain(|event| event.change.id.is_empty() || known.insert(event.change.id.clone()));
    // Times are whole seconds: among equal ones the order in which they came tells which was first.
    events.reverse();
    events.sort_by_key(|event| event.change.at);
    let mut changes = Vec::new();
    let mut unrelated = 0;
    let mut wanted_before: Option<AclConfiguration> = None;
    for event in events {
        let Some(relation) = event.relation(acl, configuration) else {
            unrelated += 1;
            continue;
        };
        let mut change = event.change;
        let is_made = relation == Relation::WebAcl && change.error.is_none();
        if let Some(wanted) = event.wanted.filter(|_| is_made) {
            if let Some(before) = &wanted_before {
                change.changes = differences(before, &wanted);
                change.changes.truncate(MAX_CHANGES);
            }
            wanted_before = Some(wanted);
        }
        change.relation = relation;
        changes.push(change);
    }
    changes.reverse();
    (changes, unrelated)
}

/// ARNs and ids in a request, and in the answer to it.
fn subjects(parameters: &Value, answer: &Value) -> Vec<String> {
    let mut subjects = Vec::new();
    let logging = field(parameters, "loggingConfiguration").unwrap_or(&Value::Null);
    let summary = field(answer, "summary").unwrap_or(&Value::Null);
    let distribution = field(parameters, "distributionConfig").unwrap_or(&Value::Null);
    let places = [
        (parameters, "webACLArn"),
        (parameters, "aRN"),
        (parameters, "resourceArn"),
        (parameters, "webACLId"),
        (parameters, "id"),
        (logging, "resourceArn"),
        (summary, "aRN"),
        (summary, "id"),
        (distribution, "webACLId"),
    ];
    for (value, name) in places {
        subjects.extend(text(value, name).filter(|text| !text.is_empty()));
    }
    subjects
}

/// Who it was, without accounts and keys.
fn who(identity: &Value) -> String {
    let cut = |text: &str| one_line(text, MAX_NAME);
    let kind = identity["type"].as_str().unwrap_or_default();
    let user = identity["userName"].as_str();
    let role = identity["sessionContext"]["sessionIssuer"]["userName"].as_str();
    let arn = identity["arn"].as_str().unwrap_or_default();
    // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
    let session = arn.splitn(3, '/').nth(2);
    match (kind, user, session, role) {
        ("Root", ..) => "root".to_owned(),
        (_, _, Some(session), Some(role)) if kind == "AssumedRole" => {
            format!("{} (role {})", cut(session), cut(role))
        }
        (_, Some(user), ..) => cut(user),
        (_, _, _, Some(role)) => format!("role {}", cut(role)),
        _ => {
            let others = [&identity["invokedBy"], &identity["principalId"]];
            let other = others.into_iter().find_map(Value::as_str);
            other.map_or_else(|| "somebody unknown".to_owned(), cut)
        }
    }
}

fn named_rules(wanted: &AclConfiguration) -> Vec<(String, Action)> {
    let rules = wanted.rules.iter().take(MAX_RULES);
    rules.map(|rule| (rule.name.clone(), rule.action)).collect()
}

/// The parameters that tell what a change was about.
fn known_parameters(
    parameters: &Value,
    wanted: Option<&AclConfiguration>,
) -> Vec<(String, String)> {
    let mut known = Vec::new();
    let mut add = |name: &str, value: String| {
        known.push((name.to_owned(), one_line(&value, MAX_PARAMETER)));
    };
    if let Some(scope) = text(parameters, "scope") {
        add("scope", scope);
    }
    if let Some(wanted) = wanted {
        add("default action", wanted.default_action.to_string());
    }
    let addresses = field(parameters, "addresses").and_then(Value::as_array);
    if let Some(addresses) = addresses {
        add("addresses", addresses.len().to_string());
    }
    for name in ["resourceArn", "webACLArn", "webACLId"] {
        if let Some(arn) = text(parameters, name) {
            add(name, arn);
        }
    }
    if let Some(logging) = field(parameters, "loggingConfiguration") {
        add(
            "logs to",
            texts(logging, "logDestinationConfigs").join(", "),
        );
        let is_filtered = field(logging, "loggingFilter").is_some_and(|filter| !filter.is_null());
        if is_filtered {
            add("logging filter", "set".to_owned());
        }
    }
    known
}

#[cfg(test)]
#[path = "trail_tests.rs"]
mod tests;
