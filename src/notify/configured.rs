//! Makes channels of what the settings say.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

#[cfg(feature = "securityhub")]
use super::securityhub::Product;
use super::slack::Slack;
use super::webhook::{InvalidEndpoint, Secret, Webhook, WebhookSettings};
#[cfg(feature = "securityhub")]
use crate::config::SecurityHubConfig;
use crate::config::{SecretPlace, SlackConfig, WebhookConfig};

/// Most that is read of a file with a URL in it.
const MAX_SECRET_BYTES: u64 = 8 * 1024;

/// Settings that no channel can be made of.
#[derive(Debug, thiserror::Error)]
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
    Webhook(InvalidEndpoint),
    /// The URL of Slack's webhook is not where the settings say.
    #[error(
        "the Slack channel's url_env names {variable}, which is not set: set it to the URL of an \
         incoming webhook"
    )]
    NoSlackUrl {
        /// The variable that should hold it.
        variable: String,
    },
    /// The file with the URL of Slack's webhook cannot be read.
    #[error("cannot read {path}, the Slack channel's url_file: {source}")]
    SlackFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The URL of Slack's webhook cannot work.
    #[error("the Slack channel cannot be used: {0}")]
    Slack(InvalidEndpoint),
    /// The build lacks what findings take.
    #[error(
        "this build cannot import findings into Security Hub (kind = \"securityhub\", or \
         SECURITYHUB_PRODUCT_ARN): build it with `--features securityhub`, or take the product out of \
         the settings"
    )]
    NoSecurityHub,
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
    Webhook::new(settings, clock).map_err(ConfiguredError::Webhook)
}

/// The Slack channel of `config`, whose URL is looked up among the environment's variables or read
/// from its file.
///
/// # Errors
///
/// When the URL is missing or cannot be posted to.
pub fn slack(
    config: &SlackConfig,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Slack, ConfiguredError> {
    let url = match &config.url {
        SecretPlace::Variable(name) => {
            variable(name).ok_or_else(|| ConfiguredError::NoSlackUrl {
                variable: name.clone(),
            })?
        }
        SecretPlace::File(path) => {
            first_line(path).map_err(|source| ConfiguredError::SlackFile {
                path: path.clone(),
                source,
            })?
        }
    };
    let timeout = Duration::from_secs(u64::from(config.timeout_seconds));
    let clock = Box::new(|| Timestamp::now().as_second());
    Slack::new(url.trim(), timeout, clock).map_err(ConfiguredError::Slack)
}

/// Where the findings of `config` go.
#[cfg(feature = "securityhub")]
#[must_use]
pub fn product(config: &SecurityHubConfig) -> Product {
    Product {
        arn: config.product_arn.clone(),
        region: config.region().to_owned(),
        account: config.account().to_owned(),
    }
}

fn first_line(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(MAX_SECRET_BYTES)
        .read_to_string(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://hooks.example/services/T0/B0/t0psecret";

    fn at(url: SecretPlace) -> SlackConfig {
        SlackConfig {
            url,
            ..SlackConfig::default()
        }
    }

    #[test]
    fn the_url_of_slack_comes_from_a_variable_or_a_file() {
        let variable = at(SecretPlace::Variable("HOOK".to_owned()));
        let set = |name: &str| (name == "HOOK").then(|| format!(" {URL}\n"));
        slack(&variable, &set).expect("is set");
        let error = slack(&variable, &|_| None).expect_err("is not set");
        assert!(
            error.to_string().contains("HOOK, which is not set"),
            "{error}"
        );

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("slack");
        let file = at(SecretPlace::File(path.clone()));
        let error = slack(&file, &|_| None).expect_err("is not there");
        assert!(error.to_string().contains("cannot read"), "{error}");
        std::fs::write(&path, format!("{URL}\nsomething else\n")).expect("written");
        slack(&file, &|_| None).expect("is there");
    }

    #[test]
    fn no_error_shows_the_url() {
        let variable = at(SecretPlace::Variable("HOOK".to_owned()));
        for url in [
            "t0psecret",
            "http://hooks.example/t0psecret",
            "ftp://a/t0psecret",
        ] {
            let error = slack(&variable, &|_| Some(url.to_owned())).expect_err("cannot be used");
            assert!(!error.to_string().contains("t0psecret"), "{error}");
        }
    }
}
