//! Requests stopped: the site is down, or its logs do not arrive.

use crate::analyst::Cause;
use crate::analyst::builtin::figures::Figures;
use crate::analyst::builtin::hypothesis::{Effect, Hypothesis, confidence};
use crate::analyst::builtin::words::{mean, percent, shown};
use crate::detect::Mix;
use crate::investigate::surroundings::{RecordedChange, Relation};
use crate::investigate::utc::iso;

/// What is left of the usual requests when the site is gone.
const NEXT_TO_NOTHING: f64 = 0.1;

/// The detector found fewer requests than expected, and the windows bear it out.
pub(super) fn outage_or_logging_gap(figures: &Figures<'_>) -> Option<Hypothesis> {
    let finding = figures.shortfall()?;
    let usual = if figures.before.total > 0.0 {
        figures.before.total
    } else {
        finding.expected
    };
    let left = figures.rate() / usual.max(f64::MIN_POSITIVE);
    if left > 0.7 {
        return None;
    }
    let mut score = 0.6 + 0.36 * (1.0 - left);
    let mut after_surge = "";
    if figures.evidence.event.incident.mix == Mix::Changed && left >= NEXT_TO_NOTHING {
        // What went may have been of one kind. An outage leaves monitors and scanners, which is next to nothing.
        score -= 0.15;
        after_surge = " What is left is composed otherwise than before, as when a surge ends that had been taken \
                       for usual: compare with the days before.";
    }
    let logging = logging_change(figures);
    let told = logging.map(|change| format!(" Logging was changed: {}.", change.words()));
    let told = told.unwrap_or_default();
    let reason = format!(
        "{} requests per window where {} are usual ({} are left); the detector expected {} to {}.{after_surge}{told}",
        mean(figures.rate()),
        mean(usual),
        percent(left),
        mean(finding.lower.max(0.0)),
        mean(finding.upper),
    );
    let mut actions = Vec::new();
    if let Some(change) = logging {
        actions.push(format!(
            "ask {} whether {} at {} was meant to end the logs; if it was not, put the logging \
             configuration back",
            shown(&change.who),
            shown(&change.event),
            iso(change.at)
        ));
    }
    actions.extend([
        "open the site from outside: if it does not answer, this is an outage (DNS, CDN, load \
         balancer, certificate), not a matter of the WAF"
            .to_owned(),
        "if it answers, follow the logs: the logging configuration and its filter (CloudTrail: \
         DeleteLoggingConfiguration, PutLoggingConfiguration), the delivery stream and its errors"
            .to_owned(),
        "check whether the Web ACL is still associated with its resource (CloudTrail: \
         DisassociateWebACL, UpdateDistribution)"
            .to_owned(),
        "compare with the CloudWatch metrics AllowedRequests and BlockedRequests of the Web ACL: \
         if they go on, only the logs are missing"
            .to_owned(),
    ]);
    Some(Hypothesis {
        cause: Cause::OutageOrLoggingGap,
        confidence: confidence(score, 0.96),
        reason,
        effect: Effect::Harm,
        actions,
    })
}

/// The newest change of where the Web ACL's logs go.
fn logging_change<'e>(figures: &Figures<'e>) -> Option<&'e RecordedChange> {
    let trail = figures.evidence.surroundings.trail.as_ref()?;
    let last = figures.evidence.event.incident.last_window.end;
    let mut changes = trail.changes.iter();
    changes.find(|change| {
        let is_logging = matches!(
            change.event.as_str(),
            "DeleteLoggingConfiguration" | "PutLoggingConfiguration"
        );
        let is_meant = is_logging && change.relation == Relation::WebAcl;
        is_meant && change.error.is_none() && change.at <= last
    })
}

#[cfg(test)]
#[path = "outage_tests.rs"]
mod tests;
