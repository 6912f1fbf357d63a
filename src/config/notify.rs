//! Who is told of incidents.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::incident::Level;

/// One `[[notify]]` block.
///
/// Keys of every kind: `kind` (`terminal`, `jsonl`, `webhook` or `sns`), `name` (unique; default the kind) and
/// `minimum_level` (default low).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "NotifyTable", into = "NotifyTable")]
pub struct NotifyConfig {
    /// Tells it from the others in messages and in the store. Keep it while messages are pending.
    pub name: String,
    /// Least level of an incident that is told.
    pub minimum_level: Level,
    /// Where to.
    pub target: NotifyTarget,
}

/// Where messages go.
#[derive(Debug, Clone, PartialEq)]
pub enum NotifyTarget {
    /// `kind = "terminal"`: standard output.
    Terminal,
    /// `kind = "jsonl"`: one JSON object per line is appended to a file.
    Jsonl {
        /// `path`: the file. Required.
        path: PathBuf,
    },
    /// `kind = "webhook"`: an HTTP POST.
    Webhook(WebhookConfig),
    /// `kind = "sns"`: an SNS topic. Needs a build with AWS.
    Sns(SnsConfig),
}

/// The keys of a webhook.
#[derive(Clone, PartialEq)]
pub struct WebhookConfig {
    /// `url`: http or https. Required.
    pub url: String,
    /// `secret_env`: name of the environment variable that holds the secret of the HMAC signature.
    /// The secret itself is never a setting. By default nothing is signed.
    pub secret_env: Option<String>,
    /// `timeout_seconds`: for one attempt, 1 to 300. Default 10.
    pub timeout_seconds: u32,
    /// `attempts`: before a message is given up, 1 to 100. Default 8.
    pub attempts: u32,
    /// `headers`: added to every request.
    pub headers: BTreeMap<String, String>,
}

/// The keys of an SNS topic.
#[derive(Debug, Clone, PartialEq)]
pub struct SnsConfig {
    /// `topic_arn`: the topic. Required. `SNS_TOPIC_ARN` sets it for the block that is named `sns`,
    /// and adds that block where there is none of its kind.
    pub topic_arn: String,
    /// `region`: where to publish. By default the topic's own. `SNS_REGION` sets it beside
    /// `SNS_TOPIC_ARN`.
    pub region: Option<String>,
    /// `attempts`: before a message is given up, 1 to 100. Default 8.
    pub attempts: u32,
}

const DEFAULT_ATTEMPTS: u32 = 8;

impl SnsConfig {
    /// The topic with the default of every other key.
    ///
    /// # Errors
    ///
    /// When `topic_arn` names no topic or `region` no region.
    pub(super) fn new(topic_arn: String, region: Option<String>) -> Result<Self, NotifyError> {
        if region_of_topic(&topic_arn).is_none() {
            return Err(NotifyError::Topic);
        }
        if !region.as_deref().is_none_or(is_region) {
            return Err(NotifyError::Region);
        }
        Ok(Self {
            topic_arn,
            region,
            attempts: DEFAULT_ATTEMPTS,
        })
    }

    /// Where to publish.
    #[must_use]
    pub fn region(&self) -> &str {
        let own = || region_of_topic(&self.topic_arn).unwrap_or_default();
        self.region.as_deref().unwrap_or_else(own)
    }
}

/// The region in a topic's ARN, if it is one: `arn:PARTITION:sns:REGION:ACCOUNT:NAME`.
fn region_of_topic(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.split(':').collect();
    let [prefix, partition, service, region, account, name] = parts.as_slice() else {
        return None;
    };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_topic = *prefix == "arn"
        && partition.starts_with("aws")
        && *service == "sns"
        && !name.is_empty()
        && name.bytes().all(is_name);
    (is_topic && is_account && is_region(region)).then_some(*region)
}

fn is_region(text: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (5..=32).contains(&text.len()) && text.bytes().all(is_known)
}

/// The part of a URL that may be shown: many webhooks carry their secret in the path.
pub(super) fn shown_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "…".to_owned();
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}/…")
}

impl fmt::Debug for WebhookConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WebhookConfig")
            .field("url", &shown_url(&self.url))
            .field("secret_env", &self.secret_env)
            .field("timeout_seconds", &self.timeout_seconds)
            .field("attempts", &self.attempts)
            .field("headers", &self.headers.keys())
            .finish()
    }
}

impl NotifyConfig {
    /// The name of a block of kind `sns` that gives none.
    pub(super) const SNS: &str = "sns";

    /// A topic, from level low on.
    pub(super) fn sns(target: SnsConfig) -> Self {
        Self {
            name: Self::SNS.to_owned(),
            minimum_level: Level::Low,
            target: NotifyTarget::Sns(target),
        }
    }

    pub(super) fn is_sns(&self) -> bool {
        matches!(self.target, NotifyTarget::Sns(_))
    }

    /// The terminal, from level low on.
    #[must_use]
    pub fn terminal() -> Self {
        Self {
            name: "terminal".to_owned(),
            minimum_level: Level::Low,
            target: NotifyTarget::Terminal,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Terminal,
    Jsonl,
    Webhook,
    Sns,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Jsonl => "jsonl",
            Self::Webhook => "webhook",
            Self::Sns => "sns",
        }
    }
}

/// A block as it is written: every key of every kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NotifyTable {
    kind: Kind,
    name: Option<String>,
    minimum_level: Option<Level>,
    path: Option<PathBuf>,
    url: Option<String>,
    secret_env: Option<String>,
    timeout_seconds: Option<u32>,
    attempts: Option<u32>,
    headers: Option<BTreeMap<String, String>>,
    topic_arn: Option<String>,
    region: Option<String>,
}

