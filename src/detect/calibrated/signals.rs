//! The series of every ACL, and what a summary says of each.

use wafwatch_windows::summary::{Dimension, Summary};

use super::super::{Direction, Signal};
use super::addresses::KnownAddresses;
use super::model::math::{exp, ln};
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
    NewAddressShare,
    AddressEntropy,
}

impl Fixed {
    pub(super) const ALL: [Self; 12] = [
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
        Self::NewAddressShare,
        Self::AddressEntropy,
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
            Self::NewAddressShare => Signal::NewAddressShare,
            Self::AddressEntropy => Signal::AddressEntropy,
        }
    }

    pub(super) fn scale(self) -> Scale {
        match self {
            Self::BlockedShare
            | Self::DistinctShare
            | Self::BusiestShare
            | Self::ChallengeShare
            | Self::NewAddressShare
            | Self::AddressEntropy => Scale::Share,
            Self::Total
            | Self::Allowed
            | Self::Blocked
            | Self::Counted
            | Self::Distinct
            | Self::Busiest => Scale::Count,
        }
    }

    pub(super) fn rhythms(self) -> Rhythms {
        match self.scale() {
            Scale::Share => Rhythms::Daily,
            Scale::Count | Scale::Plain => Rhythms::Full,
        }
    }

    /// Whether less than expected matters. Less blocked, counted or challenged is no incident.
    pub(super) fn counts(self, direction: Direction) -> bool {
        let follows_both = matches!(
            self,
            Self::Total
                | Self::Allowed
                | Self::Distinct
                | Self::DistinctShare
                | Self::AddressEntropy
        );
        direction == Direction::Above || follows_both
    }

    /// Whether a deviation shows another mix of requests, not more of the same. (A crowd is new people.)
    pub(super) fn is_mix(self) -> bool {
        self.scale() == Scale::Share && self != Self::NewAddressShare
    }

    /// What a summary says, and of how many that is a part.
    pub(super) fn part(self, summary: &Summary, known: &KnownAddresses) -> (f64, f64) {
        if self == Self::NewAddressShare {
            let newcomers = known.newcomers(&summary.address_sample);
            return (newcomers.new, newcomers.judged);
        }
        (self.value(summary), summary.counters.total as f64)
    }

    fn value(self, summary: &Summary) -> f64 {
        let counters = &summary.counters;
        match self {
            Self::Total => counters.total as f64,
            Self::Allowed => counters.allowed as f64,
            Self::Blocked | Self::BlockedShare => counters.blocked as f64,
            Self::Counted => counters.counted as f64,
            Self::Distinct | Self::DistinctShare => distinct(summary).round(),
            Self::Busiest | Self::BusiestShare => {
                let listed = summary.top(Dimension::ClientAddress).first();
                listed.map_or(0.0, |item| item.lower as f64)
            }
            Self::ChallengeShare => counters.challenged() as f64,
            Self::NewAddressShare => 0.0,
            Self::AddressEntropy => equally_busy(summary),
        }
    }
}

/// Distinct addresses. A sketch's estimate may exceed the number of requests.
fn distinct(summary: &Summary) -> f64 {
    let estimate = summary.distinct_addresses.estimate;
    let estimate = if estimate.is_finite() { estimate } else { 0.0 };
    estimate.clamp(0.0, summary.counters.total as f64)
}

/// How many equally busy addresses are as mixed as these: `exp(H)`, with `H` the entropy of the requests over
/// addresses, of which the listed ones are known and the rest is taken to be spread evenly over
/// the other distinct ones (so it is the largest entropy that what is known allows).
fn equally_busy(summary: &Summary) -> f64 {
    let total = summary.counters.total as f64;
    if total <= 0.0 {
        return 0.0;
    }
    let surprise = |requests: f64, each: f64| {
        if requests <= 0.0 {
            return 0.0;
        }
        -requests / total * ln((each / total).min(1.0))
    };
    let listed = summary.top(Dimension::ClientAddress);
    let mut rest = total;
    let mut entropy = 0.0;
    for item in listed {
        let requests = (item.lower as f64).min(rest);
        entropy += surprise(requests, requests);
        rest -= requests;
    }
    let others = (distinct(summary) - listed.len() as f64).clamp(1.0, rest.max(1.0));
    entropy += surprise(rest, rest / others);
    exp(entropy).clamp(1.0, total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::simulation::{window, with_top};

    fn spread(total: u64, distinct: f64, listed: &[(&str, u64)]) -> f64 {
        let mut summary = window(0, total, 0);
        summary.distinct_addresses.estimate = distinct;
        equally_busy(&with_top(summary, Dimension::ClientAddress, listed))
    }

    #[test]
    fn as_many_as_there_are_when_all_are_as_busy_and_one_when_one_sends_all() {
        let even: Vec<(String, u64)> = (0..20).map(|n| (format!("192.0.2.{n}"), 5)).collect();
        let even: Vec<(&str, u64)> = even.iter().map(|(key, n)| (key.as_str(), *n)).collect();
        assert!((spread(100, 20.0, &even) - 20.0).abs() < 1e-9);
        assert!((spread(1_000, 1.0, &[("192.0.2.1", 1_000)]) - 1.0).abs() < 1e-9);
        assert!((spread(500, 500.0, &[]) - 500.0).abs() < 1e-6);
    }

    #[test]
    fn a_flood_of_one_address_lowers_it_and_spoofed_addresses_raise_it() {
        let usual = spread(1_000, 200.0, &[("192.0.2.1", 50)]);
        let flood = spread(3_000, 201.0, &[("203.0.113.9", 2_000), ("192.0.2.1", 50)]);
        let spoofed = spread(3_000, 2_200.0, &[("192.0.2.1", 50)]);
        assert!(flood / 3_000.0 < 0.2 * usual / 1_000.0, "{flood} {usual}");
        assert!(
            spoofed / 3_000.0 > 2.0 * usual / 1_000.0,
            "{spoofed} {usual}"
        );
    }

    #[test]
    fn no_sketch_makes_it_anything_but_a_number_within_the_requests() {
        for estimate in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e18] {
            let value = spread(10, estimate, &[("192.0.2.1", 30), ("192.0.2.2", 30)]);
            assert!((1.0..=10.0).contains(&value), "{estimate}: {value}");
        }
        assert_eq!(spread(0, 0.0, &[]), 0.0);
    }
}
