//! The figures that the rules ask for: evidence, during the incident and before it.

use wafwatch_windows::counters::Counters;
use wafwatch_windows::summary::{Dimension, TopItem};

use crate::detect::{Direction, Finding, Signal};
use crate::investigate::{Evidence, ValueComparison};

/// Evidence with what several rules need of it worked out once.
pub(super) struct Figures<'e> {
    /// The evidence.
    pub evidence: &'e Evidence,
    /// Windows of the incident that the figures cover, at least one.
    pub windows: f64,
    /// Counters over these windows.
    pub during: Counters,
    /// Counters of the baseline per window.
    pub before: Before,
    /// Distinct addresses in the window that had most.
    pub distinct_addresses: f64,
}

/// What one window of the baseline held on average.
pub(super) struct Before {
    /// Whether there was any request to compare with.
    pub known: Known,
    /// Requests per window.
    pub total: f64,
    /// Blocked requests per window.
    pub blocked: f64,
    /// Blocked requests as a share of all.
    pub blocked_share: f64,
    /// Requests per window that a COUNT rule matched.
    pub counted: f64,
    /// Requests per window that were answered with a CAPTCHA or a challenge.
    pub challenged: f64,
    /// Distinct addresses per window.
    pub distinct_addresses: f64,
}

/// How much a baseline can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// There is no window before the incident.
    Nothing,
    /// There are windows, but too few requests to say how they mix.
    Volume,
    /// There are enough requests to compare how they mix.
    Mix,
}

/// Requests that a baseline needs before its mix means anything.
const REQUESTS_FOR_MIX: u64 = 100;

impl<'e> Figures<'e> {
    pub(super) fn of(evidence: &'e Evidence) -> Self {
        let mut during = Counters::default();
        for window in &evidence.windows {
            during.merge(&window.counters);
        }
        let mut windows = evidence.windows.len();
        if evidence.windows.is_empty() {
            // The history could not be read: the incident carries its own counters.
            during = evidence.event.incident.counters;
            windows = evidence.event.incident.windows as usize;
        }
        let baseline = &evidence.baseline;
        let per_window = |count: u64| count as f64 / f64::from(baseline.windows.max(1));
        let known = match (baseline.windows, baseline.counters.total) {
            (0, _) => Known::Nothing,
            (_, total) if total < REQUESTS_FOR_MIX => Known::Volume,
            _ => Known::Mix,
        };
        let distinct = evidence
            .windows
            .iter()
            .map(|window| window.distinct_addresses);
        Self {
            evidence,
            windows: windows.max(1) as f64,
            during,
            before: Before {
                known,
                total: per_window(baseline.counters.total),
                blocked: per_window(baseline.counters.blocked),
                blocked_share: baseline.counters.blocked_ratio(),
                counted: per_window(baseline.counters.counted),
                challenged: per_window(baseline.counters.challenged()),
                distinct_addresses: baseline.mean_distinct_addresses,
            },
            distinct_addresses: distinct.fold(0.0, f64::max),
        }
    }

    /// Requests per window during the incident.
    pub(super) fn rate(&self) -> f64 {
        self.during.total as f64 / self.windows
    }

    /// How many times as many requests as before; `None` without a baseline. A baseline of less
    /// than one request per window counts as one, so that two requests are no thousandfold rise.
    pub(super) fn growth(&self) -> Option<f64> {
        if self.before.known == Known::Nothing {
            return None;
        }
        Some(self.rate() / self.before.total.max(1.0))
    }

    /// Requests beyond what the baseline would have brought; all of them without a baseline.
    pub(super) fn excess(&self) -> f64 {
        (self.during.total as f64 - self.before.total * self.windows).max(0.0)
    }

