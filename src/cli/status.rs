//! `wafwatch status`: what the store holds, how far it is, and what waits for which channel.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use wafwatch_windows::time::EventTime;

use super::arguments::CommonArguments;
use super::exit::Outcome;
use super::incidents::open;
use super::text::figures::{ago, grouped, utc};
use super::text::lines::push_line as line;
use super::text::table::{Align, Table};
use super::{print, print_json, setup};
use crate::config::Settings;
use crate::investigate::utc::iso;
use crate::report::{Redaction, hostile};
use crate::store::Store;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::health::{ChannelHealth, FailedDelivery, StoreHealth};

const MAX_ERROR_CHARS: usize = 300;

pub(super) fn run(common: &CommonArguments) -> anyhow::Result<Outcome> {
    let (settings, store) = open(common)?;
    let status = Status::of(&store, &settings, setup::now())?;
    if common.json {
        print_json(&status.redaction.applied_to_json(&status.to_json()))?;
    } else {
        print(&status.to_text())?;
    }
    Ok(Outcome::Done)
}

struct Status {
    now: EventTime,
    store: String,
    health: StoreHealth,
    inputs: Inputs,
    channels: Vec<Channel>,
    redaction: Redaction,
}

/// What was read.
#[derive(Default)]
struct Inputs {
    all: u64,
    finished: u64,
    /// The newest time that any of them has delivered.
    newest: Option<EventTime>,
}

struct Channel {
    name: String,
    /// Nothing where the channel was taken out of the settings.
    kind: Option<&'static str>,
    health: ChannelHealth,
}

impl Status {
    fn of(store: &SqliteStore, settings: &Settings, now: EventTime) -> anyhow::Result<Self> {
        let kinds: BTreeMap<&str, &'static str> = settings
            .notify
            .iter()
            .map(|config| (config.name.as_str(), config.target.kind()))
            .collect();
        let names: Vec<String> = kinds.keys().map(|name| (*name).to_owned()).collect();
        let channels = store.channel_health(&names)?.into_iter();
        let channels = channels.map(|(name, health)| Channel {
            kind: kinds.get(name.as_str()).copied(),
            name,
            health,
        });
        let mut inputs = Inputs::default();
        for (_, checkpoint) in store.checkpoints()? {
            inputs.all += 1;
            inputs.finished += u64::from(checkpoint.finished);
            inputs.newest = inputs.newest.max(checkpoint.watermark);
        }
        Ok(Self {
            now,
            store: settings.store.path.display().to_string(),
            health: store.health()?,
            inputs,
            channels: channels.collect(),
            redaction: settings.privacy.redaction(),
        })
    }

    fn to_json(&self) -> Value {
        let health = &self.health;
        let lag = health
            .closed_through
            .map(|end| (self.now.0 - end.0).max(0) as f64 / 1_000.0);
        json!({
            "now": iso(self.now),
            "store": {
                "path": self.store,
                "windows": health.windows,
                "open_windows": health.open_windows,
                "closed_through": health.closed_through.map(iso),
                "lag_seconds": lag,
                "incidents": health.incidents,
                "open_incidents": health.open_incidents,
            },
            "inputs": {
                "all": self.inputs.all,
                "finished": self.inputs.finished,
                "read_through": self.inputs.newest.map(iso),
            },
            "outbox": {
                "events": health.events,
                "unexplained": health.unexplained,
            },
            "channels": self.channels.iter().map(Channel::to_json).collect::<Vec<_>>(),
        })
    }

    fn to_text(&self) -> String {
        let health = &self.health;
        let time = |time: Option<EventTime>| match time {
            Some(time) => format!("{} UTC, {}", utc(time), ago(time, self.now)),
            None => "nothing yet".to_owned(),
        };
        let mut text = format!(
            "Store {}\n",
            hostile::one_line(&self.store, MAX_ERROR_CHARS)
        );
        let lines = [
            (
                "windows",
                format!(
                    "{} closed, {} open",
                    grouped(health.windows),
                    grouped(health.open_windows)
                ),
            ),
            ("closed through", time(health.closed_through)),
            (
                "inputs",
                format!(
                    "{}, of which {} ended",
                    grouped(self.inputs.all),
                    grouped(self.inputs.finished)
                ),
            ),
            ("read through", time(self.inputs.newest)),
            (
                "incidents",
                format!(
                    "{} open, {} in all",
                    grouped(health.open_incidents),
                    grouped(health.incidents)
                ),
            ),
            (
                "events",
                format!(
                    "{}, of which {} wait for an explanation",
                    grouped(health.events),
                    grouped(health.unexplained)
                ),
            ),
        ];
        for (name, value) in lines {
            line(&mut text, &format!("  {name:16}{value}"));
        }
        line(&mut text, "\nChannels");
        text.push_str(&self.table());
        for channel in &self.channels {
            self.problems(&mut text, channel);
        }
        text
    }

    fn table(&self) -> String {
        let mut table = Table::new(&[
            ("name", Align::Left),
            ("kind", Align::Left),
            ("waiting", Align::Right),
            ("retrying", Align::Right),
            ("given up", Align::Right),
            ("delivered", Align::Right),
            ("skipped", Align::Right),
            ("last success (UTC)", Align::Left),
        ]);
        for Channel { name, kind, health } in &self.channels {
            table.row(vec![
                hostile::one_line(name, 40),
                kind.unwrap_or("not configured").to_owned(),
                grouped(health.waiting),
                grouped(health.retrying),
                grouped(health.dead),
                grouped(health.delivered),
                grouped(health.skipped),
                health.last_success.map_or("never".to_owned(), utc),
            ]);
        }
        table.render()
    }

    fn problems(&self, text: &mut String, channel: &Channel) {
        let name = hostile::one_line(&channel.name, 40);
        let error = |failed: &FailedDelivery| {
            hostile::one_line(&self.redaction.applied(&failed.error), MAX_ERROR_CHARS)
        };
        if let Some(failed) = &channel.health.next_retry {
            let next = failed.next_at.map_or("soon".to_owned(), utc);
            let attempts = grouped(u64::from(failed.attempts));
            line(
                text,
                &format!(
                    "\n  {name} was tried {attempts} times, next at {next}: {}",
                    error(failed)
                ),
            );
        }
        if let Some(failed) = &channel.health.last_dead {
            line(text, &format!("\n  {name} gave up: {}", error(failed)));
        }
    }
}

impl Channel {
    fn to_json(&self) -> Value {
        let health = &self.health;
        let failed = |failed: &FailedDelivery| {
            json!({
                "event": failed.event,
                "attempts": failed.attempts,
                "next_at": failed.next_at.map(iso),
                "error": failed.error,
            })
        };
        json!({
            "name": self.name,
            "kind": self.kind,
            "waiting": health.waiting,
            "retrying": health.retrying,
            "dead": health.dead,
            "delivered": health.delivered,
            "skipped": health.skipped,
            "last_success": health.last_success.map(iso),
            "next_retry": health.next_retry.as_ref().map(failed),
            "last_dead": health.last_dead.as_ref().map(failed),
        })
    }
}
