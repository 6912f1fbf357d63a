//! Evidence built by hand, for the tests of everything that explains, reports or sends it.

use wafwatch_windows::counters::Counters;
use wafwatch_windows::summary::{AddressProfile, CountBounds, Dimension, RuleProfile, TopItem};
use wafwatch_windows::time::{EventTime, Window};

use super::surroundings::Surroundings;
use super::{Baseline, DimensionWeight, Evidence, ValueComparison, WindowFigures};
use crate::detect::{Direction, Finding, Mix, Signal};
use crate::incident::sample::event;
use crate::incident::{EventKind, Incident, IncidentEvent, Severity};

const MINUTE: i64 = 60_000;
/// 2024-05-01T10:00:00Z.
pub(crate) const OPENED: EventTime = EventTime(1_714_557_600_000);
pub(crate) const ACL: &str = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/prod-app/\
                              a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";

/// Builds [`Evidence`] of one incident window and a baseline of 60 windows.
pub(crate) struct Sample {
    evidence: Evidence,
}

impl Sample {
    /// A baseline of `total` requests per window, of which `blocked` are blocked, from `distinct`
    /// addresses, and an incident of one window that is the same.
    pub(crate) fn usually(total: u64, blocked: u64, distinct: f64) -> Self {
        let window = Window {
            start: OPENED,
            end: OPENED.plus(MINUTE),
        };
        let id = "prod-app-20240501T100000Z".to_owned();
        let incident = Incident {
            id: id.clone(),
            opened: OPENED,
            last_window: window,
            severity: Severity(60),
            ..event(ACL, 1).incident
        };
        let per_window = counters(total, blocked);
        let baseline = Baseline {
            windows: 60,
            counters: counters(total * 60, blocked * 60),
            mean_distinct_addresses: distinct,
        };
        let evidence = Evidence {
            event: IncidentEvent {
                id: format!("{id}/1"),
                kind: EventKind::Opened,
                window,
                incident,
            },
            windows: vec![WindowFigures {
                window,
                counters: per_window,
                distinct_addresses: distinct,
            }],
            baseline,
            values: Vec::new(),
            dimensions: Vec::new(),
            addresses: Vec::new(),
            rules: Vec::new(),
            surroundings: Surroundings::default(),
            missing: Vec::new(),
        };
        Self { evidence }
    }

    /// One request every five minutes, as the published tests have it.
    pub(crate) fn quiet() -> Self {
        let mut sample = Self::usually(0, 0, 0.2);
        sample.evidence.baseline.counters = counters(12, 0);
        sample
    }

    /// No window before the incident.
    pub(crate) fn without_baseline(mut self) -> Self {
        self.evidence.baseline = Baseline::default();
        self
    }

    /// The figures of the incident's window.
    pub(crate) fn now(mut self, total: u64, blocked: u64, distinct: f64) -> Self {
        self.evidence.windows[0].counters = counters(total, blocked);
        self.evidence.windows[0].distinct_addresses = distinct;
        self.evidence.event.incident.counters = counters(total, blocked);
        self
    }

    pub(crate) fn severity(mut self, severity: u8) -> Self {
        self.evidence.event.incident.severity = Severity(severity);
        self
    }

    /// What the detector says of the shares.
    pub(crate) fn mix(mut self, mix: Mix) -> Self {
        self.evidence.event.incident.mix = mix;
        self
    }

    /// A finding about the total.
    pub(crate) fn total_finding(self, direction: Direction, observed: f64, expected: f64) -> Self {
        self.finding(Signal::Total, direction, observed, expected)
    }

    pub(crate) fn finding(
        mut self,
        signal: Signal,
        direction: Direction,
        observed: f64,
        expected: f64,
    ) -> Self {
        self.evidence.event.incident.findings.push(Finding {
            signal,
            direction,
            observed,
            expected,
            lower: 0.0,
            upper: expected * 3.0 + 1.0,
            score: 9.5,
            once_in_windows: 1e6,
            reason: "at least 3 standard deviations from the mean".to_owned(),
            muted: None,
            pattern: None,
        });
        self
    }

    /// Values of a dimension, each with its count now and per window before. The dimension weighs
    /// what its values weigh.
    pub(crate) fn values(mut self, dimension: Dimension, values: &[(&str, u64, f64)]) -> Self {
        let mut weight = DimensionWeight {
            dimension,
            during: 0,
            before_per_window: 0.0,
        };
        for (key, during, before_per_window) in values {
            weight.during += during;
            weight.before_per_window += before_per_window;
            self.evidence.values.push(ValueComparison {
                dimension,
                key: (*key).to_owned(),
                during: *during,
                before_per_window: *before_per_window,
            });
        }
        self.evidence.dimensions.push(weight);
        self
    }

    /// Adds weight to a dimension that its listed values do not explain.
    pub(crate) fn unlisted(mut self, dimension: Dimension, during: u64, before: f64) -> Self {
        let weight = self
            .evidence
            .dimensions
            .iter_mut()
            .find(|w| w.dimension == dimension);
        let weight = weight.expect("the dimension has values");
        weight.during += during;
        weight.before_per_window += before;
        self
    }

    /// A top address with its paths and rules.
    pub(crate) fn address(
        mut self,
        address: &str,
        total: u64,
        blocked: u64,
        uris: &[(&str, u64)],
        rules: &[(&str, u64)],
    ) -> Self {
        self.evidence.addresses.push(AddressProfile {
            address: address.to_owned(),
            total: CountBounds::exact(total),
            blocked: CountBounds::exact(blocked),
            allowed: CountBounds::exact(total - blocked),
            counted: CountBounds::exact(0),
            uris: items(uris),
            rules: items(rules),
            countries: items(&[("US", total)]),
            user_agents: items(&[("curl/8.5.0", total)]),
            labels: Vec::new(),
        });
        self
    }

    /// A rule that blocked.
    pub(crate) fn rule(
        mut self,
        rule: &str,
        blocked: u64,
        uris: &[(&str, u64)],
        addresses: &[(&str, u64)],
        countries: &[(&str, u64)],
    ) -> Self {
        self.evidence.rules.push(RuleProfile {
            rule: rule.to_owned(),
            blocked: CountBounds::exact(blocked),
            uris: items(uris),
            addresses: items(addresses),
            countries: items(countries),
        });
        self
    }

    /// What the account says.
    pub(crate) fn surrounded_by(mut self, surroundings: Surroundings) -> Self {
        self.evidence.surroundings = surroundings;
        self
    }

    pub(crate) fn build(self) -> Evidence {
        self.evidence
    }
}

fn counters(total: u64, blocked: u64) -> Counters {
    Counters {
        total,
        allowed: total - blocked,
        blocked,
        ..Counters::default()
    }
}

fn items(values: &[(&str, u64)]) -> Vec<TopItem> {
    let items = values.iter();
    items
        .map(|(key, count)| TopItem::new(*key, *count, *count))
        .collect()
}
