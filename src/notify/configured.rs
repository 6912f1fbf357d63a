//! Makes channels of what the settings say.

use std::time::Duration;

use jiff::Timestamp;

use super::webhook::{InvalidWebhook, Secret, Webhook, WebhookSettings};
use crate::config::WebhookConfig;

/// Settings that no channel can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfiguredError {
    /// The secret is not where the settings say.
    #[error(
        "the webhook's secret_env names {variable}, which is not set: set it, or remove \
         secret_env to send unsigned messages"
    )]
    NoSecret {
        /// The variable that should hold it.
        variable: String,
    },
    /// The webhook's settings cannot work.
    #[error("the webhook cannot be used: {0}")]
    Webhook(#[from] InvalidWebhook),
}

/// The webhook of `config`, whose secret is looked up among the environment's variables.
///
/// # Errors
///
/// When the secret is missing or the URL cannot be posted to.
pub fn webhook(
    config: &WebhookConfig,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Webhook, ConfiguredError> {
    let secret = |name: &str| {
        let value = variable(name).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| ConfiguredError::NoSecret {
            variable: name.to_owned(),
        })?;
        Ok::<_, ConfiguredError>(Secret::new(value.into_bytes()))
    };
    let settings = WebhookSettings {
        url: config.url.clone(),
        secret: config.secret_env.as_deref().map(secret).transpose()?,
        headers: config.headers.clone(),
        timeout: Duration::from_secs(u64::from(config.timeout_seconds)),
    };
    let clock = Box::new(|| Timestamp::now().as_second());
    Ok(Webhook::new(settings, clock)?)
}
