//! What of a family the evidence shows.

use wafwatch_windows::summary::{Dimension, RuleProfile};

use super::family::Family;
use crate::analyst::builtin::causes::contains_any;
use crate::analyst::builtin::figures::{Figures, Matching, share};

/// What of a family the evidence shows.
pub(super) struct Hits<'e> {
    /// Requests that a rule of the family terminated.
    pub(super) terminated: Matching<'e>,
    /// Requests that a rule of the family only counted.
    pub(super) only_counted: Matching<'e>,
    /// Requests for paths, or with user agents, of the family.
    pub(super) asked: Matching<'e>,
    /// Of those for paths, the blocked ones.
    asked_and_blocked: u64,
}

impl<'e> Hits<'e> {
    pub(super) fn of(figures: &Figures<'e>, family: &Family) -> Self {
        let by_path = figures.matching(Dimension::Uri, |uri| contains_any(uri, family.paths));
        let by_agent = figures.matching(Dimension::UserAgent, |agent| {
            contains_any(agent, family.user_agents)
        });
        let blocked =
            figures.matching(Dimension::BlockedUri, |uri| contains_any(uri, family.paths));
        Self {
            terminated: rule_hits(figures, Dimension::Rule, family),
            only_counted: rule_hits(figures, Dimension::CountedRule, family),
            asked: larger(by_path, by_agent),
            asked_and_blocked: blocked.during,
        }
    }

    /// Requests of the family beyond the usual.
    pub(super) fn excess(&self) -> f64 {
        let by_rule = self.terminated.excess() + self.only_counted.excess();
        by_rule.max(self.asked.excess())
    }

    pub(super) fn during(&self) -> u64 {
        (self.terminated.during + self.only_counted.during).max(self.asked.during)
    }

    pub(super) fn expected(&self) -> f64 {
        (self.terminated.expected + self.only_counted.expected).max(self.asked.expected)
    }

    /// The share of the family's requests that did not get through.
    pub(super) fn stopped(&self) -> f64 {
        share(
            self.terminated.during.max(self.asked_and_blocked),
            self.during(),
        )
    }

    pub(super) fn rules(&self) -> Vec<&'e str> {
        let names = self.terminated.names.iter().chain(&self.only_counted.names);
        names.copied().collect()
    }
}

/// Hits of the family's rules. Where a group terminates, the window counts the group and the rule
/// inside it (`group/rule`): the larger of both sums counts every request once.
fn rule_hits<'e>(figures: &Figures<'e>, dimension: Dimension, family: &Family) -> Matching<'e> {
    let inner = figures.matching(dimension, |name| {
        name.contains('/') && family.has_rule(name)
    });
    let outer = figures.matching(dimension, |name| {
        !name.contains('/') && family.has_rule(name)
    });
    larger(outer, inner)
}

fn larger<'e>(first: Matching<'e>, second: Matching<'e>) -> Matching<'e> {
    if second.during > first.during {
        return second;
    }
    first
}

/// The profiles of the family's rules, or of the groups that they stand in: a group as the common
/// rule set serves several families, and only the rule inside it tells which.
pub(super) fn blocking_rules<'e>(
    figures: &Figures<'e>,
    family: &Family,
    hits: &Hits<'_>,
) -> impl Iterator<Item = &'e RuleProfile> {
    let evidence = figures.evidence;
    let groups: Vec<String> = hits
        .terminated
        .names
        .iter()
        .filter_map(|name| group(name))
        .collect();
    evidence.rules.iter().filter(move |profile| {
        let is_group = groups
            .iter()
            .any(|group| profile.rule.ends_with(group.as_str()));
        is_group || family.has_rule(&profile.rule)
    })
}

/// `Group` of `AWS#Group/rule`.
fn group(name: &str) -> Option<String> {
    let (group, _) = name.split_once('/')?;
    let name = group.rsplit('#').next().unwrap_or(group);
    (!name.is_empty()).then(|| name.to_owned())
}

/// The addresses that the family's rules, or paths, are known of, with their requests.
pub(super) fn sources<'e>(
    figures: &Figures<'e>,
    family: &Family,
    hits: &Hits<'_>,
) -> Vec<(&'e str, u64)> {
    let profiles = figures.evidence.addresses.iter();
    let attackers = profiles.filter(|profile| {
        let by_rule = profile.rules.iter().any(|rule| family.has_rule(&rule.key));
        by_rule
            || profile
                .uris
                .iter()
                .any(|uri| contains_any(&uri.key, family.paths))
    });
    let attackers: Vec<(&str, u64)> = attackers
        .map(|profile| (profile.address.as_str(), profile.total.lower))
        .collect();
    if !attackers.is_empty() {
        return attackers;
    }
    let blocked = blocking_rules(figures, family, hits).flat_map(|rule| &rule.addresses);
    blocked
        .map(|item| (item.key.as_str(), item.lower))
        .collect()
}

/// The paths that the family's rules blocked or, without such a profile, that match the family.
pub(super) fn paths<'e>(figures: &Figures<'e>, family: &Family, hits: &Hits<'e>) -> Vec<&'e str> {
    let mut paths: Vec<&str> = Vec::new();
    for uri in blocking_rules(figures, family, hits).flat_map(|rule| &rule.uris) {
        if !paths.contains(&uri.key.as_str()) {
            paths.push(&uri.key);
        }
    }
    if !paths.is_empty() {
        return paths;
    }
    let is_path = |name: &&&str| name.starts_with('/');
    hits.asked.names.iter().filter(is_path).copied().collect()
}
