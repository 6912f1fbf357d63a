//! Silence where requests are expected: an outage of the site, or of its logging.
//!
//! A window is near-silent when it holds at most a tenth of the mean. With `k` near-silent
//! windows in a row (this one included, at most [`MAX_RUN`] are looked at) it is a finding when
//!
//! 1. the windows of the run lack at least [`MIN_MISSING`] requests together,
//! 2. the product of the windows' lower tails under the baseline's (negative binomial) count
//!    distribution is at most [`MODEL_LIMIT`], and
//! 3. `s^k <= ` [`SHARE_LIMIT`], where `s = (near-silent windows + 1/2) / (windows + 1)` is what
//!    the baseline itself has shown: a model may call silence impossible on a site that pauses.
//!
//! With 60 learnt windows, none of them silent, `s = 0.008`: one empty window is enough where the
//! model agrees (Poisson from a mean of 20 on), else the second. As five windows must lack 20 requests,
//! a site below 4 requests per window never alerts for silence.

/// Most windows of a run that are looked at.
pub const MAX_RUN: u32 = 5;
/// Requests that a run must lack.
pub const MIN_MISSING: f64 = 20.0;
/// Probability of the run under the baseline's distribution.
pub const MODEL_LIMIT: f64 = 1e-6;
/// Probability of the run by the baseline's own share of near-silent windows.
pub const SHARE_LIMIT: f64 = 0.01;
/// A window is near-silent up to this share of the mean.
const NEAR_SILENT: f64 = 0.1;

use super::expectation::Expectation;
use super::{Direction, Finding, Signal, describe, tail};

/// What the baseline knows of silence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loudness {
    /// Prediction over all windows, empty ones included.
    pub expectation: Expectation,
    /// `s` above.
    pub near_silent_share: f64,
    /// Near-silent windows right before this one.
    pub run_before: u32,
}

/// Whether `observed` is near-silent against a mean of `mean`.
pub(super) fn is_near_silent(observed: f64, mean: f64) -> bool {
    observed <= mean * NEAR_SILENT
}

/// The finding of silence, where there is one.
pub(super) fn score(observed: f64, loudness: &Loudness) -> Option<Finding> {
    let expectation = loudness.expectation;
    let mean = expectation.mean;
    if !is_near_silent(observed, mean) {
        return None;
    }
    let before = f64::from(loudness.run_before.min(MAX_RUN - 1));
    let quiet_limit = (mean * NEAR_SILENT).floor();
    let missing = (mean - observed) + before * (mean - quiet_limit);
    if missing < MIN_MISSING {
        return None;
    }
    let model = expectation.at_most(observed) * expectation.at_most(quiet_limit).powf(before);
    let shown = loudness
        .near_silent_share
        .clamp(0.0, 1.0)
        .powf(before + 1.0);
    if model > MODEL_LIMIT || shown > SHARE_LIMIT {
        return None;
    }
    let run = loudness.run_before.saturating_add(1);
    let windows = if run == 1 {
        "this window".to_owned()
    } else {
        format!("{run} windows in a row")
    };
    let (_, upper) = expectation.range(3.0, super::expectation::THREE_SIGMA_TAIL);
    Some(Finding {
        signal: Signal::Total,
        direction: Direction::Below,
        observed,
        expected: mean,
        lower: mean * NEAR_SILENT,
        upper,
        score: ((mean - observed) / expectation.deviation()).max(0.0),
        once_in_windows: tail::once_in(model, expectation.freedom),
        reason: format!(
            "at most a tenth of the mean of {} for {windows}",
            describe::number(mean)
        ),
        muted: None,
        pattern: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loudness(mean: f64, variance: f64, share: f64, run_before: u32) -> Loudness {
        Loudness {
            expectation: Expectation {
                mean,
                variance,
                freedom: 59.0,
            },
            near_silent_share: share,
            run_before,
        }
    }

    #[test]
    fn a_busy_site_is_missed_with_its_first_empty_window() {
        let finding = score(0.0, &loudness(60.0, 70.0, 0.008, 0)).expect("an outage");
        assert_eq!(finding.direction, Direction::Below);
        assert!(finding.once_in_windows >= 1e5 && finding.score > 3.0);
        assert!(score(7.0, &loudness(60.0, 70.0, 0.008, 0)).is_none());
    }

    #[test]
    fn a_bursty_site_takes_two_and_one_that_pauses_takes_none() {
        let bursty = |run| score(0.0, &loudness(60.0, 60.0 + 0.25 * 3600.0, 0.008, run));
        assert!(bursty(0).is_none());
        assert!(bursty(1).is_some());
        for run in 0..100 {
            assert!(score(0.0, &loudness(60.0, 70.0, 0.5, run)).is_none());
        }
    }

    #[test]
    fn a_quiet_site_never_alerts_for_silence() {
        for run in 0..1_000 {
            assert!(score(0.0, &loudness(0.2, 0.2, 0.8, run)).is_none());
            assert!(score(0.0, &loudness(3.9, 3.9, 0.001, run)).is_none());
        }
    }
}
