//! The investigator: its real binary through a Lambda Runtime API, and its calls under faults.

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use common::incidents::{open_incident, store, stream_event};
use common::topics::Topic;
use serde_json::Value;
use tokio::time::Instant;
use wafwatch::functions::investigator::{Investigator, Recipient, StreamEvent, Target};
use wafwatch::incident::Level;
use wafwatch::notify::sns::Sns;
use wafwatch::notify::{Message, Notifier, NotifyError, Retry};
use wafwatch::outbox::Terms;
use wafwatch::report::Redaction;
use wafwatch::store::DeliveryState;
use wafwatch::store::dynamodb::DynamoStore;
use wafwatch_emulators::faults::{Faults, Rates, Schedule};
use wafwatch_emulators::{Function, Ministack, sdk_config_over};
use wafwatch_stream_consumer::now;
use wafwatch_windows::time::{EventTime, WindowSize};

const BINARY: &str = env!("CARGO_BIN_EXE_investigator");
const TIME: Duration = Duration::from_secs(60);
const QUIET: Duration = Duration::from_secs(3);
const MINUTE_MS: i64 = 60_000;

/// A channel that notes what it gets, and fails as it is told.
#[derive(Default)]
struct Noting {
    taken: Mutex<Vec<String>>,
    fails: Mutex<Option<Retry>>,
}

impl Notifier for Noting {
    fn name(&self) -> &str {
        "noting"
    }

    fn notify(&self, message: &Message) -> Result<(), NotifyError> {
        if let Some(retry) = *self.fails.lock().expect("never poisoned") {
            return Err(NotifyError {
                channel: "noting".to_owned(),
                event_id: message.event_id.clone(),
                problem: "it is told to fail".to_owned(),
                retry,
            });
        }
        let mut taken = self.taken.lock().expect("never poisoned");
        taken.push(message.event_id.clone());
        Ok(())
    }
}

impl Noting {
    fn taken(&self) -> Vec<String> {
        self.taken.lock().expect("never poisoned").clone()
    }
}

fn terms(name: &str) -> Terms {
    Terms {
        name: name.to_owned(),
        minimum_level: Level::Info,
        redaction: Redaction::default(),
        attempts: 5,
    }
}

fn noting(name: &str, channel: &Arc<Noting>) -> Recipient {
    let channel: Arc<Noting> = Arc::clone(channel);
    Recipient {
        terms: terms(name),
        target: Target::Blocking(channel),
    }
}

fn investigator(store: &DynamoStore, recipients: Vec<Recipient>) -> Investigator {
    Investigator::new(store.clone(), recipients, WindowSize::DEFAULT)
}

fn batch(events: &[String]) -> StreamEvent {
    serde_json::from_value(stream_event(events)).expect("is an event")
}

fn deadline() -> Instant {
    Instant::now() + TIME
}

/// How the deliveries of an event that waits no more ended, by channel.
async fn ended(store: &DynamoStore, event: &str) -> Vec<(String, DeliveryState)> {
    let settled = store.settled_event(event).await.expect("reads");
    let deliveries = settled.expect("is settled").deliveries.into_iter();
    let ended = deliveries.map(|delivery| (delivery.record.channel, delivery.record.state));
    ended.collect()
}

