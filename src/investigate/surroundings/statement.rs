//! What a rule looks at, in few words.

use super::configuration::{MAX_NAME, MAX_USED};
use crate::investigate::hostile::one_line;

/// Longest description in characters.
const MAX_WORDS: usize = 160;
/// Most values that a description names.
const MAX_LISTED: usize = 8;

/// What a rule looks at. Nothing in it is a text that requests are searched for: that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// Where requests come from, by country.
    Geo(Vec<String>),
    /// A group of rules that AWS or somebody else keeps.
    Managed {
        /// Who.
        vendor: String,
        /// The group.
        name: String,
        /// Its version, where one is pinned.
        version: Option<String>,
    },
    /// Something that is configured by itself: `IP set`, `rule group`, `pattern set`.
    Reference {
        /// What it is.
        what: &'static str,
        /// Its ARN.
        arn: String,
    },
    /// How often requests come.
    Rate {
        /// Requests.
        limit: i64,
        /// In so many seconds.
        seconds: i64,
        /// Which requests, where not all.
        of: Option<Box<Statement>>,
    },
    /// A label that an earlier rule gave.
    Label(String),
    /// What needs no more words.
    Plain(&'static str),
    /// All of these.
    All(Vec<Statement>),
    /// One of these.
    Any(Vec<Statement>),
    /// None of this.
    Not(Box<Statement>),
}

impl Statement {
    /// In words, on one line.
    #[must_use]
    pub fn words(&self) -> String {
        one_line(&self.long_words(), MAX_WORDS)
    }

    fn long_words(&self) -> String {
        match self {
            Self::Geo(countries) => format!("geo match {}", listed(countries)),
            Self::Managed {
                vendor,
                name,
                version,
            } => {
                let version = version.as_ref().map(|version| format!(" {version}"));
                format!(
                    "managed group {vendor}/{name}{}",
                    version.unwrap_or_default()
                )
            }
            Self::Reference { what, arn } => format!("{what} {}", name_in(arn)),
            Self::Rate { limit, seconds, of } => {
                let of = of.as_ref().map(|of| format!(" of {}", of.long_words()));
                let of = of.unwrap_or_default();
                format!("rate limit {limit} in {seconds} s{of}")
            }
            Self::Label(key) => format!("label {key}"),
            Self::Plain(words) => (*words).to_owned(),
            Self::All(parts) => format!("all of ({})", joined(parts)),
            Self::Any(parts) => format!("any of ({})", joined(parts)),
            Self::Not(part) => format!("not ({})", part.long_words()),
        }
    }

    /// ARNs of what it uses, at most [`MAX_USED`].
    #[must_use]
    pub fn uses(&self) -> Vec<String> {
        let mut arns = Vec::new();
        self.collect_uses(&mut arns);
        arns
    }

    fn collect_uses(&self, arns: &mut Vec<String>) {
        match self {
            Self::Reference { arn, .. } if arns.len() < MAX_USED => {
                arns.push(one_line(arn, 2 * MAX_NAME));
            }
            Self::Rate { of: Some(part), .. } | Self::Not(part) => part.collect_uses(arns),
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.collect_uses(arns);
                }
            }
            _ => {}
        }
    }
}

fn joined(parts: &[Statement]) -> String {
    let parts = parts.iter().take(MAX_LISTED).map(Statement::long_words);
    parts.collect::<Vec<_>>().join("; ")
}

fn listed(values: &[String]) -> String {
    let hidden = values.len().saturating_sub(MAX_LISTED);
    let shown: Vec<&str> = values.iter().take(MAX_LISTED).map(String::as_str).collect();
    let more = if hidden > 0 {
        format!(" and {hidden} more")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}

/// The name in `arn:...:regional/ipset/NAME/ID`; the whole text where it is no such ARN.
#[must_use]
pub(super) fn name_in(arn: &str) -> &str {
    arn.split('/').nth(2).unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_told_in_few_words() {
        let set = "arn:aws:wafv2:eu-central-1:111122223333:regional/ipset/office/1a2b";
        let office = Statement::Reference {
            what: "IP set",
            arn: set.to_owned(),
        };
        let statement = Statement::All(vec![
            Statement::Geo(vec!["US".to_owned(), "CA".to_owned()]),
            Statement::Not(Box::new(office)),
        ]);
        assert_eq!(
            statement.words(),
            "all of (geo match US, CA; not (IP set office))"
        );
        assert_eq!(statement.uses(), [set]);
        let rate = Statement::Rate {
            limit: 100,
            seconds: 300,
            of: Some(Box::new(Statement::Label("a:b".to_owned()))),
        };
        assert_eq!(rate.words(), "rate limit 100 in 300 s of label a:b");
        let many = vec!["x".repeat(40); 300];
        assert!(Statement::Geo(many).words().chars().count() <= MAX_WORDS);
    }
}
