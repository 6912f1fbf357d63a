//! How a cause moves the severity that the detector's findings gave an incident.
//!
//! By one level (twenty points) at most:
//!
//! | what the cause means | severity |
//! | --- | --- |
//! | nothing bad, as a crowd of visitors | one level down |
//! | an attack of which less than a fifth is stopped | one level up |
//! | an attack that is stopped wholly, where severity is high or critical | one level down |
//! | anything else | as it was |
//!
//! An attack that WAF stops entirely is worth knowing, but nobody has to get up for it; below
//! high it stays, so that it is not lost from sight.

use super::hypothesis::Effect;
use crate::incident::{Level, Severity};

const POINTS_PER_LEVEL: u8 = 20;
const HARDLY_STOPPED: f64 = 0.2;
const WHOLLY_STOPPED: f64 = 0.99;

/// `severity` in the light of what the cause does.
pub(super) fn adjusted(severity: Severity, effect: Effect) -> Severity {
    let Severity(points) = severity;
    let lower = Severity(points.saturating_sub(POINTS_PER_LEVEL));
    let higher = Severity(points.saturating_add(POINTS_PER_LEVEL).min(100));
    match effect {
        Effect::Harmless => lower,
        Effect::Attack { stopped } if stopped < HARDLY_STOPPED => higher,
        Effect::Attack { stopped }
            if stopped >= WHOLLY_STOPPED && severity.level() >= Level::High =>
        {
            lower
        }
        Effect::Attack { .. } | Effect::Harm | Effect::Unknown => severity,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_one_level_less() {
        assert_eq!(adjusted(Severity(65), Effect::Harmless), Severity(45));
        assert_eq!(adjusted(Severity(5), Effect::Harmless), Severity(0));
    }

    #[test]
    fn an_attack_that_comes_through_is_one_level_more() {
        let through = Effect::Attack { stopped: 0.1 };
        assert_eq!(adjusted(Severity(65), through), Severity(85));
        assert_eq!(adjusted(Severity(95), through), Severity(100));
    }

    #[test]
    fn an_attack_that_is_stopped_wholly_is_one_level_less_from_high_up() {
        let stopped = Effect::Attack { stopped: 1.0 };
        assert_eq!(adjusted(Severity(80), stopped), Severity(60));
        assert_eq!(adjusted(Severity(60), stopped), Severity(40));
        assert_eq!(adjusted(Severity(59), stopped), Severity(59));
    }

    #[test]
    fn the_level_never_moves_by_more_than_one() {
        let effects = [
            Effect::Harmless,
            Effect::Harm,
            Effect::Unknown,
            Effect::Attack { stopped: 0.0 },
            Effect::Attack { stopped: 0.5 },
            Effect::Attack { stopped: 1.0 },
        ];
        for points in 0..=100 {
            for effect in effects {
                let before = Severity(points).level() as i32;
                let after = adjusted(Severity(points), effect).level() as i32;
                assert!((before - after).abs() <= 1, "{points} {effect:?}");
            }
        }
    }
}
