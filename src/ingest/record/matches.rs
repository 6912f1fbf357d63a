//! Which rules matched a request: rule groups, non-terminating matches, excluded rules.

use std::borrow::Cow;

use super::field_name::{FieldName, Spelling};
use super::lenient::{Depth, Elements, Fields, Shape};
use super::names::{group_name, within};
use super::values::{Is, Text};

/// Rules with COUNT matches that one record names at most; a Web ACL has room for few more.
pub(super) const MOST_COUNTED_RULES: usize = 100;

/// What the rule lists of a record say.
#[derive(Debug, Clone, Default)]
pub(super) struct Matches<'a> {
    /// Whether at least one match counted.
    pub counted: bool,
    /// The rules that counted, each once.
    pub counted_rules: Vec<Cow<'a, str>>,
    /// The rule inside the last rule group that names a terminating rule. Groups are evaluated in
    /// order, so an earlier one can only have matched under an override to COUNT.
    pub inner_rule: Option<Cow<'a, str>>,
    /// Names that [`MOST_COUNTED_RULES`] left out.
    pub left_out: u64,
}

impl<'a> Matches<'a> {
    /// Whether nothing was said so far.
    pub fn are_none(&self) -> bool {
        !self.counted && self.inner_rule.is_none() && self.left_out == 0
    }

    /// The same, independent of the text.
    pub fn into_owned(self) -> Matches<'static> {
        let owned = |name: Cow<'_, str>| Cow::Owned(name.into_owned());
        Matches {
            counted: self.counted,
            counted_rules: self.counted_rules.into_iter().map(owned).collect(),
            inner_rule: self.inner_rule.map(owned),
            left_out: self.left_out,
        }
    }

    fn count(&mut self, group: Option<&str>, rule: Option<Cow<'a, str>>) {
        self.counted = true;
        let Some(rule) = rule else {
            return;
        };
        if self.counted_rules.len() == MOST_COUNTED_RULES {
            self.left_out += 1;
            return;
        }
        let name = within(group, rule);
        if !self.counted_rules.contains(&name) {
            self.counted_rules.push(name);
        }
    }
}

/// Top-level `nonTerminatingMatchingRules`.
pub(super) struct TopLevelMatches<'m, 'de>(pub &'m mut Matches<'de>, pub Depth);

impl<'de> Shape<'de> for TopLevelMatches<'_, 'de> {
    type Value = ();

    fn depth(&self) -> Depth {
        self.1
    }

    fn absent(self) {}

    fn array<E: Elements<'de>>(self, inner: Depth, elements: &mut E) -> Result<(), E::Error> {
        while let Some(rule) = elements.next(MatchedRule(inner))? {
            if rule.action_is_count {
                self.0.count(None, rule.id);
            }
        }
        Ok(())
    }
}

/// `ruleGroupList`.
pub(super) struct RuleGroups<'m, 'de>(pub &'m mut Matches<'de>, pub Depth);

impl<'de> Shape<'de> for RuleGroups<'_, 'de> {
    type Value = ();

    fn depth(&self) -> Depth {
        self.1
    }

    fn absent(self) {}

    fn array<E: Elements<'de>>(self, inner: Depth, elements: &mut E) -> Result<(), E::Error> {
        while elements.next(RuleGroup(self.0, inner))?.is_some() {}
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum GroupKey {
    RuleGroupId,
    TerminatingRule,
    NonTerminatingMatchingRules,
    ExcludedRules,
    Other,
}

impl FieldName for GroupKey {
    const KNOWN: &'static [(Spelling, Self)] = &[
        (Spelling::of("ruleGroupId"), Self::RuleGroupId),
        (Spelling::of("terminatingRule"), Self::TerminatingRule),
        (
            Spelling::of("nonTerminatingMatchingRules"),
            Self::NonTerminatingMatchingRules,
        ),
        (Spelling::of("excludedRules"), Self::ExcludedRules),
        (Spelling::of("customerConfig"), Self::Other),
    ];
    const OTHER: Self = Self::Other;
}

struct RuleGroup<'m, 'de>(&'m mut Matches<'de>, Depth);

impl<'de> Shape<'de> for RuleGroup<'_, 'de> {
    type Value = ();

    fn depth(&self) -> Depth {
        self.1
    }

    fn absent(self) {}

