//! What WAF can decide in these logs, named as AWS names it.

mod group;
mod verdict;

use std::borrow::Cow;

pub(crate) use group::Group;
pub(crate) use verdict::{CHALLENGE_RULE, STRICT_RULE, Verdict};

/// The rule that `misconfiguration` adds.
pub(crate) const NEW_RULE: &str = "block-rule-test-waf";
/// The rate-based rule of every website.
pub(crate) const RATE_RULE: &str = "rate-limit-per-address";
/// Requests per address and [`RATE_WINDOW_SECONDS`] above which [`RATE_RULE`] blocks.
pub(crate) const RATE_LIMIT: u64 = 2_000;
/// Evaluation window of [`RATE_RULE`].
pub(crate) const RATE_WINDOW_SECONDS: u64 = 300;

/// Text that is built in or comes from a file.
pub(crate) type Text = Cow<'static, str>;

/// Number of a ruling in a catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RulingId(pub(crate) u16);

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Allow,
    Block,
    Challenge,
    Captcha,
}

impl Action {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Block => "BLOCK",
            Self::Challenge => "CHALLENGE",
            Self::Captcha => "CAPTCHA",
        }
    }
}

/// Which rule ended the evaluation of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Terminator {
    DefaultAction,
    Group {
        group: Group,
        rule: Text,
        /// `terminatingRuleMatchDetails` as JSON.
        details: &'static str,
    },
    Regular(Text),
    RateBased(Text),
}

/// A rule that matched with action COUNT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CountedMatch {
    None,
    InGroup { group: Group, rule: Text },
    AtTop(Text),
}

/// How large the bodies of matching requests are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    Usual,
    /// Above the 8 KiB that the managed rule matches.
    Large,
}

/// A decision in WAF's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ruling {
    pub(crate) action: Action,
    pub(crate) terminator: Terminator,
    pub(crate) counted: CountedMatch,
    pub(crate) labels: Vec<Text>,
    pub(crate) body: Body,
}

impl Ruling {
    /// Let through by the default action.
    pub(crate) fn allowed() -> Self {
        Self {
            action: Action::Allow,
            terminator: Terminator::DefaultAction,
            counted: CountedMatch::None,
            labels: Vec::new(),
            body: Body::Usual,
        }
    }

    /// Let through, and matched by a rule that only counts.
    pub(crate) fn counted(counted: CountedMatch) -> Self {
        Self {
            counted,
            ..Self::allowed()
        }
    }

    /// Ended by `terminator` with `action`.
    pub(crate) fn ended(action: Action, terminator: Terminator) -> Self {
        Self {
            action,
            terminator,
            ..Self::allowed()
        }
    }

    /// Blocked by `rule` of a managed group.
    pub(crate) fn managed(group: Group, rule: &'static str) -> Self {
        Self::ended(
            Action::Block,
            Terminator::Group {
                group,
                rule: rule.into(),
                details: "[]",
            },
        )
    }

    pub(crate) fn with_details(mut self, json: &'static str) -> Self {
        if let Terminator::Group { details, .. } = &mut self.terminator {
            *details = json;
        }
        self
    }

    pub(crate) fn with_label(mut self, label: impl Into<Text>) -> Self {
        self.labels.push(label.into());
        self
    }

    /// The managed groups that an ACL must have to come to this.
    pub(crate) fn groups(&self) -> impl Iterator<Item = Group> + use<> {
        let ended_by = match &self.terminator {
            Terminator::Group { group, .. } => Some(*group),
            Terminator::DefaultAction | Terminator::Regular(_) | Terminator::RateBased(_) => None,
        };
        let counted_by = match &self.counted {
            CountedMatch::InGroup { group, .. } => Some(*group),
            CountedMatch::None | CountedMatch::AtTop(_) => None,
        };
        ended_by.into_iter().chain(counted_by)
    }

    pub(crate) fn is_counted(&self) -> bool {
        self.counted != CountedMatch::None
    }
}
