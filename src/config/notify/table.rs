//! A block of the file as it is written: every key of every kind, and which of them belong together.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{
    DEFAULT_ATTEMPTS, DEFAULT_TIMEOUT_SECONDS, NotifyConfig, NotifyTarget, SecretPlace,
    SecurityHubConfig, SlackConfig, SnsConfig, WebhookConfig,
};
use crate::incident::Level;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Terminal,
    Jsonl,
    Webhook,
    Slack,
    Sns,
    #[serde(rename = "securityhub")]
    SecurityHub,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Jsonl => "jsonl",
            Self::Webhook => "webhook",
            Self::Slack => "slack",
            Self::Sns => "sns",
            Self::SecurityHub => "securityhub",
        }
    }
}

/// A block as it is written: every key of every kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct NotifyTable {
    kind: Kind,
    name: Option<String>,
    minimum_level: Option<Level>,
    path: Option<PathBuf>,
    url: Option<String>,
    url_env: Option<String>,
    url_file: Option<PathBuf>,
    secret_env: Option<String>,
    timeout_seconds: Option<u32>,
    attempts: Option<u32>,
    headers: Option<BTreeMap<String, String>>,
    topic_arn: Option<String>,
    region: Option<String>,
    product_arn: Option<String>,
}

/// Why a block says nothing useful.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::config) enum NotifyError {
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
        "`{key}` is the name of an environment variable (letters, digits and underscores), never \
         the secret itself"
    )]
    SecretName { key: &'static str },
    #[error("`url_env` and `url_file` are two places for one secret: give one of them")]
    TwoPlaces,
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
    #[error(
        "`product_arn` is the ARN of a product of Security Hub, such as \
         arn:aws:securityhub:eu-central-1:123456789012:product/123456789012/default"
    )]
    Product,
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
                secret_env: table
                    .secret_env
                    .map(|name| checked_variable("secret_env", name))
                    .transpose()?,
                timeout_seconds: table.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT_SECONDS),
                attempts: table.attempts.unwrap_or(DEFAULT_ATTEMPTS),
                headers: checked_headers(table.headers.unwrap_or_default())?,
            }),
            Kind::Slack => NotifyTarget::Slack(SlackConfig {
                url: secret_place(table.url_env, table.url_file)?,
                timeout_seconds: table.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT_SECONDS),
                attempts: table.attempts.unwrap_or(DEFAULT_ATTEMPTS),
            }),
            Kind::Sns => {
                let topic_arn = table.topic_arn.ok_or(missing("topic_arn"))?;
                NotifyTarget::Sns(SnsConfig {
                    attempts: table.attempts.unwrap_or(DEFAULT_ATTEMPTS),
                    ..SnsConfig::new(topic_arn, table.region)?
                })
            }
            Kind::SecurityHub => {
                let product_arn = table.product_arn.ok_or(missing("product_arn"))?;
                NotifyTarget::SecurityHub(SecurityHubConfig {
                    attempts: table.attempts.unwrap_or(DEFAULT_ATTEMPTS),
                    ..SecurityHubConfig::new(product_arn)?
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
        const SLACK: &[Kind] = &[Kind::Slack];
        const HUB: &[Kind] = &[Kind::SecurityHub];
        const POSTED: &[Kind] = &[Kind::Webhook, Kind::Slack];
        const SENT: &[Kind] = &[Kind::Webhook, Kind::Slack, Kind::Sns, Kind::SecurityHub];
        let given = [
            ("path", JSONL, self.path.is_some()),
            ("url", WEBHOOK, self.url.is_some()),
            ("secret_env", WEBHOOK, self.secret_env.is_some()),
            ("url_env", SLACK, self.url_env.is_some()),
            ("url_file", SLACK, self.url_file.is_some()),
            ("timeout_seconds", POSTED, self.timeout_seconds.is_some()),
            ("attempts", SENT, self.attempts.is_some()),
            ("headers", WEBHOOK, self.headers.is_some()),
            ("topic_arn", SNS, self.topic_arn.is_some()),
            ("region", SNS, self.region.is_some()),
            ("product_arn", HUB, self.product_arn.is_some()),
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

fn secret_place(
    variable: Option<String>,
    file: Option<PathBuf>,
) -> Result<SecretPlace, NotifyError> {
    match (variable, file) {
        (Some(_), Some(_)) => Err(NotifyError::TwoPlaces),
        (None, Some(file)) => Ok(SecretPlace::File(file)),
        (Some(name), None) => checked_variable("url_env", name).map(SecretPlace::Variable),
        (None, None) => Ok(SlackConfig::default().url),
    }
}

fn checked_variable(key: &'static str, name: String) -> Result<String, NotifyError> {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins_well = name.starts_with(|first: char| !first.is_ascii_digit());
    if !begins_well || !name.bytes().all(is_known) {
        return Err(NotifyError::SecretName { key });
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
            url_env: None,
            url_file: None,
            secret_env: None,
            timeout_seconds: None,
            attempts: None,
            headers: None,
            topic_arn: None,
            region: None,
            product_arn: None,
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
            NotifyTarget::Slack(slack) => {
                table.kind = Kind::Slack;
                match slack.url {
                    SecretPlace::Variable(name) => table.url_env = Some(name),
                    SecretPlace::File(path) => table.url_file = Some(path),
                }
                table.timeout_seconds = Some(slack.timeout_seconds);
                table.attempts = Some(slack.attempts);
            }
            NotifyTarget::SecurityHub(hub) => {
                table.kind = Kind::SecurityHub;
                table.product_arn = Some(hub.product_arn);
                table.attempts = Some(hub.attempts);
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
