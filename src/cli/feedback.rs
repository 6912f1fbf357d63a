//! `wafwatch incidents mark` and `wafwatch feedback`.

mod keeper;

use std::cmp::Reverse;

use serde_json::{Value, json};

use self::keeper::Keeper;
use super::arguments::{CommonArguments, FeedbackCommand, JudgementName};
use super::exit::{Outcome, UsageError};
use super::{print, print_json, setup};
use crate::config::Settings;
use crate::guidance::{Judgement, Mark};
use crate::report::hostile;

const MAX_SIGNAL_CHARS: usize = 80;

pub(super) fn run(command: FeedbackCommand) -> anyhow::Result<Outcome> {
    match command {
        FeedbackCommand::List { table, common } => list(table.as_deref(), &common),
        FeedbackCommand::Undo { id, table, common } => undo(&id, table.as_deref(), &common),
    }
}

/// Keeps what was said of an incident.
pub(super) fn mark(
    id: &str,
    judgement: JudgementName,
    table: Option<&str>,
    common: &CommonArguments,
) -> anyhow::Result<Outcome> {
    let (settings, keeper) = keeper::open(table, common)?;
    let incident = keeper.incident(id)?;
    let judgement = match judgement {
        JudgementName::Relevant => Judgement::Relevant,
        JudgementName::Irrelevant => Judgement::Irrelevant,
        JudgementName::Expected => Judgement::Expected,
    };
    let mark = Mark::new(&incident, judgement, setup::now());
    keeper.set(&mark)?;
    if common.json {
        print_json(&setup::redaction(&settings).applied_to_json(&json!(mark)))?;
        return Ok(Outcome::Done);
    }
    let effect = judgement.effect();
    print(&format!(
        "{} is marked as {judgement}: from the next window on {effect}\n\
         `wafwatch feedback undo {}` takes it back\n",
        incident.id, incident.id
    ))?;
    Ok(Outcome::Done)
}

fn list(table: Option<&str>, common: &CommonArguments) -> anyhow::Result<Outcome> {
    let (settings, keeper) = keeper::open(table, common)?;
    let mut marks: Vec<Mark> = keeper.marks()?.into_values().flatten().collect();
    marks.sort_by_key(|mark| Reverse(mark.made));
    if common.json {
        let values = marks.iter().map(|mark| to_json(&keeper, mark));
        let values = values.collect::<anyhow::Result<Vec<Value>>>()?;
        print_json(&setup::redaction(&settings).applied_to_json(&json!(values)))?;
        return Ok(Outcome::Done);
    }
    if marks.is_empty() {
        print("nothing was said of incidents yet: see `wafwatch incidents mark --help`\n")?;
    }
    for mark in &marks {
        print(&to_text(&keeper, &settings, mark)?)?;
    }
    Ok(Outcome::Done)
}

fn to_json(keeper: &Keeper, mark: &Mark) -> anyhow::Result<Value> {
    let mut value = json!(mark);
    value["muted_windows"] = json!(keeper.windows_muted_by(&mark.incident)?);
    Ok(value)
}

fn to_text(keeper: &Keeper, settings: &Settings, mark: &Mark) -> anyhow::Result<String> {
    let signals = mark.signals.iter().map(|marked| {
        let name = crate::detect::signal_name(&marked.signal);
        hostile::one_line(&setup::redaction(settings).applied(&name), MAX_SIGNAL_CHARS)
    });
    let signals: Vec<String> = signals.collect();
    let muted = keeper.windows_muted_by(&mark.incident)?;
    let muted = muted.map_or(String::new(), |count| format!("  windows muted: {count}"));
    Ok(format!(
        "{}  {}{muted}\n    {}\n",
        mark.incident,
        mark.judgement,
        signals.join(", ")
    ))
}

fn undo(id: &str, table: Option<&str>, common: &CommonArguments) -> anyhow::Result<Outcome> {
    let (_, keeper) = keeper::open(table, common)?;
    // Of an incident that is no longer kept the mark alone is left.
    let marked = keeper.marks()?.into_values().flatten();
    let mut marked = marked.filter(|mark| mark.incident.starts_with(id));
    let (found, another) = (marked.next(), marked.next());
    let incident = match (found, another) {
        (Some(mark), None) => mark.incident,
        (Some(one), Some(other)) => {
            return Err(UsageError(format!(
                "several marked incidents begin with {id:?}, as {} and {}: give more of the id",
                one.incident, other.incident
            ))
            .into());
        }
        (None, _) => {
            return Err(UsageError(format!(
                "nothing was said of an incident {id:?}: `wafwatch feedback list` shows what was"
            ))
            .into());
        }
    };
    keeper.remove(&incident)?;
    if common.json {
        print_json(&json!({ "undone": incident }))?;
    } else {
        print(&format!("{incident} is marked no more\n"))?;
    }
    Ok(Outcome::Done)
}
