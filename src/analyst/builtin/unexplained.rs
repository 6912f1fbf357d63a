//! The answer where no rule is convinced.

use super::figures::{Figures, Known};
use super::hypothesis::{Effect, Hypothesis};
use super::words::{mean, percent};
use crate::analyst::Cause;
use crate::detect::Direction;

/// Says what stands out, and what would be needed to say more.
pub(super) fn unexplained(figures: &Figures<'_>) -> Hypothesis {
    let finding = figures.evidence.event.incident.findings.first();
    let strongest = match finding {
        Some(finding) => {
            let direction = match finding.direction {
                Direction::Above => "above",
                Direction::Below => "below",
            };
            format!(
                "the strongest finding is {} where {} was expected, {direction} its range",
                mean(finding.observed),
                mean(finding.expected)
            )
        }
        None => "there is no finding".to_owned(),
    };
    let lack = match figures.before.known {
        Known::Nothing => "; there is no earlier window to compare with",
        Known::Volume => "; the windows before hold too few requests to compare with",
        Known::Mix => "",
    };
    let reason = format!(
        "The evidence fits no known cause: {strongest}; {} requests per window, usually {}, {} of \
         them blocked, usually {}{lack}.",
        mean(figures.rate()),
        mean(figures.before.total),
        percent(figures.during.blocked_ratio()),
        percent(figures.before.blocked_share),
    );
    Hypothesis {
        cause: Cause::Unexplained,
        confidence: 0.3,
        reason,
        effect: Effect::Unknown,
        actions: vec![
            "compare the top addresses, rules and paths of this report with what you know of your \
             visitors"
                .to_owned(),
            "check the last changes of the Web ACL and the last release of the application"
                .to_owned(),
            "change no rule to Block before a cause is known; a new rule in Count shows what it \
             would match"
                .to_owned(),
        ],
    }
}
