//! Functions that die, calls that fail, answers that are lost: whatever happens between the stream and
//! the people, every record is counted once and every incident is told.
//!
//! Each seed is a schedule of its own: a stream of two shards with an attack in it, a table, two
//! consumers, a closer and an investigator, each with faults of its own at every call to AWS, batches
//! that come twice, and sometimes a shard that splits. `CHAOS_SEED=n` runs one alone, and
//! `CHAOS_SEEDS=n` says how many there are.
#![cfg(feature = "aws")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use common::deployment::{Deployment, Dice, Mapping, TestConsumer, deadline};
use common::{ACL, classic_settings, line};
use serde_json::json;
use wafwatch::close;
use wafwatch::distributed::KinesisStream;
use wafwatch::forward::partition_key;
use wafwatch::functions::closer::Closer;
use wafwatch::functions::investigator::{Investigator, Recipient, StreamEvent, Target};
use wafwatch::functions::kinesis_event::KinesisEvent;
use wafwatch::guidance::Marks;
use wafwatch::incident::Level;
use wafwatch::notify::{Message, Notifier, NotifyError, Retry};
use wafwatch::outbox::Terms;
use wafwatch::pipeline::PipelineSettings;
use wafwatch::report::Redaction;
use wafwatch::store::dynamodb::{ClosingCommit, OUTBOX};
use wafwatch::store::{AclState, Closing};
use wafwatch_emulators::faults::{Faults, Rates, Schedule};
use wafwatch_windows::close::Due;
use wafwatch_windows::partial::Partial;
use wafwatch_windows::record::{Action, Record};
use wafwatch_windows::time::{EventTime, Window};

const SEEDS: u64 = 200;
/// Schedules at once: the emulator is one process, and so is this one.
const WORKERS: usize = 6;
/// In 2099: the emulator deletes what has expired by the real clock, and nothing here may have.
const START: i64 = 4_070_908_800_000;
const MINUTE: i64 = 60_000;
/// Windows with records; the attack is in the third.
const WINDOWS: i64 = 4;
/// Windows that the detector has learnt from before.
const LEARNT: i64 = 40;
/// Requests in an ordinary window.
const ORDINARY: usize = 20;
/// Requests of the attack.
const ATTACK: usize = 300;
/// Steps after each window's records were put.
const STEPS: usize = 4;
/// Steps with faults after the last window's time, in which windows close.
const LAST_STEPS: usize = 10;
/// Faults of each function before its calls succeed.
const FAULTS: usize = 30;
/// Rounds after the faults in which everything must come to rest.
const ROUNDS: i64 = 30;

fn settings() -> PipelineSettings {
    let mut settings = classic_settings(30_000);
    settings.limits.accept_future_ms = i64::MAX / 2;
    settings.close.dormant_after_windows = 12;
    settings.close.incident.resolve_after_windows = 2;
    settings
}

/// What the ACL's past is: ordinary windows up to the start.
fn learnt() -> &'static AclState {
    static LEARNT_STATE: OnceLock<AclState> = OnceLock::new();
    LEARNT_STATE.get_or_init(|| {
        let settings = settings().close;
        let mut state = AclState::default();
        for number in -LEARNT..0 {
            let start = EventTime(START + number * MINUTE);
            let mut partial = Partial::new(&settings.sketch);
            for request in 0..ORDINARY {
                let address = format!("198.51.100.{request}");
                let mut record = Record::new(start, ACL, Action::Allow);
                record.client_address = Some(&address);
                partial.observe(&record);
            }
            let mut partials = BTreeMap::from([(settings.window_size.window_of(start), partial)]);
            let due = |window: Window| match window.start <= start {
                true => Due::Complete,
                false => Due::NotYet,
            };
            let closing = close::close_due(
                ACL,
                &state,
                &mut partials,
                &due,
                1,
                &Marks::new(),
                &settings,
            );
            state = closing.expect("is due").state;
        }
        state.version = 1;
        state
    })
}

/// Who is told: takes every third message only when it comes again.
#[derive(Default)]
struct Receiver {
    /// Texts by event, each as often as it came.
    received: Mutex<BTreeMap<String, Vec<String>>>,
    calls: AtomicU64,
}

