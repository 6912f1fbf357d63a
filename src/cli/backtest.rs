//! `wafwatch backtest`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;

use super::arguments::{BacktestArguments, DetectorName};
use super::exit::{Outcome, UsageError};
use super::incidents::open;
use super::text::figures::{parse_time, utc};
use super::text::table::{Align, Table};
use super::{print, print_json};
use crate::backtest::measure::Measured;
use crate::backtest::picture;
use crate::backtest::run::{Run, run};
use crate::backtest::trace::Trace;
use crate::backtest::truth::Truth;
use crate::detect::{CalibratedSettings, ClassicSettings, DetectorSettings, EwmaSettings, number};
use crate::incident::IncidentPolicy;
use crate::report::hostile;
use crate::store::WindowQuery;
use wafwatch_windows::summary::Summary;
use wafwatch_windows::time::EventTime;

const REASON_CHARS: usize = 150;
/// Incidents that are listed; the figures count all.
const MOST_LISTED: usize = 200;

pub(super) fn run_command(arguments: &BacktestArguments) -> anyhow::Result<Outcome> {
    let traces = traces(arguments)?;
    if traces.is_empty() {
        return Err(UsageError("there is no series and no stored window".to_owned()).into());
    }
    let truth = arguments.truth.as_deref().map(truth).transpose()?;
    let mut detectors = arguments.detector.clone();
    if detectors.is_empty() {
        detectors.push(DetectorName::Calibrated);
    }
    let mut results = Vec::new();
    let mut listed = Vec::new();
    for detector in detectors {
        let settings = settings(detector, arguments.accepted);
        let mut measured = Measured::default();
        for (place, trace) in traces.iter().enumerate() {
            let run = run(&trace.1, settings, &IncidentPolicy::default());
            let events = truth.as_ref().map(|truth| truth.of(&trace.1));
            measured.add(&run, &events.unwrap_or_default(), trace.1.window_seconds);
            write(arguments, detector, trace, &run, place == 0)?;
            listed.extend(incidents(detector, &trace.1, &run));
        }
        results.push((detector, measured));
    }
    if arguments.common.json {
        print_json(&json!({
            "detectors": results.iter().map(|(name, measured)| figures(*name, measured)).collect::<Vec<_>>(),
            "incidents": listed,
        }))?;
    } else {
        print(&text(&results, &listed, traces.len()))?;
    }
    Ok(Outcome::Done)
}

fn settings(detector: DetectorName, accepted: f64) -> DetectorSettings {
    match detector {
        DetectorName::Classic => DetectorSettings::Classic(ClassicSettings::default()),
        DetectorName::Ewma => DetectorSettings::Ewma(EwmaSettings::default()),
        DetectorName::Calibrated => DetectorSettings::Calibrated(CalibratedSettings {
            false_incidents_per_week: accepted,
            ..CalibratedSettings::default()
        }),
    }
}

fn name(detector: DetectorName) -> &'static str {
    match detector {
        DetectorName::Classic => "classic",
        DetectorName::Ewma => "ewma",
        DetectorName::Calibrated => "calibrated",
    }
}

/// Every trace with its path below the folder it came from.
fn traces(arguments: &BacktestArguments) -> anyhow::Result<Vec<(PathBuf, Trace)>> {
    let Some(series) = &arguments.series else {
        return stored(arguments);
    };
    let mut files = Vec::new();
    if series.is_dir() {
        csv_files(series, Path::new(""), &mut files)?;
    } else {
        files.push(PathBuf::new());
    }
    files.sort();
    let mut traces = Vec::new();
    for file in files {
        let path = if file.as_os_str().is_empty() {
            series.clone()
        } else {
            series.join(&file)
        };
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let relative = if file.as_os_str().is_empty() {
            PathBuf::from(path.file_name().unwrap_or_default())
        } else {
            file
        };
        let name = relative.with_extension("").display().to_string();
        let trace = Trace::from_csv(&name, &String::from_utf8_lossy(&bytes))
            .with_context(|| format!("cannot use {}", path.display()))?;
        traces.push((relative, trace));
    }
    Ok(traces)
}

fn csv_files(root: &Path, below: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let folder = root.join(below);
    let entries =
        fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
        let relative = below.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            csv_files(root, &relative, files)?;
        } else if relative
            .extension()
            .is_some_and(|extension| extension == "csv")
        {
            files.push(relative);
        }
    }
    Ok(())
}

/// The store's windows, by ACL.
fn stored(arguments: &BacktestArguments) -> anyhow::Result<Vec<(PathBuf, Trace)>> {
    let (_, store) = open(&arguments.common)?;
    let selection = &arguments.selection;
    let time = |text: &Option<String>| text.as_deref().map(parse_time).transpose();
    let windows = store.windows(&WindowQuery {
        acl: selection.acl.clone(),
        from: time(&selection.from).map_err(UsageError)?,
        until: time(&selection.until).map_err(UsageError)?,
        limit: usize::MAX,
    })?;
    let mut by_acl: BTreeMap<String, Vec<Summary>> = BTreeMap::new();
    for window in windows {
        by_acl
            .entry(window.summary.acl.clone())
            .or_default()
            .push(window.summary);
    }
    by_acl
        .into_iter()
        .map(|(acl, windows)| {
            let name = crate::incident::acl::safe_name(&acl);
            let hash = crate::incident::acl::short_hash(&acl);
            let file = PathBuf::from(format!("{name}-{hash}.csv"));
            Ok((file, Trace::of_windows(&name, windows)?))
        })
        .collect()
}