#[tokio::test]
async fn an_event_of_the_tables_stream_is_explained_and_published() {
    let ministack = Ministack::shared();
    let config = ministack.sdk_config();
    let store = store(&config).await;
    let topic = Topic::create(&config, "incidents").await;
    let event = open_incident(&store, "shop", now()).await;
    let endpoint = ministack.endpoint();
    let environment = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("WAFWATCH_TABLE", store.table()),
        ("SNS_TOPIC_ARN", topic.arn.as_str()),
        ("WAFWATCH_MASK_ACCOUNT_IDS", "true"),
    ];
    let function = Function::start(Path::new(BINARY), &environment).expect("starts");
    // What the stream hands over twice is sent once.
    for _ in 0..2 {
        let batch = stream_event(std::slice::from_ref(&event)).to_string();
        let answer = function.invoke(batch.as_bytes(), TIME).await;
        let answer: Value =
            serde_json::from_slice(&answer.expect("answers")).expect("answers with JSON");
        assert_eq!(answer, serde_json::json!({"batchItemFailures": []}));
    }
    let messages = topic.messages(QUIET).await;
    let [message] = messages.as_slice() else {
        panic!("one message: {messages:?}\n{}", function.log());
    };
    let subject = message["Subject"].as_str().expect("has a subject");
    assert!(
        subject.contains("shop-20261120T100000Z opened"),
        "{subject}"
    );
    let body = message["Message"].as_str().expect("has a body");
    for section in [
        "Executive Summary",
        "Quick Triage",
        "Top Rules",
        "WebACL Details",
    ] {
        assert!(body.contains(section), "{body}");
    }
    assert!(
        body.contains("************") && !body.contains("111122223333"),
        "{body}"
    );
    let attribute = |name: &str| message["MessageAttributes"][name]["Value"].clone();
    assert_eq!(attribute("event_id"), event.as_str());
    assert_eq!(attribute("state"), "opened");
    assert_eq!(
        attribute("acl"),
        "arn:aws:wafv2:us-east-1:************:regional/webacl/shop/id"
    );
    assert!(attribute("severity").is_string() && attribute("cause").is_string());
    assert_eq!(
        ended(&store, &event).await,
        [("sns".to_owned(), DeliveryState::Delivered)]
    );
    let log = function.log();
    assert!(log.contains("\"MessagesDelivered\":1"), "{log}");
    assert!(!log.contains("111122223333"), "{log}");
}

