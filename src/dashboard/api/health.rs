//! `GET /api/v1/health`

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use axum::extract::{RawQuery, State};
use serde::Serialize;
use wafwatch_windows::time::EventTime;

use super::super::answer::{Answer, Refusal};
use super::super::parameters::Parameters;
use super::super::rates::Rate;
use super::super::router::{Answered, App};
use super::super::{ConfiguredChannel, Mode};
use crate::ingest::Accounts;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::changes::Revision;
use crate::store::sqlite::health::{AnalystUsage, ChannelHealth};
use crate::store::sqlite::series::TimeRange;
use crate::store::{Checkpoint, Store};

/// Stretch over which late records are counted.
const LATE_MS: i64 = 86_400_000;
/// Inputs that are named.
const SLOWEST: usize = 10;

/// What the stored explanations cost, and up to which changes that is known: adding it up reads all of
/// them.
#[derive(Debug, Default)]
pub(in crate::dashboard) struct Analysed {
    through: Option<(String, Revision)>,
    usage: AnalystUsage,
}

#[derive(Serialize)]
struct Health {
    now: i64,
    mode: Mode,
    version: &'static str,
    store: StoreFigures,
    rate: Rate,
    watermark: Option<i64>,
    newest: Option<i64>,
    lag_seconds: Option<f64>,
    close_lag_seconds: Option<f64>,
    inputs: Inputs,
    accounts: ShownAccounts,
    late: Late,
    outbox: Outbox,
    channels: Vec<Channel>,
    analyst: AnalystUsage,
}

#[derive(Serialize)]
struct StoreFigures {
    name: String,
    windows: u64,
    open_windows: u64,
    closed_through: Option<i64>,
    incidents: u64,
    open_incidents: u64,
}

#[derive(Serialize)]
struct Inputs {
    all: u64,
    finished: u64,
    slowest: Vec<Input>,
}

#[derive(Serialize)]
struct Input {
    name: String,
    watermark: Option<i64>,
    accepted: u64,
    rejected: u64,
}

#[derive(Serialize)]
struct ShownAccounts {
    read: u64,
    accepted: u64,
    rejected: u64,
    outside_range: u64,
    rejected_by_reason: Vec<Reason>,
}

#[derive(Serialize)]
struct Reason {
    reason: &'static str,
    count: u64,
}

#[derive(Serialize)]
struct Late {
    records: u64,
    windows: u64,
    incomplete_windows: u64,
    from: Option<i64>,
}

#[derive(Serialize)]
struct Outbox {
    events: u64,
    unexplained: u64,
    waiting: u64,
    retrying: u64,
    dead: u64,
}

#[derive(Serialize)]
struct Channel {
    name: String,
    kind: Option<&'static str>,
    waiting: u64,
    retrying: u64,
    dead: u64,
    delivered: u64,
    skipped: u64,
    last_success: Option<i64>,
    last_error: Option<String>,
}

