//! Floods: more requests than usual, from one address or from very many.

use wafwatch_windows::summary::Dimension;

use super::bots::told_to_be_bots;
use super::contains_any;
use crate::analyst::Cause;
use crate::analyst::builtin::figures::{Figures, Known, ratio};
use crate::analyst::builtin::hypothesis::{Effect, Hypothesis, confidence};
use crate::analyst::builtin::mix;
use crate::analyst::builtin::words::{listed, mean, percent};

/// Less growth than this is no flood.
const LEAST_GROWTH: f64 = 2.0;
/// Fewer requests beyond the usual are no flood.
const LEAST_EXCESS: f64 = 20.0;
/// Without a baseline, this many requests from one place are taken for a flood.
const LEAST_WITHOUT_BASELINE: f64 = 100.0;
/// A flood from few addresses comes from at most this many.
const FEW_ADDRESSES: usize = 3;
/// A distributed flood comes from at least this many.
const MANY_ADDRESSES: f64 = 50.0;

/// One address, or very few, send most of what is beyond the usual.
pub(super) fn single_source(figures: &Figures<'_>) -> Option<Hypothesis> {
    let excess = figures.excess();
    let has_grown = match figures.growth() {
        Some(growth) => growth >= LEAST_GROWTH && excess >= LEAST_EXCESS,
        None => excess >= LEAST_WITHOUT_BASELINE,
    };
    if !has_grown {
        return None;
    }
    let sources = excess_by_address(figures);
    let of_first = |count: usize| {
        sources
            .iter()
            .take(count)
            .map(|source| source.1)
            .sum::<f64>()
    };
    let one = ratio(of_first(1), excess);
    let few = ratio(of_first(FEW_ADDRESSES), excess);
    let (count, explained, score, most) = if one >= 0.5 {
        (1, one, 0.45 + 0.35 * one, 0.8)
    } else if few >= 0.7 {
        (
            FEW_ADDRESSES.min(sources.len()),
            few,
            0.35 + 0.3 * few,
            0.65,
        )
    } else {
        return None;
    };
    let doubt = if figures.before.known == Known::Nothing {
        0.15
    } else {
        0.0
    };
    let names: Vec<&str> = sources.iter().take(count).map(|source| source.0).collect();
    let reason = format!(
        "{} sent {} of {} requests beyond the usual ({} per window, usually {}); {} of all \
         requests were blocked.",
        listed(names.iter().copied(), FEW_ADDRESSES),
        percent(explained),
        mean(excess),
        mean(figures.rate()),
        mean(figures.before.total),
        percent(figures.during.blocked_ratio()),
    );
    let busiest: Vec<&str> = figures
        .values(Dimension::Uri)
        .take(3)
        .map(|value| value.key.as_str())
        .collect();
    let mut actions = vec![
        format!(
            "check whether {} is a client of yours (a monitor, a partner, a proxy or NAT of many \
             people) before anything is done against it",
            listed(names.iter().copied(), FEW_ADDRESSES)
        ),
        "add or tighten a rate-based rule per client IP; begin with Count and read what it would \
         have matched"
            .to_owned(),
    ];
    if !busiest.is_empty() {
        actions.push(format!(
            "narrow that rule with a scope-down statement on the most requested paths: {}",
            listed(busiest, 3)
        ));
    }
    Some(Hypothesis {
        cause: Cause::SingleSourceFlood,
        confidence: confidence(score - doubt, most),
        reason,
        effect: attack(figures),
        actions,
    })
}

/// Very many addresses send much more than usual, and not what people usually ask for.
pub(super) fn distributed(figures: &Figures<'_>) -> Option<Hypothesis> {
    let growth = figures.growth()?;
    let addresses = figures.distinct_addresses;
    let address_growth = addresses / figures.before.distinct_addresses.max(1.0);
    let busiest = figures.busiest_address().map_or(0, |(_, count)| count) as f64;
    let busiest_share = ratio(busiest, figures.during.total as f64);
    let is_distributed =
        addresses >= MANY_ADDRESSES && address_growth >= 2.0 && busiest_share < 0.2;
    if growth < 3.0 || figures.excess() < LEAST_EXCESS || !is_distributed {
        return None;
    }
    let dimensions = [
        Dimension::Uri,
        Dimension::Country,
        Dimension::UserAgent,
        Dimension::Ja4,
    ];
    let shifts = dimensions
        .iter()
        .filter_map(|dimension| mix::shift(figures, *dimension));
    let moved = shifts.fold(0.0, f64::max);
    let blocked_rise = figures.blocked_share_rise().max(0.0);
    let stopped_by_rate = figures
        .matching(Dimension::Rule, |rule| {
            contains_any(rule, &["rate", "ddos", "flood"])
        })
        .excess();
    let mut score = 0.35 + 0.4 * (moved / 0.6).min(1.0) + 0.2 * blocked_rise;
    if stopped_by_rate >= LEAST_EXCESS {
        score += 0.1;
    }
    if growth >= 10.0 {
        score += 0.05;
    }
    score -= 0.3 * told_to_be_bots(figures);
    let top_uris: Vec<&str> = figures
        .values(Dimension::Uri)
        .take(3)
        .map(|value| value.key.as_str())
        .collect();
    let top_countries: Vec<&str> = figures
        .values(Dimension::Country)
        .take(3)
        .map(|value| value.key.as_str())
        .collect();
    let reason = format!(
        "{} requests per window from about {} addresses (usually {} from {}), the busiest of which \
         sent {}; the mix of paths, countries or clients moved by {}, mostly to {} from {}.",
        mean(figures.rate()),
        mean(addresses),
        mean(figures.before.total),
        mean(figures.before.distinct_addresses),
        percent(busiest_share),
        percent(moved),
        listed(top_uris.iter().copied(), 3),
        listed(top_countries, 3),
    );
    let actions = vec![
        "look at latency and errors of the origin: if it suffers, ask for help (AWS Shield \
         Advanced response team, if subscribed)"
            .to_owned(),
        format!(
            "put a Challenge rule, or a rate-based rule on more than the client IP (JA4, header, \
             ASN), before the paths they want: {}",
            listed(top_uris, 3)
        ),
        "consider the managed rule groups AntiDDoS, Amazon IP reputation list and anonymous IP \
         list, first with a Count override"
            .to_owned(),
    ];
    Some(Hypothesis {
        cause: Cause::DistributedFlood,
        confidence: confidence(score, 0.9),
        reason,
        effect: attack(figures),
        actions,
    })
}

/// Addresses with their requests beyond what they usually send, most first.
fn excess_by_address<'e>(figures: &Figures<'e>) -> Vec<(&'e str, f64)> {
    let mut sources: Vec<(&str, f64)> = Vec::new();
    let listed = figures.values(Dimension::ClientAddress);
    let listed = listed.map(|value| (value.key.as_str(), value.during));
    let profiled = figures.evidence.addresses.iter();
    let profiled = profiled.map(|profile| (profile.address.as_str(), profile.total.lower));
    for (address, count) in listed.chain(profiled) {
        let excess = figures.address_excess(address, count);
        match sources.iter_mut().find(|source| source.0 == address) {
            Some(source) => source.1 = source.1.max(excess),
            None => sources.push((address, excess)),
        }
    }
    sources.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    sources
}

/// A flood is stopped as far as the requests beyond the usual did not get through.
fn attack(figures: &Figures<'_>) -> Effect {
    Effect::Attack {
        stopped: figures.stopped(),
    }
}

#[cfg(test)]
#[path = "flood_tests.rs"]
mod tests;
