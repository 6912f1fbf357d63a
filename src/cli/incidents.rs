//! `wafwatch incidents`.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::arguments::{CommonArguments, IncidentsCommand};
use super::exit::{Outcome, UsageError};
use super::summary::{self, list_incidents};
use super::{feedback, print, print_json, setup};
use crate::config::Settings;
use crate::incident::Incident;
use crate::report::hostile;
use crate::store::sqlite::SqliteStore;
use crate::store::{DeliveryState, IncidentFilter, newest_report};

pub(super) fn run(command: IncidentsCommand) -> anyhow::Result<Outcome> {
    match command {
        IncidentsCommand::List {
            open,
            limit,
            common,
        } => {
            let filter = if open {
                IncidentFilter::Open
            } else {
                IncidentFilter::All
            };
            list(filter, limit, &common)
        }
        IncidentsCommand::Mark {
            id,
            judgement,
            table,
            common,
        } => feedback::mark(&id, judgement, table.as_deref(), &common),
        IncidentsCommand::Show { id, common } => show(&id, &common),
    }
}

fn list(filter: IncidentFilter, limit: usize, common: &CommonArguments) -> anyhow::Result<Outcome> {
    let (settings, store) = open(common)?;
    let incidents = list_incidents(&store, filter, limit)?;
    if common.json {
        let values: Vec<Value> = incidents
            .iter()
            .map(summary::ListedIncident::to_json)
            .collect();
        print_json(&setup::redaction(&settings).applied_to_json(&json!(values)))?;
    } else if incidents.is_empty() {
        print("no incidents\n")?;
    } else {
        print(&summary::incidents_table(&incidents))?;
    }
    Ok(Outcome::Done)
}

fn show(id: &str, common: &CommonArguments) -> anyhow::Result<Outcome> {
    let (settings, store) = open(common)?;
    let incident = find(&store, id)?;
    if common.json {
        print_json(&to_json(&store, &settings, &incident)?)?;
    } else {
        let deliveries = deliveries(&store, &settings, &incident)?;
        print(&format!(
            "{}{deliveries}",
            report(&store, &settings, &incident)?
        ))?;
    }
    Ok(Outcome::Done)
}

/// The newest report of an incident.
pub(super) fn report(
    store: &SqliteStore,
    settings: &Settings,
    incident: &Incident,
) -> anyhow::Result<String> {
    let events = store.events_of(&incident.id)?;
    let report = newest_report(&events, setup::redaction(settings));
    let text = report.map(|report| report.to_text(setup::terminal_style()));
    Ok(text.unwrap_or_else(|| format!("{}: not explained yet\n", incident.id)))
}

fn to_json(store: &SqliteStore, settings: &Settings, incident: &Incident) -> anyhow::Result<Value> {
    let events = store.events_of(&incident.id)?;
    let listed: Vec<Value> = events
        .iter()
        .map(|(event, _)| json!({"id": event.id, "kind": event.kind, "window": event.window}))
        .collect();
    let value = json!({
        "incident": incident,
        "events": listed,
        "report": newest_report(&events, setup::redaction(settings)).map(|report| report.to_json()),
        "deliveries": store.deliveries_of(&incident.id)?,
    });
    Ok(setup::redaction(settings).applied_to_json(&value))
}

fn deliveries(
    store: &SqliteStore,
    settings: &Settings,
    incident: &Incident,
) -> anyhow::Result<String> {
    let deliveries = store.deliveries_of(&incident.id)?;
    let mut text = String::new();
    if !deliveries.is_empty() {
        text.push_str("\nDeliveries\n----------\n");
    }
    for delivery in &deliveries {
        let state = match delivery.state {
            DeliveryState::Delivered => "delivered",
            DeliveryState::Skipped => "skipped",
            DeliveryState::Retrying => "retrying",
            DeliveryState::Dead => "given up",
        };
        let error = delivery.error.as_deref().unwrap_or_default();
        let error = hostile::one_line(&setup::redaction(settings).applied(error), 200);
        let line = format!("{}  {}  {state}  {error}", delivery.event, delivery.channel);
        writeln!(text, "{}", line.trim_end()).expect("writing to a string cannot fail");
    }
    Ok(text)
}

pub(super) fn find(store: &SqliteStore, id: &str) -> anyhow::Result<Incident> {
    let mut found = store.incidents_with_prefix(id)?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(UsageError(format!(
            "there is no incident {id:?}: `wafwatch incidents list` shows those there are"
        ))
        .into()),
        _ => Err(UsageError(format!(
            "several incidents begin with {id:?}, as {} and {}: give more of the id",
            found[0].id, found[1].id
        ))
        .into()),
    }
}

/// Opens the store that the settings name, which must be there already.
pub(super) fn open(common: &CommonArguments) -> anyhow::Result<(Settings, SqliteStore)> {
    let (settings, _) = setup::settings(common, None)?;
    let path: &Path = &settings.store.path;
    if !path.exists() {
        return Err(UsageError(format!(
            "there is no store {}: run `wafwatch replay` first, or name another with --store",
            path.display()
        ))
        .into());
    }
    let store = SqliteStore::open_existing(path)?;
    Ok((settings, store))
}
