//! How far a model may move what was decided without it.

use crate::incident::{Level, Severity};

const POINTS_PER_LEVEL: u8 = 20;

/// The level that stands: `wanted`, held within one level of the incident's own and of the built-in
/// analyst's, and at least low where both of these are.
#[must_use]
pub fn level(incident: Level, first: Level, wanted: Level) -> Level {
    let index = |level: Level| level as usize;
    let lowest = index(incident).max(index(first)).saturating_sub(1);
    let highest = (index(incident).min(index(first)) + 1).min(Level::ALL.len() - 1);
    // Both moved to the ends of each other's reach leave exactly one level.
    let held = index(wanted).clamp(lowest.min(highest), highest.max(lowest));
    let level = Level::ALL[held];
    if incident >= Level::Low && first >= Level::Low {
        return level.max(Level::Low);
    }
    level
}

/// `first` moved into `level` by as few points as that takes.
#[must_use]
pub fn score(first: Severity, level: Level) -> Severity {
    let least = level as u8 * POINTS_PER_LEVEL;
    let most = match level {
        Level::Critical => 100,
        _ => least + POINTS_PER_LEVEL - 1,
    };
    Severity(first.0.clamp(least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_model_moves_an_incident_by_more_than_a_level_or_out_of_sight() {
        for incident in Level::ALL {
            for first in Level::ALL {
                let apart = (incident as i32 - first as i32).abs();
                if apart > 1 {
                    // The built-in analyst never goes that far.
                    continue;
                }
                for wanted in Level::ALL {
                    let level = level(incident, first, wanted);
                    assert!((level as i32 - incident as i32).abs() <= 1);
                    assert!((level as i32 - first as i32).abs() <= 1);
                    let seen = incident.min(first) >= Level::Low;
                    assert!(!seen || level >= Level::Low);
                    for points in 0..=100 {
                        assert_eq!(score(Severity(points), level).level(), level);
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_near_enough_is_taken() {
        assert_eq!(
            level(Level::High, Level::High, Level::Critical),
            Level::Critical
        );
        assert_eq!(level(Level::High, Level::High, Level::Info), Level::Medium);
        assert_eq!(score(Severity(70), Level::High), Severity(70));
        assert_eq!(score(Severity(70), Level::Critical), Severity(80));
        assert_eq!(score(Severity(70), Level::Medium), Severity(59));
    }
}
