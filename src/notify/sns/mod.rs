//! Publishes messages to an SNS topic.
//!
//! The body is the report for people, defanged; the attributes `severity`, `acl`, `cause`, `state`
//! and `event_id` are for filter policies and for receivers that deduplicate. A topic whose name
//! ends with `.fifo` gets a group for each incident and deduplicates by the event.
//!
//! [`Sns`] is for programs that run on tokio; [`BlockingSns`] is the [`Notifier`] for those that do
//! not.

mod failure;
mod mail;

use std::io;

use aws_config::SdkConfig;
use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use tokio::runtime::Runtime;

use super::service::not_delivered;
use super::{Message, Notifier, NotifyError};
use crate::account;

/// Attribute values of this type can be matched by filter policies.
const STRING: &str = "String";

/// How the name of a topic ends that keeps an order.
const FIFO: &str = ".fifo";

/// The name of the channel.
const NAME: &str = "sns";

/// Publishes to one topic.
#[derive(Debug, Clone)]
pub struct Sns {
    client: Client,
    topic_arn: String,
}

impl Sns {
    /// A channel to the topic `topic_arn` through `client`.
    #[must_use]
    pub fn new(client: Client, topic_arn: String) -> Self {
        Self { client, topic_arn }
    }

    /// A channel to the topic `topic_arn` as `config` says, but in `region`: a topic is published to
    /// where it is, wherever the function or the command runs.
    #[must_use]
    pub fn in_region(config: &SdkConfig, topic_arn: String, region: &str) -> Self {
        Self::new(Client::new(&account::in_region(config, region)), topic_arn)
    }

    /// Publishes `message`.
    ///
    /// # Errors
    ///
    /// When SNS did not, or perhaps did not, take it.
    pub async fn publish(&self, message: &Message) -> Result<(), NotifyError> {
        let mut request = self
            .client
            .publish()
            .topic_arn(&self.topic_arn)
            .subject(mail::subject(message))
            .message(mail::body(message));
        for (name, value) in mail::attributes(message) {
            let value = MessageAttributeValue::builder()
                .data_type(STRING)
                .string_value(value)
                .build()
                .expect("the type, all that is required, is given");
            request = request.message_attributes(name, value);
        }
        if self.topic_arn.ends_with(FIFO) {
            let ids = mail::fifo_ids(message);
            request = request
                .message_group_id(ids.group)
                .message_deduplication_id(ids.deduplication);
        }
        let sent = request.send().await;
        sent.map(|_| ())
            .map_err(|error| not_delivered(NAME, message, failure::meaning(&error)))
    }
}

/// Everything that `message` gives SNS, as text.
#[cfg(test)]
pub(super) fn shown(message: &Message) -> String {
    let mut text = format!("Subject: {}\n", mail::subject(message));
    for (name, value) in mail::attributes(message) {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push('\n');
    text.push_str(&mail::body(message));
    text
}

/// The same for threads without a runtime: it brings its own.
#[derive(Debug)]
pub struct BlockingSns {
    sns: Sns,
    runtime: Runtime,
}

impl BlockingSns {
    /// A channel to the topic `topic_arn` in `region`, with the account that the environment gives.
    ///
    /// # Errors
    ///
    /// When the system gives no event queue to wait on.
    pub fn connect(topic_arn: String, region: &str) -> io::Result<Self> {
        let (runtime, config) = account::connect_blocking()?;
        let sns = Sns::in_region(&config, topic_arn, region);
        Ok(Self { sns, runtime })
    }
}

impl Notifier for BlockingSns {
    fn name(&self) -> &str {
        NAME
    }

    /// Waits for SNS; must not be called from an asynchronous task.
    fn notify(&self, message: &Message) -> Result<(), NotifyError> {
        self.runtime.block_on(self.sns.publish(message))
    }
}
