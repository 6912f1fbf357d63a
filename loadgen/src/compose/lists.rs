//! Lists of a scenario file: bounded, not empty, with weights that can be summed up.

use toml::Spanned;

use super::error::{CompositionError, Source};
use super::file::{File, TargetEntry, Weights};
use crate::kit;

/// No list is longer, and no weight larger.
pub(super) const MAX_ENTRIES: usize = 10_000;
const MAX_WEIGHT: u64 = 1_000_000_000;

/// The list of targets named `name`.
pub(super) fn target_list<'a>(
    source: &Source<'_>,
    file: &'a File,
    key: &str,
    name: &Spanned<String>,
) -> Result<&'a [TargetEntry], CompositionError> {
    let Some(list) = file.targets.get(name.get_ref()) else {
        return Err(source.wrong(key, name, &unknown("targets.NAME", name.get_ref())));
    };
    let entries = list.get_ref();
    let is_usable = (1..=MAX_ENTRIES).contains(&entries.len())
        && entries.iter().all(|entry| weight_of(entry) <= MAX_WEIGHT)
        && entries.iter().any(|entry| weight_of(entry) > 0);
    if !is_usable {
        let message = "write 1 to 10000 targets with weights of at most 1000000000, not all zero";
        return Err(source.wrong("targets", list, message));
    }
    if let Some(entry) = entries
        .iter()
        .find(|entry| !entry.uri.get_ref().starts_with('/'))
    {
        return Err(source.wrong("targets.uri", &entry.uri, "begin it with a slash"));
    }
    Ok(entries)
}

/// Whether one can pick by these weights.
pub(super) fn check_weights(
    source: &Source<'_>,
    key: &str,
    weights: &Spanned<Weights>,
) -> Result<(), CompositionError> {
    let map = weights.get_ref();
    let is_usable = map.len() <= MAX_ENTRIES
        && map.values().all(|weight| *weight <= MAX_WEIGHT)
        && map.values().any(|weight| *weight > 0);
    if is_usable {
        return Ok(());
    }
    let message = "write names with weights from 0 to 1000000000, at least one above 0";
    Err(source.wrong(key, weights, message))
}

/// The query strings of a target, at least one.
pub(super) fn args_of(entry: &TargetEntry) -> Vec<&str> {
    match &entry.args {
        Some(args) if !args.is_empty() => args.iter().map(String::as_str).collect(),
        _ => vec![""],
    }
}

pub(super) fn weight_of(entry: &TargetEntry) -> u64 {
    entry.weight.unwrap_or(1)
}

/// What to say about a name that nothing has.
pub(super) fn unknown(table: &str, name: &str) -> String {
    format!("there is no {name:?}: describe it under {table}")
}

pub(super) fn unknown_client(name: &str) -> String {
    let known: Vec<&str> = kit::NAMES.iter().map(|(name, _)| *name).collect();
    format!(
        "there is no client {name:?}: describe it under [clients.NAME], or choose one of {}",
        known.join(", ")
    )
}
