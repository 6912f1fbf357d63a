//! The summary as text.

use serde::Deserialize;

use super::{ListedIncident, Summary};
use crate::cli::text::figures::{bytes, grouped, percent, utc};
use crate::cli::text::lines::push_line as line;
use crate::cli::text::sparkline::{bars, squeeze};
use crate::cli::text::table::{Align, Table};
use crate::detect::Stage;
use crate::incident::State;
use crate::incident::acl::safe_name;
use crate::ingest::Accounts;
use crate::report::hostile;
use crate::store::sqlite::history::{ListedWindow, SeriesPoint};
use wafwatch_windows::summary::{Completeness, Summary as WindowSummary};

const CHART_COLUMNS: usize = 64;
const ACL_CHARS: usize = 90;
const MAX_ACLS: usize = 10;
/// Characters of a Web ACL's name in a table of windows.
pub(in crate::cli) const NAME_CHARS: usize = 20;

/// All sections.
pub(super) fn render(summary: &Summary) -> String {
    let mut text = String::new();
    acls(&mut text, summary);
    windows_section(&mut text, summary);
    incidents_section(&mut text, summary);
    accounts(&mut text, &summary.run.accounts);
    run(&mut text, summary);
    text
}

fn acls(text: &mut String, summary: &Summary) {
    section(text, "Web ACLs");
    for (totals, series) in summary.acls.iter().take(MAX_ACLS) {
        let name = hostile::line(&summary.redaction.applied(&totals.acl), ACL_CHARS);
        let ratio = totals.blocked as f64 / totals.total.max(1) as f64;
        line(text, &format!("  {name}"));
        line(
            text,
            &format!(
                "    {} windows, {} to {} UTC",
                grouped(totals.windows),
                utc(totals.from),
                utc(totals.until)
            ),
        );
        line(
            text,
            &format!(
                "    {} requests: {} allowed, {} blocked ({}), {} counted",
                grouped(totals.total),
                grouped(totals.allowed),
                grouped(totals.blocked),
                percent(ratio),
                grouped(totals.counted),
            ),
        );
        charts(text, series);
    }
    let hidden = summary.acls.len().saturating_sub(MAX_ACLS);
    if hidden > 0 {
        line(text, &format!("  and {hidden} more"));
    }
}

fn charts(text: &mut String, series: &[SeriesPoint]) {
    let values = |value: fn(&SeriesPoint) -> u64| -> Vec<u64> {
        squeeze(&series.iter().map(value).collect::<Vec<_>>(), CHART_COLUMNS)
    };
    let total = values(|point| point.total);
    let blocked = values(|point| point.blocked);
    let found = values(|point| u64::from(point.has_findings));
    let highest = |values: &[u64]| grouped(values.iter().copied().max().unwrap_or(0));
    line(
        text,
        &format!(
            "    requests {}  max {} a window",
            bars(&total),
            highest(&total)
        ),
    );
    line(
        text,
        &format!("    blocked  {}  max {}", bars(&blocked), highest(&blocked)),
    );
    if found.contains(&1) {
        let marks: String = found
            .iter()
            .map(|found| if *found > 0 { '^' } else { ' ' })
            .collect();
        line(text, &format!("    findings {}", marks.trim_end()));
    }
}

fn windows_section(text: &mut String, summary: &Summary) {
    let title = if summary.windows_have_findings {
        "Windows with findings"
    } else {
        "Newest windows"
    };
    section(text, title);
    text.push_str(&windows_table(&summary.windows));
}

/// Windows as a table.
pub(in crate::cli) fn windows_table(windows: &[ListedWindow]) -> String {
    let mut table = Table::new(&[
        ("start (UTC)", Align::Left),
        ("acl", Align::Left),
        ("total", Align::Right),
        ("allowed", Align::Right),
        ("blocked", Align::Right),
        ("ratio", Align::Right),
        ("counted", Align::Right),
        ("addresses", Align::Right),
        ("remarks", Align::Left),
    ]);
    for window in windows {
        let summary = &window.summary;
        // A window that only late records made was never scored.
        let stage = Stage::deserialize(&window.stage).ok();
        let counters = &summary.counters;
        table.row(vec![
            utc(summary.window.start),
            short_name(&summary.acl),
            grouped(counters.total),
            grouped(counters.allowed),
            grouped(counters.blocked),
            percent(counters.blocked_ratio()),
            grouped(counters.counted),
            grouped(summary.distinct_addresses.estimate.round() as u64),
            remarks(summary, window.findings.len(), stage),
        ]);
    }
    table.render()
}

