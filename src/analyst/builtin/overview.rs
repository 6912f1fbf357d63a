//! The figures and lists that an assessment carries beside its cause.

use wafwatch_windows::summary::{AddressProfile, Dimension, TopItem};

use super::figures::{Figures, share};
use crate::analyst::{CountedValue, EvidenceSummary, MetricsOverview, Offender};
use crate::investigate::surroundings::RecordedChange;

const MAX_OFFENDERS: usize = 15;
const MAX_RULES: usize = 15;
const MAX_URIS: usize = 20;

/// The top addresses by blocked and then total requests.
pub(super) fn offenders(figures: &Figures<'_>) -> Vec<Offender> {
    let mut profiles: Vec<&AddressProfile> = figures.evidence.addresses.iter().collect();
    profiles.sort_by(|a, b| {
        let by_count = (b.blocked.lower, b.total.lower).cmp(&(a.blocked.lower, a.total.lower));
        by_count.then_with(|| a.address.cmp(&b.address))
    });
    profiles
        .into_iter()
        .take(MAX_OFFENDERS)
        .map(offender)
        .collect()
}

/// Counters over the windows examined.
pub(super) fn metrics(figures: &Figures<'_>, offenders: &[Offender]) -> MetricsOverview {
    let ratios = offenders
        .iter()
        .map(|offender| share(offender.blocked, offender.total));
    MetricsOverview {
        records_examined: figures.during.total,
        blocked_total: figures.during.blocked,
        allowed_total: figures.during.allowed,
        count_total: figures.during.counted,
        overall_total: figures.during.total,
        avg_blocked_ratio_top_offenders: ratios.sum::<f64>() / offenders.len().max(1) as f64,
    }
}

/// Changes that are told.
const MAX_CHANGES: usize = 12;

/// The top rules and paths, and what was changed.
pub(super) fn evidence_summary(figures: &Figures<'_>) -> EvidenceSummary {
    EvidenceSummary {
        top_rules: top(figures, Dimension::Rule, MAX_RULES),
        top_uris: top(figures, Dimension::Uri, MAX_URIS),
        cloudtrail_change_summaries: changes(figures),
    }
}

fn changes(figures: &Figures<'_>) -> Vec<String> {
    let trail = figures.evidence.surroundings.trail.as_ref();
    let changes = trail.into_iter().flat_map(|trail| &trail.changes);
    changes
        .take(MAX_CHANGES)
        .map(RecordedChange::words)
        .collect()
}

fn top(figures: &Figures<'_>, dimension: Dimension, max: usize) -> Vec<CountedValue> {
    let values = figures.values(dimension).filter(|value| value.during > 0);
    values
        .take(max)
        .map(|value| CountedValue {
            key: value.key.clone(),
            count: value.during,
        })
        .collect()
}

fn offender(profile: &AddressProfile) -> Offender {
    Offender {
        address: profile.address.clone(),
        total: profile.total.lower,
        blocked: profile.blocked.lower,
        allowed: profile.allowed.lower,
        counted: profile.counted.lower,
        countries: keys(&profile.countries),
        uris: keys(&profile.uris),
        rules: keys(&profile.rules),
        user_agents: keys(&profile.user_agents),
    }
}

fn keys(items: &[TopItem]) -> Vec<String> {
    items.iter().map(|item| item.key.clone()).collect()
}
