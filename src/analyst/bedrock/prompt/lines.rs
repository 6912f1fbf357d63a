//! Evidence as lines, the most important ones first.

use wafwatch_windows::counters::Counters;
use wafwatch_windows::summary::{AddressProfile, Dimension, RuleProfile, TopItem};

use super::page::Page;
use super::{Rung, surroundings};
use crate::analyst::Assessment;
use crate::analyst::bedrock::hostile::Kind;
use crate::detect::{Direction, Finding, Signal, number};
use crate::incident::acl::safe_name;
use crate::investigate::Evidence;
use crate::investigate::utc::iso;

/// The dimensions that are listed, most telling first. Fingerprints tell a model nothing.
const LISTED: [(Dimension, &str); 13] = [
    (Dimension::ClientAddress, "client addresses"),
    (Dimension::Rule, "rules that decided"),
    (Dimension::BlockedUri, "paths of blocked requests"),
    (Dimension::Uri, "paths"),
    (Dimension::BlockedCountry, "countries of blocked requests"),
    (Dimension::Country, "countries"),
    (Dimension::UserAgent, "user agents"),
    (Dimension::CountedRule, "rules that counted"),
    (Dimension::Label, "labels"),
    (Dimension::Method, "methods"),
    (Dimension::Host, "hosts"),
    (Dimension::HttpSource, "kinds of resources"),
    (Dimension::OtherAction, "other actions"),
];

/// The lines of `evidence`.
pub(super) fn written(evidence: &Evidence, first: &Assessment, rung: Rung) -> Page {
    let mut page = Page::default();
    incident(&mut page, evidence, first);
    traffic(&mut page, evidence, rung);
    findings(&mut page, evidence, rung);
    surroundings::append(&mut page, evidence, rung);
    for (dimension, name) in LISTED {
        values(&mut page, evidence, dimension, name, rung);
    }
    for profile in evidence.rules.iter().take(rung.profiles) {
        rule(&mut page, profile, rung);
    }
    for profile in evidence.addresses.iter().take(rung.profiles) {
        address(&mut page, profile, rung);
    }
    for missing in evidence.missing.iter().take(rung.findings) {
        // What follows a second colon may be an error's text, which is not ours.
        let ours: Vec<&str> = missing.splitn(3, ':').take(2).collect();
        page.line(format!("missing: {}", ours.join(":")));
    }
    page
}

fn incident(page: &mut Page, evidence: &Evidence, first: &Assessment) {
    let event = &evidence.event;
    let incident = &event.incident;
    let acl = page.name(&safe_name(&incident.acl));
    page.line(format!(
        "incident of web ACL {acl}: {}, level {} ({} of 100), since {}, last window ends {}, {} windows",
        event.kind.name(),
        incident.severity.level(),
        incident.severity.0,
        iso(incident.opened),
        iso(incident.last_window.end),
        incident.windows,
    ));
    if let Some(mix) = incident.mix.words() {
        page.line(format!("request mix {mix}"));
    }
    page.line(format!(
        "first opinion: cause {}, level {}, confidence {:.2}",
        first.cause.name(),
        first.severity,
        first.confidence
    ));
}

fn traffic(page: &mut Page, evidence: &Evidence, rung: Rung) {
    page.line("requests per window (total blocked allowed counted addresses):".to_owned());
    let before = &evidence.baseline;
    let windows = f64::from(before.windows.max(1));
    let mean = |count: u64| number(count as f64 / windows);
    let counters = &before.counters;
    page.line(format!(
        "before, mean of {} windows: {} {} {} {} {}, {} blocked",
        before.windows,
        mean(counters.total),
        mean(counters.blocked),
        mean(counters.allowed),
        mean(counters.counted),
        number(before.mean_distinct_addresses),
        percent(counters.blocked_ratio()),
    ));
    let mut sum = Counters::default();
    for window in &evidence.windows {
        sum.merge(&window.counters);
    }
    if evidence.windows.len() > 1 {
        page.line(format!(
            "during, all {} windows: {}",
            evidence.windows.len(),
            row(&sum)
        ));
    }
    let newest = evidence.windows.len().saturating_sub(rung.windows);
    for window in evidence.windows.iter().skip(newest) {
        page.line(format!(
            "{}: {} from {} addresses",
            iso(window.window.start),
            row(&window.counters),
            number(window.distinct_addresses)
        ));
    }
}

