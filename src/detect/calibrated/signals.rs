//! The series of every ACL, and what a summary says of each.

use wafwatch_windows::summary::{Dimension, Summary};

use super::super::{Direction, Signal};
use super::model::rhythm::Rhythms;
use super::model::scale::Scale;

/// Series that every ACL has. Their order is the order in the stored state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fixed {
    Total,
    Allowed,
    Blocked,
    Counted,
    Distinct,
    Busiest,
    BlockedShare,
    DistinctShare,
    BusiestShare,
    ChallengeShare,
}

impl Fixed {
    pub(super) const ALL: [Self; 10] = [
        Self::Total,
        Self::Allowed,
        Self::Blocked,
        Self::Counted,
        Self::Distinct,
        Self::Busiest,
        Self::BlockedShare,
        Self::DistinctShare,
        Self::BusiestShare,
        Self::ChallengeShare,
    ];

    /// Those that counters alone tell.
    pub(super) const OF_COUNTERS: [Self; 5] = [
        Self::Total,
        Self::Allowed,
        Self::Blocked,
        Self::Counted,
        Self::BlockedShare,
    ];

    pub(super) fn signal(self) -> Signal {
        match self {
            Self::Total => Signal::Total,
            Self::Allowed => Signal::Allowed,
            Self::Blocked => Signal::Blocked,
            Self::Counted => Signal::Counted,
            Self::Distinct => Signal::DistinctAddresses,
            Self::Busiest => Signal::TopAddress,
            Self::BlockedShare => Signal::BlockedRatio,
            Self::DistinctShare => Signal::DistinctShare,
            Self::BusiestShare => Signal::TopAddressShare,
            Self::ChallengeShare => Signal::ChallengeShare,
        }
    }

    pub(super) fn scale(self) -> Scale {
        match self {
            Self::BlockedShare
            | Self::DistinctShare
            | Self::BusiestShare
            | Self::ChallengeShare => Scale::Share,
            _ => Scale::Count,
        }
    }

    pub(super) fn rhythms(self) -> Rhythms {
        match self {
            Self::BlockedShare
            | Self::DistinctShare
            | Self::BusiestShare
            | Self::ChallengeShare => Rhythms::Daily,
            _ => Rhythms::Full,
        }
    }

    /// Whether less than expected matters. Less blocked, counted or challenged is no incident.
    pub(super) fn counts(self, direction: Direction) -> bool {
        let follows_both = matches!(
            self,
            Self::Total | Self::Allowed | Self::Distinct | Self::DistinctShare
        );
        direction == Direction::Above || follows_both
    }

    /// Whether a deviation shows another mix of requests, not more of the same.
    pub(super) fn is_mix(self) -> bool {
        self.scale() == Scale::Share
    }

    pub(super) fn value(self, summary: &Summary) -> f64 {
        let counters = &summary.counters;
        match self {
            Self::Total => counters.total as f64,
            Self::Allowed => counters.allowed as f64,
            Self::Blocked | Self::BlockedShare => counters.blocked as f64,
            Self::Counted => counters.counted as f64,
            Self::Distinct | Self::DistinctShare => {
                // A sketch's estimate may exceed the number of requests.
                let estimate = summary.distinct_addresses.estimate;
                let estimate = if estimate.is_finite() { estimate } else { 0.0 };
                estimate.round().clamp(0.0, counters.total as f64)
            }
            Self::Busiest | Self::BusiestShare => {
                let listed = summary.top(Dimension::ClientAddress).first();
                listed.map_or(0.0, |item| item.lower as f64)
            }
            Self::ChallengeShare => counters.captcha.saturating_add(counters.challenge) as f64,
        }
    }
}