impl Notifier for Receiver {
    fn name(&self) -> &str {
        "receiver"
    }

    fn notify(&self, message: &Message) -> Result<(), NotifyError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        if call % 3 == 2 {
            return Err(NotifyError {
                channel: "receiver".to_owned(),
                event_id: message.event_id.clone(),
                problem: "is busy".to_owned(),
                retry: Retry::Later,
            });
        }
        let mut received = self.received.lock().expect("nobody panics here");
        let texts = received.entry(message.event_id.clone()).or_default();
        texts.push(format!("{} {}", message.kind.name(), message.acl));
        Ok(())
    }
}

/// One function: what it is made of, and its faults.
struct Place {
    faults: Faults,
    died: u64,
}

impl Place {
    fn new(seed: u64) -> Self {
        let schedule = Schedule::seeded(seed, Rates::ROUGH, FAULTS);
        Self {
            faults: Faults::new(schedule),
            died: 0,
        }
    }

    /// Runs a call, to its end or to the function's death.
    async fn run<T>(&mut self, call: impl Future<Output = T>) -> Option<T> {
        let faults = self.faults.clone();
        tokio::select! {
            biased;
            () = faults.crashed() => {
                self.died += 1;
                faults.revive();
                None
            }
            answer = call => Some(answer),
        }
    }
}

struct Chaos {
    seed: u64,
    dice: Dice,
    deployment: Deployment,
    mapping: Mapping,
    consumers: [(Place, Option<TestConsumer>); 2],
    closer: (Place, Closer<KinesisStream>),
    investigator: (Place, Investigator),
    receiver: Arc<Receiver>,
    now: EventTime,
    /// Events that the table's stream has announced.
    announced: BTreeSet<String>,
    delivered: Vec<(String, KinesisEvent)>,
    put: usize,
}

impl Chaos {
    async fn new(seed: u64) -> Self {
        let deployment = Deployment::new(2, settings()).await;
        let closing = Closing {
            acl: ACL.to_owned(),
            state: learnt().clone(),
            windows: Vec::new(),
            incidents: Vec::new(),
            events: Vec::new(),
        };
        let past = ClosingCommit {
            closing,
            consumed: BTreeMap::new(),
            now: EventTime(START),
        };
        deployment
            .store
            .close(&past)
            .await
            .expect("writes the past");
        let place = |number: u64| Place::new(seed.wrapping_mul(31).wrapping_add(number));
        let receiver = Arc::default();
        let (of_closer, of_investigator) = (place(3), place(4));
        let faults = &of_closer.faults;
        let closer = Closer {
            store: deployment.store_over(faults),
            stream: deployment.stream_over(faults),
            pipeline: deployment.settings.clone(),
            idle_delay_ms: deployment.idle_delay_ms,
            seed,
            investigator: investigator(&deployment, faults, &receiver),
        };
        let investigator = investigator(&deployment, &of_investigator.faults, &receiver);
        Self {
            seed,
            dice: Dice(seed),
            deployment,
            mapping: Mapping::default(),
            consumers: [(place(1), None), (place(2), None)],
            closer: (of_closer, closer),
            investigator: (of_investigator, investigator),
            receiver,
            now: EventTime(START),
            announced: BTreeSet::new(),
            delivered: Vec::new(),
            put: 0,
        }
    }

    /// Puts a window's records into the stream, in a few envelopes; some come twice.
    async fn put_window(&mut self, window: i64) {
        let requests = if window == 2 {
            ORDINARY + ATTACK
        } else {
            ORDINARY
        };
        let mut lines: Vec<String> = Vec::new();
        for request in 0..requests {
            let time = START + window * MINUTE + (request as i64 * MINUTE) / requests as i64;
            let is_attack = request % ORDINARY != 0 && requests > ORDINARY;
            let (action, address) = if is_attack {
                ("BLOCK", "203.0.113.9".to_owned())
            } else {
                ("ALLOW", format!("198.51.100.{}", request % ORDINARY))
            };
            lines.push(line(ACL, time, action, &address, "/admin"));
        }
        self.put += lines.len();
        let pieces = 2 + self.dice.below(3);
        for piece in lines.chunks(lines.len().div_ceil(pieces)) {
            let mut envelope = piece.join("\n").into_bytes();
            if self.dice.one_in(4) {
                envelope.extend_from_slice(b"\nno record");
            }
            let key = partition_key(&envelope);
            for _ in 0..1 + usize::from(self.dice.one_in(5)) {
                self.deployment.put(&key, envelope.clone()).await;
            }
        }
    }