pub(in crate::dashboard) async fn show(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Answered {
    Parameters::parse(query.as_deref(), &[])?;
    current(&app).await
}

/// How things stand now.
pub(in crate::dashboard) async fn current(app: &Arc<App>) -> Answered {
    let asked = Arc::clone(app);
    app.readers
        .read(move |store| store.snapshot(|store| Answer::of(&health(&asked, store)?)))
        .await
}

fn health(app: &App, store: &SqliteStore) -> Result<Health, Refusal> {
    let now = (app.clock)();
    let figures = store.health()?;
    let checkpoints = store.checkpoints()?;
    let channels = channels(app, store)?;
    let watermark = watermark(&checkpoints);
    let behind = |time: EventTime| (now.0.saturating_sub(time.0)).max(0) as f64 / 1_000.0;
    let name = app.readers.path().file_name().unwrap_or_default();
    let sum = |of: fn(&Channel) -> u64| channels.iter().map(of).sum();
    let rates = app.rates.lock().unwrap_or_else(PoisonError::into_inner);
    let rate = rates.rate();
    drop(rates);
    Ok(Health {
        now: now.0,
        mode: app.mode,
        version: env!("CARGO_PKG_VERSION"),
        store: StoreFigures {
            name: app.view.text(&name.to_string_lossy()),
            windows: figures.windows,
            open_windows: figures.open_windows,
            closed_through: figures.closed_through.map(|time| time.0),
            incidents: figures.incidents,
            open_incidents: figures.open_incidents,
        },
        rate,
        watermark: watermark.map(|time| time.0),
        newest: newest(&checkpoints).map(|time| time.0),
        lag_seconds: watermark.map(behind),
        close_lag_seconds: figures.closed_through.map(behind),
        inputs: inputs(app, &checkpoints),
        accounts: accounts(&checkpoints),
        late: late(store)?,
        outbox: Outbox {
            events: figures.events,
            unexplained: figures.unexplained,
            waiting: sum(|channel| channel.waiting),
            retrying: sum(|channel| channel.retrying),
            dead: sum(|channel| channel.dead),
        },
        channels,
        analyst: analyst(app, store)?,
    })
}

fn newest(checkpoints: &[(String, Checkpoint)]) -> Option<EventTime> {
    let watermarks = checkpoints.iter();
    watermarks.filter_map(|(_, input)| input.watermark).max()
}

/// Of the slowest input that goes on; where none does, the newest time that any delivered.
fn watermark(checkpoints: &[(String, Checkpoint)]) -> Option<EventTime> {
    let going_on = checkpoints.iter().filter(|(_, input)| !input.finished);
    let slowest = going_on.filter_map(|(_, input)| input.watermark).min();
    slowest.or_else(|| newest(checkpoints))
}

fn inputs(app: &App, checkpoints: &[(String, Checkpoint)]) -> Inputs {
    let all = checkpoints.iter().map(|(_, input)| input);
    let mut going_on: Vec<&Checkpoint> = all.filter(|input| !input.finished).collect();
    let finished = checkpoints.len() - going_on.len();
    going_on
        .sort_by(|one, other| (one.watermark, &one.input).cmp(&(other.watermark, &other.input)));
    let slowest = going_on.into_iter().take(SLOWEST).map(|input| Input {
        name: app.view.text(&input.input),
        watermark: input.watermark.map(|time| time.0),
        accepted: input.accounts.accepted,
        rejected: input.accounts.rejected_total(),
    });
    Inputs {
        all: checkpoints.len() as u64,
        finished: finished as u64,
        slowest: slowest.collect(),
    }
}

fn accounts(checkpoints: &[(String, Checkpoint)]) -> ShownAccounts {
    let mut sum = Accounts::default();
    for (_, input) in checkpoints {
        sum.merge(&input.accounts);
    }
    let reasons = sum.rejected.iter().map(|(reason, count)| Reason {
        reason: reason.name(),
        count: *count,
    });
    let mut rejected_by_reason: Vec<Reason> = reasons.collect();
    rejected_by_reason.sort_by(|one, other| {
        (other.count.cmp(&one.count)).then_with(|| one.reason.cmp(other.reason))
    });
    ShownAccounts {
        read: sum.read,
        accepted: sum.accepted,
        rejected: sum.rejected_total(),
        outside_range: sum.outside_range,
        rejected_by_reason,
    }
}

fn late(store: &SqliteStore) -> Result<Late, Refusal> {
    let Some(stored) = store.first_and_last()? else {
        return Ok(Late {
            records: 0,
            windows: 0,
            incomplete_windows: 0,
            from: None,
        });
    };
    let range = TimeRange {
        from: stored.from.max(stored.until.minus(LATE_MS)),
        until: stored.until.plus(1),
    };
    let lateness = store.lateness(range)?;
    Ok(Late {
        records: lateness.records,
        windows: lateness.windows,
        incomplete_windows: lateness.incomplete,
        from: Some(range.from.0),
    })
}

fn channels(app: &App, store: &SqliteStore) -> Result<Vec<Channel>, Refusal> {
    let kinds: BTreeMap<&str, &'static str> = app
        .channels
        .iter()
        .map(|ConfiguredChannel { name, kind }| (name.as_str(), *kind))
        .collect();
    let names: Vec<String> = app
        .channels
        .iter()
        .map(|channel| channel.name.clone())
        .collect();
    let health = store.channel_health(&names)?.into_iter();
    let channels = health.map(|(name, health)| {
        let ChannelHealth {
            waiting,
            retrying,
            dead,
            delivered,
            skipped,
            last_success,
            next_retry,
            last_dead,
        } = health;
        let failed = next_retry.or(last_dead);
        Channel {
            kind: kinds.get(name.as_str()).copied(),
            name: app.view.text(&name),
            waiting,
            retrying,
            dead,
            delivered,
            skipped,
            last_success: last_success.map(|time| time.0),
            last_error: failed.map(|failed| app.view.text(&failed.error)),
        }
    });
    Ok(channels.collect())
}

fn analyst(app: &App, store: &SqliteStore) -> Result<AnalystUsage, Refusal> {
    // Without an identity the store keeps no changes either, and nothing tells old from new.
    let now = match store.identity()? {
        Some(identity) => Some((identity, store.revision()?)),
        None => None,
    };
    let mut analysed = app.analyst.lock().unwrap_or_else(PoisonError::into_inner);
    let is_known = |(store, revision): &(String, Revision)| {
        let through = analysed.through.as_ref();
        through.is_some_and(|(of, known)| of == store && known.incidents == revision.incidents)
    };
    if !now.as_ref().is_some_and(is_known) {
        analysed.usage = store.analyst_usage()?;
        analysed.through = now;
    }
    Ok(analysed.usage)
}
