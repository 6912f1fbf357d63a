//! Attacks that rules and paths name: admin probing, injection, payloads of known exploits.

mod family;
mod hits;

use super::usual::Usual;
use crate::analyst::builtin::figures::{Figures, ratio, share};
use crate::analyst::builtin::hypothesis::{Effect, Hypothesis, confidence};
use crate::analyst::builtin::words::{listed, mean, percent, shown};
use family::{ADMIN_PROBING, Family, INJECTION, KNOWN_BAD};
use hits::{Hits, blocking_rules, paths, sources};

/// Fewer matching requests than this are the noise of every public site.
const LEAST_REQUESTS: f64 = 10.0;

/// Requests for administration pages.
pub(super) fn admin_probing(figures: &Figures<'_>) -> Option<Hypothesis> {
    explain(figures, &ADMIN_PROBING)
}

/// SQL injection, cross-site scripting, file inclusion, command injection.
pub(super) fn injection_attempts(figures: &Figures<'_>) -> Option<Hypothesis> {
    explain(figures, &INJECTION)
}

/// Payloads of known exploits.
pub(super) fn known_bad_inputs(figures: &Figures<'_>) -> Option<Hypothesis> {
    explain(figures, &KNOWN_BAD)
}

/// Whether a rule of this name belongs to one of the families.
pub(super) fn is_signature_rule(name: &str) -> bool {
    [&ADMIN_PROBING, &INJECTION, &KNOWN_BAD]
        .iter()
        .any(|family| family.has_rule(name))
}

fn explain(figures: &Figures<'_>, family: &Family) -> Option<Hypothesis> {
    let hits = Hits::of(figures, family);
    let excess = hits.excess();
    let is_new = hits.during() as f64 >= 3.0 * hits.expected()
        && figures.share_rose(hits.during(), hits.expected());
    if excess < LEAST_REQUESTS || !is_new {
        return None;
    }
    // The part of what is unusual that this family makes up.
    let explained = ratio(excess, figures.unusual());
    let mut score = 0.32 + 0.5 * explained;
    if hits.terminated.excess() + hits.only_counted.excess() >= LEAST_REQUESTS {
        score += 0.1;
    }
    if hits.asked.excess() >= LEAST_REQUESTS {
        score += 0.05;
    }
    if blocks_everyday_traffic(figures, family, &hits) {
        score -= 0.3;
    }
    Some(Hypothesis {
        cause: family.cause,
        confidence: confidence(score, 0.97),
        reason: reason(figures, family, &hits),
        effect: Effect::Attack {
            stopped: hits.stopped(),
        },
        actions: actions(figures, family, &hits),
    })
}

/// Whether the family's rules block what the same people asked for before: then it is the rule
/// that is wrong, not the requests.
fn blocks_everyday_traffic(figures: &Figures<'_>, family: &Family, hits: &Hits<'_>) -> bool {
    blocking_rules(figures, family, hits)
        .any(|rule| Usual::of(figures, rule).is_everyday_traffic(figures))
}

fn reason(figures: &Figures<'_>, family: &Family, hits: &Hits<'_>) -> String {
    let mut reason = format!(
        "{} {} ({} of all requests, usually {} per window)",
        hits.during(),
        family.requests,
        percent(share(hits.during(), figures.during.total)),
        mean(hits.expected() / figures.windows),
    );
    if !hits.rules().is_empty() {
        reason.push_str(&format!("; matched by {}", listed(hits.rules(), 3)));
    }
    let sources = sources(figures, family, hits);
    if !sources.is_empty() {
        let named = sources
            .iter()
            .map(|(address, count)| format!("{} ({count})", shown(address)));
        let named: Vec<String> = named.collect();
        reason.push_str(&format!(
            "; from {}",
            listed(named.iter().map(String::as_str), 3)
        ));
    }
    let paths = paths(figures, family, hits);
    if !paths.is_empty() {
        reason.push_str(&format!("; for {}", listed(paths, 4)));
    }
    reason.push_str(&format!(
        "; {} of them were stopped.",
        percent(hits.stopped())
    ));
    reason
}

fn actions(figures: &Figures<'_>, family: &Family, hits: &Hits<'_>) -> Vec<String> {
    let mut actions = Vec::new();
    if !hits.only_counted.names.is_empty() {
        actions.push(format!(
            "remove the Count override of {}: these requests were counted and let through",
            listed(hits.only_counted.names.iter().copied(), 3)
        ));
    } else if hits.stopped() < 0.5 {
        actions.push(format!(
            "most of these {} came through: put a rule that matches them to Block",
            family.requests
        ));
    }
    let sources = sources(figures, family, hits);
    if !sources.is_empty() {
        let names = sources.iter().map(|(address, _)| *address);
        actions.push(format!(
            "check whether {} {} yours (an administrator, an ordered scan); if not, add {} to an \
             IP set that a block rule references",
            listed(names, 3),
            if sources.len() == 1 { "is" } else { "are" },
            if sources.len() == 1 { "it" } else { "them" },
        ));
    }
    actions.push(family.advice.to_owned());
    actions.push(
        "add a rate-based rule with a scope-down statement on these paths, so that a next attempt \
         is slowed down"
            .to_owned(),
    );
    actions
}

#[cfg(test)]
mod tests;
