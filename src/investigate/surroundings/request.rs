//! What a recorded request to WAF says of a Web ACL: the parameters that we know, and nothing else.
//!
//! Names are read in any capitalisation: the API spells them `WebACLId`, CloudTrail `webACLId`. Search
//! strings, inserted headers, response bodies, descriptions and lock tokens are never looked at: they
//! may be secrets, and explain nothing.

use serde_json::{Map, Value};

use super::configuration::{AclConfiguration, AclRule, Action, Logging, MAX_NAME, RuleDigest};
use super::statement::Statement;
use crate::investigate::hostile::one_line;

/// Form of the digests that are made here.
const DIGEST_FORM: &str = "request";
/// Statements within statements that are followed.
const MAX_DEPTH: usize = 6;
/// Rules and parts of a statement that are read.
const MAX_READ: usize = 1_000;
/// Countries, addresses and other values that are read of a list.
const MAX_VALUES: usize = 300;

/// The field of an object, in any capitalisation.
pub(super) fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let fields = value.as_object()?;
    let found = fields
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

/// The text of a field, on one line.
pub(super) fn text(value: &Value, name: &str) -> Option<String> {
    let text = field(value, name)?.as_str()?;
    Some(one_line(text, 2 * MAX_NAME))
}

/// The Web ACL as a request that creates or updates it wants it; `None` where it says nothing of rules
/// and the default action. A request without rules wants none.
pub(super) fn configuration(parameters: &Value) -> Option<AclConfiguration> {
    let default_action = field(parameters, "defaultAction");
    let rules = field(parameters, "rules").and_then(Value::as_array);
    if rules.is_none() && default_action.is_none() {
        return None;
    }
    let default_action = default_action.map_or(Action::Unknown, action);
    let rules = rules.into_iter().flatten();
    let rules = rules.take(MAX_READ).map(rule).collect();
    Some(AclConfiguration::new(
        default_action,
        rules,
        Logging::Unknown,
    ))
}

fn rule(value: &Value) -> AclRule {
    let statement = field(value, "statement").map(|value| statement(value, MAX_DEPTH));
    let statement = statement.unwrap_or(Statement::Plain("an unknown statement"));
    let own = field(value, "action").map(action);
    let of_group = field(value, "overrideAction").map(|value| match action(value) {
        Action::Count => Action::Count,
        _ => Action::Group,
    });
    AclRule {
        name: one_line(&text(value, "name").unwrap_or_default(), MAX_NAME),
        priority: field(value, "priority")
            .and_then(Value::as_i64)
            .unwrap_or_default(),
        action: own.or(of_group).unwrap_or(Action::Unknown),
        statement: statement.words(),
        uses: statement.uses(),
        digest: RuleDigest::of(
            DIGEST_FORM,
            &field(value, "statement").map_or_else(String::new, Value::to_string),
        ),
    }
}

/// `{"block": {}}`.
fn action(value: &Value) -> Action {
    let name = value.as_object().and_then(|fields| fields.keys().next());
    name.map_or(Action::Unknown, |name| Action::of_name(name))
}

fn statement(value: &Value, depth: usize) -> Statement {
    let unknown = Statement::Plain("a statement");
    let Some(fields) = value.as_object().filter(|_| depth > 0) else {
        return unknown;
    };
    let Some((name, inner)) = only(fields) else {
        return unknown;
    };
    let reference = |what| Statement::Reference {
        what,
        arn: text(inner, "aRN").unwrap_or_default(),
    };
    match name.to_ascii_lowercase().as_str() {
        "geomatchstatement" => Statement::Geo(texts(inner, "countryCodes")),
        "managedrulegroupstatement" => Statement::Managed {
            vendor: text(inner, "vendorName").unwrap_or_default(),
            name: text(inner, "name").unwrap_or_default(),
            version: text(inner, "version"),
        },
        "rulegroupreferencestatement" => reference("rule group"),
        "ipsetreferencestatement" => reference("IP set"),
        "regexpatternsetreferencestatement" => reference("pattern set"),
        "ratebasedstatement" => Statement::Rate {
            limit: number(inner, "limit").unwrap_or_default(),
            seconds: number(inner, "evaluationWindowSec").unwrap_or(300),
            of: field(inner, "scopeDownStatement")
                .map(|value| Box::new(statement(value, depth - 1))),
        },
        "labelmatchstatement" => Statement::Label(text(inner, "key").unwrap_or_default()),
        "bytematchstatement" => Statement::Plain("text match"),
        "regexmatchstatement" => Statement::Plain("pattern match"),
        "sqlimatchstatement" => Statement::Plain("SQL injection match"),
        "xssmatchstatement" => Statement::Plain("cross-site scripting match"),
        "sizeconstraintstatement" => Statement::Plain("size constraint"),
        "asnmatchstatement" => Statement::Plain("network number match"),
        "andstatement" => Statement::All(parts(inner, depth)),
        "orstatement" => Statement::Any(parts(inner, depth)),
        "notstatement" => {
            let inner = field(inner, "statement");
            let inner = inner.map_or(unknown, |value| statement(value, depth - 1));
            Statement::Not(Box::new(inner))
        }
        _ => unknown,
    }
}

