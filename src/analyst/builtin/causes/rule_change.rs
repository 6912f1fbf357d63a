//! A rule that began to block what was allowed before: most likely a change of configuration.

use wafwatch_windows::summary::{Dimension, RuleProfile, TopItem};

use super::usual::{Usual, keeps_its_volume};
use super::{contains_any, signatures};
use crate::analyst::Cause;
use crate::analyst::builtin::figures::{Figures, Known, ratio};
use crate::analyst::builtin::hypothesis::{Effect, Hypothesis, confidence};
use crate::analyst::builtin::words::{listed, mean, percent, shown};
use crate::investigate::hostile::one_line;
use crate::investigate::surroundings::{Attribution, Author};
use crate::investigate::utc::iso;

/// Fewer blocked requests than this say nothing about a rule.
const LEAST_BLOCKED: u64 = 10;
/// Rules that are meant to begin to block when traffic rises, in lower case.
const RATE_LIMITS: &[&str] = &["rate", "throttl", "flood", "ddos"];
const MANAGED: &[&str] = &["awsmanaged", "aws-aws", "aws#"];
const DEFAULT_ACTION: &str = "Default_Action";

/// A rule blocked nothing before and now blocks usual requests of several addresses.
pub(super) fn rule_began_to_block(figures: &Figures<'_>) -> Option<Hypothesis> {
    if figures.before.known == Known::Nothing {
        return None;
    }
    let candidates = figures.evidence.rules.iter();
    let candidates = candidates.filter_map(|rule| explain(figures, rule));
    candidates.max_by(|a, b| a.confidence.total_cmp(&b.confidence))
}

fn explain(figures: &Figures<'_>, rule: &RuleProfile) -> Option<Hypothesis> {
    let blocked = rule.blocked.lower;
    let expected = blocks_before(figures, rule) * figures.windows;
    let explained = ratio(blocked as f64 - expected, figures.blocked_excess());
    let began = blocked >= LEAST_BLOCKED && blocked as f64 >= 5.0 * expected && explained >= 0.3;
    let blocked_before = figures.before.blocked * figures.windows;
    if !began || !figures.share_rose(figures.during.blocked, blocked_before) {
        return None;
    }
    let usual = Usual::of(figures, rule);
    let counted_before = figures.rate_before(Dimension::CountedRule, &rule.rule);
    let mut score = 0.3 + 0.15 * usual.known_paths;
    score += if is_managed(&rule.rule) { -0.15 } else { 0.2 };
    if usual.addresses >= 3 && usual.top_address <= 0.7 {
        score += 0.1;
    }
    if keeps_its_volume(figures) {
        score += 0.15;
    }
    if figures.before.blocked_share < 0.1 {
        score += 0.1;
    }
    score += 0.05 * usual.known_addresses;
    if counted_before > 0.0 {
        score += 0.1;
    }
    if usual.is_everyday_traffic(figures) {
        score += 0.1;
    }
    if contains_any(&rule.rule, RATE_LIMITS) {
        score -= 0.25;
    }
    if signatures::is_signature_rule(&rule.rule) {
        score -= 0.1;
    }
    let behind = behind(figures, rule);
    if let Some(behind) = &behind {
        // A change that is known to have been made is more than one that is inferred.
        score += match (behind.author, behind.change) {
            (Author::Recorded(_), Some(_)) => 0.3,
            (Author::Unknown(_), _) => 0.2,
            (Author::Recorded(_), None) => 0.1,
        };
    }
    Some(Hypothesis {
        cause: Cause::RuleBeganToBlock,
        confidence: confidence(score, 0.97),
        reason: reason(figures, rule, &usual, counted_before, behind),
        effect: Effect::Harm,
        actions: actions(rule, behind),
    })
}

/// The change that made the rule block, if any is known.
fn behind<'e>(figures: &Figures<'e>, rule: &RuleProfile) -> Option<Attribution<'e>> {
    let evidence = figures.evidence;
    let incident = &evidence.event.incident;
    let first = evidence.windows.first().map(|first| first.window);
    let first = first.filter(|first| first.start == incident.opened);
    let began = first.map_or(incident.opened, |first| first.end);
    evidence.surroundings.behind(&rule.rule, began)
}

/// How many requests the rule blocked per window before. The rule's own rate may include requests
/// that it allowed (the default action does); it cannot have blocked more than was blocked.
fn blocks_before(figures: &Figures<'_>, rule: &RuleProfile) -> f64 {
    figures
        .rate_before(Dimension::Rule, &rule.rule)
        .min(figures.before.blocked)
}

fn is_managed(rule: &str) -> bool {
    contains_any(rule, MANAGED)
}

