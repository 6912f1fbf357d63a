//! The report for machines. Where the published analyzer has a name for a field, that name is
//! kept: `input_alert`, `time_window`, `waf_logs`, `cloudtrail`, `webacl`, `analysis_trace`,
//! `ai_assessment`, `analysis_version`, `model_used`.

use serde_json::{Value, json};

use super::{REPORT_VERSION, Report, sections};
use crate::incident::State;
use crate::incident::acl::{self, AclArn};
use crate::investigate::utc::iso;

pub(super) fn render(report: &Report<'_>) -> Value {
    let evidence = report.evidence;
    let assessment = report.assessment;
    let surroundings = &evidence.surroundings;
    let value = json!({
        "report_version": REPORT_VERSION,
        "analysis_version": env!("CARGO_PKG_VERSION"),
        "model_used": assessment.analyst,
        "subject": report.subject(),
        "input_alert": input_alert(report),
        "time_window": time_window(report),
        "waf_logs": {
            "windows": evidence.windows,
            "baseline": evidence.baseline,
            "values": evidence.values,
            "dimensions": evidence.dimensions,
            "addresses": evidence.addresses,
            "rules": evidence.rules,
            "raw_records": surroundings.archive,
        },
        "cloudtrail": {
            "connected": surroundings.trail.is_some(),
            "changes": assessment.evidence.cloudtrail_change_summaries,
            "events": surroundings.trail.as_ref().map(|trail| &trail.changes),
        },
        "webacl": webacl(report),
        "analysis_trace": {
            "duration_ms": report.analysis.as_secs_f64() * 1_000.0,
            "missing": evidence.missing,
        },
        "ai_assessment": assessment,
    });
    report.cleaning().json(value)
}

fn input_alert(report: &Report<'_>) -> Value {
    let event = report.event;
    let incident = &event.incident;
    json!({
        "id": event.id,
        "type": event.kind,
        "incident_id": incident.id,
        "state": incident.state,
        "severity": incident.severity,
        "alert_level": incident.severity.level(),
        "opened": iso(incident.opened),
        "resolved": incident.resolved.map(iso),
        "windows": incident.windows,
        "counters": incident.counters,
        "findings": incident.findings,
        "mix": incident.mix,
        "window": {
            "start": iso(event.window.start),
            "end": iso(event.window.end),
        },
        "waf_arn": incident.acl,
    })
}

fn time_window(report: &Report<'_>) -> Value {
    let incident = &report.event.incident;
    let end = match (incident.state, incident.resolved) {
        (State::Resolved, Some(end)) => end,
        _ => incident.last_window.end,
    };
    json!({
        "start": iso(incident.opened),
        "end": iso(end),
    })
}

fn webacl(report: &Report<'_>) -> Value {
    let text = &report.event.incident.acl;
    let arn = AclArn::parse(text);
    let known = report.evidence.surroundings.configuration.as_ref();
    json!({
        "arn": text,
        "name": acl::name(text),
        "scope": arn.map(|arn| arn.scope.name()),
        "region": arn.map(|arn| arn.region),
        "account": sections::account(report, arn),
        "default_action": known.map(|known| known.default_action),
        "rules": known.map(|known| &known.rules),
        "logging": known.map(|known| &known.logging),
        "changed": report.evidence.surroundings.drift,
    })
}