#[tokio::test]
async fn an_ordered_topic_delivers_an_event_once() {
    let ministack = Ministack::shared();
    let config = ministack.sdk_config();
    let store = store(&config).await;
    let topic = Topic::create(&config, "ordered.fifo").await;
    let event = open_incident(&store, "shop", now()).await;
    let pending = store
        .pending_event(&event)
        .await
        .expect("reads")
        .expect("waits");
    let sns = Sns::in_region(&config, topic.arn.clone(), "us-east-1");
    let noting_channel = Arc::default();
    let explained = investigator(&store, vec![noting("mail", &noting_channel)]);
    let _ = explained
        .handle(&batch(std::slice::from_ref(&event)), now(), deadline())
        .await;
    let settled = store
        .settled_event(&event)
        .await
        .expect("reads")
        .expect("is settled");
    let explanation = settled.explanation.expect("is explained");
    let message = terms("sns")
        .message(&pending.event, &explanation)
        .expect("is wanted");
    for _ in 0..2 {
        sns.publish(&message).await.expect("publishes");
    }
    let messages = topic.messages(QUIET).await;
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(
        messages[0]["MessageAttributes"]["event_id"]["Value"],
        event.as_str()
    );
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_given_up_with_the_reason() {
    let config = Ministack::shared().sdk_config();
    let store = store(&config).await;
    let event = open_incident(&store, "shop", now()).await;
    let missing = "arn:aws:sns:us-east-1:000000000000:missing";
    let sns = Recipient {
        terms: terms("sns"),
        target: Target::Sns(Sns::in_region(&config, missing.to_owned(), "us-east-1")),
    };
    let (answer, done) = investigator(&store, vec![sns])
        .handle(&batch(std::slice::from_ref(&event)), now(), deadline())
        .await;
    assert!(answer.batch_item_failures.is_empty());
    assert_eq!(done.given_up, 1);
    assert!(
        done.problems[0].contains("there is no such topic"),
        "{done:?}"
    );
    assert_eq!(
        ended(&store, &event).await,
        [("sns".to_owned(), DeliveryState::Dead)]
    );
}

#[tokio::test]
async fn a_dead_channel_delays_no_other_and_is_tried_again_by_the_sweep() {
    let config = Ministack::shared().sdk_config();
    let store = store(&config).await;
    let (well, dead) = (Arc::<Noting>::default(), Arc::<Noting>::default());
    *dead.fails.lock().expect("never poisoned") = Some(Retry::Later);
    let investigator = investigator(&store, vec![noting("well", &well), noting("dead", &dead)]);
    let created = now();
    let event = open_incident(&store, "shop", created).await;
    let (answer, done) = investigator
        .handle(&batch(std::slice::from_ref(&event)), created, deadline())
        .await;
    assert!(answer.batch_item_failures.is_empty());
    assert_eq!((done.delivered, done.retrying), (1, 1));
    assert_eq!(well.taken(), std::slice::from_ref(&event));

    // Its time has not come.
    let swept = investigator
        .sweep(created, deadline())
        .await
        .expect("sweeps");
    assert_eq!(
        (swept.delivered, swept.retrying, swept.waiting),
        (0, 0, Some(1))
    );
    let later = created.plus(5 * MINUTE_MS);
    let swept = investigator.sweep(later, deadline()).await.expect("sweeps");
    assert_eq!((swept.retrying, swept.waiting), (1, Some(1)));
    assert_eq!(swept.oldest_waiting_ms, Some(5 * MINUTE_MS as u64));

    *dead.fails.lock().expect("never poisoned") = None;
    let later = later.plus(30 * MINUTE_MS);
    let swept = investigator.sweep(later, deadline()).await.expect("sweeps");
    assert_eq!((swept.delivered, swept.waiting), (1, Some(0)));
    assert_eq!((well.taken().len(), dead.taken()), (1, vec![event.clone()]));
    let states: Vec<DeliveryState> = ended(&store, &event)
        .await
        .into_iter()
        .map(|(_, state)| state)
        .collect();
    assert_eq!(states, [DeliveryState::Delivered; 2]);
}

#[tokio::test]
async fn a_damaged_event_is_set_aside_and_the_others_go_on() {
    let config = Ministack::shared().sdk_config();
    let store = store(&config).await;
    let created = now();
    let good = open_incident(&store, "good", created).await;
    let damaged = open_incident(&store, "damaged", created).await;
    let later = open_incident(&store, "later", created).await;
    let client = aws_sdk_dynamodb::Client::new(&config);
    for event in [&damaged, &later] {
        let update = client
            .update_item()
            .table_name(store.table())
            .key("pk", AttributeValue::S("OUTBOX".to_owned()))
            .key("sk", AttributeValue::S(event.clone()))
            .update_expression("SET #event = :nonsense")
            .expression_attribute_names("#event", "event")
            .expression_attribute_values(":nonsense", AttributeValue::S("{".to_owned()));
        update.send().await.expect("damages");
    }
    let channel = Arc::<Noting>::default();
    let investigator = investigator(&store, vec![noting("mail", &channel)]);
    // One is met by the stream's call, the other by the sweep.
    let (answer, done) = investigator
        .handle(
            &batch(&[damaged.clone(), good.clone()]),
            created,
            deadline(),
        )
        .await;
    assert!(answer.batch_item_failures.is_empty(), "{done:?}");
    assert_eq!((done.delivered, done.given_up), (1, 1));
    assert!(done.problems[0].contains("damaged"), "{done:?}");
    let swept = investigator
        .sweep(created, deadline())
        .await
        .expect("sweeps");
    assert_eq!((swept.given_up, swept.waiting), (1, Some(0)));
    assert_eq!(channel.taken(), [good]);
    assert!(store.outbox_rows(10).await.expect("reads").is_empty());
}

#[tokio::test]
async fn a_table_that_fails_hands_the_change_over_again() {
    let ministack = Ministack::shared();
    let store = store(&ministack.sdk_config()).await;
    let created = now();
    let events = [
        open_incident(&store, "one", created).await,
        open_incident(&store, "other", created).await,
    ];
    let always = Rates {
        service_error: 100,
        ..Rates::NONE
    };
    let faults = Faults::new(Schedule::seeded(1, always, usize::MAX));
    let config = sdk_config_over(&ministack.endpoint(), faults.over_http());
    let client = aws_sdk_dynamodb::Client::new(&config);
    let failing = DynamoStore::new(client, store.table().to_owned(), 30)
        .with_patience(Duration::from_millis(100));
    let channel = Arc::<Noting>::default();
    let through = investigator(&failing, vec![noting("mail", &channel)]);
    let (answer, done) = through.handle(&batch(&events), created, deadline()).await;
    let failed = answer.batch_item_failures.into_iter();
    let failed: BTreeSet<String> = failed.map(|failure| failure.item_identifier).collect();
    assert_eq!(
        failed,
        BTreeSet::from(["100000".to_owned(), "100001".to_owned()])
    );
    assert_eq!(
        (done.problems.len(), channel.taken().len()),
        (2, 0),
        "{done:?}"
    );
    // A call whose time is over does not begin.
    let (answer, _) = investigator(&store, vec![noting("mail", &channel)])
        .handle(&batch(&events), created, Instant::now())
        .await;
    assert_eq!(
        (answer.batch_item_failures.len(), channel.taken().len()),
        (2, 0)
    );
}

#[tokio::test]
async fn two_investigators_at_once_lose_nothing() {
    let config = Ministack::shared().sdk_config();
    let store = store(&config).await;
    let created = now();
    let mut events = Vec::new();
    for number in 0..6 {
        events.push(open_incident(&store, &format!("shop{number}"), created).await);
    }
    let channel = Arc::<Noting>::default();
    let one = investigator(&store, vec![noting("mail", &channel)]);
    let other = one.clone();
    let batch = batch(&events);
    let (one, other) = tokio::join!(
        one.handle(&batch, created, deadline()),
        other.handle(&batch, created, deadline())
    );
    for (answer, done) in [one, other] {
        assert!(answer.batch_item_failures.is_empty(), "{done:?}");
    }
    let taken = channel.taken();
    assert!((6..=12).contains(&taken.len()), "{taken:?}");
    assert_eq!(
        BTreeSet::from_iter(taken),
        BTreeSet::from_iter(events.clone())
    );
    for event in &events {
        let deliveries = ended(&store, event).await;
        assert_eq!(deliveries, [("mail".to_owned(), DeliveryState::Delivered)]);
    }
}

#[tokio::test]
async fn wherever_a_function_dies_every_event_arrives() {
    let ministack = Ministack::shared();
    let store = store(&ministack.sdk_config()).await;
    let created = EventTime(now().0);
    for seed in 0..40 {
        let event = open_incident(&store, &format!("shop{seed}"), created).await;
        let faults = Faults::new(Schedule::seeded(seed, Rates::ROUGH, 8));
        let config = sdk_config_over(&ministack.endpoint(), faults.over_http());
        let client = aws_sdk_dynamodb::Client::new(&config);
        let through = DynamoStore::new(client, store.table().to_owned(), 30);
        let channel = Arc::<Noting>::default();
        let recipients = vec![noting("mail", &channel)];
        // The stream hands the change over again until it is taken; then the sweep has its turn.
        let mut is_handed_over = false;
        let mut calls = 0;
        let mut now = created;
        while store.settled_event(&event).await.expect("reads").is_none() {
            calls += 1;
            assert!(calls < 30, "seed {seed} does not come to an end");
            let investigator = investigator(&through, recipients.clone());
            let batch = batch(std::slice::from_ref(&event));
            let call = async {
                if is_handed_over {
                    let swept = investigator.sweep(now, deadline()).await;
                    return swept.is_ok();
                }
                let (answer, _) = investigator.handle(&batch, now, deadline()).await;
                answer.batch_item_failures.is_empty()
            };
            tokio::select! {
                biased;
                () = faults.crashed() => faults.revive(),
                is_done = call => is_handed_over |= is_done,
            }
            now = now.plus(2 * MINUTE_MS);
        }
        let taken = channel.taken();
        assert!(!taken.is_empty(), "seed {seed} lost {event}");
        assert!(
            taken.iter().all(|taken| *taken == event),
            "seed {seed}: {taken:?}"
        );
        let deliveries = ended(&store, &event).await;
        assert_eq!(
            deliveries,
            [("mail".to_owned(), DeliveryState::Delivered)],
            "seed {seed}"
        );
    }
}