/// Why a block says nothing useful.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotifyError {
    #[error("`kind = \"{kind}\"` needs the key `{key}`")]
    Missing {
        kind: &'static str,
        key: &'static str,
    },
    #[error("the key `{key}` does not belong to `kind = \"{kind}\"`")]
    Misplaced {
        kind: &'static str,
        key: &'static str,
    },
    #[error("`url` begins with http:// or https:// and a host, and holds no blanks")]
    Url,
    #[error(
        "`secret_env` is the name of an environment variable (letters, digits and underscores), \
         never the secret itself"
    )]
    SecretName,
    #[error("`headers` has names of letters, digits and hyphens, and values of one line")]
    Header,
    #[error("`name` is not empty")]
    Name,
    #[error(
        "`topic_arn` is the ARN of an SNS topic, such as \
         arn:aws:sns:eu-central-1:123456789012:incidents"
    )]
    Topic,
    #[error("`region` is the name of a region, such as eu-central-1")]
    Region,
}

impl TryFrom<NotifyTable> for NotifyConfig {
    type Error = NotifyError;

    fn try_from(table: NotifyTable) -> Result<Self, NotifyError> {
        table.check_places()?;
        let kind = table.kind.name();
        let missing = |key| NotifyError::Missing { kind, key };
        let name = table.name.unwrap_or_else(|| kind.to_owned());
        if name.trim().is_empty() {
            return Err(NotifyError::Name);
        }
        let target = match table.kind {
            Kind::Terminal => NotifyTarget::Terminal,
            Kind::Jsonl => NotifyTarget::Jsonl {
                path: table.path.ok_or(missing("path"))?,
            },
            Kind::Webhook => NotifyTarget::Webhook(WebhookConfig {
                url: checked_url(table.url.ok_or(missing("url"))?)?,
                secret_env: table.secret_env.map(checked_variable).transpose()?,
                timeout_seconds: table.timeout_seconds.unwrap_or(10),
                attempts: table.attempts.unwrap_or(DEFAULT_ATTEMPTS),
                headers: checked_headers(table.headers.unwrap_or_default())?,
            }),
            Kind::Sns => {
                let topic_arn = table.topic_arn.ok_or(missing("topic_arn"))?;
                NotifyTarget::Sns(SnsConfig {
                    attempts: table.attempts.unwrap_or(DEFAULT_ATTEMPTS),
                    ..SnsConfig::new(topic_arn, table.region)?
                })
            }
        };
        Ok(Self {
            name,
            minimum_level: table.minimum_level.unwrap_or(Level::Low),
            target,
        })
    }
}

impl NotifyTable {
    /// A key that has no effect was meant to have one.
    fn check_places(&self) -> Result<(), NotifyError> {
        const JSONL: &[Kind] = &[Kind::Jsonl];
        const WEBHOOK: &[Kind] = &[Kind::Webhook];
        const SNS: &[Kind] = &[Kind::Sns];
        const SENT: &[Kind] = &[Kind::Webhook, Kind::Sns];
        let given = [
            ("path", JSONL, self.path.is_some()),
            ("url", WEBHOOK, self.url.is_some()),
            ("secret_env", WEBHOOK, self.secret_env.is_some()),
            ("timeout_seconds", WEBHOOK, self.timeout_seconds.is_some()),
            ("attempts", SENT, self.attempts.is_some()),
            ("headers", WEBHOOK, self.headers.is_some()),
            ("topic_arn", SNS, self.topic_arn.is_some()),
            ("region", SNS, self.region.is_some()),
        ];
        for (key, kinds, is_given) in given {
            if is_given && !kinds.contains(&self.kind) {
                let kind = self.kind.name();
                return Err(NotifyError::Misplaced { kind, key });
            }
        }
        Ok(())
    }
}

fn checked_url(url: String) -> Result<String, NotifyError> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    let is_bad = |character: char| character.is_whitespace() || character.is_control();
    if host.is_none_or(str::is_empty) || url.contains(is_bad) {
        return Err(NotifyError::Url);
    }
    Ok(url)
}

fn checked_variable(name: String) -> Result<String, NotifyError> {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins_well = name.starts_with(|first: char| !first.is_ascii_digit());
    if !begins_well || !name.bytes().all(is_known) {
        return Err(NotifyError::SecretName);
    }
    Ok(name)
}

fn checked_headers(
    headers: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, NotifyError> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    for (name, value) in &headers {
        let is_good_name = !name.is_empty() && name.bytes().all(is_name);
        if !is_good_name || value.contains(char::is_control) {
            return Err(NotifyError::Header);
        }
    }
    Ok(headers)
}

impl From<NotifyConfig> for NotifyTable {
    fn from(config: NotifyConfig) -> Self {
        let mut table = Self {
            kind: Kind::Terminal,
            name: Some(config.name),
            minimum_level: Some(config.minimum_level),
            path: None,
            url: None,
            secret_env: None,
            timeout_seconds: None,
            attempts: None,
            headers: None,
            topic_arn: None,
            region: None,
        };
        match config.target {
            NotifyTarget::Terminal => {}
            NotifyTarget::Jsonl { path } => {
                table.kind = Kind::Jsonl;
                table.path = Some(path);
            }
            NotifyTarget::Webhook(webhook) => {
                table.kind = Kind::Webhook;
                table.url = Some(webhook.url);
                table.secret_env = webhook.secret_env;
                table.timeout_seconds = Some(webhook.timeout_seconds);
                table.attempts = Some(webhook.attempts);
                table.headers = Some(webhook.headers).filter(|headers| !headers.is_empty());
            }
            NotifyTarget::Sns(sns) => {
                table.kind = Kind::Sns;
                table.topic_arn = Some(sns.topic_arn);
                table.region = sns.region;
                table.attempts = Some(sns.attempts);
            }
        }
        table
    }
}
