//! Who is told of incidents.

mod arn;
mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::incident::Level;
pub(super) use arn::is_region;
pub(super) use table::{NotifyError, NotifyTable};

/// One `[[notify]]` block.
///
/// Keys of every kind: `kind` (`terminal`, `jsonl`, `webhook`, `slack`, `sns` or `securityhub`), `name`
/// (unique; default the kind) and `minimum_level` (default low).
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
    /// `kind = "slack"`: an incoming webhook of Slack.
    Slack(SlackConfig),
    /// `kind = "sns"`: an SNS topic. Needs a build with AWS.
    Sns(SnsConfig),
    /// `kind = "securityhub"`: findings in Security Hub. Needs a build with its feature.
    SecurityHub(SecurityHubConfig),
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

/// The keys of an incoming webhook of Slack.
#[derive(Debug, Clone, PartialEq)]
pub struct SlackConfig {
    /// Where the webhook's URL is, which is a secret and never a setting.
    pub url: SecretPlace,
    /// `timeout_seconds`: for one attempt, 1 to 300. Default 10.
    pub timeout_seconds: u32,
    /// `attempts`: before a message is given up, 1 to 100. Default 8.
    pub attempts: u32,
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// `url_env`: the environment variable of this name. Default `SLACK_WEBHOOK_URL`; where that is set
    /// and there is no block of kind `slack`, one is added.
    Variable(String),
    /// `url_file`: the first line of this file.
    File(PathBuf),
}

/// The keys of findings in Security Hub.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityHubConfig {
    /// `product_arn`: the product that findings belong to, with the region and the account that get
    /// them: `arn:aws:securityhub:REGION:ACCOUNT:product/ACCOUNT/default`. Required.
    /// `SECURITYHUB_PRODUCT_ARN` sets it for the block that is named `securityhub`, and adds that block
    /// where there is none of its kind.
    pub product_arn: String,
    /// `attempts`: before a message is given up, 1 to 100. Default 8.
    pub attempts: u32,
}

const DEFAULT_ATTEMPTS: u32 = 8;
const DEFAULT_TIMEOUT_SECONDS: u32 = 10;

impl SlackConfig {
    /// The variable that holds the URL, unless the settings name another place.
    pub(super) const VARIABLE: &str = "SLACK_WEBHOOK_URL";
}

impl Default for SlackConfig {
    fn default() -> Self {
        Self {
            url: SecretPlace::Variable(Self::VARIABLE.to_owned()),
            timeout_seconds: DEFAULT_TIMEOUT_SECONDS,
            attempts: DEFAULT_ATTEMPTS,
        }
    }
}

impl SecurityHubConfig {
    /// The product with the default of every other key.
    ///
    /// # Errors
    ///
    /// When `product_arn` names no product.
    pub(super) fn new(product_arn: String) -> Result<Self, NotifyError> {
        if arn::place_of_product(&product_arn).is_none() {
            return Err(NotifyError::Product);
        }
        Ok(Self {
            product_arn,
            attempts: DEFAULT_ATTEMPTS,
        })
    }

    /// The region that gets the findings.
    #[must_use]
    pub fn region(&self) -> &str {
        arn::place_of_product(&self.product_arn).map_or("", |(region, _)| region)
    }

    /// The account that gets the findings.
    #[must_use]
    pub fn account(&self) -> &str {
        arn::place_of_product(&self.product_arn).map_or("", |(_, account)| account)
    }
}

impl SnsConfig {
    /// The topic with the default of every other key.
    ///
    /// # Errors
    ///
    /// When `topic_arn` names no topic or `region` no region.
    pub(super) fn new(topic_arn: String, region: Option<String>) -> Result<Self, NotifyError> {
        if arn::region_of_topic(&topic_arn).is_none() {
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
        let own = || arn::region_of_topic(&self.topic_arn).unwrap_or_default();
        self.region.as_deref().unwrap_or_else(own)
    }
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
    /// A block of the default name and level.
    pub(super) fn to(target: NotifyTarget) -> Self {
        Self {
            name: target.kind().to_owned(),
            minimum_level: Level::Low,
            target,
        }
    }

    /// The terminal, from level low on.
    #[must_use]
    pub fn terminal() -> Self {
        Self::to(NotifyTarget::Terminal)
    }
}

impl NotifyTarget {
    /// The name of the kind, and of a block that gives none.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Jsonl { .. } => "jsonl",
            Self::Webhook(_) => "webhook",
            Self::Slack(_) => "slack",
            Self::Sns(_) => "sns",
            Self::SecurityHub(_) => "securityhub",
        }
    }
}