fn reason(
    figures: &Figures<'_>,
    rule: &RuleProfile,
    usual: &Usual,
    counted_before: f64,
    behind: Option<Attribution<'_>>,
) -> String {
    let before = if counted_before > 0.0 {
        format!("only counted {} per window before", mean(counted_before))
    } else {
        format!(
            "blocked {} per window before",
            mean(blocks_before(figures, rule))
        )
    };
    let name = rule_name(&rule.rule);
    let opening = match behind {
        Some(behind) => format!("{} Here {name}", told(&name, behind)),
        None => format!("It seems that {name} changed: it"),
    };
    format!(
        "{opening} {before} and now blocked {} requests: for {}, from {}, \
         country {}; {} of them are for paths that were asked for before. {} of all requests are \
         blocked, usually {}; {} requests per window arrive, usually {}.",
        rule.blocked.lower,
        counts(&rule.uris, 3),
        counts(&rule.addresses, 3),
        counts(&rule.countries, 3),
        percent(usual.known_paths),
        percent(figures.during.blocked_ratio()),
        percent(figures.before.blocked_share),
        mean(figures.rate()),
        mean(figures.before.total),
    )
}

/// Who changed what, when.
fn told(name: &str, behind: Attribution<'_>) -> String {
    let what = behind.change.map(|change| shown_long(&change.words()));
    match behind.author {
        Author::Recorded(change) => {
            let what = what.unwrap_or_else(|| match change.subject.as_str() {
                "" => format!("it set {name}; what was set before is not known"),
                subject => format!("it set {}, which {name} is part of or uses", shown(subject)),
            });
            format!(
                "Misconfiguration by {}: {} at {} from {}: {what}.",
                shown(&change.who),
                shown(&change.event),
                iso(change.at),
                shown(&change.from),
            )
        }
        Author::Unknown(drift) => format!(
            "Misconfiguration by somebody whom no record names: between {} and {}: {}.",
            iso(drift.after),
            iso(drift.until),
            what.unwrap_or_else(|| format!("{name} changed")),
        ),
    }
}

/// First what undoes the change, then what keeps it from coming again.
fn undoing(name: &str, paths: &str, behind: Attribution<'_>) -> Vec<String> {
    let undo = match behind.change {
        Some(change) => shown_long(&change.undoing()),
        None => format!("set {name} to Count"),
    };
    let first = match behind.author {
        Author::Recorded(change) => format!(
            "undo the change of {} at {} ({}, event {}): {undo}; ask first whether {name} was meant \
             to block {paths}",
            shown(&change.who),
            iso(change.at),
            shown(&change.event),
            shown(&change.id),
        ),
        Author::Unknown(_) => format!(
            "undo the change: {undo}; and find out who made it (CloudTrail: UpdateWebACL; infrastructure \
             as code)"
        ),
    };
    vec![first]
}

/// Words of ours around names, longer than a value may be.
fn shown_long(words: &str) -> String {
    one_line(words, 300)
}

fn actions(rule: &RuleProfile, behind: Option<Attribution<'_>>) -> Vec<String> {
    let name = rule_name(&rule.rule);
    let paths = listed(rule.uris.iter().map(|uri| uri.key.as_str()), 3);
    let narrow = format!(
        "narrow it with a scope-down statement so that {paths} stays open, and test it in Count \
         before it blocks again"
    );
    if let Some(behind) = behind {
        let mut actions = undoing(&name, &paths, behind);
        if rule.rule != DEFAULT_ACTION {
            actions.push(narrow);
        }
        return actions;
    }
    let mut actions = vec![format!(
        "check the last change of the Web ACL (CloudTrail: UpdateWebACL, UpdateRuleGroup, \
         UpdateIPSet) and whether {name} was meant to block {paths}"
    )];
    if rule.rule == DEFAULT_ACTION {
        actions.push("if it was not, set the default action back to Allow".to_owned());
    } else if is_managed(&rule.rule) {
        actions.push(format!(
            "if it was not, set a Count override for {name}, or pin the version of the rule group \
             that was in use before"
        ));
    } else {
        actions.push(format!(
            "if it was not, put {name} to Count until it is mended"
        ));
    }
    actions.push(narrow);
    actions
}

fn rule_name(rule: &str) -> String {
    if rule == DEFAULT_ACTION {
        return "the default action".to_owned();
    }
    format!("the rule {}", shown(rule))
}

fn counts(items: &[TopItem], max: usize) -> String {
    let shown: Vec<String> = items
        .iter()
        .map(|item| format!("{} ({})", shown(&item.key), item.lower))
        .collect();
    listed(shown.iter().map(String::as_str), max)
}

#[cfg(test)]
#[path = "rule_change_tests.rs"]
mod tests;
