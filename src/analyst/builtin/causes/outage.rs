//! Requests stopped: the site is down, or its logs do not arrive.

use crate::analyst::Cause;
use crate::analyst::builtin::figures::Figures;
use crate::analyst::builtin::hypothesis::{Effect, Hypothesis, confidence};
use crate::analyst::builtin::words::{mean, percent};
use crate::detect::{Direction, Signal};

/// The detector found fewer requests than expected, and the windows bear it out.
pub(super) fn outage_or_logging_gap(figures: &Figures<'_>) -> Option<Hypothesis> {
    let mut findings = figures.evidence.event.incident.findings.iter();
    let finding = findings
        .find(|finding| finding.signal == Signal::Total && finding.direction == Direction::Below)?;
    let usual = if figures.before.total > 0.0 {
        figures.before.total
    } else {
        finding.expected
    };
    let left = figures.rate() / usual.max(f64::MIN_POSITIVE);
    if left > 0.7 {
        return None;
    }
    let score = 0.6 + 0.36 * (1.0 - left);
    let reason = format!(
        "{} requests per window where {} are usual ({} are left); the detector expected {} to {}.",
        mean(figures.rate()),
        mean(usual),
        percent(left),
        mean(finding.lower.max(0.0)),
        mean(finding.upper),
    );
    let actions = vec![
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
    ];
    Some(Hypothesis {
        cause: Cause::OutageOrLoggingGap,
        confidence: confidence(score, 0.96),
        reason,
        effect: Effect::Harm,
        actions,
    })
}

#[cfg(test)]
#[path = "outage_tests.rs"]
mod tests;
