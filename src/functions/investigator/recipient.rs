//! Who is told, from a function: each attempt has its time.

use std::sync::Arc;

use aws_config::SdkConfig;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use crate::config::{NotifyTarget, Settings};
use crate::notify::configured::{self, ConfiguredError};
#[cfg(feature = "securityhub")]
use crate::notify::securityhub::SecurityHub;
use crate::notify::sns::Sns;
use crate::notify::{Message, Notifier, NotifyError, Retry};
use crate::outbox::Terms;

/// A channel that functions can use.
#[derive(Clone)]
pub struct Recipient {
    /// Which messages it gets.
    pub terms: Terms,
    /// Where they go.
    pub target: Target,
}

/// Where messages go.
#[derive(Clone)]
pub enum Target {
    /// An SNS topic.
    Sns(Sns),
    /// Findings in Security Hub.
    #[cfg(feature = "securityhub")]
    SecurityHub(SecurityHub),
    /// A channel that blocks its thread.
    Blocking(Arc<dyn Notifier>),
}

impl Recipient {
    /// The channels of `settings` that a function can reach: all but the terminal and files. A function has no
    /// terminal, and no disk that anybody reads.
    ///
    /// # Errors
    ///
    /// When the settings of one cannot work.
    pub fn all(
        settings: &Settings,
        config: &SdkConfig,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Vec<Self>, ConfiguredError> {
        let mut recipients = Vec::new();
        for block in &settings.notify {
            let (target, attempts) = match &block.target {
                NotifyTarget::Terminal | NotifyTarget::Jsonl { .. } => continue,
                NotifyTarget::Webhook(webhook) => {
                    let notifier = Arc::new(configured::webhook(webhook, variable)?);
                    (Target::Blocking(notifier), webhook.attempts)
                }
                NotifyTarget::Slack(slack) => {
                    let notifier = Arc::new(configured::slack(slack, variable)?);
                    (Target::Blocking(notifier), slack.attempts)
                }
                #[cfg(feature = "securityhub")]
                NotifyTarget::SecurityHub(hub) => {
                    let target = SecurityHub::new(config, configured::product(hub));
                    (Target::SecurityHub(target), hub.attempts)
                }
                #[cfg(not(feature = "securityhub"))]
                NotifyTarget::SecurityHub(_) => return Err(ConfiguredError::NoSecurityHub),
                NotifyTarget::Sns(sns) => {
                    let target = Sns::in_region(config, sns.topic_arn.clone(), sns.region());
                    (Target::Sns(target), sns.attempts)
                }
            };
            let terms = Terms {
                name: block.name.clone(),
                minimum_level: block.minimum_level,
                redaction: settings.privacy.redaction(),
                attempts,
            };
            recipients.push(Self { terms, target });
        }
        Ok(recipients)
    }

    /// Tries to deliver `message` until `until`.
    pub(super) async fn attempt(self, message: Message, until: Instant) -> Result<(), NotifyError> {
        let failure = |problem: &str| NotifyError {
            channel: self.terms.name.clone(),
            event_id: message.event_id.clone(),
            problem: problem.to_owned(),
            retry: Retry::Later,
        };
        let attempt = async {
            match &self.target {
                Target::Sns(sns) => sns.publish(&message).await,
                #[cfg(feature = "securityhub")]
                Target::SecurityHub(hub) => hub.import(&message).await,
                Target::Blocking(notifier) => {
                    let notifier = Arc::clone(notifier);
                    let message = message.clone();
                    let sending = spawn_blocking(move || notifier.notify(&message));
                    match sending.await {
                        Ok(result) => result,
                        Err(_) => Err(failure("the channel failed from within")),
                    }
                }
            }
        };
        match timeout_at(until, attempt).await {
            Ok(result) => result,
            Err(_) => Err(failure("there was no answer in time")),
        }
    }
}