    /// That the detector found fewer requests than expected, where it did.
    pub(super) fn shortfall(&self) -> Option<&'e Finding> {
        let mut findings = self.evidence.event.incident.findings.iter();
        findings.find(|finding| {
            finding.signal == Signal::Total && finding.direction == Direction::Below
        })
    }

    /// Blocked requests beyond what the baseline would have brought.
    pub(super) fn blocked_excess(&self) -> f64 {
        (self.during.blocked as f64 - self.before.blocked * self.windows).max(0.0)
    }

    /// The part of the requests beyond the usual volume that did not get through.
    pub(super) fn stopped(&self) -> f64 {
        let answered = self.during.challenged() as f64;
        ratio(self.blocked_excess() + answered, self.excess())
    }

    /// Requests of `address` beyond what it usually sends, where it sent `count`.
    pub(super) fn address_excess(&self, address: &str, count: u64) -> f64 {
        let usual = self.rate_before(Dimension::ClientAddress, address) * self.windows;
        (count as f64 - usual).max(0.0)
    }

    /// Requests that make the incident unusual: those beyond the usual volume or, where no finding
    /// is about volume, those that were blocked or counted beyond the usual. On a busy site an
    /// attack that rules stop is lost in the ups and downs of the volume.
    pub(super) fn unusual(&self) -> f64 {
        let counted_excess = self.during.counted as f64 - self.before.counted * self.windows;
        let by_rules = self.blocked_excess().max(counted_excess);
        let mut findings = self.evidence.event.incident.findings.iter();
        let is_about_rules = |finding: &Finding| {
            matches!(
                finding.signal,
                Signal::Blocked | Signal::BlockedRatio | Signal::Counted | Signal::Rule(_)
            )
        };
        let has_findings = !self.evidence.event.incident.findings.is_empty();
        if has_findings && by_rules > 0.0 && findings.all(is_about_rules) {
            return by_rules;
        }
        self.excess().max(by_rules)
    }

    /// By how much the blocked share rose; negative where it fell.
    pub(super) fn blocked_share_rise(&self) -> f64 {
        self.during.blocked_ratio() - self.before.blocked_share
    }

    /// The values of `dimension`, most frequent first.
    pub(super) fn values(&self, dimension: Dimension) -> impl Iterator<Item = &'e ValueComparison> {
        let values = self.evidence.values.iter();
        values.filter(move |value| value.dimension == dimension)
    }

    /// Sums over the values of `dimension` that `accepts` names.
    pub(super) fn matching(
        &self,
        dimension: Dimension,
        accepts: impl Fn(&str) -> bool,
    ) -> Matching<'e> {
        let mut matching = Matching::default();
        for value in self.values(dimension).filter(|value| accepts(&value.key)) {
            matching.during = matching.during.saturating_add(value.during);
            matching.expected += self.expected(value);
            if value.during > 0 {
                matching.names.push(&value.key);
            }
        }
        matching
    }

    /// How often the value would have occurred at its rate before the incident.
    pub(super) fn expected(&self, value: &ValueComparison) -> f64 {
        value.before_per_window * self.windows
    }

    /// How often a value occurred per window before the incident; zero where it is not listed.
    pub(super) fn rate_before(&self, dimension: Dimension, key: &str) -> f64 {
        let value = self.values(dimension).find(|value| value.key == key);
        value.map_or(0.0, |value| value.before_per_window)
    }

    /// Whether requests that occur `during` times make up a clearly larger share of all than they
    /// did before: half as much again. What grows with everything else has not risen.
    pub(super) fn share_rose(&self, during: u64, expected: f64) -> bool {
        let share_before = ratio(expected / self.windows, self.before.total);
        during > 0 && share(during, self.during.total) >= 1.5 * share_before
    }

    /// The share of `items` whose value occurred before the incident, weighted by count.
    pub(super) fn share_known_before(&self, dimension: Dimension, items: &[TopItem]) -> f64 {
        let known = items
            .iter()
            .filter(|item| self.rate_before(dimension, &item.key) > 0.0);
        share(sum(known), sum(items.iter()))
    }

    /// The share of the busiest address in all requests, and the address.
    pub(super) fn busiest_address(&self) -> Option<(&'e str, u64)> {
        let profiled = self.evidence.addresses.iter();
        let profiled = profiled.map(|profile| (profile.address.as_str(), profile.total.lower));
        let listed = self.values(Dimension::ClientAddress);
        let listed = listed.map(|value| (value.key.as_str(), value.during));
        profiled
            .chain(listed)
            .max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(a.0)))
    }
}

/// Values that a rule looks for, in sum.
#[derive(Debug, Default)]
pub(super) struct Matching<'e> {
    /// How often they occurred.
    pub during: u64,
    /// How often they would have occurred at their rate before the incident.
    pub expected: f64,
    /// Which occurred, most frequent first.
    pub names: Vec<&'e str>,
}

impl Matching<'_> {
    /// How much more often than expected.
    pub(super) fn excess(&self) -> f64 {
        (self.during as f64 - self.expected).max(0.0)
    }
}

/// `part / whole`, at most one; zero for an empty whole.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    ratio(part as f64, whole as f64)
}

/// [`share`] of fractions.
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole <= 0.0 {
        return 0.0;
    }
    (part / whole).clamp(0.0, 1.0)
}

fn sum<'a>(items: impl Iterator<Item = &'a TopItem>) -> u64 {
    items.fold(0, |sum, item| sum.saturating_add(item.lower))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Direction;
    use crate::investigate::sample::Sample;

    #[test]
    fn rates_are_per_window_and_growth_needs_a_baseline() {
        let evidence = Sample::usually(50, 5, 10.0).now(200, 20, 12.0).build();
        let figures = Figures::of(&evidence);
        assert_eq!(figures.growth(), Some(4.0));
        assert!((figures.excess() - 150.0).abs() < 1e-9);
        assert!(figures.blocked_share_rise().abs() < 1e-9);
        let evidence = Sample::quiet()
            .without_baseline()
            .now(200, 20, 12.0)
            .build();
        assert_eq!(Figures::of(&evidence).growth(), None);
    }

    #[test]
    fn hardly_any_traffic_before_is_no_infinite_growth() {
        let evidence = Sample::quiet().now(3, 0, 1.0).build();
        assert_eq!(Figures::of(&evidence).growth(), Some(3.0));
    }

    #[test]
    fn what_is_unusual_follows_the_findings() {
        let busy = || Sample::usually(3_000, 10, 500.0).now(3_400, 110, 510.0);
        let by_rules = busy().finding(Signal::Blocked, Direction::Above, 110.0, 10.0);
        let by_volume = busy().finding(Signal::Total, Direction::Above, 3_400.0, 3_000.0);
        for (sample, unusual) in [(by_rules, 100.0), (by_volume, 400.0), (busy(), 400.0)] {
            let evidence = sample.build();
            assert!((Figures::of(&evidence).unusual() - unusual).abs() < 1e-9);
        }
    }

    #[test]
    fn without_windows_the_incident_speaks_for_itself() {
        let mut evidence = Sample::quiet().now(30, 10, 1.0).build();
        evidence.windows.clear();
        assert_eq!(Figures::of(&evidence).during.blocked, 10);
    }

    #[test]
    fn a_baseline_of_few_requests_says_nothing_of_their_mix() {
        assert_eq!(
            Figures::of(&Sample::quiet().build()).before.known,
            Known::Volume
        );
        let usual = Sample::usually(50, 0, 9.0).build();
        assert_eq!(Figures::of(&usual).before.known, Known::Mix);
    }
}