fn row(counters: &Counters) -> String {
    format!(
        "{} {} {} {}, {} blocked",
        counters.total,
        counters.blocked,
        counters.allowed,
        counters.counted,
        percent(counters.blocked_ratio())
    )
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

fn findings(page: &mut Page, evidence: &Evidence, rung: Rung) {
    for finding in evidence.event.incident.findings.iter().take(rung.findings) {
        let line = finding_line(page, finding);
        page.line(line);
    }
}

fn finding_line(page: &mut Page, finding: &Finding) -> String {
    let name = match &finding.signal {
        Signal::Total => "requests".to_owned(),
        Signal::Allowed => "allowed requests".to_owned(),
        Signal::Blocked => "blocked requests".to_owned(),
        Signal::Counted => "counted requests".to_owned(),
        Signal::BlockedRatio => "blocked share".to_owned(),
        Signal::DistinctAddresses => "distinct addresses".to_owned(),
        Signal::TopAddressShare => "share of the busiest address".to_owned(),
        Signal::Rule(rule) => format!("rule {}", page.name(rule)),
        Signal::Uri(path) => format!("path {}", page.reference(Kind::Path, path)),
        Signal::Address(address) => format!("address {}", page.address(address)),
        Signal::TopAddress => "requests of the busiest address".to_owned(),
        Signal::DistinctShare => "distinct addresses per request".to_owned(),
        Signal::ChallengeShare => "challenged share".to_owned(),
        Signal::UriShare(path) => {
            format!("share of path {}", page.reference(Kind::Path, path))
        }
        Signal::NewAddressShare => "share of addresses never seen before".to_owned(),
        Signal::AddressEntropy => "spread over addresses (2^entropy per request)".to_owned(),
    };
    let side = match finding.direction {
        Direction::Above => "above",
        Direction::Below => "below",
    };
    format!(
        "finding: {name} {}, {side} the expected {} to {}",
        number(finding.observed),
        number(finding.lower),
        number(finding.upper)
    )
}

fn values(page: &mut Page, evidence: &Evidence, dimension: Dimension, name: &str, rung: Rung) {
    let of_dimension = evidence
        .values
        .iter()
        .filter(|value| value.dimension == dimension);
    let mut parts = Vec::new();
    for value in of_dimension.take(rung.values) {
        let shown = page.value(dimension, &value.key);
        let before = number(value.before_per_window);
        parts.push(format!("{shown} {} (before {before})", value.during));
    }
    if parts.is_empty() {
        return;
    }
    let weight = evidence
        .dimensions
        .iter()
        .find(|weight| weight.dimension == dimension);
    let all = weight
        .map(|weight| format!(", {} in all", weight.during))
        .unwrap_or_default();
    page.line(format!("{name}{all}: {}", parts.join(", ")));
}

fn rule(page: &mut Page, profile: &RuleProfile, rung: Rung) {
    let name = page.name(&profile.rule);
    let lists = [
        list(page, "paths", Dimension::Uri, &profile.uris, rung),
        list(
            page,
            "addresses",
            Dimension::ClientAddress,
            &profile.addresses,
            rung,
        ),
        list(
            page,
            "countries",
            Dimension::Country,
            &profile.countries,
            rung,
        ),
    ];
    page.line(format!(
        "rule {name} blocked {}{}",
        profile.blocked.lower,
        lists.concat()
    ));
}

fn address(page: &mut Page, profile: &AddressProfile, rung: Rung) {
    let name = page.address(&profile.address);
    let lists = [
        list(page, "paths", Dimension::Uri, &profile.uris, rung),
        list(page, "rules", Dimension::Rule, &profile.rules, rung),
        list(
            page,
            "countries",
            Dimension::Country,
            &profile.countries,
            rung,
        ),
        list(
            page,
            "agents",
            Dimension::UserAgent,
            &profile.user_agents,
            rung,
        ),
        list(page, "labels", Dimension::Label, &profile.labels, rung),
    ];
    page.line(format!(
        "address {name}: {} requests, {} blocked, {} allowed, {} counted{}",
        profile.total.lower,
        profile.blocked.lower,
        profile.allowed.lower,
        profile.counted.lower,
        lists.concat()
    ));
}

fn list(
    page: &mut Page,
    name: &str,
    dimension: Dimension,
    items: &[TopItem],
    rung: Rung,
) -> String {
    let items = items.iter().take(rung.items);
    let items: Vec<String> = items
        .map(|item| format!("{} {}", page.value(dimension, &item.key), item.lower))
        .collect();
    if items.is_empty() {
        return String::new();
    }
    format!("; {name} {}", items.join(", "))
}