/// The name of a Web ACL in a narrow column.
pub(in crate::cli) fn short_name(acl: &str) -> String {
    safe_name(acl).chars().take(NAME_CHARS).collect()
}

/// What is remarkable about a window.
pub(in crate::cli) fn remarks(
    summary: &WindowSummary,
    findings: usize,
    stage: Option<Stage>,
) -> String {
    let mut remarks = Vec::new();
    if findings > 0 {
        remarks.push(if findings == 1 {
            "1 finding".into()
        } else {
            format!("{findings} findings")
        });
    }
    if summary.completeness == Completeness::Incomplete {
        remarks.push("incomplete".to_owned());
    }
    if summary.late > 0 {
        remarks.push(format!("{} late", grouped(summary.late)));
    }
    if let Some(Stage::Learning { seen, needed }) = stage {
        remarks.push(format!("learning {seen}/{needed}"));
    }
    remarks.join(", ")
}

fn incidents_section(text: &mut String, summary: &Summary) {
    section(text, "Incidents");
    if summary.incidents.is_empty() {
        line(text, "  none");
        return;
    }
    text.push_str(&incidents_table(&summary.incidents));
    let store = &summary.store;
    line(
        text,
        &format!("\n  wafwatch incidents show ID --store {store}   tells the whole story"),
    );
}

/// Incidents as a table.
pub(in crate::cli) fn incidents_table(incidents: &[ListedIncident]) -> String {
    let mut table = Table::new(&[
        ("opened (UTC)", Align::Left),
        ("level", Align::Left),
        ("state", Align::Left),
        ("windows", Align::Right),
        ("cause", Align::Left),
        ("id", Align::Left),
    ]);
    for ListedIncident {
        incident,
        cause,
        severity,
    } in incidents
    {
        table.row(vec![
            utc(incident.opened),
            format!("{} {}", severity.level().name(), severity.0),
            match incident.state {
                State::Open => "open".to_owned(),
                State::Resolved => "resolved".to_owned(),
            },
            grouped(u64::from(incident.windows)),
            cause.unwrap_or("not explained yet").replace('_', " "),
            incident.id.clone(),
        ]);
    }
    table.render()
}

fn accounts(text: &mut String, accounts: &Accounts) {
    section(text, "Accounts of all inputs of this store");
    line(
        text,
        &format!(
            "  {} read = {} accepted + {} rejected",
            grouped(accounts.read),
            grouped(accounts.accepted),
            grouped(accounts.rejected_total())
        ),
    );
    for (reason, count) in &accounts.rejected {
        line(
            text,
            &format!("    {:>10}  {}", grouped(*count), reason.name()),
        );
        for sample in accounts
            .samples
            .iter()
            .filter(|sample| sample.reason == *reason)
        {
            let origin = hostile::one_line(&sample.origin, 60);
            let excerpt = hostile::line(&sample.excerpt, 100);
            line(
                text,
                &format!("                at {origin}:{}  {excerpt}", sample.offset),
            );
        }
    }
    if accounts.outside_range > 0 {
        let count = grouped(accounts.outside_range);
        line(
            text,
            &format!(
                "  {count} records outside the time that was asked for, which were not counted"
            ),
        );
    }
    if accounts.control_messages > 0 {
        let count = grouped(accounts.control_messages);
        line(
            text,
            &format!("  {count} control messages of CloudWatch Logs, which carry no records"),
        );
    }
    if accounts.cut_values > 0 {
        let count = grouped(accounts.cut_values);
        line(
            text,
            &format!("  {count} values were longer than is kept, and cut"),
        );
    }
}

fn run(text: &mut String, summary: &Summary) {
    let run = &summary.run;
    for input in &run.already_counted {
        let input = hostile::one_line(input, 100);
        line(
            text,
            &format!("  {input} was counted before; --fresh counts everything again"),
        );
    }
    for failure in &run.failures {
        line(
            text,
            &format!("  not read: {}", hostile::one_line(failure, 200)),
        );
    }
    if run.interrupted {
        line(text, "  interrupted: the same command goes on from here");
    }
    let late: u64 = summary.acls.iter().map(|(totals, _)| totals.late).sum();
    if late > 0 {
        let late = grouped(late);
        line(
            text,
            &format!("  {late} records came after their window had closed, and amended it"),
        );
    }
    let seconds = run.took.as_secs_f64();
    line(
        text,
        &format!(
            "  {}in {seconds:.1} s; detector {}; store {}",
            if run.bytes > 0 {
                format!("{} ", bytes(run.bytes))
            } else {
                String::new()
            },
            summary.detector,
            summary.store
        ),
    );
}

fn section(text: &mut String, title: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    line(text, title);
}
