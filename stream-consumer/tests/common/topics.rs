//! Topics with a queue behind them.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use serde_json::Value;

/// When a message was put into the queue: the topic's own time is in whole seconds.
const SENT: MessageSystemAttributeName = MessageSystemAttributeName::SentTimestamp;

/// A topic, and the queue that gets what is published to it.
pub struct Topic {
    /// The topic's ARN.
    pub arn: String,
    queue: String,
    client: aws_sdk_sqs::Client,
}

impl Topic {
    /// Creates both. A name that ends with `.fifo` makes both of that kind.
    pub async fn create(config: &SdkConfig, name: &str) -> Self {
        let sns = aws_sdk_sns::Client::new(config);
        let client = aws_sdk_sqs::Client::new(config);
        let mut topic = sns.create_topic().name(name);
        let mut queue = client.create_queue().queue_name(name);
        if name.ends_with(".fifo") {
            topic = topic.attributes("FifoTopic", "true");
            queue = queue.attributes(QueueAttributeName::FifoQueue, "true");
        }
        let topic = topic.send().await.expect("creates the topic");
        let arn = topic.topic_arn.expect("has an ARN");
        let queue = queue.send().await.expect("creates the queue");
        let queue = queue.queue_url.expect("has a URL");
        let attributes = client
            .get_queue_attributes()
            .queue_url(&queue)
            .attribute_names(QueueAttributeName::QueueArn);
        let attributes = attributes.send().await.expect("is there").attributes;
        let queue_arn = attributes
            .and_then(|attributes| attributes.get(&QueueAttributeName::QueueArn).cloned())
            .expect("has an ARN");
        let subscribe = sns.subscribe().topic_arn(&arn).protocol("sqs");
        let subscribe = subscribe.endpoint(queue_arn).send().await;
        subscribe.expect("subscribes");
        Self { arn, queue, client }
    }

    /// What arrives until nothing has for so long: the notifications as SNS wraps them, and as
    /// `SentTimestamp` the milliseconds at which they came.
    pub async fn messages(&self, quiet: Duration) -> Vec<Value> {
        let mut messages = Vec::new();
        let mut last = std::time::Instant::now();
        while last.elapsed() < quiet {
            let received = self
                .client
                .receive_message()
                .queue_url(&self.queue)
                .max_number_of_messages(10)
                .message_system_attribute_names(SENT)
                .wait_time_seconds(1);
            let received = received.send().await.expect("receives").messages;
            for message in received.unwrap_or_default() {
                last = std::time::Instant::now();
                let body = message.body.expect("has a body");
                let mut content: Value = serde_json::from_str(&body).expect("is JSON");
                let sent = message.attributes.and_then(|mut known| known.remove(&SENT));
                content["SentTimestamp"] = sent.map_or(Value::Null, Value::from);
                messages.push(content);
                let receipt = message.receipt_handle.expect("has a receipt");
                let delete = self.client.delete_message().queue_url(&self.queue);
                let deleted = delete.receipt_handle(receipt).send().await;
                deleted.expect("deletes");
            }
        }
        messages
    }

    /// The first message that arrives, within `time`.
    pub async fn first(&self, time: Duration) -> Option<Value> {
        let started = std::time::Instant::now();
        while started.elapsed() < time {
            let mut messages = self.messages(Duration::from_millis(1)).await;
            if !messages.is_empty() {
                return Some(messages.remove(0));
            }
        }
        None
    }
}
