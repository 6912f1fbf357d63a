//! `wafwatch windows`.

use std::fmt::Write as _;

use serde_json::json;
use wafwatch_windows::summary::{Dimension, TopList};

use super::arguments::{CommonArguments, WindowSelection, WindowsCommand};
use super::exit::{Outcome, UsageError};
use super::incidents::open;
use super::summary::windows_table;
use super::text::figures::{grouped, parse_time, utc};
use super::text::table::{Align, Table};
use super::{print, print_json, setup};
use crate::report::{Redaction, hostile};
use crate::store::WindowQuery;
use crate::store::sqlite::history::ListedWindow;

const KEY_CHARS: usize = 72;

pub(super) fn run(command: WindowsCommand) -> anyhow::Result<Outcome> {
    match command {
        WindowsCommand::List {
            selection,
            limit,
            common,
        } => list(&selection, limit, &common),
        WindowsCommand::Top {
            selection,
            dimension,
            limit,
            common,
        } => top(&selection, dimension.as_deref(), limit, &common),
    }
}

fn query(selection: &WindowSelection, limit: usize) -> anyhow::Result<WindowQuery> {
    let time = |text: &Option<String>| text.as_deref().map(parse_time).transpose();
    Ok(WindowQuery {
        acl: selection.acl.clone(),
        from: time(&selection.from).map_err(UsageError)?,
        until: time(&selection.until).map_err(UsageError)?,
        limit,
    })
}

fn list(
    selection: &WindowSelection,
    limit: usize,
    common: &CommonArguments,
) -> anyhow::Result<Outcome> {
    let (settings, store) = open(common)?;
    let windows = store.windows(&query(selection, limit)?)?;
    if common.json {
        print_json(&setup::redaction(&settings).applied_to_json(&json!(windows)))?;
    } else if windows.is_empty() {
        print("no windows\n")?;
    } else {
        print(&windows_table(&windows))?;
    }
    Ok(Outcome::Done)
}

fn top(
    selection: &WindowSelection,
    dimension: Option<&str>,
    limit: usize,
    common: &CommonArguments,
) -> anyhow::Result<Outcome> {
    let dimensions = dimensions(dimension)?;
    let (settings, store) = open(common)?;
    let redaction = setup::redaction(&settings);
    let newest = store.newest_window_with_requests(&query(selection, 1)?)?;
    let Some(window) = newest else {
        if common.json {
            print_json(&json!(null))?;
        } else {
            print("no window with requests\n")?;
        }
        return Ok(Outcome::Done);
    };
    if common.json {
        let mut value = json!(window);
        if let Some(top) = value["summary"]["top"].as_object_mut() {
            top.retain(|name, _| dimensions.iter().any(|dimension| dimension.name() == name));
            for list in top.values_mut() {
                if let Some(items) = list["items"].as_array_mut() {
                    items.truncate(limit);
                }
            }
        }
        print_json(&redaction.applied_to_json(&value))?;
        return Ok(Outcome::Done);
    }
    let acl = hostile::line(&redaction.applied(&window.summary.acl), 120);
    let mut text = format!("{acl}\n{}", windows_table(std::slice::from_ref(&window)));
    for dimension in dimensions {
        if let Some(list) = window.summary.top.get(&dimension) {
            write!(
                text,
                "\n{}\n{}",
                heading(dimension, list),
                values(&window, list, limit, redaction)
            )
            .expect("writing to a string cannot fail");
        }
    }
    print(&text)?;
    Ok(Outcome::Done)
}

fn dimensions(name: Option<&str>) -> Result<Vec<Dimension>, UsageError> {
    let Some(name) = name else {
        return Ok(Dimension::ALL.to_vec());
    };
    let found = Dimension::ALL
        .into_iter()
        .find(|dimension| dimension.name() == name);
    found.map(|dimension| vec![dimension]).ok_or_else(|| {
        let names = Dimension::ALL.map(Dimension::name).join(", ");
        UsageError(format!(
            "there is no dimension {name:?}: choose one of {names}"
        ))
    })
}

fn heading(dimension: Dimension, list: &TopList) -> String {
    let name = dimension.name().replace('_', " ");
    if list.error == 0 {
        return format!("{name} (exact)");
    }
    format!(
        "{name} (counts are at least; at most {} more)",
        grouped(list.error)
    )
}

fn values(window: &ListedWindow, list: &TopList, limit: usize, redaction: Redaction) -> String {
    let mut table = Table::new(&[
        ("count", Align::Right),
        ("share", Align::Right),
        ("value", Align::Left),
    ]);
    for item in list.items.iter().take(limit) {
        let share = item.lower as f64 / window.summary.counters.total.max(1) as f64;
        table.row(vec![
            grouped(item.lower),
            format!("{:.1}%", share * 100.0),
            hostile::line(&redaction.applied(&item.key), KEY_CHARS),
        ]);
    }
    let rest = list.items.len().saturating_sub(limit);
    let mut text = table.render();
    if rest > 0 {
        writeln!(
            text,
            "  and {rest} more listed since {}",
            utc(window.summary.window.start)
        )
        .expect("writing to a string cannot fail");
    }
    text
}