fn truth(path: &Path) -> anyhow::Result<Truth> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Truth::from_json(&text).with_context(|| format!("{} is no truth file", path.display()))
}

/// Scores, alarms and the picture of a run, where they are asked for.
fn write(
    arguments: &BacktestArguments,
    detector: DetectorName,
    trace: &(PathBuf, Trace),
    run: &Run,
    is_first: bool,
) -> anyhow::Result<()> {
    let many = arguments.detector.len() > 1;
    let place = |folder: &Path| {
        let folder = if many {
            folder.join(name(detector))
        } else {
            folder.to_owned()
        };
        folder.join(&trace.0)
    };
    let save = |path: &Path, text: String| {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)
    };
    if let Some(folder) = &arguments.scores {
        let mut text = String::from("timestamp,value,anomaly_score,expected,lower,upper\n");
        for row in &run.rows {
            text.push_str(&format!(
                "{},{},{},{},{},{}\n",
                utc(EventTime(row.start.saturating_mul(1_000))).trim_end_matches('Z'),
                row.observed,
                row.score,
                row.expected,
                row.lower,
                row.upper
            ));
        }
        let path = place(folder);
        save(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(folder) = &arguments.alarms {
        let mut text = String::from("t\n");
        for row in run.rows.iter().filter(|row| row.is_alarm) {
            text.push_str(&format!("{}\n", row.start));
        }
        let path = place(folder);
        save(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let (true, Some(path)) = (is_first, &arguments.svg) {
        let title = format!("{}: {}", name(detector), trace.1.name);
        let path = if many {
            path.with_extension(format!("{}.svg", name(detector)))
        } else {
            path.clone()
        };
        save(&path, picture::svg(&title, run))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn incidents(detector: DetectorName, trace: &Trace, run: &Run) -> Vec<serde_json::Value> {
    let time = |row: usize| utc(EventTime(run.rows[row].start.saturating_mul(1_000)));
    run.incidents
        .iter()
        .map(|found| {
            json!({
                "detector": name(detector),
                "series": trace.name,
                "from": time(found.rows.0),
                "until": time(found.rows.1),
                "windows": found.rows.1 - found.rows.0 + 1,
                "mix": found.mix,
                "because": found.because,
            })
        })
        .collect()
}

fn figures(detector: DetectorName, measured: &Measured) -> serde_json::Value {
    let kinds: BTreeMap<&String, serde_json::Value> = measured
        .kinds
        .iter()
        .map(|(kind, of)| {
            let figures = json!({
                "events": of.events,
                "found": of.delays.len(),
                "median_delay_windows": of.median_delay(),
                "unchanged_mix": of.unchanged_mix,
            });
            (kind, figures)
        })
        .collect();
    json!({
        "detector": name(detector),
        "windows": measured.windows,
        "weeks": measured.weeks,
        "incidents": measured.incidents,
        "incidents_per_week": measured.incidents_per_week(),
        "false_incidents": measured.false_incidents,
        "precision": measured.precision(),
        "recall": measured.recall(),
        "kinds": kinds,
    })
}

fn text(
    results: &[(DetectorName, Measured)],
    listed: &[serde_json::Value],
    traces: usize,
) -> String {
    let mut table = Table::new(&[
        ("detector", Align::Left),
        ("series", Align::Right),
        ("weeks", Align::Right),
        ("incidents", Align::Right),
        ("a week", Align::Right),
        ("false", Align::Right),
        ("precision", Align::Right),
        ("recall", Align::Right),
    ]);
    let share = |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{share:.2}"));
    for (detector, measured) in results {
        let is_known = !measured.kinds.is_empty();
        table.row(vec![
            name(*detector).to_owned(),
            traces.to_string(),
            number(measured.weeks),
            measured.incidents.to_string(),
            number(measured.incidents_per_week()),
            if is_known {
                measured.false_incidents.to_string()
            } else {
                "-".to_owned()
            },
            share(measured.precision()),
            share(measured.recall()),
        ]);
    }
    let mut text = table.render();
    if results
        .iter()
        .any(|(_, measured)| !measured.kinds.is_empty())
    {
        text.push('\n');
        text.push_str(&kinds_table(results));
    }
    if traces == 1 && !listed.is_empty() {
        text.push('\n');
        for incident in listed.iter().take(MOST_LISTED) {
            let field = |name: &str| incident[name].as_str().unwrap_or_default();
            let because = hostile::line(field("because"), REASON_CHARS);
            text.push_str(&format!(
                "{} {} to {}  {}\n",
                field("detector"),
                field("from"),
                field("until"),
                because
            ));
        }
    }
    text
}

fn kinds_table(results: &[(DetectorName, Measured)]) -> String {
    let mut table = Table::new(&[
        ("detector", Align::Left),
        ("what happened", Align::Left),
        ("times", Align::Right),
        ("found", Align::Right),
        ("median delay", Align::Right),
        ("same mix", Align::Right),
    ]);
    for (detector, measured) in results {
        for (kind, of) in &measured.kinds {
            table.row(vec![
                name(*detector).to_owned(),
                hostile::line(kind, 40),
                of.events.to_string(),
                format!("{:.2}", of.delays.len() as f64 / of.events.max(1) as f64),
                of.median_delay()
                    .map_or("-".to_owned(), |delay| delay.to_string()),
                of.unchanged_mix.to_string(),
            ]);
        }
    }
    table.render()
}
