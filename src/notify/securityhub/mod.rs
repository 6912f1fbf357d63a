//! Imports each incident as one finding into Security Hub.
//!
//! All messages of an incident import the finding under the same id: the first makes it, later ones
//! update it, the last archives it. Security Hub takes an update only where its `UpdatedAt` is later
//! than what it has; that time is the end of the window behind the message, so a message that is
//! delivered twice, or after a newer one, changes nothing.
//!
//! [`SecurityHub`] is for programs that run on tokio; [`BlockingSecurityHub`] is the [`Notifier`] for
//! those that do not.

mod failure;
mod finding;

use std::io;

use aws_config::SdkConfig;
use aws_sdk_securityhub::Client;
use tokio::runtime::Runtime;

use super::service::not_delivered;
use super::{Message, Notifier, NotifyError};
use crate::account;

/// The name of the channel.
const NAME: &str = "securityhub";

/// Where findings go: the product that they belong to, with the parts of its ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// `arn:PARTITION:securityhub:REGION:ACCOUNT:product/ACCOUNT/default`.
    pub arn: String,
    /// The region.
    pub region: String,
    /// The account that gets the findings.
    pub account: String,
}

/// Imports findings of one product.
#[derive(Debug, Clone)]
pub struct SecurityHub {
    client: Client,
    product: Product,
}

impl SecurityHub {
    /// A channel to `product` as `config` says, but in the product's region: that is where its findings
    /// are, wherever the function or the command runs.
    #[must_use]
    pub fn new(config: &SdkConfig, product: Product) -> Self {
        Self {
            client: Client::new(&account::in_region(config, &product.region)),
            product,
        }
    }

    /// Imports the finding of `message`.
    ///
    /// # Errors
    ///
    /// When Security Hub did not, or perhaps did not, take it.
    pub async fn import(&self, message: &Message) -> Result<(), NotifyError> {
        let finding = finding::of(message, &self.product);
        let sent = self
            .client
            .batch_import_findings()
            .findings(finding)
            .send()
            .await;
        let output =
            sent.map_err(|error| not_delivered(NAME, message, failure::meaning(&error)))?;
        match failure::of_answer(&output) {
            Some(failed) => Err(not_delivered(NAME, message, failed)),
            None => Ok(()),
        }
    }
}

/// The finding of `message` for a product of another account than the event's.
#[cfg(test)]
pub(super) fn finding(message: &Message) -> aws_sdk_securityhub::types::AwsSecurityFinding {
    let product = Product {
        arn: "arn:aws:securityhub:eu-central-1:000000000000:product/000000000000/default"
            .to_owned(),
        region: "eu-central-1".to_owned(),
        account: "000000000000".to_owned(),
    };
    finding::of(message, &product)
}

/// The same for threads without a runtime: it brings its own.
#[derive(Debug)]
pub struct BlockingSecurityHub {
    hub: SecurityHub,
    runtime: Runtime,
}

impl BlockingSecurityHub {
    /// A channel to `product`, with the credentials that the environment gives.
    ///
    /// # Errors
    ///
    /// When the system gives no event queue to wait on.
    pub fn connect(product: Product) -> io::Result<Self> {
        let (runtime, config) = account::connect_blocking()?;
        let hub = SecurityHub::new(&config, product);
        Ok(Self { hub, runtime })
    }
}

impl Notifier for BlockingSecurityHub {
    fn name(&self) -> &str {
        NAME
    }

    /// Waits for Security Hub; must not be called from an asynchronous task.
    fn notify(&self, message: &Message) -> Result<(), NotifyError> {
        self.runtime.block_on(self.hub.import(message))
    }
}
