//! Real requests to an endpoint: what the records say, sent to a site of one's own.
//!
//! Hosts must be named: a scenario is an attack, and a typing error must not send one to others.
//! Redirects and proxies are not followed for the same reason.

mod request;
mod target;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use ureq::Agent;

pub use target::{Target, TargetError};

use super::feed::Feed;
use super::measure::Measures;
use super::probe::Ledger;
use super::progress::Progress;
use super::tempo::Schedule;

const TIMEOUT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// What senders take turns at.
struct Queue<'a> {
    feed: &'a mut Feed,
    schedule: Schedule,
    error: Option<anyhow::Error>,
}

/// A record, and when it is due.
struct Job {
    line: Vec<u8>,
    at_ms: i64,
    due: Option<Instant>,
}

impl Queue<'_> {
    fn next(&mut self) -> Option<Job> {
        if self.error.is_some() {
            return None;
        }
        let mut line = Vec::with_capacity(2_048);
        match self.feed.next(&mut line) {
            Ok(place) => place.map(|place| Job {
                line,
                at_ms: place.at_ms,
                due: self.schedule.due(place.at_ms),
            }),
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }
}

/// Sends all of `feed` to `target` over as many connections at a time.
///
/// Every connection takes the next record, waits until it is due, and sends it. Where all are busy
/// when one is due, the wait counts as its latency.
pub fn all(
    feed: &mut Feed,
    target: &Target,
    connections: u32,
    schedule: Schedule,
    progress: &mut Progress,
    ledger: Option<&Ledger>,
) -> anyhow::Result<Measures> {
    let agent = agent();
    let queue = Mutex::new(Queue {
        feed,
        schedule,
        error: None,
    });
    let total = Mutex::new(Measures::new());
    let sent = AtomicU64::new(0);
    let latest_ms = AtomicU64::new(0);
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let mut senders = Vec::new();
        for number in 0..connections {
            let work = || {
                let mut measures = Measures::new();
                loop {
                    let job = queue.lock().ok().and_then(|mut queue| queue.next());
                    let Some(job) = job else { break };
                    send(&agent, target, &job, &mut measures);
                    if let Some(ledger) = ledger {
                        // WAF writes a record of its own, with the time of the request.
                        let stamp_ms = jiff::Timestamp::now().as_millisecond();
                        ledger.note(std::iter::once(stamp_ms), Instant::now());
                    }
                    sent.fetch_add(1, Ordering::Relaxed);
                    latest_ms.fetch_max(job.at_ms.unsigned_abs(), Ordering::Relaxed);
                }
                if let Ok(mut total) = total.lock() {
                    total.add(&measures);
                }
            };
            let builder = std::thread::Builder::new().name(format!("connection {number}"));
            let sender = builder.spawn_scoped(scope, work);
            senders.push(sender.context("cannot start a thread for a connection")?);
        }
        while !senders.iter().all(ScopedJoinHandle::is_finished) {
            std::thread::sleep(POLL);
            let at_ms = latest_ms.load(Ordering::Relaxed);
            progress.show(at_ms as i64, sent.load(Ordering::Relaxed));
        }
        Ok(())
    })?;
    let queue = queue.into_inner().expect("no sender panics with the queue");
    if let Some(error) = queue.error {
        return Err(error);
    }
    Ok(total.into_inner().expect("no sender panics with the total"))
}

fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(TIMEOUT))
        .max_idle_connections(10_000)
        .max_idle_connections_per_host(10_000)
        .build()
        .new_agent()
}

fn send(agent: &Agent, target: &Target, job: &Job, measures: &mut Measures) {
    if let Some(due) = job.due {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    let begun = Instant::now();
    let request = match request::of(&job.line, target) {
        Ok(request) => request,
        Err(reason) => return fail(measures, reason),
    };
    let bytes = request.body().len() as u64;
    // An answer counts when all of it is here, and its connection can be used again.
    let answer = agent.run(request).and_then(|mut answer| {
        answer.body_mut().read_to_vec()?;
        Ok(answer.status())
    });
    let sent = Instant::now();
    match answer {
        Ok(status) => *measures.answers.entry(status.as_u16()).or_default() += 1,
        Err(error) => fail(measures, reason_of(&error)),
    }
    measures.sent(1, bytes, sent - begun);
    measures.latency(sent.saturating_duration_since(job.due.unwrap_or(begun)));
}

fn fail(measures: &mut Measures, reason: &str) {
    *measures.failures.entry(reason.to_owned()).or_default() += 1;
}

/// Few reasons, whatever the endpoint answers.
fn reason_of(error: &ureq::Error) -> &'static str {
    match error {
        ureq::Error::Timeout(_) => "timeout",
        ureq::Error::HostNotFound => "host not found",
        ureq::Error::ConnectionFailed => "no connection",
        ureq::Error::Tls(_) => "TLS",
        ureq::Error::BodyExceedsLimit(_) => "answer too long",
        ureq::Error::Io(_) => "connection broke",
        _ => "other",
    }
}
