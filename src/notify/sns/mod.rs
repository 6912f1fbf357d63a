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

use aws_config::Region;
use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use tokio::runtime::{Builder, Runtime};

use super::{Message, Notifier, NotifyError, Retry};
use crate::account;

/// Attribute values of this type can be matched by filter policies.
const STRING: &str = "String";

/// The name of the channel.
const NAME: &str = "sns";

/// A topic, by its ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    arn: String,
}

/// An ARN that names no topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a topic is named by its ARN, such as arn:aws:sns:eu-central-1:111122223333:wafwatch"
)]
pub struct NoTopic;

impl Topic {
    /// The topic that `arn` names.
    ///
    /// # Errors
    ///
    /// When it names none.
    pub fn new(arn: &str) -> Result<Self, NoTopic> {
        let fields: Vec<&str> = arn.split(':').collect();
        let [prefix, partition, service, region, account, name] = fields.as_slice() else {
            return Err(NoTopic);
        };
        let is_named = [partition, region, account, name]
            .iter()
            .all(|field| is_name(field));
        if *prefix != "arn" || *service != "sns" || !is_named {
            return Err(NoTopic);
        }
        Ok(Self {
            arn: arn.to_owned(),
        })
    }

    /// The region that the topic is in.
    #[must_use]
    pub fn region(&self) -> &str {
        self.arn.split(':').nth(3).unwrap_or_default()
    }

    /// Whether it keeps an order.
    fn is_fifo(&self) -> bool {
        self.arn.ends_with(".fifo")
    }
}

fn is_name(field: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !field.is_empty() && field.bytes().all(is_known)
}

/// Publishes to one topic.
#[derive(Debug, Clone)]
pub struct Sns {
    client: Client,
    topic: Topic,
}

impl Sns {
    /// A channel to `topic` through `client`, which must be one of the topic's region.
    #[must_use]
    pub fn new(client: Client, topic: Topic) -> Self {
        Self { client, topic }
    }

    /// A channel to `topic` with the account's configuration, in `region`, or else in the topic's.
    pub async fn connect(topic: Topic, region: Option<&str>) -> Self {
        let config = account::connect().await;
        let region = region.unwrap_or(topic.region()).to_owned();
        let config = aws_sdk_sns::config::Builder::from(&config)
            .region(Region::new(region))
            .build();
        Self::new(Client::from_conf(config), topic)
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
            .topic_arn(&self.topic.arn)
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
        if self.topic.is_fifo() {
            let ids = mail::fifo_ids(message);
            request = request
                .message_group_id(ids.group)
                .message_deduplication_id(ids.deduplication);
        }
        let sent = request.send().await;
        sent.map(|_| ()).map_err(|error| {
            let (problem, retry) = failure::meaning(&error);
            not_delivered(message, problem, retry)
        })
    }
}

fn not_delivered(message: &Message, problem: String, retry: Retry) -> NotifyError {
    NotifyError {
        channel: NAME.to_owned(),
        event_id: message.event_id.clone(),
        problem,
        retry,
    }
}

/// The same for threads without a runtime: it brings its own.
#[derive(Debug)]
pub struct BlockingSns {
    sns: Sns,
    runtime: Runtime,
}

impl BlockingSns {
    /// A channel to `topic` with the account's configuration, in `region`, or else in the topic's.
    ///
    /// # Errors
    ///
    /// When the system gives no event queue to wait on.
    pub fn connect(topic: Topic, region: Option<&str>) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let sns = runtime.block_on(Sns::connect(topic, region));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_named_by_arns() {
        let topic = Topic::new("arn:aws:sns:eu-central-1:111122223333:wafwatch").expect("is one");
        assert_eq!(topic.region(), "eu-central-1");
        assert!(!topic.is_fifo());
        let fifo = Topic::new("arn:aws-cn:sns:cn-north-1:111122223333:a.fifo").expect("is one");
        assert!(fifo.is_fifo());
        for other in [
            "",
            "wafwatch",
            "arn:aws:sqs:eu-central-1:111122223333:wafwatch",
            "arn:aws:sns::111122223333:wafwatch",
            "arn:aws:sns:eu-central-1:111122223333:",
            "arn:aws:sns:eu-central-1:111122223333:wafwatch:subscription",
            "arn:aws:sns:eu-central-1:111122223333:a b",
        ] {
            assert_eq!(Topic::new(other), Err(NoTopic), "{other}");
        }
    }
}
