//! What `replay` and `demo` print at the end: Web ACLs, windows, incidents, accounts.

mod sections;

pub(in crate::cli) use sections::{
    NAME_CHARS, incidents_table, remarks, short_name, windows_table,
};

use std::time::Duration;

use serde_json::{Value, json};

use super::exit::Outcome;
use super::setup;
use crate::config::Settings;
use crate::incident::{Incident, Severity};
use crate::ingest::Accounts;
use crate::report::Redaction;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::history::{AclTotals, ListedWindow, SeriesPoint};
use crate::store::{IncidentFilter, WindowQuery};

/// Windows printed when nothing was found in any.
const RECENT_WINDOWS: usize = 10;
/// Windows with findings that are printed at most.
const FOUND_WINDOWS: usize = 20;
const INCIDENTS: usize = 20;

/// How the run itself went.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// What became of the records of all inputs of the store.
    pub accounts: Accounts,
    /// How long it took.
    pub took: Duration,
    /// Bytes read, compressed where inputs are.
    pub bytes: u64,
    /// Inputs that an earlier run had counted.
    pub already_counted: Vec<String>,
    /// Inputs that could not be read, with the reason.
    pub failures: Vec<String>,
    /// Whether the user ended it.
    pub interrupted: bool,
}

impl Run {
    /// How the command ends.
    pub(super) fn outcome(&self) -> Outcome {
        if self.interrupted {
            return Outcome::Interrupted;
        }
        if self.failures.is_empty() {
            Outcome::Done
        } else {
            Outcome::InputUnreadable
        }
    }
}

/// The store after a run.
#[derive(Debug)]
pub(super) struct Summary {
    pub run: Run,
    store: String,
    detector: String,
    acls: Vec<(AclTotals, Vec<SeriesPoint>)>,
    windows: Vec<ListedWindow>,
    windows_have_findings: bool,
    incidents: Vec<ListedIncident>,
    redaction: Redaction,
}

/// An incident with what the newest explanation calls it.
#[derive(Debug)]
pub(super) struct ListedIncident {
    pub incident: Incident,
    pub cause: Option<&'static str>,
    /// What the analyst made of the detector's severity; the detector's where nobody explained it
    /// yet.
    pub severity: Severity,
}

impl Summary {
    /// Reads what the store holds after `run`.
    pub(super) fn of(store: &SqliteStore, settings: &Settings, run: Run) -> anyhow::Result<Self> {
        let mut acls = Vec::new();
        for totals in store.acl_totals()? {
            let series = store.series(&totals.acl)?;
            acls.push((totals, series));
        }
        let mut windows = store.windows_with_findings(FOUND_WINDOWS)?;
        windows.reverse();
        let windows_have_findings = !windows.is_empty();
        if !windows_have_findings {
            let query = WindowQuery {
                limit: RECENT_WINDOWS,
                ..WindowQuery::default()
            };
            windows = store.windows(&query)?;
        }
        Ok(Self {
            run,
            store: settings.store.path.display().to_string(),
            detector: format!("{:?}", settings.detect.detector).to_lowercase(),
            acls,
            windows,
            windows_have_findings,
            incidents: list_incidents(store, IncidentFilter::All, INCIDENTS)?,
            redaction: setup::redaction(settings),
        })
    }

    fn to_json(&self) -> Value {
        let accounts = &self.run.accounts;
        let value = json!({
            "store": self.store,
            "detector": self.detector,
            "accounts": accounts,
            "already_counted": self.run.already_counted,
            "failures": self.run.failures,
            "interrupted": self.run.interrupted,
            "acls": self.acls.iter().map(|(totals, _)| totals).collect::<Vec<_>>(),
            "windows": self.windows,
            "incidents": self.incidents.iter().map(ListedIncident::to_json).collect::<Vec<_>>(),
        });
        self.redaction.applied_to_json(&value)
    }
}

impl ListedIncident {
    /// The incident with its level and cause beside it.
    pub(super) fn to_json(&self) -> Value {
        let mut value = json!(self.incident);
        value["assessed_severity"] = json!(self.severity);
        value["level"] = json!(self.severity.level());
        value["cause"] = json!(self.cause);
        value
    }
}

/// Incidents with their causes, newest first.
pub(super) fn list_incidents(
    store: &SqliteStore,
    filter: IncidentFilter,
    limit: usize,
) -> anyhow::Result<Vec<ListedIncident>> {
    let mut listed = Vec::new();
    for incident in store.incidents(filter, limit)? {
        let assessed = store.assessed(&incident.id)?;
        listed.push(ListedIncident {
            cause: assessed.map(|(_, cause)| cause.name()),
            severity: assessed.map_or(incident.severity, |(severity, _)| severity),
            incident,
        });
    }
    Ok(listed)
}

/// Prints the summary.
pub(super) fn print(summary: &Summary, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        super::print_json(&summary.to_json())?;
    } else {
        super::print(&sections::render(summary))?;
    }
    Ok(())
}
