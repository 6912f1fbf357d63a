//! The sections with columns of numbers.

use super::layout::Page;
use super::{Report, Section};
use crate::analyst::{CountedValue, Offender};
use crate::detect::{Direction, Finding, Signal};
use crate::investigate::utc::iso;

/// Offenders that are shown with their paths, rules, countries and user agents.
const OFFENDERS_IN_DETAIL: usize = 5;
const COUNT_COLUMNS: usize = 10;

pub(super) fn traffic_metrics(page: &mut Page, report: &Report<'_>) {
    page.heading(Section::TrafficMetrics);
    let evidence = report.evidence;
    let incident = &report.event.incident;
    let (first, last) = match (evidence.windows.first(), evidence.windows.last()) {
        (Some(first), Some(last)) => (first.window.start, last.window.end),
        _ => (incident.opened, incident.last_window.end),
    };
    page.field("Incident", &format!("{} to {}", iso(first), iso(last)));
    page.field("Windows", &evidence.windows.len().to_string());
    page.field(
        "Baseline",
        &format!("the {} windows before", evidence.baseline.windows),
    );
    page.own_line("");
    page.own_line(&format!(
        "{:<20}{:>14}{:>14}{:>12}",
        "Per window", "incident", "baseline", "change"
    ));
    let mut during = wafwatch_windows::counters::Counters::default();
    for window in &evidence.windows {
        during.merge(&window.counters);
    }
    let before = &evidence.baseline.counters;
    let rows = [
        ("Requests", during.total, before.total),
        ("Blocked", during.blocked, before.blocked),
        ("Allowed", during.allowed, before.allowed),
        ("Counted", during.counted, before.counted),
        ("CAPTCHA", during.captcha, before.captcha),
        ("Challenge", during.challenge, before.challenge),
        ("Other actions", during.other, before.other),
    ];
    let windows = (
        evidence.windows.len().max(1) as f64,
        f64::from(evidence.baseline.windows.max(1)),
    );
    for (name, during, before) in rows {
        let rare = matches!(name, "CAPTCHA" | "Challenge" | "Other actions");
        if rare && during == 0 && before == 0 {
            continue;
        }
        row(
            page,
            name,
            during as f64 / windows.0,
            before as f64 / windows.1,
        );
    }
    let distinct = evidence
        .windows
        .iter()
        .map(|window| window.distinct_addresses);
    row(
        page,
        "Distinct addresses",
        distinct.sum::<f64>() / windows.0,
        evidence.baseline.mean_distinct_addresses,
    );
    page.own_line(&format!(
        "{:<20}{:>13.1}%{:>13.1}%",
        "Blocked ratio",
        during.blocked_ratio() * 100.0,
        before.blocked_ratio() * 100.0
    ));
}

fn row(page: &mut Page, name: &str, during: f64, before: f64) {
    let change = if before > 0.0 {
        format!("x{}", number(during / before))
    } else {
        "-".to_owned()
    };
    page.own_line(&format!(
        "{name:<20}{:>14}{:>14}{change:>12}",
        number(during),
        number(before)
    ));
}

pub(super) fn findings(page: &mut Page, report: &Report<'_>) {
    page.heading(Section::Findings);
    let findings = &report.event.incident.findings;
    if findings.is_empty() {
        page.own_line("none");
    }
    for finding in findings {
        page.hanging("- ", &finding_words(finding));
    }
}

fn finding_words(finding: &Finding) -> String {
    let side = match finding.direction {
        Direction::Above => "above",
        Direction::Below => "below",
    };
    format!(
        "{}: {}, {side} the expected {} ({} to {}); score {:.1}, once in {} windows; {}",
        signal_words(&finding.signal),
        number(finding.observed),
        number(finding.expected),
        number(finding.lower),
        number(finding.upper),
        finding.score,
        number(finding.once_in_windows),
        finding.reason
    )
}

fn signal_words(signal: &Signal) -> String {
    match signal {
        Signal::Total => "requests".to_owned(),
        Signal::Allowed => "allowed requests".to_owned(),
        Signal::Blocked => "blocked requests".to_owned(),
        Signal::Counted => "counted requests".to_owned(),
        Signal::BlockedRatio => "blocked ratio".to_owned(),
        Signal::DistinctAddresses => "distinct addresses".to_owned(),
        Signal::TopAddressShare => "share of the busiest address".to_owned(),
        Signal::Rule(rule) => format!("rule {rule}"),
        Signal::Uri(uri) => format!("path {uri}"),
        Signal::Address(address) => format!("address {address}"),
        Signal::TopAddress => "requests of the busiest address".to_owned(),
        Signal::DistinctShare => "distinct addresses per request".to_owned(),
        Signal::ChallengeShare => "share of challenged requests".to_owned(),
        Signal::UriShare(uri) => format!("share of path {uri}"),
        Signal::NewAddressShare => "share of addresses never seen before".to_owned(),
        Signal::AddressEntropy => "spread over addresses".to_owned(),
    }
}

pub(super) fn top_offenders(page: &mut Page, report: &Report<'_>) {
    page.heading(Section::TopOffenders);
    let offenders = &report.assessment.primary_offenders;
    if offenders.is_empty() {
        page.own_line("none");
        return;
    }
    page.own_line(&format!(
        "{:>10}{:>10}{:>10}{:>10}  {}",
        "requests", "blocked", "allowed", "counted", "address"
    ));
    for (rank, offender) in offenders.iter().enumerate() {
        let numbers = [
            offender.total,
            offender.blocked,
            offender.allowed,
            offender.counted,
        ];
        let columns: String = numbers
            .iter()
            .map(|n| format!("{n:>COUNT_COLUMNS$}"))
            .collect();
        page.hanging(&format!("{columns}  "), &offender.address);
        if rank < OFFENDERS_IN_DETAIL {
            details(page, offender);
        }
    }
}

fn details(page: &mut Page, offender: &Offender) {
    let lists = [
        ("paths", &offender.uris),
        ("rules", &offender.rules),
        ("countries", &offender.countries),
        ("user agents", &offender.user_agents),
    ];
    for (name, values) in lists {
        if !values.is_empty() {
            page.hanging(&format!("{:>10}  {name:<12}", ""), &values.join(", "));
        }
    }
}

pub(super) fn top_values(page: &mut Page, section: Section, values: &[CountedValue]) {
    page.heading(section);
    if values.is_empty() {
        page.own_line("none");
    }
    for value in values {
        page.hanging(&format!("{:>COUNT_COLUMNS$}  ", value.count), &value.key);
    }
}

/// A number that fits its column: whole from ten on, with one or two decimals below, with an
/// exponent where it is very large.
fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1e9 {
        return format!("{value:.1e}");
    }
    if size >= 10.0 || value.fract() == 0.0 {
        return format!("{value:.0}");
    }
    if size >= 1.0 {
        return format!("{value:.1}");
    }
    format!("{value:.2}")
}