    /// One thing happens.
    async fn step(&mut self) {
        match self.dice.below(10) {
            0..=3 => self.deliver(None).await,
            4 => self.deliver_to_both().await,
            5 => self.deliver_again().await,
            6 => self.close().await,
            7..=8 => self.investigate().await,
            _ => self.now = self.now.plus(20_000),
        }
    }

    async fn deliver(&mut self, most: Option<usize>) {
        let waiting = self.mapping.waiting();
        if waiting.is_empty() {
            return self.close().await;
        }
        let shard = waiting[self.dice.below(waiting.len())].clone();
        let length = most.unwrap_or(1 + self.dice.below(4));
        let event = self.mapping.batch(&shard, self.dice.below(3), length);
        let number = self.dice.below(2);
        let answer = self.consume(number, event.clone()).await;
        self.take_answer(&shard, event, answer);
    }

    /// Lambda has given up on a call that goes on, and calls again.
    async fn deliver_to_both(&mut self) {
        let waiting = self.mapping.waiting();
        let Some(shard) = waiting.first().cloned() else {
            return;
        };
        let event = self.mapping.batch(&shard, 1, 3);
        let now = self.now;
        self.ready();
        let [(one, first), (other, second)] = &mut self.consumers;
        let (first, second) = (first.as_mut(), second.as_mut());
        let (first, second) = first.zip(second).expect("both are ready");
        let (answer, again) = tokio::join!(
            one.run(first.handle(event.clone(), now, deadline())),
            other.run(second.handle(event.clone(), now, deadline())),
        );
        let has_died = [answer.is_none(), again.is_none()];
        for (consumer, has_died) in self.consumers.iter_mut().zip(has_died) {
            if has_died {
                consumer.1 = None;
            }
        }
        let answer = answer.map(|answer| answer.expect("is an event").0);
        let failed = answer.map(|answer| {
            let mut failures = answer.batch_item_failures.into_iter();
            failures.next().map(|failure| failure.item_identifier)
        });
        self.take_answer(&shard, event, failed);
    }

    async fn deliver_again(&mut self) {
        if self.delivered.is_empty() {
            return;
        }
        let (_, event) = self.delivered[self.dice.below(self.delivered.len())].clone();
        let number = self.dice.below(2);
        self.consume(number, event).await;
    }

    /// New functions in place of those that died.
    fn ready(&mut self) {
        for (place, consumer) in &mut self.consumers {
            if consumer.is_none() {
                *consumer = Some(self.deployment.consumer_over(&place.faults, self.seed));
            }
        }
    }

    /// The first record that failed, if any; nothing where the function died.
    async fn consume(&mut self, number: usize, event: KinesisEvent) -> Option<Option<String>> {
        self.ready();
        let now = self.now;
        let (place, slot) = &mut self.consumers[number];
        let consumer = slot.as_mut().expect("is ready");
        let answer = place.run(consumer.handle(event, now, deadline())).await;
        let Some(answer) = answer else {
            *slot = None;
            return None;
        };
        let (answer, _) = answer.expect("is an event of a stream");
        let mut failures = answer.batch_item_failures.into_iter();
        Some(failures.next().map(|failure| failure.item_identifier))
    }

    fn take_answer(&mut self, shard: &str, event: KinesisEvent, answer: Option<Option<String>>) {
        if let Some(failed) = answer {
            self.mapping.answered(shard, &event, failed.as_deref());
            self.delivered.push((shard.to_owned(), event));
        }
    }

    async fn close(&mut self) {
        let (place, closer) = &mut self.closer;
        place.run(closer.handle(self.now, deadline())).await;
    }

