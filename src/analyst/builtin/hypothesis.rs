//! What a rule claims.

use crate::analyst::Cause;

/// A cause that a rule finds in the evidence.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hypothesis {
    /// The cause.
    pub cause: Cause,
    /// 0 to 1: how well the evidence fits.
    pub confidence: f64,
    /// Why, in a sentence or two, with the numbers it rests on.
    pub reason: String,
    /// What it means for those who are behind the Web ACL.
    pub effect: Effect,
    /// What to do, first things first.
    pub actions: Vec<String>,
}

/// What a cause does to the protected application.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Effect {
    /// Somebody attacks, and this share of the attack is stopped.
    Attack {
        /// Blocked, challenged or answered with a CAPTCHA, 0 to 1.
        stopped: f64,
    },
    /// Good requests are refused, or none arrive.
    Harm,
    /// Nothing bad.
    Harmless,
    /// Nobody can say.
    Unknown,
}

/// Holds a confidence within 0 and `most`, in steps of a hundredth: more would pretend precision.
pub(super) fn confidence(score: f64, most: f64) -> f64 {
    (score.clamp(0.0, most) * 100.0).round() / 100.0
}