/// The field that is set: a statement has one, written beside others that are null.
fn only(fields: &Map<String, Value>) -> Option<(&String, &Value)> {
    fields.iter().find(|(_, value)| !value.is_null())
}

fn parts(value: &Value, depth: usize) -> Vec<Statement> {
    let statements = field(value, "statements").and_then(Value::as_array);
    let statements = statements.into_iter().flatten().take(MAX_VALUES);
    statements
        .map(|value| statement(value, depth - 1))
        .collect()
}

pub(super) fn texts(value: &Value, name: &str) -> Vec<String> {
    let values = field(value, name).and_then(Value::as_array);
    let values = values.into_iter().flatten().take(MAX_VALUES);
    values
        .filter_map(|value| Some(one_line(value.as_str()?, MAX_NAME)))
        .collect()
}

fn number(value: &Value, name: &str) -> Option<i64> {
    field(value, name)?.as_i64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_read_in_the_spelling_of_cloudtrail_and_of_the_api() {
        for (rules, default, name, statement) in [
            ("rules", "defaultAction", "name", "geoMatchStatement"),
            ("Rules", "DefaultAction", "Name", "GeoMatchStatement"),
        ] {
            let parameters = json!({
                default: {"allow": {}},
                rules: [{
                    name: "block-us", "priority": 3, "action": {"block": {}},
                    "statement": {statement: {"countryCodes": ["US"]}},
                }],
            });
            let read = configuration(&parameters).expect("has rules");
            assert_eq!(read.default_action, Action::Allow);
            let rule = &read.rules[0];
            assert_eq!((rule.name.as_str(), rule.priority), ("block-us", 3));
            assert_eq!(rule.action, Action::Block);
            assert_eq!(rule.statement, "geo match US");
        }
        assert_eq!(configuration(&json!({"name": "a"})), None);
        assert_eq!(configuration(&json!(null)), None);
    }

    #[test]
    fn groups_and_nested_statements_are_told() {
        let set = "arn:aws:wafv2:us-east-1:111122223333:regional/ipset/office/1";
        let parameters = json!({"rules": [
            {"name": "common", "priority": 1, "overrideAction": {"none": {}}, "statement": {
                "managedRuleGroupStatement": {"vendorName": "AWS", "name": "Common"}}},
            {"name": "counted", "priority": 2, "overrideAction": {"count": {}}, "statement": {
                "ruleGroupReferenceStatement": {"aRN": "arn:x:regional/rulegroup/own/2"}}},
            {"name": "rate", "priority": 4, "action": {"block": {}}, "statement": {
                "rateBasedStatement": {"limit": 500, "aggregateKeyType": "IP",
                    "scopeDownStatement": {"notStatement": {"statement": {
                        "iPSetReferenceStatement": {"aRN": set}}}}}}},
        ]});
        let read = configuration(&parameters).expect("has rules");
        let told: Vec<(Action, &str)> = read
            .rules
            .iter()
            .map(|rule| (rule.action, rule.statement.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (Action::Group, "managed group AWS/Common"),
                (Action::Count, "rule group own"),
                (
                    Action::Block,
                    "rate limit 500 in 300 s of not (IP set office)"
                ),
            ]
        );
        assert_eq!(read.rules[2].uses, [set]);
    }

    #[test]
    fn what_rules_search_for_is_not_told_but_a_change_of_it_shows() {
        let with = |secret: &str| {
            let parameters = json!({"rules": [{"name": "token", "statement": {"byteMatchStatement": {
                "searchString": secret, "fieldToMatch": {"singleHeader": {"name": "x-origin"}}}}}]});
            configuration(&parameters).expect("has rules")
        };
        let (one, other) = (with("Canary1"), with("Canary2"));
        let written = serde_json::to_string(&one).expect("serialises");
        assert!(!written.contains("Canary"), "{written}");
        assert!(one.rules[0].digest.differs_from(&other.rules[0].digest));
    }

    #[test]
    fn any_depth_and_any_nonsense_is_read() {
        let mut statement = json!({"geoMatchStatement": {"countryCodes": ["US"]}});
        for _ in 0..60 {
            statement = json!({"notStatement": {"statement": statement}});
        }
        for nonsense in [
            json!([]),
            json!("x"),
            json!({"rules": 5}),
            json!({"rules": [5, null]}),
        ] {
            let _ = configuration(&nonsense);
        }
        let read = configuration(&json!({"rules": [{"name": 5, "statement": statement}]}));
        let read = read.expect("has rules");
        assert!(read.rules[0].statement.starts_with("not (not ("));
    }
}
