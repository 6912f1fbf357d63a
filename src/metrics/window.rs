//! The line of a closed window.

use serde_json::Value;
use wafwatch_windows::summary::{Completeness, Dimension, Summary};

use super::document::{Dimensions, Document, finite, object, own_text, text, time};
use super::table::Metric;
use super::{ACL_DIMENSION, field};
use crate::detect::{Finding, Signal, Stage, describe};
use crate::incident::acl::{safe_name, short_hash};
use crate::report::Redaction;
use crate::store::ClosedWindow;

/// Most values of one top list.
const MAX_TOP: usize = 10;
/// Most findings.
const MAX_FINDINGS: usize = 16;

/// A top list in a window's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopField {
    /// The field.
    pub name: &'static str,
    /// What it lists.
    pub dimension: Dimension,
}

impl TopField {
    /// Every top list, in the order of the line.
    pub const ALL: [Self; 8] = [
        Self::new("top_addresses", Dimension::ClientAddress),
        Self::new("top_rules", Dimension::Rule),
        Self::new("top_blocked_uris", Dimension::BlockedUri),
        Self::new("top_uris", Dimension::Uri),
        Self::new("top_countries", Dimension::Country),
        Self::new("top_user_agents", Dimension::UserAgent),
        Self::new("top_counted_rules", Dimension::CountedRule),
        Self::new("top_labels", Dimension::Label),
    ];

    const fn new(name: &'static str, dimension: Dimension) -> Self {
        Self { name, dimension }
    }
}

/// A Web ACL as the dimension of its metrics: its name and eight digits of its ARN's hash, which
/// tell ACLs of one name in several accounts and regions apart without telling the account. Incident
/// ids begin with the same text. ASCII letters, digits, `_` and `-`, at most 73 of them.
#[must_use]
pub fn acl_dimension(acl: &str) -> String {
    format!("{}-{}", safe_name(acl), short_hash(acl))
}

/// The line of `closed`, whose metrics stand at the start of the window.
#[must_use]
pub fn window_line(closed: &ClosedWindow, redaction: Redaction) -> String {
    let summary = &closed.summary;
    let mut document = Document::new(field::KIND_WINDOW);
    document.field(ACL_DIMENSION, acl_dimension(&summary.acl));
    document.field(field::WINDOW_START, time(summary.window.start));
    document.field(field::WINDOW_END, time(summary.window.end));
    document.field(field::ACL_ARN, own_text(&redaction.applied(&summary.acl)));
    document.field(field::COMPLETENESS, completeness(summary.completeness));
    document.field(field::STAGE, stage(closed.stage));
    add_metrics(&mut document, summary, closed.findings.len());
    let distinct = summary.distinct_addresses;
    document.field(field::DISTINCT_LOWER, finite(distinct.lower));
    document.field(field::DISTINCT_UPPER, finite(distinct.upper));
    document.field(field::LOG_BYTES, summary.counters.log_bytes);
    if let Some(strongest) = closed.findings.first() {
        document.field(field::STRONGEST, own_text(&describe(strongest)));
    }
    let findings = closed.findings.iter().take(MAX_FINDINGS);
    document.field(
        field::FINDINGS,
        findings.map(finding).collect::<Vec<Value>>(),
    );
    for top in TopField::ALL {
        let items = summary.top(top.dimension).iter().take(MAX_TOP);
        let items = items.map(|item| {
            object(vec![
                (field::VALUE, text(&item.key)),
                (field::COUNT, Value::from(item.lower)),
            ])
        });
        document.field(top.name, items.collect::<Vec<Value>>());
    }
    document.into_line(summary.window.start, Dimensions::Acl)
}

fn add_metrics(document: &mut Document, summary: &Summary, findings: usize) {
    let counters = &summary.counters;
    document.count(Metric::Requests, counters.total);
    document.count(Metric::AllowedRequests, counters.allowed);
    document.count(Metric::BlockedRequests, counters.blocked);
    document.count(Metric::CountedRequests, counters.counted);
    document.count(Metric::CaptchaRequests, counters.captcha);
    document.count(Metric::ChallengeRequests, counters.challenge);
    document.count(Metric::OtherRequests, counters.other);
    document.number(Metric::BlockedRatio, counters.blocked_ratio());
    document.number(
        Metric::DistinctAddresses,
        summary.distinct_addresses.estimate,
    );
    document.number(Metric::TopAddressShare, top_address_share(summary));
    document.count(Metric::Findings, findings as u64);
    let is_incomplete = summary.completeness == Completeness::Incomplete;
    document.count(Metric::IncompleteWindows, u64::from(is_incomplete));
}

fn top_address_share(summary: &Summary) -> f64 {
    let busiest = summary.top(Dimension::ClientAddress).first();
    match (busiest, summary.counters.total) {
        (None, _) | (_, 0) => 0.0,
        (Some(busiest), total) => busiest.lower as f64 / total as f64,
    }
}

fn completeness(completeness: Completeness) -> &'static str {
    match completeness {
        Completeness::Complete => "complete",
        Completeness::Incomplete => "incomplete",
    }
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Learning { .. } => "learning",
        Stage::Wide { .. } => "wide",
        Stage::BurstsOnly { .. } => "bursts_only",
        Stage::Ready => "ready",
    }
}

fn finding(finding: &Finding) -> Value {
    let (signal, key) = signal(&finding.signal);
    let mut fields = vec![
        (field::SIGNAL, Value::from(signal)),
        (field::OBSERVED, finite(finding.observed)),
        (field::EXPECTED, finite(finding.expected)),
        (field::LOWER, finite(finding.lower)),
        (field::UPPER, finite(finding.upper)),
    ];
    fields.extend(key.map(|key| (field::KEY, text(key))));
    object(fields)
}

/// A signal's kind, and what it follows.
fn signal(signal: &Signal) -> (&'static str, Option<&str>) {
    match signal {
        Signal::Total => ("total", None),
        Signal::Allowed => ("allowed", None),
        Signal::Blocked => ("blocked", None),
        Signal::Counted => ("counted", None),
        Signal::BlockedRatio => ("blocked_ratio", None),
        Signal::DistinctAddresses => ("distinct_addresses", None),
        Signal::TopAddressShare => ("top_address_share", None),
        Signal::Rule(rule) => ("rule", Some(rule)),
        Signal::Uri(uri) => ("uri", Some(uri)),
        Signal::Address(address) => ("address", Some(address)),
        Signal::TopAddress => ("top_address", None),
        Signal::DistinctShare => ("distinct_share", None),
        Signal::ChallengeShare => ("challenge_share", None),
        Signal::UriShare(uri) => ("uri_share", Some(uri)),
        Signal::NewAddressShare => ("new_address_share", None),
        Signal::AddressEntropy => ("address_entropy", None),
    }
}