    fn object<F: Fields<'de>>(self, inner: Depth, fields: &mut F) -> Result<(), F::Error> {
        let mut id = None;
        let mut terminating = None;
        let mut counted = CountedInGroup::default();
        while let Some(key) = fields.next()? {
            match key {
                GroupKey::RuleGroupId => id = fields.value(Text(inner))?,
                GroupKey::TerminatingRule => {
                    terminating = fields.value(MatchedRule(inner))?.id;
                }
                GroupKey::NonTerminatingMatchingRules => {
                    let rules = GroupMatches(&mut counted, MatchedRule::action_is_count, inner);
                    fields.value(rules)?;
                }
                GroupKey::ExcludedRules => {
                    let rules = GroupMatches(&mut counted, MatchedRule::is_excluded, inner);
                    fields.value(rules)?;
                }
                GroupKey::Other => fields.skip(inner)?,
            }
        }
        let group = id.as_deref().map(group_name);
        if let Some(rule) = terminating {
            self.0.inner_rule = Some(within(group, rule));
        }
        for rule in counted.rules {
            self.0.count(group, rule);
        }
        self.0.left_out += counted.left_out;
        Ok(())
    }
}

/// COUNT matches of one group, held until its id is known: the id may stand behind them.
#[derive(Default)]
struct CountedInGroup<'de> {
    rules: Vec<Option<Cow<'de, str>>>,
    left_out: u64,
}

/// A list of a group's matches, and which of them count.
struct GroupMatches<'m, 'de>(
    &'m mut CountedInGroup<'de>,
    fn(&MatchedRuleFields<'de>) -> bool,
    Depth,
);

impl<'de> Shape<'de> for GroupMatches<'_, 'de> {
    type Value = ();

    fn depth(&self) -> Depth {
        self.2
    }

    fn absent(self) {}

    fn array<E: Elements<'de>>(self, inner: Depth, elements: &mut E) -> Result<(), E::Error> {
        let Self(counted, counts, _) = self;
        while let Some(rule) = elements.next(MatchedRule(inner))? {
            if !counts(&rule) {
                continue;
            }
            if counted.rules.len() == MOST_COUNTED_RULES {
                counted.left_out += 1;
                continue;
            }
            counted.rules.push(rule.id);
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum RuleKey {
    RuleId,
    Action,
    ExclusionType,
    Other,
}

impl FieldName for RuleKey {
    const KNOWN: &'static [(Spelling, Self)] = &[
        (Spelling::of("exclusionType"), Self::ExclusionType),
        (Spelling::of("ruleId"), Self::RuleId),
        (Spelling::of("action"), Self::Action),
        (Spelling::of("overriddenAction"), Self::Other),
        (Spelling::of("ruleMatchDetails"), Self::Other),
    ];
    const OTHER: Self = Self::Other;
}

#[derive(Default)]
struct MatchedRuleFields<'de> {
    id: Option<Cow<'de, str>>,
    action_is_count: bool,
    excluded_as_count: bool,
}

/// An element of a list of matches, or a terminating rule.
struct MatchedRule(Depth);

impl MatchedRule {
    fn action_is_count(fields: &MatchedRuleFields<'_>) -> bool {
        fields.action_is_count
    }

    fn is_excluded(fields: &MatchedRuleFields<'_>) -> bool {
        fields.excluded_as_count
    }
}

impl<'de> Shape<'de> for MatchedRule {
    type Value = MatchedRuleFields<'de>;

    fn depth(&self) -> Depth {
        self.0
    }

    fn absent(self) -> Self::Value {
        MatchedRuleFields::default()
    }

    fn object<F: Fields<'de>>(self, inner: Depth, fields: &mut F) -> Result<Self::Value, F::Error> {
        let mut rule = MatchedRuleFields::default();
        while let Some(key) = fields.next()? {
            match key {
                RuleKey::RuleId => rule.id = fields.value(Text(inner))?,
                RuleKey::Action => {
                    rule.action_is_count = fields.value(Is("COUNT", inner))?;
                }
                RuleKey::ExclusionType => {
                    let as_count = Is("EXCLUDED_AS_COUNT", inner);
                    rule.excluded_as_count = fields.value(as_count)?;
                }
                RuleKey::Other => fields.skip(inner)?,
            }
        }
        Ok(rule)
    }
}
