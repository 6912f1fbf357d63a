//! Reads the queries for Logs Insights that the dashboard has, as far as they name fields.
//!
//! They are of one form: sources, then commands separated by `|`. What is no keyword, function,
//! alias, number or quoted text is a field.

use std::collections::BTreeSet;

use wafwatch::metrics::{ACL_DIMENSION, FUNCTION_DIMENSION, Metric, TopField, field};

const WORDS: [&str; 18] = [
    "filter", "fields", "sort", "desc", "asc", "limit", "stats", "by", "as", "into", "and", "or",
    "not", "in", "like", "unnest", "display", "dedup",
];
const CALLED: [&str; 6] = ["jsonParse", "sum", "count", "max", "min", "avg"];

/// What a query names.
#[derive(Debug, Default)]
pub struct Query {
    text: String,
    /// Log groups.
    pub groups: Vec<String>,
    /// Fields of lines.
    pub fields: BTreeSet<String>,
    /// Lists of lines that are taken apart.
    pub lists: BTreeSet<String>,
    /// Fields of the entries of lists.
    pub entries: BTreeSet<String>,
    /// Equality conditions: field and value.
    equal: Vec<(String, String)>,
}

impl Query {
    pub fn parse(text: &str) -> Self {
        let mut query = Self {
            text: text.to_owned(),
            ..Self::default()
        };
        let mut aliases = BTreeSet::new();
        for command in text.split('|').map(str::trim) {
            if let Some(group) = command.strip_prefix("SOURCE ") {
                query
                    .groups
                    .push(group.trim().trim_matches('\'').to_owned());
                continue;
            }
            query.command(command, &mut aliases);
        }
        query
    }

    fn command(&mut self, command: &str, aliases: &mut BTreeSet<String>) {
        let tokens = tokens(command);
        for (place, token) in tokens.iter().enumerate() {
            let before = place.checked_sub(1).map(|before| tokens[before].as_str());
            if let (Some("as" | "into"), true) = (before, is_name(token)) {
                aliases.insert(token.clone());
            }
        }
        for (place, token) in tokens.iter().enumerate() {
            let is_ours = is_name(token) && !WORDS.contains(&token.as_str());
            let is_called = tokens.get(place + 1).is_some_and(|next| next == "(");
            if is_called && is_ours {
                assert!(
                    CALLED.contains(&token.as_str()),
                    "unknown function {token}: {}",
                    self.text
                );
            }
            if is_ours && !is_called && !aliases.contains(token) {
                self.name(token, aliases);
            }
            if let ("=", Some(value)) = (token.as_str(), tokens.get(place + 1)) {
                self.equal.push((tokens[place - 1].clone(), value.clone()));
            }
        }
    }

    fn name(&mut self, name: &str, aliases: &BTreeSet<String>) {
        match name.split_once('.') {
            None => self.fields.insert(name.to_owned()),
            Some(("line", list)) => self.lists.insert(list.to_owned()),
            Some(("item", entry)) => self.entries.insert(entry.to_owned()),
            Some((first, _)) => panic!(
                "unknown field {name} ({aliases:?} has no {first}): {}",
                self.text
            ),
        };
    }

    /// Whether everything that it names is emitted, in lines of the kind that it asks for.
    pub fn check(&self, acl: &str) {
        let text = &self.text;
        assert!(!self.groups.is_empty(), "without a log group: {text}");
        for name in self.fields.iter().filter(|name| !name.starts_with('@')) {
            let is_known = field::TOP_LEVEL.contains(&name.as_str())
                || Metric::ALL.iter().any(|metric| metric.name() == name)
                || [ACL_DIMENSION, FUNCTION_DIMENSION].contains(&name.as_str());
            assert!(is_known, "no line has {name}: {text}");
        }
        for list in &self.lists {
            let is_top = TopField::ALL.iter().any(|top| top.name == list);
            let is_known = is_top || [field::FINDINGS, field::REJECTED].contains(&list.as_str());
            assert!(is_known, "no line has the list {list}: {text}");
        }
        for entry in &self.entries {
            assert!(
                field::IN_LISTS.contains(&entry.as_str()),
                "no list has {entry}: {text}"
            );
        }
        let value = |name: &str| {
            let found = self.equal.iter().find(|(field, _)| field == name);
            found.map(|(_, value)| value.trim_matches('"'))
        };
        let kinds = [field::KIND_WINDOW, field::KIND_INCIDENT, field::KIND_HEALTH];
        let kind = value(field::KIND).unwrap_or_else(|| panic!("of any kind: {text}"));
        assert!(kinds.contains(&kind), "no line is of kind {kind}: {text}");
        if kind != field::KIND_HEALTH {
            assert_eq!(value(ACL_DIMENSION), Some(acl), "of every Web ACL: {text}");
        }
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_alphabetic() || first == '@')
}

/// Names (with dots), quoted texts, and everything else character by character.
fn tokens(command: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = command.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' {
            rest[1..].find('"').expect("the quote ends") + 2
        } else if first.is_ascii_alphanumeric() || first == '@' {
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '@');
            rest.find(|c| !is_part(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    tokens
}

#[test]
fn queries_are_understood() {
    let query = Query::parse(
        "SOURCE '/a' | filter kind = \"window\" and ACL = \"x\" and Findings > 0 \
         | fields jsonParse(@message) as line, strongest | unnest line.top_uris into item \
         | stats sum(item.count) as requests by item.value | sort requests desc | limit 20",
    );
    assert_eq!(query.groups, ["/a"]);
    let fields: Vec<_> = query.fields.iter().map(String::as_str).collect();
    assert_eq!(fields, ["@message", "ACL", "Findings", "kind", "strongest"]);
    assert!(query.lists.contains("top_uris") && query.entries.contains("value"));
    query.check("x");
}

#[test]
#[should_panic(expected = "no line has window_begin")]
fn a_field_that_nobody_writes_is_found() {
    Query::parse("SOURCE '/a' | filter kind = \"health\" | fields window_begin").check("x");
}
