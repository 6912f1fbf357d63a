//! A Web ACL as it is configured, without what nobody needs to explain an incident: no search
//! strings, no headers, no bodies.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Most rules that are kept of a Web ACL.
pub const MAX_RULES: usize = 300;
/// Most IP sets and rule groups that are kept of a rule.
pub const MAX_USED: usize = 32;
/// Longest name in characters.
pub(super) const MAX_NAME: usize = 128;

/// How a Web ACL is configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AclConfiguration {
    /// What becomes of requests that no rule decides.
    pub default_action: Action,
    /// The rules in the order in which they are asked, at most [`MAX_RULES`].
    pub rules: Vec<AclRule>,
    /// Rules beyond those.
    pub unlisted_rules: u32,
    /// Where its logs go.
    pub logging: Logging,
}

/// One rule of a Web ACL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AclRule {
    /// Its name, by which log records know it.
    pub name: String,
    /// Lower ones are asked first.
    pub priority: i64,
    /// What becomes of requests that it matches.
    pub action: Action,
    /// What it looks at, as `geo match US, CA` or `managed group AWS/AWSManagedRulesCommonRuleSet`.
    pub statement: String,
    /// ARNs of the IP sets, pattern sets and rule groups that it uses.
    pub uses: Vec<String>,
    /// Of everything that the rule says, so that a change shows where `statement` stays the same.
    pub digest: RuleDigest,
}

/// A digest and how it was made: only those that were made alike can be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleDigest {
    /// What was digested, with the version of whoever wrote it down.
    pub form: String,
    /// The first eight bytes of the SHA-256, in hexadecimal digits.
    pub value: String,
}

impl RuleDigest {
    /// The digest of `text`, which is in `form`.
    #[must_use]
    pub fn of(form: &str, text: &str) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        Self {
            form: form.to_owned(),
            value: digest[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }

    /// Whether the two are of different things, as far as that can be told.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> bool {
        self.form == other.form && self.value != other.value
    }
}

/// What WAF does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Action {
    /// It is let through.
    Allow,
    /// It is refused.
    Block,
    /// It is counted, and the next rule is asked.
    Count,
    /// It must solve a puzzle.
    Captcha,
    /// It must run a script.
    Challenge,
    /// Of a group of rules: what each of them says.
    Group,
    /// Something that this version does not know.
    Unknown,
}

impl Action {
    /// The name as WAF writes it; of a group, what it does.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Block => "BLOCK",
            Self::Count => "COUNT",
            Self::Captcha => "CAPTCHA",
            Self::Challenge => "CHALLENGE",
            Self::Group => "as its rules say",
            Self::Unknown => "an unknown action",
        }
    }

    /// The action of a name in any spelling.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let known = [
            Self::Allow,
            Self::Block,
            Self::Count,
            Self::Captcha,
            Self::Challenge,
        ];
        let named = |action: &Self| action.name().eq_ignore_ascii_case(name);
        known.into_iter().find(named).unwrap_or(Self::Unknown)
    }

    /// Whether it may keep a request from the site.
    #[must_use]
    pub fn may_refuse(self) -> bool {
        !matches!(self, Self::Allow | Self::Count)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Where the logs of a Web ACL go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "destinations")]
pub enum Logging {
    /// That could not be found out.
    Unknown,
    /// Nowhere.
    Off,
    /// To these ARNs.
    On(Vec<String>),
}

impl Logging {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Unknown => "not known".to_owned(),
            Self::Off => "off".to_owned(),
            Self::On(destinations) => format!("to {}", destinations.join(", ")),
        }
    }
}

impl AclConfiguration {
    /// Of `rules` in any order and number.
    #[must_use]
    pub fn new(default_action: Action, mut rules: Vec<AclRule>, logging: Logging) -> Self {
        rules.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
        let unlisted = rules.len().saturating_sub(MAX_RULES);
        rules.truncate(MAX_RULES);
        Self {
            default_action,
            rules,
            unlisted_rules: u32::try_from(unlisted).unwrap_or(u32::MAX),
            logging,
        }
    }

    /// The rule of a name.
    #[must_use]
    pub fn rule(&self, name: &str) -> Option<&AclRule> {
        self.rules.iter().find(|rule| rule.name == name)
    }
}
