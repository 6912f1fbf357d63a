//! From rarities to findings, in words and numbers.

use wafwatch_windows::summary::Completeness;

use super::super::describe::number;
use super::super::tail::RAREST;
use super::super::{Direction, Finding, Mix, Pattern};
use super::board::{Judged, RELEVANT_GROWTH, Subject};
use super::model::budget::BLOCK;
use super::model::scale::Scale;
use super::model::series::{TAILS, WIDE_WINDOWS};
use super::signals::Fixed;

/// In a crowd a share that rose by less than this part of itself is the same mix, however rare: what is known of
/// shares was learnt at other volumes. Which crowds are told from attacks hardly depends on it (0.2 to 1.0); rarity decides.
const MATERIAL: f64 = 0.4;
/// Distinct addresses whose share falls by more than this part of itself are those of a few senders.
const FALLEN: f64 = 0.6;
/// Scales of a share's mean beyond which it has left its usual noise. That alone is no change of the mix: shares
/// drift from hour to hour, and how rare that is only the tails of the series know.
const CERTAIN: f64 = 5.0;
/// Requests that are up by more than this part are a crowd or a flood.
const CROWDED: f64 = 0.5;

/// What turns rarities into once-in-so-many windows.
pub(super) struct Calibration {
    /// Rarity from which on a signal makes a finding.
    pub threshold: f64,
    /// Rarity from which on a signal keeps an open alarm going; no more than the threshold.
    pub least: f64,
    pub calibrated: Box<dyn Fn(f64) -> f64>,
}

pub(super) fn finding(judged: &Judged<'_>, calibration: &Calibration) -> Finding {
    let strongest = judged.strongest;
    let result = &judged.result;
    let (pattern, observed, expected) = match strongest.tail {
        TAILS => {
            let windows = judged.series.silent_run().saturating_add(1);
            let pattern = Pattern::Silence { windows };
            (pattern, judged.seen.value, result.expected_base)
        }
        0 | 1 => {
            let pattern = if judged.series.seen() < WIDE_WINDOWS {
                Pattern::Level
            } else {
                Pattern::Burst
            };
            (pattern, judged.seen.value, result.expected)
        }
        tail => {
            let (windows, excess) = judged
                .series
                .sustained((tail - 2) / 2, &judged.seen, result);
            let observed = (result.expected_base + excess).max(0.0);
            let windows = windows.round() as u32;
            (Pattern::Ramp { windows }, observed, result.expected_base)
        }
    };
    let direction = strongest.direction();
    let (lower, upper) = range(judged, (observed, expected), calibration);
    let unit = match judged.series.scale() {
        Scale::Share => 1.0 / judged.seen.trials.max(1.0),
        Scale::Count | Scale::Plain => 1.0,
    };
    let blocks = super::model::math::exp10((calibration.calibrated)(strongest.rarity).min(12.0));
    Finding {
        signal: judged.subject.signal(),
        direction,
        observed: observed * unit,
        expected: expected * unit,
        lower: lower * unit,
        upper: upper * unit,
        score: score(judged),
        once_in_windows: (blocks * f64::from(BLOCK)).clamp(1.0, RAREST),
        reason: reason(judged, pattern),
        pattern: Some(pattern),
        muted: None,
    }
}

/// The range that what was observed left: of the pattern that made the finding.
fn range(
    judged: &Judged<'_>,
    (observed, expected): (f64, f64),
    calibration: &Calibration,
) -> (f64, f64) {
    let (lower, upper) = judged
        .series
        .band(&judged.seen, &judged.result, calibration.threshold);
    let (lower, upper) = (lower.min(expected), upper.max(expected));
    let strongest = judged.strongest;
    if strongest.tail == TAILS {
        return (lower, upper);
    }
    let enough = judged
        .series
        .enough(&judged.result, strongest.tail, calibration.least);
    let bound = expected + (observed - expected) * enough;
    match strongest.direction() {
        Direction::Above => (lower, bound.max(expected)),
        Direction::Below => (bound.min(expected), upper),
    }
}

/// Distance in deviates; a run of silence has that of its window.
fn score(judged: &Judged<'_>) -> f64 {
    let result = &judged.result;
    let distance = match judged.strongest.tail {
        TAILS => result.base_deviate.abs(),
        tail => result.statistics[tail],
    };
    distance.clamp(0.0, 1e6)
}

fn reason(judged: &Judged<'_>, pattern: Pattern) -> String {
    let days = number(judged.series.seen() / judged.series.per_day());
    match pattern {
        Pattern::Level => format!(
            "far from the mean of the first {} windows",
            number(judged.series.seen())
        ),
        Pattern::Burst => format!(
            "a burst: beyond the level, the hour and the windows just before, as learnt in {days} days"
        ),
        Pattern::Ramp { windows } => format!(
            "away from the level and the hour for about {} windows, as learnt in {days} days",
            number(f64::from(windows))
        ),
        Pattern::Silence { windows } => format!(
            "at most a tenth of the expected for {} windows in a row",
            number(f64::from(windows))
        ),
    }
}

/// Whether the mix of requests is another one than expected, where there are findings.
///
/// A share that makes a finding is another mix by itself, unless requests as such are up by half:
/// in a crowd shares stray, so there it has to have risen by [`MATERIAL`] as well. What triples, or leaves a few
/// senders, is another mix before the tails of long means are known, too. That nothing has changed is said only
/// where all shares that every ACL has can tell: not of an ACL's first days, nor of a window without requests or
/// not all of them.
pub(super) fn mix<'a, 'b: 'a>(
    judged: impl Iterator<Item = &'a Judged<'b>> + Clone,
    findings: &[Finding],
    threshold: f64,
    completeness: Completeness,
) -> Mix {
    if findings.is_empty() {
        return Mix::Unknown;
    }
    let of = |fixed: Fixed| {
        let mut judged = judged.clone();
        judged.find(|judged| judged.subject == Subject::Fixed(fixed))
    };
    let is_crowded = of(Fixed::Total).is_some_and(|judged| part(judged, 0) > CROWDED);
    let has_changed = |judged: &Judged<'_>| {
        if !judged.is_mix {
            return false;
        }
        let moved = part(judged, 0);
        let is_found = judged.strongest.rarity >= threshold;
        let [_, _, rise, fall, ..] = judged.result.statistics;
        let has_multiplied = rise >= CERTAIN && moved > RELEVANT_GROWTH;
        let is_distinct = judged.subject == Subject::Fixed(Fixed::DistinctShare);
        let are_few = is_distinct && fall >= CERTAIN && moved < -FALLEN;
        (is_found && (!is_crowded || moved > MATERIAL)) || has_multiplied || are_few
    };
    if judged.clone().any(has_changed) {
        return Mix::Changed;
    }
    let can_tell = |share: Fixed| of(share).is_some_and(|judged| judged.series.judges_all_tails());
    let mut shares = Fixed::ALL.into_iter().filter(|fixed| fixed.is_mix());
    if completeness == Completeness::Complete && shares.all(can_tell) {
        return Mix::Unchanged;
    }
    Mix::Unknown
}

/// The mean excess over a span as a part of the expectation.
fn part(judged: &Judged<'_>, span: usize) -> f64 {
    let (_, excess) = judged.series.sustained(span, &judged.seen, &judged.result);
    excess / judged.result.expected_base.max(1.0)
}

#[cfg(test)]
#[path = "findings_tests.rs"]
mod tests;