    /// Hands what is new in the outbox to the investigator, and sometimes what was new before.
    async fn investigate(&mut self) {
        let pending = self.deployment.store.pending_events(100).await;
        let ids = pending
            .expect("reads")
            .into_iter()
            .map(|pending| pending.event.id);
        let is_repeated = self.dice.one_in(3);
        let ids: Vec<String> = ids
            .filter(|id| self.announced.insert(id.clone()) || is_repeated)
            .collect();
        let event = stream_event(&ids);
        let (place, investigator) = &mut self.investigator;
        let call = investigator.handle(&event, self.now, deadline());
        let answer = place.run(call).await;
        let has_failed = answer.is_none_or(|(answer, _)| !answer.batch_item_failures.is_empty());
        if has_failed {
            // The table's stream hands it over again.
            for id in ids {
                self.announced.remove(&id);
            }
        }
    }

    async fn come_to_rest(&mut self) {
        let places = self.consumers.iter().map(|(place, _)| place);
        for place in places.chain([&self.closer.0, &self.investigator.0]) {
            place.faults.stop();
        }
        for _ in 0..200 {
            if self.mapping.waiting().is_empty() {
                break;
            }
            self.deliver(Some(50)).await;
        }
        assert!(
            self.mapping.waiting().is_empty(),
            "not everything is delivered"
        );
        self.now = self.now.max(EventTime(START + (WINDOWS + 4) * MINUTE));
        for _ in 0..ROUNDS {
            self.close().await;
            self.investigate().await;
            self.now = self.now.plus(MINUTE);
            let waiting = self
                .deployment
                .store
                .pending_events(1)
                .await
                .expect("reads");
            let head = self.deployment.store.heads().await.expect("reads")[ACL].clone();
            if waiting.is_empty() && head.empty_budget == 0 {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    async fn check(&self) {
        let store = &self.deployment.store;
        let end = self.now.plus(MINUTE);
        let windows = store
            .windows_between(ACL, EventTime(START), end, 1_000)
            .await;
        let windows = windows.expect("reads");
        let counted: u64 = windows.iter().map(|window| window.counters.total).sum();
        let states = store.shards().await.expect("reads");
        assert_eq!(
            counted,
            self.put as u64,
            "records in closed windows; handed over: {}, shards: {states:?}",
            self.mapping.describe()
        );
        for window in 0..WINDOWS {
            let start = EventTime(START + window * MINUTE);
            let total = windows.iter().find(|summary| summary.window.start == start);
            let total = total.map_or(0, |summary| summary.counters.total);
            let expected = if window == 2 {
                ORDINARY + ATTACK
            } else {
                ORDINARY
            };
            assert_eq!(total, expected as u64, "window {window}");
        }
        let accepted: u64 = states
            .values()
            .map(|state| state.checkpoint.accounts.accepted)
            .sum();
        assert_eq!(accepted, self.put as u64, "records in the accounts");
        assert!(
            states
                .values()
                .all(|state| state.checkpoint.accounts.balance())
        );

        let received = self.receiver.received.lock();
        let received = received.expect("nobody panics here").clone();
        let mut told = BTreeSet::new();
        for (event, texts) in &received {
            let different: BTreeSet<&String> = texts.iter().collect();
            assert_eq!(
                different.len(),
                1,
                "{event} says the same each time: {texts:?}"
            );
            let incident = event.rsplit_once('/').expect("is of an incident").0;
            let is_news = told.insert((incident.to_owned(), texts[0].clone()));
            // Growing worse may happen again and again; the rest happens once.
            let is_again = texts[0].starts_with("worse") || is_news;
            assert!(is_again, "{incident} is told twice to have {}", texts[0]);
        }
        let incidents = self.deployment.incidents(ACL).await;
        assert!(!incidents.is_empty(), "the attack is an incident");
        for incident in &incidents {
            let prefix = format!("{}/", incident.id);
            let events = received.keys().filter(|event| event.starts_with(&prefix));
            assert_eq!(
                u64::from(incident.messages),
                events.count() as u64,
                "{}",
                incident.id
            );
            assert!(incident.messages > 0, "{} is told", incident.id);
        }
    }
}

fn investigator(
    deployment: &Deployment,
    faults: &Faults,
    receiver: &Arc<Receiver>,
) -> Investigator {
    let recipient = Recipient {
        terms: Terms {
            name: "receiver".to_owned(),
            minimum_level: Level::Info,
            redaction: Redaction::default(),
            attempts: 1_000,
        },
        target: Target::Blocking(Arc::clone(receiver) as Arc<dyn Notifier>),
    };
    let size = deployment.settings.close.window_size;
    Investigator::new(deployment.store_over(faults), vec![recipient], size)
}

fn stream_event(events: &[String]) -> StreamEvent {
    let records: Vec<_> = (0..)
        .zip(events)
        .map(|(number, event): (u64, _)| {
            json!({
                "eventName": "INSERT",
                "dynamodb": {
                    "Keys": {"pk": {"S": OUTBOX}, "sk": {"S": event}},
                    "SequenceNumber": number.to_string(),
                },
            })
        })
        .collect();
    serde_json::from_value(json!({"Records": records})).expect("is an event")
}

/// What happened to functions, and how often they died.
#[derive(Debug, Default)]
struct Tally {
    faults: AtomicU64,
    deaths: AtomicU64,
}

async fn run(seed: u64, tally: &Tally) {
    let mut chaos = Chaos::new(seed).await;
    for window in 0..WINDOWS {
        chaos.put_window(window).await;
        chaos.mapping.refresh(&chaos.deployment).await;
        chaos.now = chaos.now.max(EventTime(START + (window + 1) * MINUTE));
        for _ in 0..STEPS {
            chaos.step().await;
        }
        if window == 1 && chaos.dice.one_in(3) {
            let shard = chaos.mapping.shards()[0].clone();
            chaos.deployment.split(&shard).await;
            chaos.mapping.refresh(&chaos.deployment).await;
        }
    }
    chaos.now = EventTime(START + (WINDOWS + 2) * MINUTE);
    for _ in 0..LAST_STEPS {
        chaos.deliver(Some(6)).await;
        chaos.step().await;
    }
    chaos.come_to_rest().await;
    chaos.check().await;
    let consumers = chaos.consumers.iter().map(|(place, _)| place);
    for place in consumers.chain([&chaos.closer.0, &chaos.investigator.0]) {
        let attempts = place.faults.attempts();
        let faults = attempts
            .iter()
            .filter(|attempt| attempt.fault.is_some())
            .count();
        tally.faults.fetch_add(faults as u64, Ordering::Relaxed);
        tally.deaths.fetch_add(place.died, Ordering::Relaxed);
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number, not {text}")),
    )
}

#[test]
fn whatever_happens_every_record_counts_once_and_every_incident_is_told() {
    let seeds = match number("CHAOS_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("CHAOS_SEEDS").unwrap_or(SEEDS),
    };
    let began = Instant::now();
    let tally = Tally::default();
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().expect("a runtime");
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if !seeds.contains(&seed) {
                return Vec::new();
            }
            let task = std::panic::AssertUnwindSafe(|| runtime.block_on(run(seed, &tally)));
            if std::panic::catch_unwind(task).is_err() {
                return vec![seed];
            }
        }
    };
    let failed: Vec<u64> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        let outcomes = workers
            .into_iter()
            .map(|worker| worker.join().expect("is caught"));
        outcomes.flatten().collect()
    });
    assert!(
        failed.is_empty(),
        "seeds {failed:?} failed; one alone: CHAOS_SEED={} cargo test --features aws --test chaos",
        failed[0]
    );
    let count = seeds.end - seeds.start;
    let (faults, deaths) = (tally.faults.into_inner(), tally.deaths.into_inner());
    let told = writeln!(
        std::io::stdout(),
        "{count} schedules with {faults} faults and {deaths} deaths in {:?}",
        began.elapsed()
    );
    told.expect("somebody listens");
    assert!(
        count < 10 || (faults >= 5 * count && deaths >= count / 2),
        "this was no chaos"
    );
}
